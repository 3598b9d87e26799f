import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS } from '../protocol/message.ts';
import type { Listing } from './listing.ts';
import { PROMPTS } from './lists.ts';
import { inServerWords } from './server-words.ts';
import type { View } from './view.ts';

export interface PromptsOptions {
  readonly view: View;
  readonly listing: Listing;
}

/** Leads what is asked about a prompt to the server that has it. */
export class Prompts {
  readonly #view: View;
  readonly #listing: Listing;

  constructor({ view, listing }: PromptsOptions) {
    this.#view = view;
    this.#listing = listing;
  }

  async get(exchange: Exchange): Promise<Answer> {
    const exposed = exchange.frame.raw('params')?.string('name') ?? '';
    const target = await this.#listing.find(exchange, PROMPTS, () => this.#view.prompts.lookup(exposed));
    const upstream = target && this.#view.upstream(target.server);
    if (!upstream) return errorFrame(INVALID_PARAMS, `Unknown prompt: ${exposed}`);
    return upstream.request(inServerWords(exchange.frame, 'name', target.name), exchange);
  }
}
