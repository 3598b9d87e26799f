import type { RequestListener } from 'node:http';
import { HttpError, sendError } from '../downstream/http-error.ts';
import type { HostGuard } from './guard.ts';
import { pathOf } from './public-app.ts';

export interface LocalAppOptions {
  readonly guard: HostGuard;
  /** Everything there is to know about the bridge, without secrets. */
  status(): unknown;
  /** Whether each server answers now. */
  readiness(): Promise<Readonly<Record<string, boolean>>>;
}

/** The owner's side, on loopback only: how the bridge and its servers are. */
export function createLocalApp({ guard, status, readiness }: LocalAppOptions): RequestListener {
  const routes: Readonly<Record<string, () => Promise<[number, unknown]>>> = {
    '/healthz': async () => [200, { status: 'ok' }],
    '/status': async () => [200, status()],
    '/readyz': async () => {
      const servers = await readiness();
      const isReady = Object.values(servers).every(Boolean);
      return [isReady ? 200 : 503, { ready: isReady, servers }];
    },
  };
  return async (request, response) => {
    try {
      guard.check(request);
      const path = pathOf(request.url ?? '/');
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (!route)
        throw new HttpError(404, `Nothing is served at this path; there are ${Object.keys(routes).join(', ')}`);
      if (request.method !== 'GET') throw new HttpError(405, 'Only GET is served here', { headers: { Allow: 'GET' } });
      const [code, body] = await route();
      response.writeHead(code, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(`${JSON.stringify(body, null, 2)}\n`);
    } catch (error) {
      sendError(response, error);
    }
  };
}
