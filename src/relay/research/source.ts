import type { Answer, Exchange } from '../../protocol/exchange.ts';
import type { RawJson } from '../../protocol/raw-json.ts';

/** What there is to make `search` and `fetch` of: the catalog of a view, as an exchange's client may see and use it. */
export interface ResearchHost {
  /**
   * Calls a tool by the name it is shown under, through all filters, on behalf of the exchange's client. All that the exchange's frame has
   * besides name and arguments goes along: the progress token, and the answers to a server's questions.
   */
  call(tool: string, args: RawJson, exchange: Exchange): Promise<Answer>;
  /** A tool's definition as it is shown; `undefined` when its client may not call it, or when it cannot be had. */
  define(tool: string, exchange: Exchange): Promise<RawJson | undefined>;
  /** All resources, as they are shown. */
  resources(exchange: Exchange): Promise<readonly RawJson[]>;
  /** Reads a resource that is listed, or that fits a template; any other is answered with an error. */
  read(uri: string, exchange: Exchange): Promise<Answer>;
}

/** What one of the two tools is made of, for one exchange. */
export interface Source {
  /** The tool behind it, and how the settings call it; `undefined` for the resources. */
  readonly tool: { readonly name: string; readonly definition: RawJson } | undefined;
  /** What to tell the model of it. */
  readonly about: string;
  /** What it calls the id that it takes. */
  readonly idNames: readonly string[];
  /** Answers `search`. `fetch` is where its results will be read. */
  search(query: string, fetch: Source): Promise<Answer>;
  /** Answers `fetch`. */
  fetch(id: string): Promise<Answer>;
}
