import { randomUUID } from 'node:crypto';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import { type Request, requestFrame, withParams } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/**
 * Puts the questions of an `InputRequiredResult` to an exchange's client, all at once (2026-07-28, basic/patterns/mrtr).
 * Resolves with the request to send next: the same once more, with the answers and the server's state.
 * @throws Error when the client does not answer one of them.
 */
export async function answerInput(frame: RawJson, result: RawJson, exchange: Exchange): Promise<RawJson> {
  const questions = result.raw('inputRequests');
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  exchange.cancellation.add(giveUp);
  try {
    const answers = (questions?.keys ?? []).map(async (key) => {
      const request = toRequest(key, questions?.raw(key));
      return [key, await answerOf(request, exchange, controller.signal)] as const;
    });
    const inputResponses = Object.fromEntries(await Promise.all(answers));
    return withParams(frame, {
      inputResponses: questions && inputResponses,
      requestState: result.raw('requestState'),
    });
  } catch (error) {
    controller.abort();
    throw error;
  } finally {
    exchange.cancellation.delete(giveUp);
  }
}

async function answerOf(request: Request, exchange: Exchange, signal: AbortSignal): Promise<RawJson> {
  const answer: Answer = await exchange.ask({ request, signal, progress() {} });
  const result = answer.raw('result');
  if (result) return result;
  throw new Error(`${request.method} was not answered: ${answer.raw('error')?.string('message') ?? 'no reason given'}`);
}

function toRequest(key: string, question: RawJson | undefined): Request {
  const method = question?.string('method');
  if (question === undefined || method === undefined)
    throw new Error(`the question ${JSON.stringify(key)} has no method`);
  const frame = requestFrame(method, question.raw('params'));
  const isUrl = method === 'elicitation/create' && frame.raw('params')?.string('mode') === 'url';
  const isNamed = frame.raw('params')?.has('elicitationId');
  // The revisions with sessions tell such elicitations apart by an id.
  return {
    kind: 'request',
    id: 'null',
    method,
    frame: isUrl && !isNamed ? withParams(frame, { elicitationId: randomUUID() }) : frame,
  };
}
