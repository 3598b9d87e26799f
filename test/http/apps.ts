import type { RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { Gate } from '../../src/http/gate.ts';
import { type GuardOptions, HostGuard } from '../../src/http/guard.ts';
import { type Listener, listen } from '../../src/http/listen.ts';
import type { PublicAppOptions } from '../../src/http/public-app.ts';

export function createGuard(options: Partial<GuardOptions> = {}): HostGuard {
  return new HostGuard({ host: '127.0.0.1', allowedHosts: [], corsOrigins: [], ...options });
}

/** Lets everybody in. */
export function createOpenGate(): Gate {
  return new Gate({
    verifiers: [],
    origin: () => 'https://h.example',
    metadataUrl: () => undefined,
    scopeAt: () => '',
  });
}

/** What the bridge asks for itself, where it says its own name. */
export const PROOF: PublicAppOptions['proof'] = {
  path: '/.well-known/mcp-bridge/proof',
  serve: async (_, response) => void response.end('proof'),
};

/** Listens on a free port of loopback, or on another address, until the test ends. */
export async function serveApp(handler: RequestListener, host = '127.0.0.1'): Promise<Listener> {
  const listener = await listen({ host, port: 0, handler, flag: '--port' });
  onTestFinished(() => listener.close());
  return listener;
}
