import type { Answer, Ask } from '../../protocol/exchange.ts';
import { requestFrame, URL_ELICITATION_REQUIRED } from '../../protocol/message.ts';

/**
 * The URLs that have to be visited before a call can succeed, as questions: servers of 2025-11-25 name them in an error
 * (client/elicitation, "URL Elicitation Required Error"), which later revisions have no code for. `undefined` for any other answer.
 */
export function urlQuestions(answer: Answer): Ask[] | undefined {
  const error = answer.raw('error');
  if (error?.get('code') !== URL_ELICITATION_REQUIRED) return undefined;
  const elicitations = error.raw('data')?.raw('elicitations')?.items() ?? [];
  if (elicitations.length === 0) return undefined;
  return elicitations.map((params) => {
    const method = 'elicitation/create';
    const frame = requestFrame(method, params.with({ mode: 'url' }));
    const { signal } = new AbortController(); // The server has ended the call; nobody takes it back.
    return { request: { kind: 'request', id: 'null', method, frame }, signal, progress() {} };
  });
}

/** Whether the client has let the user visit the URL. */
export function isAccepted(answer: Answer): boolean {
  return answer.raw('result')?.string('action') === 'accept';
}
