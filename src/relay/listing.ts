import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, type Exchange, withFrame } from '../protocol/exchange.ts';
import { requestFrame, resultFrame, withResult } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { collectPages, type ListKind } from './lists.ts';
import { patienceWith, within } from './patience.ts';
import type { View } from './view.ts';

/** Answers what asks for a list, and finds in the lists what a client means. */
export class Listing {
  readonly #view: View;
  readonly #log: Log;

  constructor(view: View, log: Log) {
    this.#view = view;
    this.#log = log;
  }

  /** The view's list. Several servers' are one page; who fails is left out. @throws when all fail. */
  async list(exchange: Exchange, kind: ListKind): Promise<Answer> {
    const { single, upstreams } = this.#view;
    if (single) return this.#listPage(exchange, kind, single);
    const outcomes = await Promise.allSettled(upstreams.map((upstream) => this.#listAll(exchange, kind, upstream)));
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failures) this.#log.debug(`left out of ${kind.method}: ${messageOf(reason)}`);
    if (failures.length === outcomes.length) throw failures[0]?.reason;
    // Shown only now: what a URI is exposed as depends on what the other servers have.
    const items = outcomes.flatMap((outcome, index) => {
      const upstream = upstreams[index] as Upstream;
      return outcome.status === 'fulfilled' ? kind.show(outcome.value, upstream, this.#view) : [];
    });
    return resultFrame({ [kind.member]: items });
  }

  /** A single server's pages pass one by one, cursors and all. */
  async #listPage(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<Answer> {
    const answer = await upstream.request(exchange.frame, exchange);
    const page = answer.raw('result')?.raw(kind.member)?.items();
    if (!page) return answer;
    kind.learn(page, upstream, this.#view);
    const shown = kind.show(page, upstream, this.#view);
    const isUnchanged = shown.length === page.length && shown.every((item, index) => item === page[index]);
    return isUnchanged ? answer : withResult(answer, { [kind.member]: shown });
  }

  /** All of one server's items for a merged list. A server that does not answer in time is left out; it must not take the others with it. */
  async #listAll(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<RawJson[]> {
    const { supervisor } = upstream.laneFor(exchange.client);
    const patience = {
      message: `${upstream.name}: no answer to ${kind.method} in time`,
      limit: patienceWith(supervisor),
    };
    return within(exchange, patience, async (patient) => {
      const link = await supervisor.acquire();
      if (!link.opened.raw('capabilities')?.has(kind.capability)) return [];
      const items = await collectPages(upstream, kind, patient);
      kind.learn(items, upstream, this.#view);
      return items;
    });
  }

  /** Looks a name up; one that nobody has seen may stand in a list that nobody has read yet. */
  async find<T>(exchange: Exchange, kind: ListKind, lookup: () => T | undefined): Promise<T | undefined> {
    const known = lookup();
    if (known || this.#view.single) return known;
    await this.list(withFrame(exchange, requestFrame(kind.method)), kind).catch(() => {}); // Then it stays unknown.
    return lookup();
  }
}
