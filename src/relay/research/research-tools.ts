import type { AnnotationFilter } from '../../catalog/annotation-filter.ts';
import { isMarkedReadOnly } from '../../catalog/annotations.ts';
import type { NameTarget } from '../../catalog/names.ts';
import type { ResearchSettings } from '../../config/catalog-settings.ts';
import { type Answer, type Exchange, withFrame } from '../../protocol/exchange.ts';
import { requestFrame, withParams } from '../../protocol/message.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import type { Listing } from '../listing.ts';
import { RESOURCES } from '../lists.ts';
import { type ToolCalls, toolNameOf, unknownTool } from '../tool-calls.ts';
import { FETCH, SEARCH } from './definitions.ts';
import { Research } from './research.ts';

export interface ResearchToolsOptions {
  readonly settings: ResearchSettings;
  readonly listing: Listing;
  readonly calls: ToolCalls;
  /** What of the bridge's own tools may be seen. */
  readonly annotations: AnnotationFilter;
  /** Whose tool a name of the settings means. */
  locate(tool: string, exchange: Exchange): Promise<NameTarget | undefined>;
  /** Answers `resources/read`. */
  read(exchange: Exchange): Promise<Answer>;
}

/** The bridge's own tools for deep research, as far as a client may call them. */
export class ResearchTools {
  readonly #options: ResearchToolsOptions;
  readonly #research: Research;

  constructor(options: ResearchToolsOptions) {
    const { settings, listing, calls, locate, read } = options;
    this.#options = options;
    this.#research = new Research(settings, {
      async call(tool, args, exchange) {
        const target = await locate(tool, exchange);
        const call = withFrame(exchange, withParams(exchange.frame, { name: tool, arguments: args }));
        return target ? calls.callChosen(call, target) : unknownTool(tool);
      },
      async define(tool, exchange) {
        const target = await locate(tool, exchange);
        return target && calls.defineChosen(exchange, target);
      },
      resources: (exchange) => listing.all(withFrame(exchange, requestFrame(RESOURCES.method)), RESOURCES),
      read: (uri, exchange) => read(withFrame(exchange, readingOf(uri, exchange))),
    });
  }

  /** Whether a call of this name is for it. */
  answers(name: string): boolean {
    return this.#research.answers(name);
  }

  /** Both or none: one is of no use without the other. */
  async definitions(exchange: Exchange): Promise<readonly RawJson[]> {
    const { readOnly } = exchange.client.principal;
    const definitions = await this.#research.definitions(exchange);
    const isPermitted = (tool: RawJson) =>
      this.#options.annotations.allows(tool) && (!readOnly || isMarkedReadOnly(tool));
    return definitions.every(isPermitted) ? definitions : [];
  }

  /** The definition of the one that a call names, if its client may call it. */
  async definitionOf(exchange: Exchange): Promise<RawJson | undefined> {
    const definitions = await this.definitions(exchange);
    return definitions.find((tool) => tool.string('name') === toolNameOf(exchange));
  }

  async call(exchange: Exchange): Promise<Answer> {
    const isPermitted = await this.definitionOf(exchange);
    return isPermitted ? this.#research.call(exchange) : unknownTool(toolNameOf(exchange));
  }
}

/** How they are called: ChatGPT demands these very names. */
export const RESEARCH_NAMES = [SEARCH, FETCH];

/** The request for a resource that a call is answered with. What else the call has goes along, such as its progress token. */
function readingOf(uri: string, { frame }: Exchange): RawJson {
  const params = (frame.raw('params') ?? RawJson.of({})).without('name', 'arguments', 'task');
  return frame.with({ method: 'resources/read', params: params.with({ uri }) });
}
