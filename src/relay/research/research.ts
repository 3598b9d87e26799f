import type { ResearchSettings, ResearchSource } from '../../config/catalog-settings.ts';
import { type Answer, type Exchange, withFrame } from '../../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS } from '../../protocol/message.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { failure } from './answers.ts';
import { FETCH, fetchDefinition, SEARCH, searchDefinition } from './definitions.ts';
import { resourceSource } from './resource-source.ts';
import type { ResearchHost, Source } from './source.ts';
import { toolSource } from './tool-source.ts';

/**
 * The tools `search` and `fetch`, in the shapes that ChatGPT's deep research and company knowledge demand (developers.openai.com/api/docs/mcp),
 * made of tools or resources that are there anyway. Neither keeps anything from one call to the next.
 */
export class Research {
  readonly #settings: ResearchSettings;
  readonly #host: ResearchHost;

  constructor(settings: ResearchSettings, host: ResearchHost) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Both definitions, or none: one is of no use without the other. */
  async definitions(exchange: Exchange): Promise<readonly RawJson[]> {
    const sources = await this.#sources(exchange);
    return sources ? [searchDefinition(sources.search), fetchDefinition(sources.fetch)] : [];
  }

  /** Whether a call of a tool of this name is answered here. */
  answers(name: string): boolean {
    return name === SEARCH || name === FETCH;
  }

  /** Answers a call of one of the two. What goes wrong below is answered as it is there. @throws what the host throws. */
  async call(exchange: Exchange): Promise<Answer> {
    const params = exchange.frame.raw('params');
    const name = params?.string('name');
    const args = params?.raw('arguments');
    const sources = await this.#sources(withoutTask(exchange));
    if (sources && name === SEARCH) {
      const query = args?.string('query');
      return query === undefined
        ? failure('search takes "query": a text.')
        : sources.search.search(query, sources.fetch);
    }
    if (sources && name === FETCH) {
      const id = args?.string('id');
      return id === undefined ? failure('fetch takes "id": a text that search has returned.') : sources.fetch.fetch(id);
    }
    return errorFrame(INVALID_PARAMS, `Unknown tool: ${name ?? ''}`);
  }

  async #sources(exchange: Exchange): Promise<{ search: Source; fetch: Source } | undefined> {
    const { search, fetch } = this.#settings;
    const [searching, fetching] = await Promise.all([this.#open(search, exchange), this.#open(fetch, exchange)]);
    return searching && fetching && { search: searching, fetch: fetching };
  }

  async #open(settings: ResearchSource, exchange: Exchange): Promise<Source | undefined> {
    if (settings.tool === undefined) return resourceSource(this.#host, exchange);
    const definition = await this.#host.define(settings.tool, exchange);
    return definition && toolSource(settings, { name: settings.tool, definition }, this.#host, exchange);
  }
}

/** What is made of an answer has to be there, which a task's is not. */
function withoutTask(exchange: Exchange): Exchange {
  const params = exchange.frame.raw('params');
  return params?.has('task') ? withFrame(exchange, exchange.frame.with({ params: params.without('task') })) : exchange;
}
