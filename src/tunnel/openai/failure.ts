import { errorFrame, type IdText, INTERNAL_ERROR } from '../../protocol/message.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import type { Answer } from './answer.ts';
import type { Command } from './command.ts';

/** Why the endpoint has not answered, in the protocol's words (docs/openapi.json, `x-tunnel-failure-schema`). */
export interface Failure {
  readonly source: 'target_http' | 'connect' | 'transport_closed' | 'protocol' | 'client_internal';
  readonly kind: string;
  /** Of an answer that was no message. */
  readonly status?: number;
}

/** The answer to a request for which the endpoint had none. */
export function failureAnswer(id: IdText, { source, kind, status }: Failure): Answer {
  const failure = {
    version: 1,
    source,
    transport_error_kind: kind,
    upstream_response_received: source === 'target_http' || source === 'protocol',
    upstream_status: status,
  };
  return errorAnswer(id, status ?? 502, 'The bridge behind the tunnel gave no answer', { tunnel_failure: failure });
}

/**
 * What became of a request that failed on its way, or while its answer was being read.
 * @param isAnswered whether there was the beginning of an answer.
 */
export function failureOf(error: unknown, isAnswered: boolean): Failure {
  if (error instanceof SyntaxError) return { source: 'protocol', kind: 'malformed_json' };
  if (isAnswered) return { source: 'protocol', kind: 'unexpected_eof' };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return FAILURES[code] ?? { source: 'client_internal', kind: 'unknown' };
}

const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: { source: 'connect', kind: 'connection_refused' },
  ECONNRESET: { source: 'transport_closed', kind: 'connection_reset' },
  EPIPE: { source: 'transport_closed', kind: 'closed_pipe' },
};

/** The answer in place of one that the control plane does not take. */
export function tooLargeAnswer(answer: RawJson): Answer {
  const size = Buffer.byteLength(answer.text);
  const message = `The answer has ${size} bytes, which is more than OpenAI's tunnels take; ask for less at once`;
  return errorAnswer(answer.raw('id')?.text ?? 'null', 502, message);
}

/** The answer to a command for a server that is not here. */
export function wrongChannelAnswer(command: Command): Answer {
  const refusal = { status: 400, headers: {} };
  if (command.type === 'session_termination') return { ...refusal, type: 'session_termination_response' };
  if (command.id === undefined) return { ...refusal, type: 'notify_ack' };
  return errorAnswer(command.id, 400, 'This tunnel serves the channel "main" only');
}

function errorAnswer(id: IdText, status: number, message: string, data?: unknown): Answer {
  const headers = { 'Content-Type': ['application/json'] };
  return { type: 'jsonrpc_response', status, headers, message: errorFrame(INTERNAL_ERROR, message, data, id) };
}
