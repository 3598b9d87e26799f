import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { connect } from 'node:tls';

/** A way to an https origin for clients that speak plain HTTP. */
export interface TlsDoor {
  /** An http origin on loopback. */
  readonly address: string;
  close(): void;
}

/** Default for `ca`: the authorities that everybody trusts. */
export async function openTlsDoor(origin: string, ca?: Buffer): Promise<TlsDoor> {
  const { hostname } = new URL(origin);
  const server = createServer((inside) => {
    const outside = connect({ host: hostname, port: 443, servername: hostname, ...(ca && { ca }) });
    pipeline(inside, outside, inside, () => {}); // Whichever of them breaks, the other one does too.
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}
