import { type Answer, belongsTo, type Client, type Exchange, ownExchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS } from '../protocol/message.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Listing } from './listing.ts';
import { TASKS } from './lists.ts';
import type { TaskOwners } from './task-owners.ts';
import type { View } from './view.ts';

export interface TaskRequestsOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly owners: TaskOwners;
}

/** Leads what is asked about tasks to the servers that have them. A task of somebody else's is none. */
export class TaskRequests {
  readonly #view: View;
  readonly #listing: Listing;
  readonly #owners: TaskOwners;

  constructor({ view, listing, owners }: TaskRequestsOptions) {
    this.#view = view;
    this.#listing = listing;
    this.#owners = owners;
  }

  /** A process that clients share has the tasks of all of them; each is shown its own. */
  list(exchange: Exchange): Promise<Answer> {
    const { client } = exchange;
    const isOwn = (task: RawJson) => this.#owners.ownerOf(task.string('taskId') ?? '')?.client === client;
    const show = (tasks: RawJson[], upstream: Upstream) => (upstream.isOwn(client) ? tasks : tasks.filter(isOwn));
    return this.#listing.list(exchange, { ...TASKS, show });
  }

  /** Answers a request about one task. */
  about(exchange: Exchange): Promise<Answer> | Answer {
    const taskId = exchange.frame.raw('params')?.string('taskId') ?? '';
    const upstream = this.#view.single ?? this.#owners.ownerOf(taskId)?.upstream;
    if (!upstream || !this.#mayKnow(exchange.client, taskId, upstream))
      return errorFrame(INVALID_PARAMS, `Unknown task: ${taskId}`);
    return upstream.request(exchange.frame, exchange);
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
    const owner = this.#owners.ownerOf(taskId)?.client;
    return owner ? belongsTo(owner, client.principal) : client.principal.id === ANYONE.id;
  }
}
