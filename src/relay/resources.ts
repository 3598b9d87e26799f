import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_REQUEST, RESOURCE_NOT_FOUND, resultFrame, withResult } from '../protocol/message.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { KeptResults } from './kept-results.ts';
import type { Listing } from './listing.ts';
import { RESOURCES, TEMPLATES } from './lists.ts';
import { inServerWords } from './server-words.ts';
import type { View } from './view.ts';

export interface ResourcesOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly kept: KeptResults;
}

/** Leads what is asked about a resource to the server that has it. */
export class Resources {
  readonly #view: View;
  readonly #listing: Listing;
  readonly #kept: KeptResults;

  constructor({ view, listing, kept }: ResourcesOptions) {
    this.#view = view;
    this.#listing = listing;
    this.#kept = kept;
  }

  async read(exchange: Exchange): Promise<Answer> {
    const exposed = uriOf(exchange);
    const kept = this.#kept.read(exchange.client.principal, exposed);
    if (kept) return resultFrame({ contents: kept });
    const found = await this.#find(exchange, exposed);
    if (!found) return this.#readUnlisted(exchange, exposed);
    const answer = await found.upstream.request(inServerWords(exchange.frame, 'uri', found.uri), exchange);
    if (found.uri === exposed) return answer;
    const contents = answer.raw('result')?.raw('contents')?.items() ?? [];
    const expose = (uri: string) => (uri === found.uri ? exposed : uri);
    return contents.length === 0
      ? answer
      : withResult(answer, { contents: contents.map((item) => item.translated('uri', expose)) });
  }

  async subscribe(exchange: Exchange): Promise<Answer> {
    const { frame, client } = exchange;
    if (!client.listens) return errorFrame(INVALID_REQUEST, 'Updates are brought to sessions only; open one');
    const uri = uriOf(exchange);
    const found = await this.#find(exchange, uri);
    if (!found) return notFound(uri);
    return found.upstream.subscribe(inServerWords(frame, 'uri', found.uri), exchange);
  }

  async unsubscribe(exchange: Exchange): Promise<Answer> {
    const found = await this.#find(exchange, uriOf(exchange));
    return found
      ? found.upstream.unsubscribe(inServerWords(exchange.frame, 'uri', found.uri), exchange)
      : resultFrame({});
  }

  /** Servers need not list what they have. */
  #readUnlisted(exchange: Exchange, uri: string): Promise<Answer> {
    const { upstreams } = this.#view;
    const declines = (answer: Answer) => answer.has('error');
    return askInTurn(exchange, { upstreams, capability: 'resources', declines, otherwise: notFound(uri) });
  }

  async #find(exchange: Exchange, exposed: string): Promise<{ upstream: Upstream; uri: string } | undefined> {
    const lookup = () => this.#view.uris.lookupUri(exposed);
    const target =
      (await this.#listing.find(exchange, RESOURCES, lookup)) ??
      (await this.#listing.find(exchange, TEMPLATES, lookup));
    const upstream = target && this.#view.upstream(target.server);
    return upstream && { upstream, uri: target.uri };
  }
}

function uriOf({ frame }: Exchange): string {
  return frame.raw('params')?.string('uri') ?? '';
}

function notFound(uri: string): Answer {
  return errorFrame(RESOURCE_NOT_FOUND, 'Resource not found', { uri });
}
