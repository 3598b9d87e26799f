import { createHash, randomBytes } from 'node:crypto';
import type { Headers, RawAnswer } from '../http.ts';
import { readForm } from './form.ts';
import type { Send } from './tunnel.ts';

/** An authorization server, and the way to it. */
export interface Site {
  readonly issuer: string;
  readonly send: Send;
}

/** Values of a form or a query; `undefined` leaves one out. */
export type Fields = Readonly<Record<string, string | undefined>>;

/** As the token endpoint answers (OAuth 2.1, section 3.2.3). */
export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
}

/** Of a program on this machine. Nobody listens there: the tests read where a redirect leads, and do not follow it. */
export const REDIRECT_URI = 'http://127.0.0.1:7777/callback';

/** A secret of this link alone, and what is told of it beforehand (RFC 7636). */
export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** Registers a client (RFC 7591): a program on this machine, unless `metadata` says otherwise. */
export function register({ issuer, send }: Site, metadata: object = {}): Promise<RawAnswer> {
  const body = { client_name: 'Test client', redirect_uris: [REDIRECT_URI], ...PUBLIC_CLIENT, ...metadata };
  return send('POST', `${issuer}/register`, { 'content-type': 'application/json' }, body);
}

/** What a client that keeps no secret says about itself when it registers. */
export const PUBLIC_CLIENT = {
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

/** The URL a client sends its user's browser to; `query` is on top of what is the same for all. */
export function authorizeUrl({ issuer }: Site, query: Fields): string {
  const all = {
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    code_challenge_method: 'S256',
    scope: 'mcp',
    ...query,
  };
  return `${issuer}/authorize?${encode(all)}`;
}

/** The page that asks the owner, or whatever is answered instead. */
export interface AuthorizePage {
  readonly url: string;
  readonly answer: RawAnswer;
}

/** Opens the page as a browser does. */
export async function authorizePage({ send }: Pick<Site, 'send'>, url: string): Promise<AuthorizePage> {
  return { url, answer: await send('GET', url, { accept: 'text/html' }) };
}

/** What the owner does with the page. */
export interface Decision {
  /** What is typed. Default nothing. */
  readonly code?: string;
  /** Default whatever the page has selected. */
  readonly access?: 'all' | 'read';
  /** The button that is pressed. Default `allow`. */
  readonly decision?: 'allow' | 'deny';
}

/** Sends the page's form as a browser does. The page that comes instead of a redirect may be submitted again. */
export async function submit(
  { send }: Pick<Site, 'send'>,
  { url, answer: { text } }: AuthorizePage,
  { code = '', access, decision = 'allow' }: Decision,
): Promise<AuthorizePage> {
  const { action, method, fields } = readForm(text, url);
  const headers = { accept: 'text/html', origin: new URL(url).origin };
  const answer = await sendForm(
    send,
    method,
    action,
    { ...fields, code, ...(access && { access }), decision },
    headers,
  );
  return { url: action, answer };
}

/** Where a page's redirect leads. @throws Error when it is none. */
export function redirectOf({ answer: { status, headers, text } }: AuthorizePage): URL {
  if (headers.location === undefined) throw new Error(`No redirect (${status}):\n${text}`);
  return new URL(headers.location);
}

/** Trades a code for tokens. */
export function redeem({ issuer, send }: Site, fields: Fields): Promise<RawAnswer> {
  const all = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, ...fields };
  return sendForm(send, 'POST', `${issuer}/token`, all);
}

/** Trades a refresh token for new tokens. */
export function refresh({ issuer, send }: Site, fields: Fields): Promise<RawAnswer> {
  return sendForm(send, 'POST', `${issuer}/token`, { grant_type: 'refresh_token', ...fields });
}

/** Gives a token back (RFC 7009). */
export function revoke({ issuer, send }: Site, fields: Fields): Promise<RawAnswer> {
  return sendForm(send, 'POST', `${issuer}/revoke`, fields);
}

/** The tokens in an answer of the token endpoint. @throws Error when it holds none. */
export function tokensOf({ status, text }: RawAnswer): Tokens {
  if (status !== 200) throw new Error(`No tokens (${status}): ${text}`);
  return JSON.parse(text);
}

/** Sends a form as `application/x-www-form-urlencoded`. */
export function sendForm(
  send: Send,
  method: string,
  url: string,
  fields: Fields,
  headers: Headers = {},
): Promise<RawAnswer> {
  return send(method, url, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, encode(fields));
}

function encode(fields: Fields): string {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}
