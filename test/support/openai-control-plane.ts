import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { RpcMessage } from './http.ts';
import { createInbox, type Inbox, type Notification } from './inbox.ts';
import { PAYLOAD, POLL_QUERY, SERVER_INFO } from './openai-contract.ts';

export const TUNNEL_ID = 'tunnel_0123456789abcdef0123456789abcdef';
export const RUNTIME_KEY = 'sk-runtime-0123456789';

export type Route = 'metadata' | 'poll' | 'response';

/** What the next request of a route gets in place of its answer. */
export interface Script {
  /** 0 cuts the connection once the request was read; no status at all never answers. */
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: object | string;
}

export interface CommandOptions {
  readonly headers?: Record<string, string[]>;
  readonly responseTimeout?: unknown;
  readonly channel?: string;
  readonly type?: string;
}

/** What was posted for a command. */
export interface Posted {
  readonly resp_type: string;
  readonly resp_code: number;
  readonly resp_headers: Record<string, string[]>;
  readonly resp_json?: RpcMessage;
  /** As it came. */
  readonly text: string;
}

/** A command on its way. */
export interface Pending {
  readonly requestId: string;
  /** What was said ahead of the answer, in order. */
  readonly inbox: Inbox;
  /** Resolves with what ended the command. */
  readonly answer: Promise<Posted>;
  /** Whether it was answered. */
  isAnswered(): boolean;
  /** Nobody waits for it any more: what is posted for it gets 404. */
  forget(): void;
}

/** Stands in for OpenAI's side of a tunnel, and checks what it is sent against the published contract. */
export interface ControlPlane extends AsyncDisposable {
  readonly baseUrl: string;
  /** Queues a message for the next poll. Text is sent as it is. */
  send(message: object | string, options?: CommandOptions): Pending;
  /** Queues the end of a session. */
  terminate(session: string, options?: CommandOptions): Pending;
  /** Queues what is no command that anybody knows. */
  sendRaw(command: object): void;
  /** The next requests of a route get these, in this order. */
  script(route: Route, ...scripts: Script[]): void;
  /** When requests of a route came, on the clock of `performance.now()`. */
  times(route: Route): readonly number[];
  /** Resolves with the next request of a route. */
  next(route: Route): Promise<void>;
  /** Cuts all connections and listens no more; what was not answered is lost. */
  down(): Promise<void>;
  /** Listens again, at the same address. */
  up(): Promise<void>;
}

/** Starts it on loopback. Its disposal throws when it was sent anything that the contract does not allow. */
export async function startControlPlane(): Promise<ControlPlane> {
  const violations: string[] = [];
  const check = (isFine: unknown, violation: string): void => void (isFine || violations.push(violation));
  const scripts: Record<Route, Script[]> = { metadata: [], poll: [], response: [] };
  const times: Record<Route, number[]> = { metadata: [], poll: [], response: [] };
  const listeners = new Set<(route: Route) => void>();
  const queue: string[] = [];
  const pending = new Map<string, Waiting>();
  let instance: unknown;
  let polls = 0;
  let lastId = 0;
  let wake = (): void => {};

  const checkHeaders = ({ headers }: IncomingMessage): void => {
    check(headers['x-tunnel-client-name'] === 'mcp-bridge', 'the client says its name');
    check(headers['x-tunnel-client-version'], 'the client says its version');
    instance ??= headers['x-tunnel-client-instance-id'];
    check(/^[\da-f]{32}$/.test(String(instance)), 'the instance has an opaque id');
    check(headers['x-tunnel-client-instance-id'] === instance, 'the id of the instance stays');
    const info = SERVER_INFO.safeParse(JSON.parse(String(headers['x-tunnel-mcp-server-info'])));
    check(info.success, `the server information is that of version 1: ${info.error?.message}`);
  };

  const poll = async (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> => {
    const parsed = POLL_QUERY.safeParse(Object.fromEntries(query));
    check(parsed.success, `a poll asks as it may: ${parsed.error?.message}`);
    check(polls === 0, 'one poll at a time');
    polls += 1;
    response.once('close', () => {
      polls -= 1;
    });
    if (queue.length === 0) await somethingOr(parsed.data?.timeout_ms ?? 1, request);
    if (response.destroyed) return;
    const commands = queue.splice(0, parsed.data?.limit ?? 1);
    if (commands.length === 0) return void response.writeHead(204).end();
    sendJson(response, 200, `{"commands":[${commands.join(',')}],"more":"is to be ignored"}`);
  };

  const somethingOr = (milliseconds: number, request: IncomingMessage): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      request.socket.once('close', wake);
    });

  const take = (request: IncomingMessage, response: ServerResponse, text: string): void => {
    check(request.headers['content-type'] === 'application/json', 'an answer is JSON');
    const parsed = PAYLOAD.safeParse(JSON.parse(text));
    check(parsed.success, `an answer is as the contract says: ${parsed.error?.message} in ${text.slice(0, 500)}`);
    if (!parsed.success) return refuse(response, text);
    const payload = parsed.data;
    const waiting = pending.get(payload.request_id);
    check(waiting, `an answer is to a command: ${payload.request_id}`);
    if (!waiting) return sendJson(response, 404, failure('pending_request_not_found'));
    check(request.headers['x-tunnel-shard-token'] === waiting.shardToken, 'an answer has the token of its command');
    check(!text.includes(waiting.shardToken), 'the token is not in the body');
    check((payload.channel ?? 'main') === waiting.channel, 'an answer has the channel of its command');
    check(waiting.takes(payload), `an answer of this kind fits its command: ${text.slice(0, 500)}`);
    check(!waiting.isAcknowledged, 'nothing follows the final answer');
    if (waiting.isForgotten) return sendJson(response, 404, failure('pending_request_not_found'));
    waiting.deliver({ ...payload, text } as Posted);
    sendJson(response, 200, '{"status":"ok"}');
  };

  /** Whoever waits for the answer is told, and need not run into the test's time limit. */
  const refuse = (response: ServerResponse, text: string): void => {
    pending.get((JSON.parse(text) as { request_id: string }).request_id)?.fail(violations.at(-1) as string);
    sendJson(response, 400, failure('invalid_request_error'));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const route = ROUTES[`${request.method} ${url.pathname.replace(`/v1/tunnels/${TUNNEL_ID}`, '')}`];
    const text = await readText(request).catch(() => undefined);
    if (text === undefined) return;
    check(route, `${request.method} ${request.url} is part of the contract`);
    if (!route) return sendJson(response, 404, failure('not_found'));
    checkHeaders(request);
    times[route].push(performance.now());
    for (const listener of [...listeners]) listener(route);
    const script = scripts[route].shift();
    if (script) return play(script, response);
    if (request.headers.authorization !== `Bearer ${RUNTIME_KEY}`)
      return sendJson(response, 401, failure('tunnel_use_forbidden'));
    if (route === 'metadata') return sendJson(response, 200, JSON.stringify(METADATA));
    if (route === 'poll') return poll(request, response, url.searchParams);
    take(request, response, text);
  };

  const server = createServer((request, response) => void serve(request, response));
  const listen = async (port: number): Promise<number> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };

  const push = (command: object, message?: object | string): void => {
    const text = JSON.stringify(command);
    const raw = typeof message === 'object' ? JSON.stringify(message) : message;
    queue.push(raw === undefined ? text : `${text.slice(0, -1)},"jsonrpc":${raw}}`);
    wake();
  };
  const start = (message: object | string | undefined, options: CommandOptions): Pending => {
    lastId += 1;
    const { headers = {}, responseTimeout, channel, type = 'jsonrpc' } = options;
    const envelope = { request_id: `req_${lastId}`, shard_token: `shard-token-${lastId}`, command_type: type, channel };
    const waiting = createWaiting(envelope.shard_token, channel ?? 'main', kindOf(message));
    pending.set(envelope.request_id, waiting);
    const created_at = new Date().toISOString();
    push({ ...envelope, created_at, headers, response_timeout: responseTimeout, future: [1] }, message);
    return {
      requestId: envelope.request_id,
      inbox: waiting.inbox,
      answer: waiting.answer,
      isAnswered: () => waiting.isAcknowledged,
      forget: () => {
        waiting.isForgotten = true;
      },
    };
  };

  return {
    baseUrl: `http://127.0.0.1:${port}`,
    send: (message, options = {}) => start(message, options),
    terminate: (session, options) =>
      start(undefined, { ...options, type: 'session_termination', headers: { 'Mcp-Session-Id': [session] } }),
    sendRaw: (command) => push(command),
    script: (route, ...more) => void scripts[route].push(...more),
    times: (route) => times[route],
    next: (wanted) =>
      new Promise((resolve) => {
        const listener = (route: Route): void => {
          if (route !== wanted) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    down,
    up: async () => void (await listen(port)),
    [Symbol.asyncDispose]: async () => {
      await down();
      assert.deepEqual(violations, []);
    },
  };
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET ': 'metadata',
  'GET /poll': 'poll',
  'POST /response': 'response',
};

const METADATA = { id: TUNNEL_ID, name: 'A tunnel', description: 'For tests', created_by: 'is to be ignored' };

/** What a command may be answered with. */
type Kind = 'request' | 'acknowledged' | 'termination';

function kindOf(message: object | string | undefined): { kind: Kind; id?: unknown } {
  if (message === undefined) return { kind: 'termination' };
  const { id, method } = (typeof message === 'string' ? JSON.parse(message) : message) as RpcMessage;
  return id === undefined || method === undefined ? { kind: 'acknowledged' } : { kind: 'request', id };
}

const TYPES: Readonly<Record<Kind, readonly string[]>> = {
  request: ['jsonrpc_response', 'jsonrpc_notify'],
  acknowledged: ['notify_ack'],
  termination: ['session_termination_response'],
};

interface Payload {
  readonly resp_type: string;
  readonly resp_json?: unknown;
}

interface Waiting {
  readonly shardToken: string;
  readonly channel: string;
  readonly inbox: Inbox;
  readonly answer: Promise<Posted>;
  isAcknowledged: boolean;
  isForgotten: boolean;
  takes(payload: Payload): boolean;
  deliver(posted: Posted): void;
  fail(violation: string): void;
}

function createWaiting(shardToken: string, channel: string, { kind, id }: ReturnType<typeof kindOf>): Waiting {
  const inbox = createInbox();
  let settle: (posted: Posted) => void;
  let fail: (error: Error) => void;
  const answer = new Promise<Posted>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  answer.catch(() => {}); // The violation is told in any case.
  return {
    shardToken,
    channel,
    inbox,
    answer,
    isAcknowledged: false,
    isForgotten: false,
    takes({ resp_type, resp_json }) {
      const isOwn = resp_type !== 'jsonrpc_response' || (resp_json as RpcMessage | undefined)?.id === id;
      return TYPES[kind].includes(resp_type) && isOwn;
    },
    deliver(posted) {
      if (posted.resp_type === 'jsonrpc_notify') return void inbox.add(posted.resp_json as unknown as Notification);
      this.isAcknowledged = true;
      settle(posted);
    },
    fail: (violation) => fail(new Error(violation)),
  };
}

function play({ status, headers, body = '' }: Script, response: ServerResponse): void {
  if (status === undefined) return;
  if (status === 0) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function failure(code: string): string {
  return JSON.stringify({
    error: { message: `The code is ${code}.`, type: 'invalid_request_error', param: null, code },
  });
}
