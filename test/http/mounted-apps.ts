import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Mount } from '../../src/config/settings.ts';
import { Gate, type Verifier } from '../../src/http/gate.ts';
import { listen, type UpgradeListener } from '../../src/http/listen.ts';
import { createMounts } from '../../src/http/mounts.ts';
import { createPublicApp } from '../../src/http/public-app.ts';
import { Quota } from '../../src/http/quota.ts';
import { createUpgrades } from '../../src/http/upgrades.ts';
import { createLog } from '../../src/log.ts';
import { createGuard } from './apps.ts';

export const PUBLIC_ORIGIN = 'https://h.example';
/** The one token that is good, of a principal of that name, and the one that is good for reading. */
export const TOKENS: Readonly<Record<string, boolean>> = { good: false, reader: true };

/** Plays what is mounted, until the test ends. */
export async function startMounted(handler: RequestListener, upgrade?: UpgradeListener): Promise<string> {
  const server = createServer(handler);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket));
  if (upgrade) server.on('upgrade', upgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface AppOptions {
  readonly base?: string;
  readonly connectTimeout?: number;
  readonly corsOrigins?: readonly string[];
  /** Of web sockets. */
  readonly quota?: Quota;
}

/** An app with an MCP endpoint, a health path and mounts, until the test ends. Mounts are open unless they say otherwise. */
export async function startApp(mounts: readonly (Partial<Mount> & { url: string })[], options: AppOptions = {}) {
  const { base = '', connectTimeout = 10_000, corsOrigins = [], quota = new Quota() } = options;
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const mounted = await createMounts({
    mounts: mounts.map((mount) => ({ path: '/app', headers: {}, ws: false, auth: false, ...mount })),
    base,
    origin: () => PUBLIC_ORIGIN,
    log,
    connectTimeout,
  });
  const guard = createGuard({ corsOrigins });
  guard.admit(PUBLIC_ORIGIN);
  const verify: Verifier['verify'] = (token, resource) => {
    const readOnly = resource === `${PUBLIC_ORIGIN}${base}/app` ? TOKENS[token] : undefined;
    return readOnly === undefined ? undefined : { id: token, readOnly };
  };
  const gate = new Gate({
    verifiers: [{ verify }],
    origin: () => PUBLIC_ORIGIN,
    metadataUrl: (path) => `${PUBLIC_ORIGIN}/metadata${path}`,
    scopeAt: () => 'mcp',
  });
  const handler = createPublicApp({
    guard,
    gate,
    routes: new Map([['/mcp', { resource: '/mcp', place: '', serve: (_, response) => response.end('mcp') }]]),
    pages: undefined,
    proof: { path: '/proof', serve: async (_, response) => void response.end('proof') },
    mounts: mounted,
    healthPaths: ['/healthz'],
    isSecret: false,
    log,
  });
  const upgrade = createUpgrades({ guard, gate, mounts: mounted, quota });
  const listener = await listen({ host: '127.0.0.1', port: 0, handler, upgrade, flag: '--port' });
  onTestFinished(() => listener.close());
  return { ...listener, mounts: mounted, lines };
}

/** What became of asking for a web socket. */
export interface Upgrade {
  readonly status: number;
  readonly answer: IncomingMessage;
  /** Only with status 101. Bytes are not framed: nobody between the ends looks into them. */
  readonly socket: Socket | undefined;
  /** Of a refusal. */
  readonly body: string;
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** Asks for a web socket (RFC 6455, section 4.1). */
export async function openSocket(url: string, headers: Record<string, string> = {}): Promise<Upgrade> {
  const outgoing = request(url, { headers: { ...HANDSHAKE, ...headers }, agent: false }).end();
  const { answer, socket, head } = await upgradeOf(outgoing);
  if (socket === undefined) return { status: answer.statusCode ?? 0, answer, socket, body: await text(answer) };
  if (head?.length) socket.unshift(head);
  onTestFinished(() => void socket.destroy());
  return { status: 101, answer, socket, body: '' };
}

interface Switched {
  readonly answer: IncomingMessage;
  readonly socket?: Socket;
  readonly head?: Buffer;
}

function upgradeOf(outgoing: ClientRequest): Promise<Switched> {
  return new Promise((resolve, reject) => {
    outgoing.once('upgrade', (answer, socket: Socket, head) => resolve({ answer, socket, head }));
    outgoing.once('response', (answer) => resolve({ answer }));
    outgoing.once('error', reject);
  });
}

/** Takes web sockets and sends back all that comes. */
export function echoSocket(seen: (request: IncomingMessage, socket: Socket) => void = () => {}): UpgradeListener {
  return (request, socket) => {
    socket.on('error', () => {});
    seen(request, socket);
    const headers = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: a=b; Domain=127.0.0.1; Path=/\r\n';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\nhello`);
    socket.pipe(socket);
  };
}

/** The next thing that comes out of a socket. */
export async function nextText(socket: Socket | undefined): Promise<string> {
  const [chunk] = await once(socket as Socket, 'data');
  return String(chunk);
}
