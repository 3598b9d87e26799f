import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, type Exchange, type Freshness, withCacheable, withFrame } from '../protocol/exchange.ts';
import { requestFrame, resultFrame, withResult } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { leastFresh } from '../protocol/stateless.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { collectPages, type ListKind, TOOLS } from './lists.ts';
import { gather, patienceWith, type Share } from './patience.ts';
import type { View } from './view.ts';

/** Answers what asks for a list, and finds in the lists what a client means. */
export class Listing {
  readonly #view: View;
  readonly #log: Log;

  constructor(view: View, log: Log) {
    this.#view = view;
    this.#log = log;
  }

  /** The view's list. Several servers' are one page; who fails, or is late when others are not, is left out. @throws when all fail. */
  async list(exchange: Exchange, kind: ListKind): Promise<Answer> {
    const { single, upstreams } = this.#view;
    if (single) return this.#listPage(exchange, kind, single);
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
    const { ttlMs } = leastFresh(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.freshness : undefined)),
    );
    exchange.cacheable({ ttlMs, cacheScope: 'private' });
    return resultFrame({ [kind.member]: items });
  }

  /** A single server's pages pass one by one, cursors and all. */
  async #listPage(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<Answer> {
    const isPrivate = kind === TOOLS && this.#view.isFiltered(upstream);
    const cacheable = ({ ttlMs, cacheScope }: Freshness) =>
      exchange.cacheable({ ttlMs, cacheScope: isPrivate ? 'private' : cacheScope });
    const answer = await upstream.request(exchange.frame, withCacheable(exchange, cacheable));
    const page = answer.raw('result')?.raw(kind.member)?.items();
    if (!page) return answer;
    kind.learn(page, upstream, this.#view);
    const shown = kind.show(page, upstream, this.#view);
    const isUnchanged = shown.length === page.length && shown.every((item, index) => item === page[index]);
    return isUnchanged ? answer : withResult(answer, { [kind.member]: shown });
  }

  /** One server's part in a merged list: all its items. */
  #shareOf(upstream: Upstream, exchange: Exchange, kind: ListKind): Share<Part> {
    return {
      message: `${upstream.name}: no answer to ${kind.method} in time`,
      limit: patienceWith(upstream, exchange.client),
      latest: upstream.settings.startTimeout,
      work: async (patient) => {
        const link = await upstream.link(exchange.client);
        if (!link.opened.raw('capabilities')?.has(kind.capability)) return { items: [], freshness: link.freshness };
        return this.#collect(upstream, kind, patient);
      },
    };
  }

  /** Reads a server's list to its end, and takes note of it. */
  async #collect(upstream: Upstream, kind: ListKind, exchange: Exchange): Promise<Part> {
    const pages: Freshness[] = [];
    const items = await collectPages(
      upstream,
      kind,
      withCacheable(exchange, (freshness) => pages.push(freshness)),
    );
    kind.learn(items, upstream, this.#view);
    return { items, freshness: leastFresh(pages) };
  }

  /** What a server says of one of its tools; its list is read if that has not been done yet. */
  async define(exchange: Exchange, upstream: Upstream, tool: string): Promise<RawJson | undefined> {
    const { definitions } = this.#view;
    if (!definitions.knows(upstream.name))
      await this.#collect(upstream, TOOLS, withFrame(exchange, requestFrame(TOOLS.method)));
    return definitions.of(upstream.name, tool);
  }

  /** Looks a name up; one that nobody has seen may stand in a list that nobody has read yet. */
  async find<T>(exchange: Exchange, kind: ListKind, lookup: () => T | undefined): Promise<T | undefined> {
    const known = lookup();
    if (known || this.#view.single) return known;
    await this.list(withFrame(exchange, requestFrame(kind.method)), kind).catch(() => {}); // Then it stays unknown.
    return lookup();
  }
}

/** One server's part in a merged list. */
interface Part {
  readonly items: RawJson[];
  readonly freshness: Freshness | undefined;
}
