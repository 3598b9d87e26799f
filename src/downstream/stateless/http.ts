import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../../protocol/cancellation.ts';
import {
  HEADER_MISMATCH,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  type Message,
  MessageError,
  MISSING_CAPABILITY,
  UNSUPPORTED_VERSION,
} from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { LISTEN } from '../../protocol/subscriptions.ts';
import { EventStream } from '../event-stream.ts';
import { HttpError } from '../http-error.ts';
import { PostAnswer } from '../post-answer.ts';
import { openEnvelope } from './request.ts';
import { checkHeaders, checkParamHeaders } from './request-headers.ts';
import type { Stateless } from './stateless.ts';

export interface StatelessPost {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly message: Message;
  /** What the client can read. */
  readonly accepts: { readonly json: boolean; readonly stream: boolean };
  readonly principal: Principal;
}

/**
 * Serves a POST of 2026-07-28 (basic/transports/streamable-http): one request, and its answer on the same connection, whose end is the end
 * of the request.
 * @throws MessageError when the request cannot be served at all.
 */
export async function servePost(stateless: Stateless, post: StatelessPost): Promise<void> {
  const { request, response, message, accepts, principal } = post;
  if (message.kind === 'response')
    throw new MessageError(INVALID_REQUEST, 'Invalid Request: nobody asks clients anything in this revision');
  if (message.kind === 'notification') {
    stateless.notify(message, principal);
    return void response.writeHead(202).end();
  }
  const cancellation = new Cancellation();
  response.once('close', () => cancellation.cancel(GONE));
  checkHeaders(request, message);
  const call = openEnvelope(message, principal);
  if (call.method === LISTEN && !accepts.stream)
    throw new HttpError(406, 'Not Acceptable: a subscription is text/event-stream');
  const tool = call.method === 'tools/call' ? await stateless.toolOf(call) : undefined;
  if (tool) checkParamHeaders(request, message, tool);
  const createStream = () => new EventStream({ id: '' });
  const answer = new PostAnswer({ response, createStream, accepts, requests: 1, isBatch: false });
  const frame = await stateless.serve(call, answer, cancellation);
  answer.settle(frame, statusOf(frame));
}

const GONE = new Error('the client closed the connection');

/** What HTTP calls the errors that it has a word for ("Protocol Version Header"; basic, "Error Codes"). */
const STATUSES: Readonly<Record<number, number>> = {
  [METHOD_NOT_FOUND]: 404,
  [HEADER_MISMATCH]: 400,
  [MISSING_CAPABILITY]: 400,
  [UNSUPPORTED_VERSION]: 400,
};

function statusOf(frame: RawJson): number {
  const code = frame.raw('error')?.get('code');
  return (typeof code === 'number' ? STATUSES[code] : undefined) ?? 200;
}
