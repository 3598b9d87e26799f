import { BridgeError } from '../errors.ts';
import { Cancellation } from '../protocol/cancellation.ts';
import { type Client, type Exchange, withCancellation } from '../protocol/exchange.ts';
import type { Link } from '../upstream/link.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** How long one server may hold up what several are asked for together: a client shall have the others' tools within 5 s. Milliseconds. */
const PATIENCE = 4000;

export interface Patience {
  /** What the error says when time is up. */
  readonly message: string;
  /** Milliseconds; by default what a merged answer may wait for one server. */
  readonly limit?: number;
  /** What has to have happened as well before time is up. */
  readonly condition?: Condition;
}

export interface Condition {
  readonly met: Promise<void>;
  /** When time is up even so. Milliseconds. */
  readonly latest: number;
}

/**
 * What is left of the patience with a client's server, in milliseconds. One that is starting uses it up once for all who wait;
 * else each request in turn would be held up by it.
 */
export function patienceWith(upstream: Pick<Upstream, 'startingFor'>, client: Client): number {
  return Math.max(0, PATIENCE - upstream.startingFor(client));
}

/** The link that serves the exchange's client, started if need be; `undefined` when it is not up in time. */
export async function linkInTime(upstream: Upstream, exchange: Exchange): Promise<Link | undefined> {
  const { client } = exchange;
  const patience = { message: `${upstream.name}: not up in time`, limit: patienceWith(upstream, client) };
  try {
    return await within(exchange, patience, () => upstream.link(client));
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
  { message, limit = PATIENCE, condition }: Patience,
  work: (patient: Exchange) => Promise<T>,
): Promise<T> {
  if (exchange.cancellation.reason) throw exchange.cancellation.reason;
  const cancellation = new Cancellation();
  const cancel = (reason: Error) => cancellation.cancel(reason);
  exchange.cancellation.add(cancel);
  const giveUp = () => cancel(new BridgeError('BUSY', message));
  const timers = condition
    ? [setTimeout(() => condition.met.then(giveUp), limit), setTimeout(giveUp, condition.latest)]
    : [setTimeout(giveUp, limit)];
  const timeUp = new Promise<never>((_, reject) => cancellation.add(reject));
  try {
    return await Promise.race([work(withCancellation(exchange, cancellation)), timeUp]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    exchange.cancellation.delete(cancel);
  }
}

/** One server's part in an answer that several have to make up. */
export interface Share<T> {
  readonly message: string;
  /** What it may hold the others up for. Milliseconds. */
  readonly limit: number;
  /** How long it is waited for while nobody has anything to show. Milliseconds. */
  readonly latest: number;
  work(patient: Exchange): Promise<T>;
}

/** Collects the shares of several servers. Whoever is late is left out, as soon as there is something to show without it. */
export async function gather<T>(exchange: Exchange, shares: readonly Share<T>[]): Promise<PromiseSettledResult<T>[]> {
  let meet = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const works = shares.map(({ message, limit, latest, work }) => {
    const share = within(exchange, { message, limit, condition: { met, latest } }, work);
    share.then(meet, () => {});
    return share;
  });
  return Promise.allSettled(works);
}
