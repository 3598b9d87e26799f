import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS, withParams } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { CustomMethods } from './custom-methods.ts';
import type { Listing } from './listing.ts';
import { PROMPTS, TEMPLATES } from './lists.ts';
import type { View } from './view.ts';

export interface CompletionOptions {
  readonly view: View;
  readonly listing: Listing;
  /** For references of a kind that is not known here. */
  readonly custom: CustomMethods;
}

/** Has arguments of prompts and of resource templates completed by the server that has them. */
export class Completion {
  readonly #view: View;
  readonly #listing: Listing;
  readonly #custom: CustomMethods;

  constructor({ view, listing, custom }: CompletionOptions) {
    this.#view = view;
    this.#listing = listing;
    this.#custom = custom;
  }

  async complete(exchange: Exchange): Promise<Answer> {
    const ref = exchange.frame.raw('params')?.raw('ref');
    const name = ref?.string('name');
    const uri = ref?.string('uri');
    if (ref && name !== undefined) {
      const target = await this.#listing.find(exchange, PROMPTS, () => this.#view.prompts.lookup(name));
      return this.#completeAt(exchange, target?.server, ref.with({ name: target?.name ?? name }));
    }
    if (ref && uri !== undefined) {
      const lookup = () => this.#view.uris.lookupTemplate(uri) ?? this.#view.uris.lookupUri(uri);
      const target = await this.#listing.find(exchange, TEMPLATES, lookup);
      return this.#completeAt(exchange, target?.server, ref.with({ uri: target?.uri ?? uri }));
    }
    return this.#custom.call(exchange);
  }

  async #completeAt(exchange: Exchange, server: string | undefined, ref: RawJson): Promise<Answer> {
    const upstream = server === undefined ? undefined : this.#view.upstream(server);
    if (!upstream) return errorFrame(INVALID_PARAMS, `Unknown reference: ${ref.string('name') ?? ref.string('uri')}`);
    return upstream.request(withParams(exchange.frame, { ref }), exchange);
  }
}
