import { type Answer, belongsTo, type Client, type Exchange, ownExchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS } from '../protocol/message.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { KeptResults } from './kept-results.ts';
import type { Listing } from './listing.ts';
import { TASKS } from './lists.ts';
import { limitResult } from './result-limits.ts';
import type { TaskOwners } from './task-owners.ts';
import type { View } from './view.ts';

export interface TaskRequestsOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly owners: TaskOwners;
  readonly kept: KeptResults;
}

/** Leads what is asked about tasks to the servers that have them. A task of somebody else's is none. */
export class TaskRequests {
  readonly #view: View;
  readonly #listing: Listing;
  readonly #owners: TaskOwners;
  readonly #kept: KeptResults;

  constructor({ view, listing, owners, kept }: TaskRequestsOptions) {
    this.#view = view;
    this.#listing = listing;
    this.#owners = owners;
    this.#kept = kept;
  }

  /** A process that clients share has the tasks of all of them; each is shown its own. */
  list(exchange: Exchange): Promise<Answer> {
    const { client } = exchange;
    const show = (tasks: RawJson[], upstream: Upstream) => {
      const isOwn = (task: RawJson) => this.#owners.clientOf(task.string('taskId') ?? '', upstream) === client;
      return upstream.isOwn(client) ? tasks : tasks.filter(isOwn);
    };
    return this.#listing.list(exchange, { ...TASKS, show });
  }

  /** Answers a request about one task. What has come of it is limited like any other result. */
  async about(exchange: Exchange): Promise<Answer> {
    const taskId = exchange.frame.raw('params')?.string('taskId') ?? '';
    const upstream = this.#view.single ?? this.#owners.upstreamOf(taskId, exchange.client);
    // One that is not shown here, or has been replaced since, is none of this view's.
    if (!upstream || !this.#view.upstreams.includes(upstream) || !this.#mayKnow(exchange.client, taskId, upstream))
      return errorFrame(INVALID_PARAMS, `Unknown task: ${taskId}`);
    return this.#limit(await upstream.request(exchange.frame, exchange), exchange, upstream);
  }

  /** With sessions the result is an answer of its own, and since 2026-07-28 a member of its task (SEP-2663). */
  #limit(answer: Answer, { method, client }: Exchange, upstream: Upstream): Answer {
    const { results } = this.#view.rulesOf(upstream);
    const limit = (frame: RawJson) => limitResult(frame, results, (rest) => this.#kept.keep(client.principal, rest));
    if (method === 'tasks/result') return limit(answer);
    const task = method === 'tasks/get' ? answer.raw('result') : undefined;
    const limited = task && limit(task);
    return limited === task ? answer : answer.with({ result: limited });
  }

  /** Has the servers give up the tasks of a principal. */
  end(principalId: string): void {
    for (const { taskId, upstream, client } of this.#owners.takeOf(principalId)) {
      const exchange = { ...ownExchange('tasks/cancel', { taskId }), client };
      upstream.request(exchange.frame, exchange).catch(() => {}); // Its process may have ended with its client.
    }
  }

  #mayKnow(client: Client, taskId: string, upstream: Upstream): boolean {
    // Such a process has none but its client's, whatever tasks of others are called; a lent one is asked only for its call's own.
    if (client.tenure !== 'none' && upstream.isOwn(client)) return true;
    const owner = this.#owners.clientOf(taskId, upstream);
    return owner ? belongsTo(owner, client.principal) : client.principal.id === ANYONE.id;
  }
}
