import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { createLog } from '../../../src/log.ts';
import { type OpenAiTunnel, serveOpenAiTunnel } from '../../../src/tunnel/openai/serve.ts';
import { initializeRequest } from '../../e2e/raw-session.ts';
import type { RpcMessage } from '../../support/http.ts';
import {
  type CommandOptions,
  type ControlPlane,
  type Posted,
  RUNTIME_KEY,
  startControlPlane,
  TUNNEL_ID,
} from '../../support/openai-control-plane.ts';

export interface TunnelSettings {
  readonly endpoint: string;
  readonly endpointToken?: string;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

export interface TestTunnel extends OpenAiTunnel {
  /** What was logged, a line each. */
  readonly lines: readonly string[];
}

/** Serves the tunnel of a control plane until the test ends. */
export function openTunnel({ baseUrl }: Pick<ControlPlane, 'baseUrl'>, settings: TunnelSettings): TestTunnel {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', write: (line) => lines.push(line) });
  const { signal } = new AbortController();
  const options = { tunnelId: TUNNEL_ID, token: RUNTIME_KEY, instanceId: '0'.repeat(32), signal, ...settings };
  const tunnel = serveOpenAiTunnel({ ...options, baseUrl, log });
  onTestFinished(() => tunnel.close());
  return { ...tunnel, lines };
}

/** A session of ChatGPT's, say, by way of the tunnel. */
export interface TunnelSession {
  readonly id: string;
  /** The headers of its commands. */
  readonly headers: Record<string, string[]>;
  send(message: object | string, options?: CommandOptions): ReturnType<ControlPlane['send']>;
  call(id: string | number, name: string, args?: object, options?: CommandOptions): ReturnType<ControlPlane['send']>;
}

/** Opens one, as clients of the revisions with sessions do. */
export async function openSession(
  plane: ControlPlane,
  options: Parameters<typeof initializeRequest>[0] = {},
): Promise<TunnelSession> {
  const opened = await plane.send(initializeRequest(options)).answer;
  const id = opened.resp_headers['Mcp-Session-Id']?.[0];
  if (id === undefined) throw new Error(`There is no session: ${opened.text}`);
  const headers = { 'Mcp-Session-Id': [id], 'Mcp-Protocol-Version': ['2025-11-25'] };
  const send: TunnelSession['send'] = (message, more) => plane.send(message, { headers, ...more });
  await send({ jsonrpc: '2.0', method: 'notifications/initialized' }).answer;
  return {
    id,
    headers,
    send,
    call: (requestId, name, args = {}, more) => send(toolCall(requestId, name, args), more),
  };
}

export function toolCall(id: string | number, name: string, args: object = {}, meta?: object): object {
  const params = { name, arguments: args, ...(meta && { _meta: meta }) };
  return { jsonrpc: '2.0', id, method: 'tools/call', params };
}

/** The structured content of a tool's answer. */
export function contentOf({ resp_json }: Posted): unknown {
  return resp_json?.result?.structuredContent;
}

export interface Received {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly message: RpcMessage;
  /** Resolves when the connection has ended, by whoever's hand. */
  readonly closed: Promise<unknown>;
}

export interface TestEndpoint {
  readonly url: string;
  /** What has come, in order. */
  readonly received: readonly Received[];
  /** Resolves with the first `count` requests once they are there. */
  wait(count: number): Promise<Received[]>;
}

/** Answers requests to an MCP endpoint; without an answer they hang. */
export type Answers = (received: Received, response: ServerResponse) => void;

/** An MCP endpoint that does what the test says, on a free port of loopback until the test ends. */
export async function startEndpoint(answers: Answers): Promise<TestEndpoint> {
  const received: Received[] = [];
  const arrivals = new EventEmitter();
  const server = createServer(async (request, response) => {
    const closed = once(response, 'close');
    const { method = '', headers } = request;
    const text = await readText(request);
    const one = { method, headers, text, message: text === '' ? {} : JSON.parse(text), closed };
    received.push(one);
    answers(one, response);
    arrivals.emit('one');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received,
    async wait(count) {
      while (received.length < count) await once(arrivals, 'one');
      return received.slice(0, count);
    },
  };
}

export const hang: Answers = () => {};

/** Answers each request with `result`, as JSON. */
export function answering(result: object = {}): Answers {
  return ({ message }, response) => sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result });
}

export function sendJson(response: ServerResponse, status: number, body: object | string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Begins a stream of messages, or goes on with it. */
export function sendEvents(response: ServerResponse, ...messages: readonly (object | string)[]): ServerResponse {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const message of messages)
    response.write(`event: message\ndata: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`);
  return response;
}

export function progress(step: number): object {
  return { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 't', progress: step } };
}

/** A tunnel between a control plane and an endpoint, both of them played. The control plane's disposal is the test's. */
export async function setUp(answers: Answers, settings: { endpointToken?: string } = {}) {
  const plane = await startControlPlane();
  const endpoint = await startEndpoint(answers);
  const tunnel = openTunnel(plane, { endpoint: endpoint.url, ...settings });
  return { plane, endpoint, tunnel, [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose]() };
}
