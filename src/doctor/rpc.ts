import { CLIENT_CAPABILITIES, CLIENT_INFO, PROTOCOL_VERSION } from '../protocol/envelope.ts';
import { LATEST_2025, STATELESS } from '../protocol/revisions.ts';
import { isObject, type Json, wordFor } from './json.ts';
import { type Answer, NoAnswer } from './send.ts';
import type { Visit } from './visit.ts';

export const CLIENT = { name: 'mcp-bridge-doctor', version: '1.0.0' };

export interface RpcAnswer extends Answer {
  readonly result: Json | undefined;
  readonly error: Json | undefined;
}

export interface RpcOptions {
  /** Which era the request is of. Default the one that the server was found to speak. */
  readonly isStateless?: boolean;
  /** The session to name; `undefined` names none. Default the newest, where the server needs one. */
  readonly session?: string | undefined;
  readonly id?: string;
  /** Milliseconds, default 15 s. */
  readonly limit?: number;
  /** Whether the first message is all that is waited for, where others would follow without an end. Default false. */
  readonly isEndless?: boolean;
}

/** Puts a request to the server. */
export async function ask(visit: Visit, method: string, params: Json, options: RpcOptions = {}): Promise<RpcAnswer> {
  const { chart, send, address: url } = visit;
  const { isStateless = chart.isStateless, id = 'mcp-bridge-doctor', limit = LIMIT, isEndless = false } = options;
  const message = { jsonrpc: '2.0', id, method, params: isStateless ? withEnvelope(params) : params };
  const answer = await send({
    method: 'POST',
    url,
    headers: headersFor(visit, message, isStateless, options),
    body: JSON.stringify(message),
    limit,
    isEnough: (messages) => messages.some((each) => isEndless || (isObject(each) && each.id === id)),
  });
  if (answer.firstEvent !== undefined) chart.eventDelay ??= answer.firstEvent - answer.ms;
  const own = answer.messages.filter(isObject).find((each) => !('method' in each));
  return {
    ...answer,
    result: isObject(own?.result) ? own.result : undefined,
    error: isObject(own?.error) ? own.error : undefined,
  };
}

/** Tells the server something, in the era with sessions. */
export function notify(visit: Visit, method: string): Promise<Answer> {
  const message = { jsonrpc: '2.0', method, params: {} };
  const session = visit.chart.sessions.at(-1);
  const headers = headersFor(visit, message, false, { session });
  return visit.send({ method: 'POST', url: visit.address, headers, body: JSON.stringify(message) });
}

/** Says why there is no result. */
export function refusalOf({ status, type, error }: RpcAnswer): string {
  if (error) return `${status} with error ${wordFor(error.code)}: ${wordFor(error.message)}`;
  return status === 200 ? `no JSON-RPC result (${type || 'no content type'})` : `${status} without a JSON-RPC error`;
}

/** What the examination has opened, it closes. */
export async function endSessions(visit: Visit): Promise<void> {
  const { chart, send, address: url, signal } = visit;
  if (signal.aborted) return;
  for (const session of chart.sessions) {
    const headers = { ...authorization(visit), ...ofSession(chart, session) };
    await send({ method: 'DELETE', url, headers }).catch((error: unknown) => {
      if (!(error instanceof NoAnswer)) throw error; // Else it ends by itself, sooner or later.
    });
  }
}

/** Lets a client in. */
export function authorization({ token }: Pick<Visit, 'token'>): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** What every request after `initialize` says of its session, in the era that has them. */
export function ofSession({ revision }: Visit['chart'], session: string | undefined): Record<string, string> {
  return {
    'MCP-Protocol-Version': revision || LATEST_2025,
    ...(session !== undefined && { 'Mcp-Session-Id': session }),
  };
}

/** Long enough to tell a slow server from one that never answers. Milliseconds. */
const LIMIT = 15_000;

function withEnvelope(params: Json): Json {
  const meta = { [PROTOCOL_VERSION]: STATELESS, [CLIENT_CAPABILITIES]: {}, [CLIENT_INFO]: CLIENT };
  return { ...params, _meta: meta };
}

function headersFor(
  visit: Visit,
  { method, params }: { readonly method: string; readonly params: Json },
  isStateless: boolean,
  options: RpcOptions,
): Record<string, string> {
  const { chart } = visit;
  const session = 'session' in options ? options.session : chart.needsSession ? chart.sessions.at(-1) : undefined;
  return {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    ...authorization(visit),
    ...(isStateless
      ? { 'MCP-Protocol-Version': STATELESS, 'Mcp-Method': method, ...named(params) }
      : method !== 'initialize' && ofSession(chart, session)),
  };
}

/** Only tools are named here, and only those whose names need no encoding. */
function named({ name }: Json): Record<string, string> {
  return typeof name === 'string' ? { 'Mcp-Name': name } : {};
}
