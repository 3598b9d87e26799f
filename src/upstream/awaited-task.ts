import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INTERNAL_ERROR, requestFrame, resultFrame } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { askAll } from './input-rounds.ts';

/**
 * Waits for a task on behalf of a client that knows of none, and puts its questions to that client (SEP-2663). Resolves with what the
 * call would have been answered with at once. `send` sends requests about the task.
 * @throws Error when the client gives the call up, of which the server is told, or does not answer a question.
 */
export async function awaitTask(
  created: RawJson,
  exchange: Exchange,
  send: (frame: RawJson) => Promise<Answer>,
): Promise<Answer> {
  const taskId = created.raw('taskId');
  const request = (method: string, params: object = {}) => send(requestFrame(method, { taskId, ...params }));
  const controller = new AbortController();
  const { signal } = controller;
  const giveUp = (reason: Error) => controller.abort(reason);
  exchange.cancellation.add(giveUp);
  const answerQuestions = async (questions: RawJson, keys: readonly string[]) => {
    const inputResponses = await askAll(questions, keys, exchange, signal);
    const error = (await request('tasks/update', { inputResponses })).raw('error');
    if (error) throw new Error(`the answers were refused: ${error.string('message')}`);
  };
  const asked = new Set<string>();
  try {
    for (let task = created; ; ) {
      await delay(intervalOf(task), undefined, { signal });
      const answer = await request('tasks/get');
      const result = answer.raw('result');
      if (!result) return answer;
      task = result;
      const end = endOf(task);
      if (end) return end;
      const questions = task.raw('inputRequests');
      const fresh = questions?.keys.filter((key) => !asked.has(key)) ?? [];
      if (!questions || fresh.length === 0) continue;
      for (const key of fresh) asked.add(key);
      // Not waited for: the task may end while its client thinks.
      answerQuestions(questions, fresh).catch(giveUp);
    }
  } catch (error) {
    request('tasks/cancel').catch(() => {}); // The call has failed already; a server that is gone has no task.
    throw signal.aborted ? signal.reason : error;
  } finally {
    controller.abort(); // Nobody waits for answers any more.
    exchange.cancellation.delete(giveUp);
  }
}

/** What a task has come to; `undefined` while it has not. */
function endOf(task: RawJson): Answer | undefined {
  const status = task.string('status');
  if (status === 'completed') return resultFrame((task.raw('result') ?? RawJson.of({})).without('resultType'));
  if (status === 'failed') return RawJson.of({ jsonrpc: '2.0', id: null, error: task.raw('error') ?? UNEXPLAINED });
  if (status === 'cancelled') return errorFrame(INTERNAL_ERROR, 'The task was cancelled');
  return undefined;
}

function intervalOf(task: RawJson): number {
  const interval = task.get('pollIntervalMs');
  return typeof interval === 'number'
    ? Math.min(Math.max(interval, SHORTEST_INTERVAL), LONGEST_INTERVAL)
    : USUAL_INTERVAL;
}

/** Milliseconds. */
const SHORTEST_INTERVAL = 20;
const LONGEST_INTERVAL = 60_000;
const USUAL_INTERVAL = 1000;
const UNEXPLAINED = { code: INTERNAL_ERROR, message: 'The task failed' };
