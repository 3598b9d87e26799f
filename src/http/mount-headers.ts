import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackUrl } from '../config/loopback.ts';

/** Where something is here, and where it really is. */
export interface Place {
  /** What its paths start with here; empty where it has all that nobody else has. */
  readonly path: string;
  /** Where it is. */
  readonly url: URL;
}

/** For this connection and no other (RFC 9110, section 7.6.1). What is sent on has its own. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/**
 * What was meant for the bridge: its tokens (never to be passed on, MCP basic/authorization), who the user is, and what proxies on
 * the way have said, which anybody could have said. `Expect` has been met by then, and `Referer` may hold a path that is a secret.
 */
const KEPT_FROM_MOUNTS =
  /^(?:authorization|cookie2?|expect|forwarded|referer|x-real-ip|(?:(?:x-)?openai|proxy|x-forwarded)-.*)$/;
/** What would be about the whole origin, which is the bridge's, or ask for credentials, which are not passed on. */
const KEPT_FROM_CLIENTS =
  /^(?:access-control-.*|alt-svc|clear-site-data|proxy-.*|service-worker-allowed|strict-transport-security|www-authenticate)$/;

/** The headers of a request as they are sent on. @param origin the public one of the moment. */
export function requestHeaders(headers: IncomingHttpHeaders, { url }: Place, origin: string): IncomingHttpHeaders {
  const sent = endToEnd(headers, KEPT_FROM_MOUNTS);
  if (isSameOrigin(headers, origin)) sent.origin = url.origin;
  // A body that is sent on without its measure would be taken for the next request, whatever `Connection` says.
  for (const name of ['content-length', 'transfer-encoding']) {
    if (headers[name] !== undefined) sent[name] = headers[name];
  }
  if (/\bclose\b/i.test(headers.connection ?? '')) sent.connection = 'close';
  return sent;
}

/** The headers of a request for a web socket as they are sent on. It has no body. */
export function upgradeHeaders(headers: IncomingHttpHeaders, place: Place, origin: string): IncomingHttpHeaders {
  const { 'content-length': _, 'transfer-encoding': __, ...sent } = requestHeaders(headers, place, origin);
  return { ...sent, ...WEB_SOCKET };
}

/** Of both sides, when a connection becomes a web socket. */
export const WEB_SOCKET = { connection: 'Upgrade', upgrade: 'websocket' };

/** The headers of an answer as they are passed on: nothing in them leads past the bridge. */
export function answerHeaders(headers: IncomingHttpHeaders, place: Place): IncomingHttpHeaders {
  const { location, 'content-location': alias, 'set-cookie': cookies, ...sent } = endToEnd(headers, KEPT_FROM_CLIENTS);
  const there = location && publicLocation(location, place);
  const here = alias && publicLocation(alias, place);
  return {
    ...sent,
    ...(there && { location: there }),
    ...(here && { 'content-location': here }),
    ...(cookies && { 'set-cookie': cookies.map((cookie) => publicCookie(cookie, place)) }),
  };
}

function endToEnd(headers: IncomingHttpHeaders, kept: RegExp): IncomingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(',');
  const dropped = new Set([...HOP_BY_HOP, ...named.map((name) => name.trim())]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name) && !kept.test(name)));
}

/** Whether a page of the bridge's own origin asks; for what is mounted, that is its own origin too. */
function isSameOrigin({ origin, host }: IncomingHttpHeaders, publicOrigin: string): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return origin === publicOrigin || new URL(origin).host === host;
}

/** Where a client finds what the mounted server calls `location`; `undefined` where it cannot get at it. */
function publicLocation(location: string, { path, url }: Place): string | undefined {
  const isRelative = !/^(?:[a-z][a-z\d+.-]*:|[/\\])/i.test(location);
  if (isRelative || !URL.canParse(location, url.href)) return location;
  const target = new URL(location, url);
  if (!isSameServer(target, url)) return location;
  const root = rootOf(url);
  if (target.pathname !== root && !target.pathname.startsWith(`${root}/`)) return undefined;
  // Two slashes at the start would be another host's.
  const rest = target.pathname.slice(root.length).replace(/^\/+/, '/');
  return (path + rest || '/') + target.search + target.hash;
}

/** The path of a URL, without a slash at its end. */
export function rootOf({ pathname }: URL): string {
  return pathname.replace(/\/$/, '');
}

/** Servers on loopback call themselves by any of its names. */
function isSameServer(one: URL, other: URL): boolean {
  if (one.origin === other.origin) return true;
  const areLocal = isLoopbackUrl(one) && isLoopbackUrl(other);
  return areLocal && one.protocol === other.protocol && one.port === other.port;
}

/** The cookie for this mount alone: others are on the same origin. */
function publicCookie(cookie: string, { path }: Place): string {
  const [pair = '', ...attributes] = cookie.split(';');
  const kept = attributes.filter((attribute) => !/^\s*(?:domain|path)\s*(?:=|$)/i.test(attribute));
  return [pair, ...kept, ` Path=${path || '/'}`].join(';');
}
