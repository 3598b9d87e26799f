import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, canBeAsked, type Exchange, withFrame } from '../protocol/exchange.ts';
import { requestFrame, resultFrame, withResult } from '../protocol/message.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type Collected, collectPages, type ListKind, TOOLS } from './lists.ts';
import { gather, patienceWith, type Share } from './patience.ts';
import type { ToldTools } from './told-tools.ts';
import type { View } from './view.ts';

/** Answers what asks for a list, and finds in the lists what a client means. */
export class Listing {
  readonly #view: View;
  readonly #told: ToldTools;
  readonly #log: Log;
  readonly #own: readonly string[];

  /** @param own capabilities that the bridge has even if its servers do not; those have nothing to list then. */
  constructor(view: View, told: ToldTools, log: Log, own: readonly string[] = []) {
    this.#view = view;
    this.#told = told;
    this.#log = log;
    this.#own = own;
  }

  /** The view's list. Several servers' are one page; who fails, or is late when others are not, is left out. @throws when all fail. */
  async list(exchange: Exchange, kind: ListKind): Promise<Answer> {
    const { single } = this.#view;
    if (single) return this.#listPage(exchange, kind, single);
    const { items, ttlMs } = await this.#gather(exchange, kind);
    if (!exchange.client.readsResultTypes) return resultFrame({ [kind.member]: items });
    return resultFrame({ [kind.member]: items, ttlMs, cacheScope: 'private' });
  }

  /** All items of the view's list, to the last page. @throws when all servers fail. */
  async all(exchange: Exchange, kind: ListKind): Promise<readonly RawJson[]> {
    const { items } = await this.#gather(exchange, kind);
    return items;
  }

  async #gather(exchange: Exchange, kind: ListKind): Promise<Collected> {
    const { upstreams } = this.#view;
    const outcomes = await gather(
      exchange,
      upstreams.map((upstream) => this.#shareOf(upstream, exchange, kind)),
    );
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failures) this.#log.debug(`left out of ${kind.method}: ${messageOf(reason)}`);
    if (failures.length === outcomes.length) throw failures[0]?.reason;
    // Shown only now: what a URI is exposed as depends on what the other servers have.
    const items = outcomes.flatMap((outcome, index) => {
      const upstream = upstreams[index] as Upstream;
      return outcome.status === 'fulfilled' ? kind.show(outcome.value.items, upstream, this.#view) : [];
    });
    // As long as the first of its parts; what is left out may come at any time.
    const ttls = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.ttlMs : 0));
    return { items, ttlMs: Math.min(...ttls) };
  }

  /** A single server's pages pass one by one, cursors and all. */
  async #listPage(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<Answer> {
    if (this.#own.includes(kind.capability)) {
      const { opened } = await upstream.link(exchange.client);
      if (!opened.raw('capabilities')?.has(kind.capability)) return resultFrame({ [kind.member]: [] });
    }
    const edition = this.#view.definitions.edition(upstream.name);
    const answer = await upstream.request(exchange.frame, exchange);
    const page = answer.raw('result')?.raw(kind.member)?.items();
    if (!page) return answer;
    kind.learn(page, upstream, this.#view, edition);
    const shown = kind.show(page, upstream, this.#view);
    // All pages have one scope, also those on which nothing happens to be hidden (2026-07-28, server/utilities/caching).
    const isPrivate =
      answer.raw('result')?.has('cacheScope') && kind.method === TOOLS.method && this.#mayDiffer(exchange, upstream);
    const isUnchanged = shown.length === page.length && shown.every((item, index) => item === page[index]);
    if (isUnchanged && !isPrivate) return answer;
    return withResult(answer, {
      [kind.member]: isUnchanged ? undefined : shown,
      cacheScope: isPrivate ? 'private' : undefined,
    });
  }

  /** Whether others may be shown more or less of a server's tools. */
  #mayDiffer({ client }: Exchange, upstream: Upstream): boolean {
    return client.principal.id !== ANYONE.id || this.#view.isFiltered(upstream);
  }

  /** One server's part in a merged list: all its items. */
  #shareOf(upstream: Upstream, exchange: Exchange, kind: ListKind): Share<Collected> {
    const limit = patienceWith(upstream, exchange.client);
    return {
      message: `${upstream.name}: no answer to ${kind.method} in time`,
      limit,
      latest: Math.max(limit, upstream.settings.startTimeout),
      work: async (patient) => {
        const link = await upstream.link(exchange.client);
        if (!link.opened.raw('capabilities')?.has(kind.capability))
          return { items: [], ttlMs: link.freshness?.ttlMs ?? 0 };
        return this.#collect(upstream, kind, patient);
      },
    };
  }

  /** Reads a server's list to its end, and takes note of it. */
  async #collect(upstream: Upstream, kind: ListKind, exchange: Exchange): Promise<Collected> {
    const edition = this.#view.definitions.edition(upstream.name);
    const collected = await collectPages(upstream, kind, exchange);
    kind.learn(collected.items, upstream, this.#view, edition);
    return collected;
  }

  /** What a server says of one of its tools; its list is read if that has not been done yet. */
  async define(exchange: Exchange, upstream: Upstream, tool: string): Promise<RawJson | undefined> {
    const { definitions } = this.#view;
    const { name } = upstream;
    if (!definitions.of(name, tool) && !definitions.isComplete(name)) {
      await upstream.link(exchange.client);
      try {
        const { tools } = await this.#told.read(exchange, upstream);
        // The first of those who share it has.
        if (!definitions.isComplete(name)) TOOLS.learn(tools, upstream, this.#view);
      } finally {
        // Not again for each call, if it fails; but that a client gave up says nothing of the server.
        if (!exchange.cancellation.reason) definitions.complete(name);
      }
    }
    return definitions.of(name, tool);
  }

  /** Looks a name up; one that nobody has seen may stand in a list that nobody has read yet. */
  async find<T>(exchange: Exchange, kind: ListKind, lookup: () => T | undefined): Promise<T | undefined> {
    const known = lookup();
    if (known || this.#view.single || (kind === TOOLS && this.#knowsTools(exchange))) return known;
    await this.list(withFrame(exchange, requestFrame(kind.method)), kind).catch(() => {}); // Then it stays unknown.
    return lookup();
  }

  /** Whether there is no tool that a client may know and nobody here does. Servers may have others for those who can be asked. */
  #knowsTools({ client }: Exchange): boolean {
    const { upstreams, definitions } = this.#view;
    return !canBeAsked(client) && upstreams.every(({ name }) => definitions.hasAll(name));
  }
}
