import type { Headers, RpcMessage } from './http.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { RawStdio } from './raw-stdio.ts';
import { parseSse } from './sse.ts';
import { MCP, type RequestBody, type RequestOptions, type StatelessOptions, toMessage } from './stateless-request.ts';

/** A client of 2026-07-28 without an SDK. It remembers nothing from request to request but the last id. */
export interface StatelessClient {
  /** Sends a request and waits for the end of the answer. */
  request(method: string, params?: object, options?: RequestOptions): Promise<StatelessAnswer>;
  /** The same for a tool. */
  call(name: string, args?: object, options?: RequestOptions): Promise<StatelessAnswer>;
  /** Sends a request and resolves with its answer once that has begun. */
  open(method: string, params?: object, options?: RequestOptions): Promise<StatelessStream>;
  /** Sends a request, has `answer` settle whatever the server asks, and sends it again with that, as often as it takes. */
  callWithAnswers(
    method: string,
    params: object,
    answer: Answerer,
    options?: RequestOptions,
  ): Promise<StatelessAnswer & { readonly rounds: readonly Questions[] }>;
  /** Opens a subscription. Rejects when it does not begin with an acknowledgement. */
  listen(filter: object, options?: RequestOptions): Promise<Listening>;
}

/** An answer that is complete. */
export interface StatelessAnswer {
  /** Of HTTP; over stdio 0. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** All of its messages, in order: notifications, then the response. */
  readonly frames: readonly RpcMessage[];
  readonly result: RpcMessage['result'];
  readonly error: RpcMessage['error'];
}

/** An answer as it comes: notifications, then the response. */
export interface StatelessStream extends AsyncIterable<RpcMessage> {
  readonly id: string | number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The next message that `matches`; rejects when the answer ends before. */
  next(matches?: (frame: RpcMessage) => boolean): Promise<RpcMessage>;
  /** Gives the request up: drops the connection, or cancels it over stdio. */
  close(): void;
}

/** An open `subscriptions/listen`. */
export interface Listening {
  readonly id: string | number;
  readonly headers: Readonly<Record<string, string>>;
  readonly acknowledgement: RpcMessage;
  /** What has come since. */
  readonly inbox: Inbox;
  /** The response that ended it, or nothing when it was cut. */
  readonly ended: Promise<RpcMessage | undefined>;
  close(): void;
}

/** A question within a result: elicitation, sampling or roots. */
export interface Question {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
export type Questions = Readonly<Record<string, Question>>;
export type Answerer = (question: Question, key: string) => unknown;

/** As many as the SDK's client makes. */
const MAX_ROUNDS = 10;

/** A client over Streamable HTTP. */
export function createStatelessClient(url: string, options: StatelessOptions = {}): StatelessClient {
  return createClient(options, (body, { headers, signal }) => post(url, body, headers, signal));
}

/** A client over the stdio of a running server. */
export function createStatelessStdio(server: RawStdio, options: StatelessOptions = {}): StatelessClient {
  return createClient(options, async (body) => converse(server, body));
}

/** The params of a request when it is sent again with what was asked for. */
export function withResponses(params: object, { result }: StatelessAnswer, inputResponses: object): object {
  const { requestState } = result ?? {};
  return { ...params, inputResponses, ...(requestState !== undefined && { requestState }) };
}

/** What a server asks, if its answer is that it must ask first. */
export function questionsOf({ result }: StatelessAnswer): Questions | undefined {
  return result?.resultType === 'input_required' ? ((result.inputRequests ?? {}) as Questions) : undefined;
}

/** What differs between the wires. */
type Send = (body: RequestBody, options: { headers: Headers; signal: AbortSignal | undefined }) => Promise<Reply>;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: AsyncGenerator<RpcMessage, void>;
  close(): void;
}

function createClient(client: StatelessOptions, send: Send): StatelessClient {
  let lastId = 0;

  const open: StatelessClient['open'] = async (method, params = {}, options = {}) => {
    lastId += 1;
    const { body, headers } = toMessage(method, params, client, { id: lastId, ...options });
    const { frames, ...reply } = await send(body, { headers, signal: options.signal });
    return {
      ...reply,
      id: body.id,
      [Symbol.asyncIterator]: () => frames,
      async next(matches = () => true) {
        for (;;) {
          const { value, done } = await frames.next();
          if (done) throw new Error('The answer ended before the message came.');
          if (matches(value)) return value;
        }
      },
    };
  };

  const request: StatelessClient['request'] = async (method, params, options) => {
    const stream = await open(method, params, options);
    const frames: RpcMessage[] = [];
    for await (const frame of stream) frames.push(frame);
    const { result, error } = frames.find(({ method: ofNotification }) => ofNotification === undefined) ?? {};
    return { status: stream.status, headers: stream.headers, frames, result, error };
  };

  return {
    open,
    request,
    call: (name, args = {}, options) => request('tools/call', { name, arguments: args }, options),
    async callWithAnswers(method, params, answer, options) {
      const rounds: Questions[] = [];
      let last = await request(method, params, options);
      for (let questions = questionsOf(last); questions; questions = questionsOf(last)) {
        if (rounds.length === MAX_ROUNDS) throw new Error(`The server still asks after ${MAX_ROUNDS} rounds.`);
        rounds.push(questions);
        const inputResponses = await answerAll(questions, answer);
        last = await request(method, withResponses(params, last, inputResponses), options);
      }
      return { ...last, rounds };
    },
    async listen(notifications, options) {
      const stream = await open('subscriptions/listen', { notifications }, options);
      const acknowledgement = await stream.next();
      if (acknowledgement.method !== 'notifications/subscriptions/acknowledged')
        throw new Error(`The subscription began with ${JSON.stringify(acknowledgement)}`);
      const inbox = createInbox();
      const { id, headers, close } = stream;
      return { id, headers, acknowledgement, inbox, ended: collect(stream, inbox), close };
    },
  };
}

async function answerAll(questions: Questions, answer: Answerer): Promise<object> {
  const entries = Object.entries(questions).map(async ([key, question]) => [key, await answer(question, key)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Resolves with the response, if there was one before the end. */
async function collect(stream: StatelessStream, inbox: Inbox): Promise<RpcMessage | undefined> {
  try {
    for await (const frame of stream) {
      if (frame.method === undefined) return frame;
      await inbox.add({ method: frame.method, params: frame.params });
    }
  } catch {
    // It was cut: there is no response.
  }
  return undefined;
}

async function post(url: string, body: object, headers: Headers, signal: AbortSignal | undefined): Promise<Reply> {
  const closing = new AbortController();
  const wanted = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(url, {
    method: 'POST',
    headers: [['content-type', 'application/json'], ['accept', 'application/json, text/event-stream'], ...wanted],
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([closing.signal, signal]) : closing.signal,
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    frames: readFrames(response, closing.signal),
    close: () => closing.abort(),
  };
}

async function* readFrames(response: Response, closing: AbortSignal): AsyncGenerator<RpcMessage, void> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) {
    yield (await response.json()) as RpcMessage;
    return;
  }
  if (!type.startsWith('text/event-stream') || !response.body) return;
  try {
    for await (const { data } of parseSse(response.body as AsyncIterable<Buffer>)) {
      if (data !== '') yield JSON.parse(data);
    }
  } catch (error) {
    // Whoever closes the answer early knows that it ends early.
    if (!closing.aborted) throw error;
  }
}

function converse(server: RawStdio, body: RequestBody): Reply {
  const from = server.lines().length;
  server.send(body);
  return {
    status: 0,
    headers: {},
    frames: readLines(server, from, body),
    close: () => server.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: body.id } }),
  };
}

/** What is said about a request, until it is answered. A log message names no request, so each takes it for its own. */
async function* readLines(
  server: RawStdio,
  from: number,
  { id, params }: RequestBody,
): AsyncGenerator<RpcMessage, void> {
  for (let index = from; ; index += 1) {
    await server.line(() => server.lines().length > index);
    const frame = JSON.parse(server.lines()[index] as string) as RpcMessage;
    if (frame.method === undefined) {
      if (frame.id !== id) continue;
      yield frame;
      return;
    }
    const { progressToken, _meta } = (frame.params ?? {}) as {
      progressToken?: unknown;
      _meta?: Record<string, unknown>;
    };
    const subscription = _meta?.[`${MCP}subscriptionId`];
    if (
      subscription !== undefined
        ? subscription === id
        : progressToken === undefined || progressToken === params._meta.progressToken
    )
      yield frame;
  }
}
