import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { describe } from 'vitest';
import { type BridgeOptions, CLI, startBridge, writeConfig } from './bridge.ts';
import { connectHttp, connectSse, connectStdio, type Peer, type PeerOptions } from './clients.ts';

export type TransportName = 'Streamable HTTP' | 'SSE' | 'stdio';

/** Starts a bridge with `args` and connects a client of SDK v1 to it; closing the peer ends both. */
export type Open = (args: readonly string[], options?: BridgeOptions & PeerOptions) => Promise<Peer<Client>>;

/** Runs a block of tests once for every transport a client can come by. */
export function describeTransports(name: string, define: (open: Open, transport: TransportName) => void): void {
  describe.each(Object.entries(OPENERS) as [TransportName, Open][])(`${name}, over %s`, (transport, open) =>
    define(open, transport),
  );
}

const OPENERS: Record<TransportName, Open> = {
  'Streamable HTTP': (args, options) => openOverHttp(args, options, ({ url }) => connectHttp(url, options)),
  SSE: (args, options) => openOverHttp(args, options, ({ origin }) => connectSse(`${origin}/sse`, options)),
  stdio: openOverStdio,
};

async function openOverHttp(
  args: readonly string[],
  options: BridgeOptions | undefined,
  connect: (bridge: { url: string; origin: string }) => Promise<Peer<Client>>,
): Promise<Peer<Client>> {
  const bridge = await startBridge(args, options);
  try {
    const peer = await connect(bridge);
    return endingWith(peer, () => bridge.stop());
  } catch (error) {
    await bridge.stop();
    throw new Error(`The client could not connect. The bridge said:\n${bridge.stderr()}`, { cause: error });
  }
}

async function openOverStdio(
  args: readonly string[],
  options: BridgeOptions & PeerOptions = {},
): Promise<Peer<Client>> {
  const { env, cwd } = options;
  const config = await writeConfig(options.config);
  const variables = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined);
  const command = {
    command: process.execPath,
    args: [CLI, '--outputTransport', 'stdio', ...config.args, ...args],
    env: Object.fromEntries(variables) as Record<string, string>,
    ...(cwd !== undefined && { cwd }),
  };
  try {
    return endingWith(await connectStdio(command, options), config.remove);
  } catch (error) {
    await config.remove();
    throw error;
  }
}

function endingWith(peer: Peer<Client>, end: () => Promise<unknown>): Peer<Client> {
  const close = async (): Promise<void> => {
    await peer.close();
    await end();
  };
  return { ...peer, close, [Symbol.asyncDispose]: close };
}
