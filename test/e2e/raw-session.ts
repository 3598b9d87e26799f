import {
  type Body,
  type Headers,
  openSse,
  type RawAnswer,
  type RpcMessage,
  rawPost,
  rawRequest,
  type SseStream,
} from '../support/http.ts';

export interface RawSessionOptions {
  /** What the client says it can be asked. Default nothing. */
  capabilities?: object;
  name?: string;
  /** The revision it asks for and then speaks. Default 2025-11-25. */
  revision?: string;
}

/** A session over Streamable HTTP, without an SDK. */
export interface RawSession {
  readonly id: string;
  /** To be sent with each of its requests. */
  readonly headers: Headers;
  /** Posts anything and resolves with the whole answer. */
  send(body: Body, headers?: Headers): Promise<RawAnswer>;
  /** Posts a request and resolves with the whole answer, notifications included. */
  post(id: string | number, method: string, params?: object): Promise<RawAnswer>;
  /** The same for a tool; resolves with the message that answers it. */
  call(id: string | number, name: string, args?: object): Promise<RpcMessage>;
  /** Posts a request and resolves with its answer as a stream, once it has begun. */
  stream(id: string | number, method: string, params?: object): Promise<SseStream>;
  /** Opens the session's own stream, or takes up another one: `last-event-id`. */
  listen(headers?: Headers): Promise<SseStream>;
  /** Ends the session. */
  delete(): Promise<RawAnswer>;
}

/** Opens a session with `initialize` and `notifications/initialized`. Rejects when it is refused. */
export async function openRawSession(url: string, options: RawSessionOptions = {}): Promise<RawSession> {
  const opened = await rawPost(url, initializeRequest(options));
  const id = opened.headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error(`The session was refused (${opened.status}): ${opened.text}`);
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': options.revision ?? '2025-11-25' };
  const send: RawSession['send'] = (body, more) => rawPost(url, body, { ...headers, ...more });
  const post: RawSession['post'] = (requestId, method, params = {}) =>
    send({ jsonrpc: '2.0', id: requestId, method, params });
  await send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return {
    id,
    headers,
    send,
    post,
    async call(requestId, name, args = {}) {
      const { messages, text } = await post(requestId, 'tools/call', { name, arguments: args });
      const answer = messages.find((message) => message.id === requestId && message.method === undefined);
      if (!answer) throw new Error(`No answer to ${name}: ${text}`);
      return answer;
    },
    stream: (requestId, method, params = {}) =>
      openSse(url, headers, { jsonrpc: '2.0', id: requestId, method, params }),
    listen: (more) => openSse(url, { ...headers, ...more }),
    delete: () => rawRequest('DELETE', url, headers),
  };
}

/** The request that opens a session, under the id `0`. */
export function initializeRequest({
  capabilities = {},
  name = 'raw-client',
  revision = '2025-11-25',
}: RawSessionOptions = {}): object {
  const params = { protocolVersion: revision, capabilities, clientInfo: { name, version: '1.0.0' } };
  return { jsonrpc: '2.0', id: 0, method: 'initialize', params };
}
