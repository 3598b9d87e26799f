import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Endpoint } from '../downstream/endpoints.ts';
import { HttpError, sendError } from '../downstream/http-error.ts';
import type { Log } from '../log.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { ProofRoute } from '../tunnel/proof.ts';
import { answerCors } from './cors.ts';
import type { Gate } from './gate.ts';
import type { HostGuard } from './guard.ts';
import type { Mounted } from './mount.ts';
import type { Mounts } from './mounts.ts';
import { PageServer, type Pages } from './pages.ts';
import { Quota } from './quota.ts';

export interface PublicAppOptions {
  readonly guard: HostGuard;
  readonly gate: Gate;
  /** The MCP endpoints, by path. */
  readonly routes: ReadonlyMap<string, Endpoint>;
  /** How clients get past the gate; `undefined` where there is nothing to be told. */
  readonly pages: Pages | undefined;
  /** What the bridge asks for itself, to find out where it is. */
  readonly proof: Pick<ProofRoute, 'path' | 'serve'>;
  /** What else is served, at paths that are nobody's so far. Default: nothing. */
  readonly mounts?: Mounts;
  /** Paths that answer 200 while the process lives. */
  readonly healthPaths: readonly string[];
  /** Whether the paths are for nobody to know who was not told. */
  readonly isSecret: boolean;
  readonly log: Log;
}

/** All that the world may reach: the MCP endpoints, what leads to them, and a bare health answer. */
export function createPublicApp(options: PublicAppOptions): RequestListener {
  const { guard, gate, routes, proof, mounts, healthPaths, isSecret, log } = options;
  const pages = options.pages && new PageServer(options.pages, log);
  const health = new Set(healthPaths);
  const quota = new Quota();
  const enter = async (place: Endpoint | Mounted, request: IncomingMessage, response: ServerResponse) => {
    const principal = place.resource === undefined ? ANYONE : await gate.admit(request, place.resource);
    if (response.destroyed) return;
    quota.enter(principal, response);
    place.serve(request, response, principal);
  };
  // Of paths that are not ours nothing is logged: anybody can write anything there.
  const note = (path: string, { method }: IncomingMessage) =>
    log.debug('request', { method, path: isSecret ? undefined : path });
  const serveRest = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    if (health.has(path)) return answerHealth(response);
    if (path === proof.path) return proof.serve(request, response);
    if (pages?.serves(path)) {
      note(path, request);
      return pages.serve(request, response, path);
    }
    const mounted = mounts?.find(path);
    if (mounted) return enter(mounted, request, response);
    const hint = isSecret ? '' : `; MCP is at ${[...routes.keys()][0]}`;
    throw new HttpError(404, `Nothing is served at this path${hint}`);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    guard.check(request);
    if (answerCors(guard, request, response)) return;
    const path = pathOf(request.url ?? '/');
    const endpoint = routes.get(path) ?? routes.get(reencoded(path));
    if (!endpoint) return serveRest(path, request, response);
    note(path, request);
    return enter(endpoint, request, response);
  };
  return (request, response) => void serve(request, response).catch((error) => sendError(response, error));
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

function answerHealth(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end('ok\n');
}
