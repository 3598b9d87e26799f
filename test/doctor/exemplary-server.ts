import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** A request as a fault sees it. */
export interface Question {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The method of the JSON-RPC message in the body; empty where there is none. */
  readonly rpc: string;
  /** Its id. */
  readonly id: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON; absent: none. */
  readonly body?: unknown;
  /** Whether the body is the beginning of a stream that stays open. */
  readonly isOpen?: boolean;
}

/** Takes the answer of a server in good health, and spoils it; `hang` answers nothing. */
export type Fault = (reply: Reply, question: Question, origin: string) => Reply | 'hang' | undefined;

export interface ExemplaryServer extends AsyncDisposable {
  readonly origin: string;
  /** Of the endpoint. */
  readonly url: string;
  /** What it was asked so far. */
  readonly questions: readonly Question[];
}

export interface ServerOptions {
  /** Whether it asks for {@link TOKEN}. Default false. */
  readonly isGuarded?: boolean;
  /** Default none. An answer that it does not concern is passed over with `undefined`. */
  readonly fault?: Fault;
  /** Makes the server; default one of plain HTTP. */
  readonly create?: (listener: RequestListener) => Server;
}

/** What a guarded server takes. */
export const TOKEN = 'the-token-that-is-good';

/** A small server that does everything as ChatGPT wants it, in both eras, but for its fault. */
export async function startServer({
  isGuarded = false,
  fault,
  create = createServer,
}: ServerOptions = {}): Promise<ExemplaryServer> {
  const questions: Question[] = [];
  const server = create(async (request, response) => {
    const body = await readText(request);
    const { method = '', url: path = '', headers } = request;
    const message = messageIn(body);
    const question = { method, path, headers, body, rpc: message.method ?? '', id: message.id };
    questions.push(question);
    const healthy = answerTo(question, origin, isGuarded);
    send(response, fault?.(healthy, question, origin) ?? healthy);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  const origin = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/mcp`,
    questions,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function messageIn(body: string): { method?: string; id?: unknown } {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {}; // It is no message, and is answered as that.
  }
}

function send(response: ServerResponse, reply: Reply | 'hang'): void {
  if (reply === 'hang') return;
  const { status, headers = {}, body, isOpen = false } = reply;
  const isText = typeof body === 'string' || body === undefined;
  response.writeHead(status, { ...(!isText && { 'content-type': 'application/json' }), ...headers });
  const text = isText ? body : JSON.stringify(body);
  if (isOpen) response.write(text);
  else response.end(text);
}

function answerTo(question: Question, origin: string, isGuarded: boolean): Reply {
  const { method, path, headers } = question;
  if (path !== '/mcp') return documentAt(path, origin, isGuarded);
  if (isGuarded && headers.authorization !== `Bearer ${TOKEN}`) return refusal(origin, headers.authorization);
  if (method === 'GET') return { status: 405, headers: { allow: 'POST' } };
  if (method === 'DELETE') return { status: 405 };
  return rpcAnswer(question);
}

function refusal(origin: string, authorization: string | undefined): Reply {
  const error = authorization === undefined ? '' : ', error="invalid_token"';
  const place = `${origin}/.well-known/oauth-protected-resource/mcp`;
  return {
    status: 401,
    headers: { 'www-authenticate': `Bearer resource_metadata="${place}", scope="mcp"${error}` },
    body: { error: 'a token is needed' },
  };
}

function documentAt(path: string, origin: string, isGuarded: boolean): Reply {
  if (!isGuarded) return { status: 404 };
  if (path.startsWith('/.well-known/oauth-protected-resource'))
    return { status: 200, body: { resource: `${origin}/mcp`, authorization_servers: [origin] } };
  if (path === '/.well-known/oauth-authorization-server') return { status: 200, body: authorizationServer(origin) };
  if (path === '/register') return { status: 201, body: { client_id: 'a-client' } };
  return { status: 404 };
}

function authorizationServer(origin: string): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    scopes_supported: ['mcp'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    client_id_metadata_document_supported: true,
    authorization_response_iss_parameter_supported: true,
  };
}

/** A tool with nothing to find fault with. */
export const TOOL = {
  name: 'look',
  description: 'Looks around.',
  inputSchema: { type: 'object', properties: {} },
  annotations: { readOnlyHint: true },
};

const COMPLETE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

const RESULTS: Readonly<Record<string, object>> = {
  'server/discover': { ...COMPLETE, supportedVersions: ['2026-07-28', '2025-11-25'], capabilities: { tools: {} } },
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'exemplary', version: '1.0.0' },
  },
  'tools/list': { ...COMPLETE, tools: [TOOL] },
  'tools/call': { resultType: 'complete', content: [{ type: 'text', text: 'a view' }] },
};

function rpcAnswer({ rpc, id }: Question): Reply {
  const result = RESULTS[rpc];
  if (result) return { status: 200, body: { jsonrpc: '2.0', id, result } };
  if (rpc === 'subscriptions/listen') return acknowledged();
  if (rpc.startsWith('notifications/')) return { status: 202 };
  return rpc === '' ? rpcError(400, -32600, null) : rpcError(404, -32601, id);
}

function acknowledged(): Reply {
  const message = { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: {} };
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: `data: ${JSON.stringify(message)}\n\n`,
    isOpen: true,
  };
}

export function rpcError(status: number, code: number, id: unknown): Reply {
  return { status, body: { jsonrpc: '2.0', id, error: { code, message: 'refused' } } };
}

/** The answer with other members in its result. */
export function withResult({ body, ...reply }: Reply, change: object): Reply {
  const { result, ...message } = Object(body);
  return { ...reply, body: { ...message, result: { ...result, ...change } } };
}
