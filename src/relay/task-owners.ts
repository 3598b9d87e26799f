import { remember } from '../catalog/remember.ts';
import type { Answer, Client } from '../protocol/exchange.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface OwnedTask extends TaskOwner {
  readonly taskId: string;
}

interface TaskOwner {
  readonly upstream: Upstream;
  readonly client: Client;
}

/** Tasks that are remembered; of more than that, the oldest are forgotten. */
const MAX_TASKS = 10_000;

/** Whose task an id is (specification 2025-11-25, basic/utilities/tasks; SEP-2663). Ids stay as the servers made them. */
export class TaskOwners {
  readonly #owners = new Map<string, TaskOwner>();

  /** Remembers the task that a `CreateTaskResult` speaks of, of either form; any other answer is passed over. */
  remember(answer: Answer, upstream: Upstream, client: Client): void {
    const result = answer.raw('result');
    const task = result?.string('resultType') === 'task' ? result : result?.raw('task');
    const taskId = task?.string('taskId');
    if (taskId === undefined) return;
    // A server that counts its tasks makes the same ids again once it is started anew, for other clients.
    this.#owners.delete(taskId);
    remember(this.#owners, taskId, () => ({ upstream, client }), MAX_TASKS);
  }

  ownerOf(taskId: string): TaskOwner | undefined {
    return this.#owners.get(taskId);
  }

  /** The tasks of a principal, which are forgotten. */
  takeOf(principalId: string): OwnedTask[] {
    const taken = [...this.#owners].filter(([, { client }]) => client.principal.id === principalId);
    for (const [taskId] of taken) this.#owners.delete(taskId);
    return taken.map(([taskId, owner]) => ({ taskId, ...owner }));
  }
}
