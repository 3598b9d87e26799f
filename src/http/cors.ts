import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostGuard } from './guard.ts';

/** What pages have to read of our answers: the session, and how to sign in. */
const EXPOSED = 'Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate';
const METHODS = 'GET, POST, DELETE, OPTIONS';
/** How long browsers may remember a preflight. Seconds. */
const MAX_AGE = '600';

/** Lets pages of allowed origins read the answer (Fetch Standard, section 3.2). Returns whether a preflight was answered. */
export function answerCors(guard: HostGuard, request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !guard.mayRead(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
  response.setHeader('Vary', 'Origin');
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('Access-Control-Allow-Methods', METHODS);
  const asked = request.headers['access-control-request-headers'];
  if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked);
  response.setHeader('Access-Control-Max-Age', MAX_AGE);
  response.writeHead(204).end();
  return true;
}
