import { foldedName } from '../catalog/annotations.ts';
import { remember } from '../catalog/remember.ts';
import { canonical } from '../protocol/canonical.ts';
import { type Exchange, withFrame } from '../protocol/exchange.ts';
import { requestFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Link } from '../upstream/link.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { collectPages, TOOLS } from './lists.ts';
import { within } from './patience.ts';

/** Definitions by their names, whatever the case. */
type Told = ReadonlyMap<string, readonly RawJson[]>;

/**
 * What servers say of their tools, where something hangs on it: which may be called on behalf of a client that may only read, or by a filter
 * that looks at annotations. What counts is what the very link that serves the call has told a client of the same capabilities, to the
 * last page: a server may say something else to others, or once it is started anew.
 */
export class ToldTools {
  readonly #known = new WeakMap<Link, Map<string, Told>>();
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
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const link = await upstream.link(exchange.client);
        const told = this.#toldOn(link, exchange);
        if (told) {
          const namesakes = told.get(tool.toLowerCase()) ?? [];
          return namesakes.some((each) => each.string('name') === tool) && namesakes.every(holds);
        }
        await this.#read(exchange, upstream, link);
      }
    } catch {
      // The server cannot tell, or the client has given the call up: either way it is not called.
    }
    return false;
  }

  /** Stops listening to the servers. */
  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #toldOn(link: Link, { client }: Exchange): Told | undefined {
    return this.#known.get(link)?.get(canonical(client.capabilities));
  }

  async #read(exchange: Exchange, upstream: Upstream, link: Link): Promise<void> {
    const known = this.#known.get(link) ?? new Map<string, Told>();
    this.#known.set(link, known);
    const patience = { message: `${upstream.name}: no answer to ${TOOLS.method} in time` };
    const listing = withFrame(exchange, requestFrame(TOOLS.method));
    const { items } = await within(listing, patience, (patient) => collectPages(upstream, TOOLS, patient));
    // Leads to nothing where the list has changed meanwhile: what is known of the link is kept elsewhere then, or not at all.
    remember(known, canonical(exchange.client.capabilities), () => byName(items), MAX_KINDS);
  }
}

function byName(tools: readonly RawJson[]): Told {
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
