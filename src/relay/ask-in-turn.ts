import type { Answer, Exchange } from '../protocol/exchange.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { linkInTime } from './patience.ts';

export interface AskInTurnOptions {
  readonly upstreams: readonly Upstream[];
  /** Only servers that have declared it are asked. Default: all. */
  readonly capability?: string;
  /** Whether an answer says that the server is not the one to be asked. */
  declines(answer: Answer): boolean;
  /** What is answered when all decline. */
  readonly otherwise: Answer;
}

/** Asks one server after another, until one does not decline. Safe where declining has no effect. */
export async function askInTurn(
  exchange: Exchange,
  { upstreams, capability, declines, otherwise }: AskInTurnOptions,
): Promise<Answer> {
  for (const upstream of upstreams) {
    const link = await linkInTime(upstream, exchange);
    if (!link || (capability && !link.opened.raw('capabilities')?.has(capability))) continue;
    const answer = await upstream.request(exchange.frame, exchange);
    if (!declines(answer)) return answer;
  }
  return otherwise;
}
