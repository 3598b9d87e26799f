import { remember } from '../catalog/remember.ts';
import { canonical } from '../protocol/canonical.ts';
import { type Exchange, withFrame } from '../protocol/exchange.ts';
import { requestFrame } from '../protocol/message.ts';
import type { Link } from '../upstream/link.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { readOnlyAmong } from './annotations.ts';
import { collectPages, TOOLS } from './lists.ts';
import { within } from './patience.ts';

type Names = ReadonlySet<string>;

/**
 * Which tools may be called on behalf of a principal that may only read. What counts is what the very link that serves the call has
 * told a client of the same capabilities, to the last page: a server may say something else to others, or once it is started anew.
 */
export class ReadOnlyTools {
  readonly #known = new WeakMap<Link, Map<string, Names>>();
  /** Counts what makes that out of date. */
  #changes = 0;

  constructor(upstreams: readonly Upstream[]) {
    for (const upstream of upstreams) {
      upstream.listeners.add({
        notification: ({ method }, { supervisor }) => {
          if (method !== 'notifications/tools/list_changed') return;
          this.#changes += 1;
          if (supervisor.link) this.#known.delete(supervisor.link);
        },
      });
    }
  }

  /** Whether the exchange's client may call a tool, given by its server's own name. Not if that cannot be found out. Never rejects. */
  async allows(exchange: Exchange, upstream: Upstream, tool: string): Promise<boolean> {
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const link = await upstream.link(exchange.client);
        const names = this.#namesOn(link, exchange);
        if (names) return names.has(tool);
        await this.#read(exchange, upstream, link);
      }
    } catch {
      // The server cannot tell, or the client has given the call up: either way it is not called.
    }
    return false;
  }

  #namesOn(link: Link, { client }: Exchange): Names | undefined {
    return this.#known.get(link)?.get(canonical(client.capabilities));
  }

  async #read(exchange: Exchange, upstream: Upstream, link: Link): Promise<void> {
    const changes = this.#changes;
    const patience = { message: `${upstream.name}: no answer to ${TOOLS.method} in time` };
    const listing = withFrame(exchange, requestFrame(TOOLS.method));
    const { items } = await within(listing, patience, (patient) => collectPages(upstream, TOOLS, patient));
    if (changes !== this.#changes) return;
    const names = new Set(readOnlyAmong(items).flatMap((tool) => tool.string('name') ?? []));
    const known = this.#known.get(link) ?? new Map<string, Names>();
    remember(known, canonical(exchange.client.capabilities), () => names, MAX_KINDS);
    this.#known.set(link, known);
  }
}

/** A server that changes its tools more often than that while it lists them cannot be held to anything. */
const MAX_ATTEMPTS = 3;
/** Kinds of clients, by their capabilities, that are remembered for each link. */
const MAX_KINDS = 16;
