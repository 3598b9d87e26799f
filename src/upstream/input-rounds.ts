import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import { type Request, requestFrame, withParams } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/**
 * Puts the questions of an `InputRequiredResult` to an exchange's client (2026-07-28, basic/patterns/mrtr). Resolves with the
 * request to send next: the same once more, with the answers and the server's state.
 * @throws Error when the client does not answer one of them.
 */
export async function answerInput(frame: RawJson, result: RawJson, exchange: Exchange): Promise<RawJson> {
  const questions = result.raw('inputRequests');
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  exchange.cancellation.add(giveUp);
  try {
    return withParams(frame, {
      inputResponses: questions && (await askAll(questions, questions.keys, exchange, controller.signal)),
      requestState: result.raw('requestState'),
    });
  } finally {
    controller.abort(); // Where one has failed, nobody waits for the others.
    exchange.cancellation.delete(giveUp);
  }
}

/** Puts some of a server's questions to an exchange's client, all at once. Resolves with the answers by their keys. */
export async function askAll(
  questions: RawJson,
  keys: readonly string[],
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Record<string, RawJson>> {
  setMaxListeners(0, signal); // One for each question: Node would take more than ten for a leak, and say so on stderr.
  const answers = keys.map(
    async (key) => [key, await askOne(toRequest(key, questions.raw(key)), exchange, signal)] as const,
  );
  return Object.fromEntries(await Promise.all(answers));
}

async function askOne(request: Request, exchange: Exchange, signal: AbortSignal): Promise<RawJson> {
  const answer: Answer = await exchange.ask({ request, signal, progress() {} });
  const result = answer.raw('result');
  if (result) return result;
  throw new Error(`${request.method} was not answered: ${answer.raw('error')?.string('message') ?? 'no reason given'}`);
}

function toRequest(key: string, question: RawJson | undefined): Request {
  const method = question?.string('method');
  if (method === undefined) throw new Error(`the question ${JSON.stringify(key)} has no method`);
  const frame = requestFrame(method, question?.raw('params'));
  const params = frame.raw('params');
  // The revisions with sessions tell such elicitations apart by an id.
  const lacksId = method === 'elicitation/create' && params?.string('mode') === 'url' && !params.has('elicitationId');
  return {
    kind: 'request',
    id: 'null',
    method,
    frame: lacksId ? withParams(frame, { elicitationId: randomUUID() }) : frame,
  };
}
