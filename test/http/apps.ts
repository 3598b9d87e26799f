import type { RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { type GuardOptions, HostGuard } from '../../src/http/guard.ts';
import { type Listener, listen } from '../../src/http/listen.ts';

export function createGuard(options: Partial<GuardOptions> = {}): HostGuard {
  return new HostGuard({ host: '127.0.0.1', allowedHosts: [], corsOrigins: [], ...options });
}

/** Listens on a free port of loopback, or on another address, until the test ends. */
export async function serveApp(handler: RequestListener, host = '127.0.0.1'): Promise<Listener> {
  const listener = await listen({ host, port: 0, handler, flag: '--port' });
  onTestFinished(() => listener.close());
  return listener;
}
