import { BridgeError } from '../errors.ts';
import { Cancellation } from '../protocol/cancellation.ts';
import { type Exchange, withCancellation } from '../protocol/exchange.ts';
import type { Link } from '../upstream/link.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** How long one server may hold up what several are asked for together: a client shall have the others' tools within 5 s. Milliseconds. */
const PATIENCE = 4000;

export interface Patience {
  /** What the error says when time is up. */
  readonly message: string;
  /** Milliseconds; by default what a merged answer may wait for one server. */
  readonly limit?: number;
}

/**
 * What is left of the patience with a server, in milliseconds. One that is starting uses it up once for all who wait; else each
 * request in turn would be held up by it.
 */
export function patienceWith({ startingFor }: { readonly startingFor: number }): number {
  return Math.max(0, PATIENCE - startingFor);
}

/** The link that serves the exchange's client, started if need be; `undefined` when it is not up in time. */
export async function linkInTime(upstream: Upstream, exchange: Exchange): Promise<Link | undefined> {
  try {
    const { supervisor } = upstream.laneFor(exchange.client);
    const patience = { message: `${upstream.name}: not up in time`, limit: patienceWith(supervisor) };
    return await within(exchange, patience, () => supervisor.acquire());
  } catch {
    return undefined; // The supervisor has logged why.
  }
}

/**
 * Runs work that one server may hold up, and gives it up after a while. The exchange it is handed is cancelled then.
 * @throws BridgeError when time is up, and the client's reason once it has given the request up.
 */
export async function within<T>(
  exchange: Exchange,
  { message, limit = PATIENCE }: Patience,
  work: (patient: Exchange) => Promise<T>,
): Promise<T> {
  if (exchange.cancellation.reason) throw exchange.cancellation.reason;
  const cancellation = new Cancellation();
  const cancel = (reason: Error) => cancellation.cancel(reason);
  exchange.cancellation.add(cancel);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => cancel(new BridgeError('BUSY', message)), limit);
    cancellation.add(reject);
  });
  try {
    return await Promise.race([work(withCancellation(exchange, cancellation)), timeUp]);
  } finally {
    clearTimeout(timer);
    exchange.cancellation.delete(cancel);
  }
}
