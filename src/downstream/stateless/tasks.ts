import { randomUUID } from 'node:crypto';
import { Cancellation } from '../../protocol/cancellation.ts';
import { RELATED_TASK, TASKS_EXTENSION, withoutMeta } from '../../protocol/envelope.ts';
import { type Answer, belongsTo, withCancellation, withFrame } from '../../protocol/exchange.ts';
import {
  errorFrame,
  MISSING_CAPABILITY,
  requestFrame,
  resultFrame,
  SERVER_ERROR,
  withParams,
} from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { LISTEN } from '../../protocol/subscriptions.ts';
import type { Relay } from '../../relay/relay.ts';
import { fairShare } from '../fair-share.ts';
import type { StatelessCall } from './call.ts';
import type { StatelessRequest } from './request.ts';

/** Requests about a task, by which clients follow it (SEP-2663). */
const ABOUT_TASKS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

/**
 * Tasks of 2025-11-25 (basic/utilities/tasks) in the form of the extension that replaced them (SEP-2663): a server is asked for the result at
 * once, which is when it puts its questions, and clients read off what has come of it. Tasks of servers that have the
 * extension themselves are none of ours.
 */
export class StatelessTasks {
  readonly #relay: Relay;
  readonly #max: number;
  readonly #tasks = new Map<string, Task>();

  /** @param max most tasks at once; one principal may have a quarter of them. */
  constructor(relay: Relay, max: number) {
    this.#relay = relay;
    this.#max = max;
  }

  /** Has a server answer a call of a tool that is a task there: at once with the task, or with its result where the client knows of no tasks. */
  async call(call: StatelessCall): Promise<Answer> {
    const isKnown = knowsTasks(call.capabilities);
    if (isKnown && !this.#hasRoom(call.principal)) return errorFrame(SERVER_ERROR, 'There are too many tasks already');
    const answer = await this.#relay.handle(withFrame(call, withParams(call.frame, { task: {} })));
    const state = answer.raw('result')?.raw('task');
    const serverId = state?.string('taskId');
    if (!state || serverId === undefined) return answer;
    if (!isKnown) return this.#resultOf(serverId, call);
    const task = this.#follow(serverId, state, call);
    return resultFrame(inNewForm(task, state, state.string('status')).with({ resultType: 'task' }));
  }

  /** Answers a request about one of our tasks, and one that its client must not make; `undefined` for any other. */
  async answer({ method, frame, envelope, principal }: StatelessRequest): Promise<Answer | undefined> {
    const params = frame.raw('params');
    const listensToTasks = method === LISTEN && params?.raw('notifications')?.has('taskIds');
    if (!ABOUT_TASKS.has(method) && !listensToTasks) return undefined;
    if (!knowsTasks(envelope.capabilities.value)) return NOT_DECLARED;
    const task = listensToTasks ? undefined : this.#tasks.get(params?.string('taskId') ?? '');
    if (!task || !belongsTo(task.call, principal)) return undefined;
    if (method === 'tasks/get') return this.#describe(task);
    if (method === 'tasks/update') return settle(task, params?.raw('inputResponses'));
    return this.#cancel(task);
  }

  /** Gives those of a principal up. */
  end(principalId: string): void {
    for (const task of this.#tasks.values()) if (task.call.principal.id === principalId) this.#forget(task);
  }

  /** Gives all of them up. */
  close(): void {
    for (const task of this.#tasks.values()) this.#forget(task);
  }

  #follow(serverId: string, state: RawJson, call: StatelessCall): Task {
    call.keep();
    // Each process of a server may count from one.
    const id = this.#tasks.has(serverId) ? randomUUID() : serverId;
    const ttl = state.get('ttl');
    const lifetime = typeof ttl === 'number' ? Math.min(ttl, LONGEST_LIFETIME) : LONGEST_LIFETIME;
    const timer = setTimeout(() => this.#forget(task), lifetime).unref();
    const task: Task = { id, serverId, call, created: state, end: undefined, timer };
    this.#tasks.set(id, task);
    this.#endOf(task).then((end) => {
      task.end = end;
      call.release();
    });
    return task;
  }

  async #describe(task: Task): Promise<Answer> {
    const answer = task.end ? undefined : await this.#ask('tasks/get', task.serverId, task.call);
    if (task.end) return resultFrame(task.end);
    const { questions } = task.call;
    const status = questions ? 'input_required' : 'working';
    // Where the server cannot say, as it has just died, the task is about to end.
    const state = answer?.raw('result') ?? task.created;
    return resultFrame(inNewForm(task, state, status).with({ inputRequests: questions }));
  }

  /** Whether the server can still cancel it is for it to know; the client only learns that it was told. */
  async #cancel({ serverId, call, end }: Task): Promise<Answer> {
    if (!end) await this.#ask('tasks/cancel', serverId, call);
    return resultFrame({});
  }

  /** A tool that fails has completed, as far as the protocol goes; only what is no result is a failure. */
  async #endOf(task: Task): Promise<RawJson> {
    const { serverId, call, created } = task;
    const answer = await this.#resultOf(serverId, call);
    const state = (await this.#ask('tasks/get', serverId, call)).raw('result') ?? created;
    const { refusal } = call;
    if (!refusal && state.string('status') === 'cancelled') return inNewForm(task, state, 'cancelled');
    const error = (refusal ?? answer).raw('error');
    if (error) return inNewForm(task, state, 'failed').with({ error });
    return inNewForm(task, state, 'completed').with({ result: answer.raw('result') });
  }

  /** What a task comes to. When nobody waits for that any more, its server is told to stop. */
  async #resultOf(serverId: string, call: StatelessCall): Promise<Answer> {
    const answer = await this.#relay.handle(withFrame(call, requestFrame('tasks/result', { taskId: serverId })));
    if (call.cancellation.reason) void this.#ask('tasks/cancel', serverId, call);
    const result = answer.raw('result');
    return result ? answer.with({ result: withoutMeta(result, RELATED_TASK) }) : answer;
  }

  /** Asks about a task, whether or not its call was given up. */
  #ask(method: string, taskId: string, call: StatelessCall): Promise<Answer> {
    const exchange = withFrame(call, requestFrame(method, { taskId }));
    return this.#relay.handle(withCancellation(exchange, new Cancellation()));
  }

  /** Whether a principal may have another task; if need be, the oldest of those that have ended is forgotten. */
  #hasRoom(principal: Principal): boolean {
    const all = [...this.#tasks.values()];
    const own = all.filter(({ call }) => call.principal.id === principal.id);
    const isOverQuota = own.length >= fairShare(principal, this.#max);
    if (!isOverQuota && all.length < this.#max) return true;
    const ended = (isOverQuota ? own : all).find(({ end }) => end);
    if (ended) this.#forget(ended);
    return ended !== undefined;
  }

  #forget({ id, call, timer }: Task): void {
    this.#tasks.delete(id);
    clearTimeout(timer);
    call.cancel(FORGOTTEN);
    call.release();
  }
}

interface Task {
  /** What clients call it. */
  readonly id: string;
  /** What its server calls it. */
  readonly serverId: string;
  /** The call that made it: who its server asks, and whose link it lives on. */
  readonly call: StatelessCall;
  /** What its server said of it at first. */
  readonly created: RawJson;
  /** What is said of it once it has ended. */
  end: RawJson | undefined;
  readonly timer: NodeJS.Timeout;
}

/** For how long a task is remembered whose server sets no limit. Milliseconds. */
const LONGEST_LIFETIME = 24 * 60 * 60_000;
const NOT_DECLARED = errorFrame(MISSING_CAPABILITY, 'The client has not declared the extension for tasks', {
  requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
});
const FORGOTTEN = new Error('the task is not remembered any longer');

/** Whether a tool has to be called as a task, or may be and the client is ready for one. */
export function isTask(tool: RawJson | undefined, call: StatelessCall): boolean {
  const support = tool?.raw('execution')?.string('taskSupport');
  return support === 'required' || (support === 'optional' && knowsTasks(call.capabilities));
}

function knowsTasks(capabilities: unknown): boolean {
  const { extensions } = capabilities as { extensions?: unknown };
  return typeof extensions === 'object' && extensions !== null && TASKS_EXTENSION in extensions;
}

async function settle({ call }: Task, responses: RawJson | undefined): Promise<Answer> {
  call.settle(responses);
  return resultFrame({});
}

function inNewForm({ id }: Task, state: RawJson, status: string | undefined): RawJson {
  return state
    .without('ttl', 'pollInterval', '_meta')
    .with({ taskId: id, status, ttlMs: state.raw('ttl') ?? null, pollIntervalMs: state.raw('pollInterval') });
}
