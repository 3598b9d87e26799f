import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { parseSse, parseSseText, type SseEvent } from './sse.ts';

/** Headers to send; `undefined` takes a default away. `host` may be forged. */
export type Headers = Record<string, string | undefined>;
/** An object is sent as JSON. */
export type Body = object | string | Buffer;

/** A JSON-RPC message of any kind. */
export interface RpcMessage {
  jsonrpc: '2.0';
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  /** The JSON-RPC messages of a JSON body or of an event stream, in order; none when the body is neither. */
  readonly messages: RpcMessage[];
}

export interface SseStream extends AsyncIterable<SseEvent> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next event that `matches`; rejects when the stream ends before. */
  next(matches?: (event: SseEvent) => boolean): Promise<SseEvent>;
  /** Drops the connection, as a client that goes away does. */
  close(): void;
}

const POST_HEADERS: Headers = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** Posts `body` without an SDK and waits for the end of the answer. */
export function rawPost(url: string, body: Body, headers: Headers = {}): Promise<RawAnswer> {
  return rawRequest('POST', url, { ...POST_HEADERS, ...headers }, body);
}

/** The same for any method and without default headers. */
export async function rawRequest(method: string, url: string, headers: Headers = {}, body?: Body): Promise<RawAnswer> {
  const response = await responseTo(send(method, url, headers, body));
  const text = await readText(response);
  const { statusCode, headers: received } = response;
  return { status: statusCode as number, headers: received, text, messages: readMessages(received, text) };
}

/** Opens an event stream: with GET, or with POST when there is a `body`. Resolves once the headers are there, whatever the status. */
export async function openSse(url: string, headers: Headers = {}, body?: Body): Promise<SseStream> {
  const outgoing =
    body === undefined
      ? send('GET', url, { accept: 'text/event-stream', ...headers })
      : send('POST', url, { ...POST_HEADERS, ...headers }, body);
  const response = await responseTo(outgoing);
  const events = parseSse(response);
  return {
    status: response.statusCode as number,
    headers: response.headers,
    [Symbol.asyncIterator]: () => events,
    async next(matches = () => true) {
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error('The stream ended before the event came.');
        if (matches(value)) return value;
      }
    },
    close() {
      // Whoever closes the stream early knows that it ends early.
      response.on('error', () => {});
      outgoing.destroy();
    },
  };
}

function send(method: string, url: string, headers: Headers, body?: Body): ClientRequest {
  // No agent: a kept connection would outlive the test.
  const outgoing = request(url, { method, agent: false });
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) outgoing.setHeader(name, value);
  if (body === undefined) outgoing.end();
  else outgoing.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  return outgoing;
}

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
}

function readMessages(headers: IncomingHttpHeaders, text: string): RpcMessage[] {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/json') && text !== '') return [JSON.parse(text)].flat();
  if (!type.startsWith('text/event-stream')) return [];
  return parseSseText(text)
    .filter(({ data }) => data.startsWith('{'))
    .map(({ data }) => JSON.parse(data));
}
