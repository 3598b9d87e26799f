import { RELATED_TASK, TASKS_EXTENSION, withoutMeta } from '../protocol/envelope.ts';
import { type Answer, withFrame } from '../protocol/exchange.ts';
import {
  errorFrame,
  INVALID_PARAMS,
  MISSING_CAPABILITY,
  requestFrame,
  resultFrame,
  SERVER_ERROR,
  withParams,
} from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Relay } from '../relay/relay.ts';
import type { StatelessCall } from './stateless-call.ts';
import type { StatelessRequest } from './stateless-request.ts';

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

  /** @param max most tasks at once. */
  constructor(relay: Relay, max: number) {
    this.#relay = relay;
    this.#max = max;
  }

  /** Has a server answer a call of a tool that is a task there: at once with the task, or with its result where the client knows of no tasks. */
  async call(call: StatelessCall): Promise<Answer> {
    const answer = await this.#relay.handle(withFrame(call, withParams(call.frame, { task: {} })));
    const state = answer.raw('result')?.raw('task');
    const taskId = state?.string('taskId');
    if (!state || taskId === undefined) return answer;
    if (!knowsTasks(call.capabilities)) return this.#ask('tasks/result', taskId, call);
    if (this.#tasks.size >= this.#max) return errorFrame(SERVER_ERROR, 'There are too many tasks already');
    this.#follow(taskId, state, call);
    return resultFrame(inNewForm(state, state.string('status')).with({ resultType: 'task' }));
  }

  /** Answers a request about one of our tasks; `undefined` when it is about none. */
  async answer({ method, frame, envelope }: StatelessRequest): Promise<Answer | undefined> {
    if (!ABOUT_TASKS.has(method)) return undefined;
    if (!knowsTasks(envelope.capabilities.value)) return NOT_DECLARED;
    const params = frame.raw('params');
    const taskId = params?.string('taskId') ?? '';
    const task = this.#tasks.get(taskId);
    if (!task) return undefined;
    if (method === 'tasks/get') return this.#describe(taskId, task);
    if (method === 'tasks/update') return settle(task, params?.raw('inputResponses'));
    return this.#cancel(taskId, task);
  }

  /** Gives all of them up. */
  close(): void {
    for (const task of this.#tasks.values()) this.#forget(task);
    this.#tasks.clear();
  }

  #follow(taskId: string, state: RawJson, call: StatelessCall): void {
    call.keep();
    const ttl = state.get('ttl');
    const lifetime = typeof ttl === 'number' ? Math.min(ttl, LONGEST_LIFETIME) : LONGEST_LIFETIME;
    const expire = () => {
      this.#tasks.delete(taskId);
      this.#forget(task);
    };
    const task: Task = { call, end: undefined, timer: setTimeout(expire, lifetime).unref() };
    this.#tasks.set(taskId, task);
    this.#ask('tasks/result', taskId, call).then(async (outcome) => {
      const last = (await this.#ask('tasks/get', taskId, call)).raw('result');
      task.end = endOf(last ?? state, outcome);
      call.release();
    });
  }

  async #describe(taskId: string, task: Task): Promise<Answer> {
    const answer = task.end ? undefined : await this.#ask('tasks/get', taskId, task.call);
    if (task.end) return resultFrame(task.end);
    const state = answer?.raw('result');
    if (!answer || !state) return answer ?? errorFrame(INVALID_PARAMS, `Unknown task: ${taskId}`);
    const { questions } = task.call;
    const status = questions ? 'input_required' : 'working';
    return resultFrame(inNewForm(state, status).with({ inputRequests: questions }));
  }

  /** Whether the server can still cancel it is for it to know; the client only learns that it was told. */
  async #cancel(taskId: string, task: Task): Promise<Answer> {
    if (!task.end) await this.#ask('tasks/cancel', taskId, task.call);
    return resultFrame({});
  }

  #ask(method: string, taskId: string, call: StatelessCall): Promise<Answer> {
    return this.#relay.handle(withFrame(call, requestFrame(method, { taskId })));
  }

  #forget({ call, timer }: Task): void {
    clearTimeout(timer);
    call.cancel(FORGOTTEN);
    call.release();
  }
}

interface Task {
  /** The call that made it: who its server asks, and whose link it lives on. */
  readonly call: StatelessCall;
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

/** A tool that fails has completed, as far as the protocol goes; only what is no result is a failure. */
function endOf(state: RawJson, outcome: Answer): RawJson {
  if (state.string('status') === 'cancelled') return inNewForm(state, 'cancelled');
  const error = outcome.raw('error');
  if (error) return inNewForm(state, 'failed').with({ error });
  const result = outcome.raw('result');
  return inNewForm(state, 'completed').with({ result: result && withoutMeta(result, RELATED_TASK) });
}

function inNewForm(state: RawJson, status: string | undefined): RawJson {
  return state
    .without('ttl', 'pollInterval', '_meta')
    .with({ status, ttlMs: state.raw('ttl') ?? null, pollIntervalMs: state.raw('pollInterval') });
}
