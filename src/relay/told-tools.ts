import { foldedName } from '../catalog/annotations.ts';
import { remember } from '../catalog/remember.ts';
import { BridgeError } from '../errors.ts';
import { canonical } from '../protocol/canonical.ts';
import { type Exchange, withFrame } from '../protocol/exchange.ts';
import { requestFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Link } from '../upstream/link.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { collectPages, TOOLS } from './lists.ts';
import { SharedReading } from './shared-reading.ts';

/** All tools of a link. */
interface Told {
  readonly tools: RawJson[];
  /** By their names, whatever the case. */
  readonly namesakes: ReadonlyMap<string, readonly RawJson[]>;
}

/**
 * What servers say of their tools, where something hangs on it: what their arguments become, and which may be called on behalf of a client that
 * may only read, or by a filter that looks at annotations. What counts is what the very link that serves the call has told a client of the same
 * capabilities, to the last page: a server may say something else to others, or once it is started anew. All calls that come at once share a reading.
 */
export class ToldTools {
  readonly #known = new WeakMap<Link, Map<string, SharedReading<Told>>>();
  readonly #unlisten: readonly (() => void)[];

  constructor(upstreams: readonly Upstream[]) {
    this.#unlisten = upstreams.map((upstream) =>
      upstream.listen({
        notification: ({ method }, { supervisor }) => {
          if (method === 'notifications/tools/list_changed' && supervisor.link) this.#known.delete(supervisor.link);
        },
      }),
    );
  }

  /**
   * Whether something holds for all tools that a server may take a call of this name for, and whether one of them has the very name. Not
   * if that cannot be found out. Never rejects.
   */
  async agreeOn(
    exchange: Exchange,
    upstream: Upstream,
    tool: string,
    holds: (tool: RawJson) => boolean,
  ): Promise<boolean> {
    try {
      const told = await this.read(exchange, upstream);
      const namesakes = told.namesakes.get(tool.toLowerCase()) ?? [];
      return namesakes.some((each) => each.string('name') === tool) && namesakes.every(holds);
    } catch {
      return false; // The server cannot tell, or the client has given the call up: either way it is not called.
    }
  }

  /** What the exchange's link tells its client. @throws BridgeError when that cannot be found out, and the client's reason when it gives up. */
  async read(exchange: Exchange, upstream: Upstream): Promise<Told> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const link = await upstream.link(exchange.client);
      const known = this.#known.get(link) ?? new Map<string, SharedReading<Told>>();
      this.#known.set(link, known);
      const told = await this.#readingIn(known, exchange, upstream).wait(exchange);
      // Where the list has changed meanwhile, what is known of the link is kept elsewhere, or not at all.
      if (this.#known.get(link) === known) return told;
    }
    throw new BridgeError('BUSY', `${upstream.name}: its tools do not stop changing`);
  }

  /** Stops listening to the servers. */
  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #readingIn(known: Map<string, SharedReading<Told>>, exchange: Exchange, upstream: Upstream): SharedReading<Told> {
    if (exchange.cancellation.reason) throw exchange.cancellation.reason;
    const kind = canonical(exchange.client.capabilities);
    const existing = known.get(kind);
    if (existing && !existing.isLost) return existing;
    const patience = { message: `${upstream.name}: no answer to ${TOOLS.method} in time` };
    const reading = new SharedReading(withFrame(exchange, requestFrame(TOOLS.method)), patience, async (patient) => {
      const { items } = await collectPages(upstream, TOOLS, patient);
      return { tools: items, namesakes: byName(items) };
    });
    known.delete(kind);
    remember(known, kind, () => reading, MAX_KINDS);
    return reading;
  }
}

function byName(tools: readonly RawJson[]): Told['namesakes'] {
  const told = new Map<string, RawJson[]>();
  for (const tool of tools) {
    const name = foldedName(tool);
    const namesakes = name === undefined ? undefined : told.get(name);
    if (namesakes) namesakes.push(tool);
    else if (name !== undefined) told.set(name, [tool]);
  }
  return told;
}

/** A server that changes its tools more often than that while it lists them cannot be held to anything. */
const MAX_ATTEMPTS = 3;
/** Kinds of clients, by their capabilities, that are remembered for each link. */
const MAX_KINDS = 16;
