import type { RequestListener } from 'node:http';
import { HttpError, sendError } from '../downstream/http-error.ts';
import type { Log } from '../log.ts';
import { answerCors } from './cors.ts';
import type { HostGuard } from './guard.ts';

export interface PublicAppOptions {
  readonly guard: HostGuard;
  /** What is served, by path. */
  readonly routes: ReadonlyMap<string, RequestListener>;
  /** Paths that answer 200 while the process lives. */
  readonly healthPaths: readonly string[];
  readonly log: Log;
}

/** All that the world may reach: the MCP endpoints, and a bare health answer. */
export function createPublicApp({ guard, routes, healthPaths, log }: PublicAppOptions): RequestListener {
  const all = new Map<string, RequestListener>([
    ...routes,
    ...healthPaths.map((path) => [path, answerHealth] as const),
  ]);
  return (request, response) => {
    try {
      guard.check(request);
      if (answerCors(guard, request, response)) return;
      const path = pathOf(request.url ?? '/');
      const route = all.get(path) ?? all.get(reencoded(path));
      if (!route) throw new HttpError(404, `Nothing is served at this path; MCP is at ${[...routes.keys()][0]}`);
      log.debug('request', { method: request.method, path });
      route(request, response);
    } catch (error) {
      sendError(response, error);
    }
  };
}

/** The path without its query, and without a slash at its end. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The path with its names encoded as ours are; clients may encode more or less of them (RFC 3986, section 6.2.2). */
function reencoded(path: string): string {
  try {
    const names = path.split('/').map(decodeURIComponent);
    return names.map(encodeURIComponent).join('/');
  } catch {
    return path; // It is not encoded at all, so it is none of ours.
  }
}

const answerHealth: RequestListener = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end('ok\n');
};
