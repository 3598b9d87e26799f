import { type Answer, canBeAsked, type Exchange } from '../protocol/exchange.ts';
import { withResult } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { FrozenLists } from './frozen-lists.ts';
import type { Listing } from './listing.ts';
import { READ_ONLY_TOOLS, TOOLS } from './lists.ts';
import type { ResearchTools } from './research/research-tools.ts';
import type { View } from './view.ts';

export interface ToolListOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly research: ResearchTools | undefined;
  readonly frozen: FrozenLists;
}

/** Answers `tools/list`: what the servers have, and what the bridge adds. */
export class ToolList {
  readonly #options: ToolListOptions;

  constructor(options: ToolListOptions) {
    this.#options = options;
  }

  async list(exchange: Exchange): Promise<Answer> {
    const { view, listing, research, frozen } = this.#options;
    const listed = await listing.list(exchange, exchange.client.principal.readOnly ? READ_ONLY_TOOLS : TOOLS);
    const isFirstPage = !exchange.frame.raw('params')?.has('cursor');
    const own = research && isFirstPage ? await research.definitions(exchange) : [];
    const tools = toolsIn(listed);
    if (!tools) return listed;
    const answer = own.length === 0 ? listed : withResult(listed, { tools: [...own, ...tools] });
    const { client } = exchange;
    const isWhole = isFirstPage && !answer.raw('result')?.has('nextCursor');
    // Servers may have others for those who can be asked.
    if (!canBeAsked(client)) frozen.note({ client, tools: [...own, ...tools], isWhole, view });
    return answer;
  }
}

function toolsIn(answer: Answer): RawJson[] | undefined {
  return answer.raw('result')?.raw('tools')?.items();
}
