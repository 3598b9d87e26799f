import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { metaOf, PROTOCOL_VERSION } from '../../protocol/envelope.ts';
import { errorFrame, type IdText, METHOD_NOT_FOUND, notificationFrame, withId } from '../../protocol/message.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import type { Answer } from './answer.ts';
import type { Command, JsonRpcCommand, UnknownCommand } from './command.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Endpoint, headersOf, messagesOf } from './endpoint.ts';
import { failureAnswer, failureOf, tooLargeAnswer, wrongChannelAnswer } from './failure.ts';
import { Refusal } from './refusal.ts';
import { within } from './within.ts';

/** What a command is carried between. */
export interface Sides {
  readonly controlPlane: ControlPlane;
  readonly endpoint: Endpoint;
  readonly log: Log;
}

/**
 * Carries out one command: puts it to the endpoint and posts what comes of it. One that has expired is dropped without a word, wherever
 * it is by then (docs/protocol.md, "Response timeout"). Never rejects.
 */
export async function runCommand(
  command: Command | UnknownCommand,
  sides: Sides,
  abandoned: AbortSignal,
): Promise<void> {
  const { log } = sides;
  const about = { request: command.requestId };
  if (command.type === 'unknown')
    return log.warn('OpenAI tunnel: a command was skipped', { ...about, why: command.why });
  const left = command.deadline - performance.now();
  if (left <= 0) return log.debug('OpenAI tunnel: a command came too late', about);
  const run = async (signal: AbortSignal) => {
    const errand = { ...sides, command, signal };
    await deliver(errand, await carryOut(errand));
  };
  try {
    await within(left, run, abandoned);
  } catch (error) {
    const isExpected = error === GONE || abandoned.aborted || performance.now() >= command.deadline;
    const tell = isExpected ? log.debug : log.warn;
    tell('OpenAI tunnel: a command was not answered', { ...about, error: messageOf(error) });
  }
}

interface Errand<C extends Command = Command> extends Sides {
  readonly command: C;
  /** Aborted when the command has expired, or the tunnel is being closed. */
  readonly signal: AbortSignal;
}

/** Nobody waits for the command any more: it was answered by somebody else, or its client has left. */
const GONE = new Error('nobody waits for it any more');

const MAIN = 'main';

async function carryOut(errand: Errand): Promise<Answer> {
  const { command, endpoint, signal } = errand;
  // What is meant for another server must not end up at this one.
  if ((command.channel ?? MAIN) !== MAIN) return wrongChannelAnswer(command);
  if (command.type === 'session_termination') {
    const ended = endpoint.terminate(command.headers, signal);
    return acknowledge('session_termination_response', ended, errand);
  }
  const { message, headers, id } = command;
  if (id !== undefined) return call({ ...errand, command }, id);
  return acknowledge('notify_ack', endpoint.post(message, headers, signal), errand);
}

/** The answer to what has none of its own. */
async function acknowledge(
  type: 'notify_ack' | 'session_termination_response',
  sent: Promise<IncomingMessage>,
  { signal, log }: Errand,
): Promise<Answer> {
  try {
    const response = await sent;
    response.resume();
    return { type, status: statusOf(response), headers: headersOf(response) };
  } catch (error) {
    signal.throwIfAborted();
    log.warn(NO_ANSWER, { error: messageOf(error) });
    return { type, status: 502, headers: {} };
  }
}

/** Puts a request to the endpoint, and hands on what is said ahead of its answer. */
async function call(errand: Errand<JsonRpcCommand>, id: IdText): Promise<Answer> {
  const { command, endpoint, signal, log } = errand;
  let response: IncomingMessage | undefined;
  try {
    response = await endpoint.post(command.message, command.headers, signal);
    const envelope = { status: statusOf(response), headers: headersOf(response) };
    let isHeard = true;
    for await (const frame of messagesOf(response)) {
      // An error of HTTP's own knows no id.
      if (!frame.has('method')) return { ...envelope, type: 'jsonrpc_response', message: withId(frame, id) };
      if (frame.has('id')) await decline(errand, frame);
      else if (isHeard) isHeard = await notify(errand, { ...envelope, type: 'jsonrpc_notify', message: frame });
    }
    const { status } = envelope;
    if (status >= 400) return failureAnswer(id, { source: 'target_http', kind: 'non_protocol_response', status });
    return failureAnswer(id, { source: 'protocol', kind: 'response_body_missing' });
  } catch (error) {
    if (error === GONE || signal.aborted) {
      await cancel(errand, id);
      throw error;
    }
    log.warn(NO_ANSWER, { error: messageOf(error) });
    return failureAnswer(id, failureOf(error, response !== undefined));
  }
}

const NO_ANSWER = 'OpenAI tunnel: the bridge gave no answer';

function statusOf({ statusCode = 0 }: IncomingMessage): number {
  return statusCode;
}

/**
 * A server's question to its client. The protocol has no word for it, so it is answered here, that the server does not wait in vain.
 * In 2026-07-28 questions are results, and pass.
 */
async function decline({ command, endpoint, signal }: Errand<JsonRpcCommand>, question: RawJson): Promise<void> {
  const refusal = errorFrame(METHOD_NOT_FOUND, 'The client cannot be asked anything through this tunnel');
  const answer = withId(refusal, question.raw('id')?.text ?? 'null');
  const response = await endpoint.post(answer, command.headers, signal);
  response.resume();
}

/** Returns whether the next one is worth the while: after one that was lost, the client is only given the result. */
async function notify({ command, controlPlane, signal, log }: Errand, notification: Answer): Promise<boolean> {
  const isAwaited = await controlPlane.post(command, notification, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug('OpenAI tunnel: a notification was lost', { request: command.requestId, error: messageOf(error) });
    return undefined;
  });
  if (isAwaited === false) throw GONE;
  return isAwaited === true;
}

/**
 * Tells the server that nobody waits. In 2026-07-28, and outside of sessions, the closed connection has said it already. `initialize` cannot
 * be cancelled (2025-11-25, basic/utilities/cancellation).
 */
async function cancel({ command: { message, headers }, endpoint }: Errand<JsonRpcCommand>, id: IdText): Promise<void> {
  const isStateless = metaOf(message)?.has(PROTOCOL_VERSION) === true;
  if (isStateless || !headers['mcp-session-id'] || message.string('method') === 'initialize') return;
  const params = { requestId: RawJson.verbatim(id), reason: 'Nobody waits for it any more' };
  const post = (signal: AbortSignal) =>
    endpoint.post(notificationFrame('notifications/cancelled', params), headers, signal);
  const ignored = () => {}; // The bridge is gone as well.
  await within(CANCEL_LIMIT, post).then((response) => response.resume(), ignored);
}

/** The bridge is on this machine. Milliseconds. */
const CANCEL_LIMIT = 500;

/** Posts the final answer. One that is too large is replaced, since a client that hears nothing waits for minutes. */
async function deliver({ command, controlPlane, signal }: Errand, answer: Answer): Promise<void> {
  try {
    await controlPlane.post(command, answer, signal);
  } catch (error) {
    const isTooLarge = error instanceof Refusal && error.status === 413;
    if (!isTooLarge || answer.message === undefined) throw error;
    await controlPlane.post(command, tooLargeAnswer(answer.message), signal);
  }
}
