import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { BridgeError, messageOf } from '../errors.ts';

/** A listening server. */
export interface Listener {
  readonly port: number;
  /** The origin to reach it at, for people: `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** Stops listening and cuts what is open. Twice without harm. */
  close(): Promise<void>;
}

/** Takes connections over that are to be web sockets from now on. */
export type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: RequestListener;
  /** Without it, requests for another protocol are served like all others. */
  readonly upgrade?: UpgradeListener | undefined;
  /** The flag that sets the port, for messages. */
  readonly flag: string;
}

/**
 * Starts an HTTP server.
 * @throws BridgeError `PORT_IN_USE` or `LISTEN`.
 */
export async function listen({ host, port, handler, upgrade, flag }: ListenOptions): Promise<Listener> {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT, requestTimeout: BODY_TIMEOUT }, handler);
  server.on('clientError', (_, socket: Socket) => {
    // Tunnels open connections ahead: on one that has timed out without a request, an answer would be taken for that of the next.
    if (socket.bytesRead === 0 || !socket.writable) socket.destroy();
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.keepAliveTimeout = KEEP_ALIVE;
  const upgraded = new Set<Socket>();
  if (upgrade) {
    const answering = new WeakSet<Socket>();
    server.on('request', ({ socket }, response) => {
      answering.add(socket);
      response.once('close', () => answering.delete(socket));
    });
    server.on('upgrade', (request, socket: Socket, head) => {
      // Its answer would overtake the one before.
      if (answering.has(socket)) return void socket.destroy();
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return serveAsItIs(server, request, socket, head);
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      socket.on('error', () => {}); // It closes then, and that is heard.
      upgrade(request, socket, head);
    });
  }
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw explain(error, { host, port, flag });
  }
  const address = server.address() as AddressInfo;
  return { port: address.port, origin: originOf(host, address.port), close: () => close(server, upgraded) };
}

/**
 * Reads a request anew as one that asks for no other protocol, which a server may leave at that (RFC 9110, section 7.8). Java's client
 * asks for HTTP/2 with each first request to an http URL, and a server that listens for upgrades gets all of them.
 */
function serveAsItIs(server: Server, { method, url, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (/^upgrade$/i.test(name)) continue;
    // What else it names stays for this connection alone.
    lines.push(`${name}: ${/^connection$/i.test(name) ? value.replace(/\bupgrade\b/i, '') : value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** Slower clients than this are not slow but hostile; everybody else's requests go on meanwhile. Milliseconds. */
const HEADERS_TIMEOUT = 15_000;
/** For a whole request, body included: 64 MiB over a thin line. Milliseconds. */
const BODY_TIMEOUT = 300_000;
/** Longer than the usual proxies' own, so that they never send into a connection that is being closed. Milliseconds. */
const KEEP_ALIVE = 75_000;
const LAST_PORT = 65_535;

async function close(server: Server, upgraded: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  // What has been said in this moment shall leave first.
  await setImmediate();
  server.closeAllConnections();
  // The server has given these away, but waits for them.
  for (const socket of upgraded) socket.destroy();
  await closed;
}

function explain(error: unknown, { host, port, flag }: { host: string; port: number; flag: string }): BridgeError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    const other = port + 10 <= LAST_PORT ? port + 10 : port - 10;
    const message = `Port ${port} is taken by another program. Stop it, or choose another port: ${flag} ${other}`;
    return new BridgeError('PORT_IN_USE', message, { cause: error });
  }
  if (code === 'EACCES')
    return new BridgeError('LISTEN', `Port ${port} needs more rights; choose one above 1023: ${flag} 8000`, {
      cause: error,
    });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new BridgeError('LISTEN', `This machine has no address ${host}; choose another one: --host 127.0.0.1`, {
      cause: error,
    });
  }
  return new BridgeError('LISTEN', `Cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
}

function originOf(host: string, port: number): string {
  const wildcard = host === '0.0.0.0' || host === '::';
  const name = wildcard ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
