import { remember } from '../catalog/remember.ts';
import { type Answer, belongsTo, type Client } from '../protocol/exchange.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface OwnedTask {
  readonly taskId: string;
  readonly upstream: Upstream;
  readonly client: Client;
}

/** Ids of tasks that are remembered; of more than that, the oldest are forgotten. */
const MAX_IDS = 10_000;

/** Whose task an id is (specification 2025-11-25, basic/utilities/tasks; SEP-2663). Ids stay as the servers made them, and servers may count. */
export class TaskOwners {
  /** By their ids: one task for each server, the newest last. */
  readonly #tasks = new Map<string, readonly OwnedTask[]>();

  /** Remembers the task that a `CreateTaskResult` speaks of, of either form; any other answer is passed over. */
  remember(answer: Answer, upstream: Upstream, client: Client): void {
    const result = answer.raw('result');
    const task = result?.string('resultType') === 'task' ? result : result?.raw('task');
    const taskId = task?.string('taskId');
    if (taskId === undefined) return;
    // A server that is started anew makes the same ids again, for other clients.
    const others = this.#tasks.get(taskId)?.filter((other) => other.upstream.name !== upstream.name) ?? [];
    this.#tasks.delete(taskId);
    remember(this.#tasks, taskId, () => [...others, { taskId, upstream, client }], MAX_IDS);
  }

  /** Whose task of a server it is. */
  clientOf(taskId: string, upstream: Upstream): Client | undefined {
    return this.#tasks.get(taskId)?.find((task) => task.upstream === upstream)?.client;
  }

  /** The server that made a task for a client, or else for another one of the same principal. */
  upstreamOf(taskId: string, client: Client): Upstream | undefined {
    const tasks = this.#tasks.get(taskId) ?? [];
    const own = tasks.findLast((task) => task.client === client);
    return (own ?? tasks.findLast((task) => belongsTo(task.client, client.principal)))?.upstream;
  }

  /** The tasks of a principal, which are forgotten. */
  takeOf(principalId: string): OwnedTask[] {
    const isTheirs = ({ client }: OwnedTask) => client.principal.id === principalId;
    const taken = [...this.#tasks.values()].flatMap((tasks) => tasks.filter(isTheirs));
    for (const { taskId } of taken) {
      const left = this.#tasks.get(taskId)?.filter((task) => !isTheirs(task)) ?? [];
      if (left.length > 0) this.#tasks.set(taskId, left);
      else this.#tasks.delete(taskId);
    }
    return taken;
  }
}
