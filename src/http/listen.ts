import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: RequestListener;
  /** The flag that sets the port, for messages. */
  readonly flag: string;
}

/**
 * Starts an HTTP server.
 * @throws BridgeError `PORT_IN_USE` or `LISTEN`.
 */
export async function listen({ host, port, handler, flag }: ListenOptions): Promise<Listener> {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT, requestTimeout: BODY_TIMEOUT }, handler);
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.keepAliveTimeout = KEEP_ALIVE;
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw explain(error, { host, port, flag });
  }
  const address = server.address() as AddressInfo;
  return { port: address.port, origin: originOf(host, address.port), close: () => close(server) };
}

/** Slower clients than this are not slow but hostile; everybody else's requests go on meanwhile. Milliseconds. */
const HEADERS_TIMEOUT = 15_000;
/** For a whole request, body included: 64 MiB over a thin line. Milliseconds. */
const BODY_TIMEOUT = 300_000;
/** Longer than the usual proxies' own, so that they never send into a connection that is being closed. Milliseconds. */
const KEEP_ALIVE = 75_000;
const LAST_PORT = 65_535;

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  // What has been said in this moment shall leave first.
  await setImmediate();
  server.closeAllConnections();
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
