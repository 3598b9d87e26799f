import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'pipenet/server';

/** pipenet's own server, on loopback. Its tunnels come out at names under localhost. */
export interface Relay {
  /** The setting for it. */
  readonly host: string;
  /** Where requests for all its tunnels can be sent. */
  readonly origin: string;
  close(): void;
}

export async function startRelay(): Promise<Relay> {
  // Without a number it lets the client open one connection, on which a stream would hold up everything else.
  const server = createServer({ maxTcpSockets: 10, domains: ['localhost'] }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `http://localhost:${port}`,
    origin: `http://127.0.0.1:${port}`,
    close: () => server.close().closeAllConnections(),
  };
}
