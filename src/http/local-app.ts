import type { IncomingMessage, RequestListener } from 'node:http';
import { HttpError, sendError } from '../downstream/http-error.ts';
import { isSame } from '../oauth/secret.ts';
import { bearerToken } from './gate.ts';
import type { HostGuard } from './guard.ts';
import { pathOf } from './public-app.ts';

export interface LocalAppOptions {
  readonly guard: HostGuard;
  /** Everything there is to know about the bridge, without secrets. */
  status(): unknown;
  /** Whether each server answers now. */
  readiness(): Promise<Readonly<Record<string, boolean>>>;
  /** Opens a pairing window; `undefined` where nobody is let in that way. */
  pair(): unknown;
  /** What those must know who change anything: programs of this machine reach the port, and not all of them are the owner's. */
  readonly key: string;
}

interface Route {
  readonly method: 'GET' | 'POST';
  answer(): Promise<readonly [status: number, body: unknown]>;
}

/** The owner's side, on loopback only: how the bridge and its servers are, and who is let in. */
export function createLocalApp({ guard, status, readiness, pair, key }: LocalAppOptions): RequestListener {
  const routes: Readonly<Record<string, Route>> = {
    '/healthz': { method: 'GET', answer: async () => [200, { status: 'ok' }] },
    '/status': { method: 'GET', answer: async () => [200, status()] },
    '/readyz': {
      method: 'GET',
      async answer() {
        const servers = await readiness();
        const isReady = Object.values(servers).every(Boolean);
        return [isReady ? 200 : 503, { ready: isReady, servers }];
      },
    },
    '/pair': {
      method: 'POST',
      async answer() {
        const opened = pair();
        return opened
          ? [200, opened]
          : [409, { error: 'This bridge lets nobody in by a code: it runs without --auth oauth' }];
      },
    },
  };
  return async (request, response) => {
    try {
      guard.check(request);
      const path = pathOf(request.url ?? '/');
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (!route)
        throw new HttpError(404, `Nothing is served at this path; there are ${Object.keys(routes).join(', ')}`);
      const { method } = route;
      if (request.method !== method)
        throw new HttpError(405, `Only ${method} is served here`, { headers: { Allow: method } });
      if (method === 'POST') checkKey(request, key);
      const [code, body] = await route.answer();
      response.writeHead(code, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(`${JSON.stringify(body, null, 2)}\n`);
    } catch (error) {
      sendError(response, error);
    }
  };
}

/** @throws HttpError 401. */
function checkKey({ headers }: IncomingMessage, key: string): void {
  const given = bearerToken(headers.authorization);
  if (given !== undefined && isSame(given, key)) return;
  throw new HttpError(401, 'Only the owner may do this, with mcp-bridge pair', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
}
