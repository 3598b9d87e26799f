import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Grant, OAuthState } from '../../../src/oauth/state.ts';
import { fixtureLine } from '../../support/fixtures.ts';
import { type Body, type Headers, type RawAnswer, rawPost, rawRequest } from '../../support/http.ts';
import {
  type AuthorizePage,
  authorizePage,
  authorizeUrl,
  type Decision,
  type Fields,
  pkce,
  REDIRECT_URI,
  redeem,
  redirectOf,
  refresh,
  register,
  sendForm,
  submit,
  type Tokens,
  tokensOf,
} from '../../support/oauth/endpoints.ts';
import { readForm } from '../../support/oauth/form.ts';
import {
  type GuardedBridge,
  type GuardedOptions,
  type Link,
  linkByHand,
  startGuardedBridge,
} from '../../support/oauth/owner.ts';

/** A bridge under attack. */
export interface Target extends GuardedBridge {
  /** Bearer token of the local app, which is the owner's secret. */
  readonly key: string;
}

/** `echo` is marked read-only, `sleep` is not. */
export const ECHO = ['--stdio', `echo=${fixtureLine('echo-server')}`];

/** Starts a bridge with an echo server, or with what `args` say. Its windows are opened without a process for each. */
export async function startTarget(args: readonly string[] = ECHO, options?: GuardedOptions): Promise<Target> {
  const bridge = await startGuardedBridge(args, options);
  const file = join(bridge.stateFolder, 'running', `${bridge.pid}.json`);
  const { local, key } = JSON.parse(await readFile(file, 'utf8'));
  const pair = async () => JSON.parse((await rawRequest('POST', `${local}/pair`, bearer(key))).text).code;
  return { ...bridge, key, pair };
}

/** Registers a client; a window has to be open. */
export async function registerClient(bridge: GuardedBridge, ...redirectUris: string[]): Promise<string> {
  const { status, text } = await register(bridge, redirectUris.length > 0 ? { redirect_uris: redirectUris } : {});
  expect(status, text).toBe(201);
  return JSON.parse(text).client_id;
}

/** A request at `/authorize` that nothing is wrong with, until `query` changes that. */
export function ask(bridge: GuardedBridge, query: Fields): Promise<AuthorizePage> {
  const asked = { resource: bridge.resource, state: 'a state', code_challenge: pkce().challenge, ...query };
  return authorizePage(bridge, authorizeUrl(bridge, asked));
}

/** What a client holds once its owner has pressed Allow: all that `/token` wants. */
export interface Allowed {
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly code: string;
  readonly code_verifier: string;
  readonly resource: string;
}

export interface AllowOptions extends Pick<Decision, 'access'> {
  readonly clientId?: string;
  readonly redirectUri?: string;
  readonly resource?: string;
}

/** Has the owner allow a client, one that is registered for this unless it is named. */
export async function allow(bridge: GuardedBridge, options: AllowOptions = {}): Promise<Allowed> {
  const { redirectUri = REDIRECT_URI, resource = bridge.resource, access } = options;
  const code = await bridge.pair();
  const clientId = options.clientId ?? (await registerClient(bridge, redirectUri));
  const { verifier, challenge } = pkce();
  const asked = { client_id: clientId, redirect_uri: redirectUri, resource };
  const page = await ask(bridge, { ...asked, code_challenge: challenge });
  const redirect = redirectOf(await submit(bridge, page, { code, ...(access && { access }) }));
  return { ...asked, code: redirect.searchParams.get('code') ?? '', code_verifier: verifier };
}

/** Redeems a code, and says what was answered: `200`, or `400 invalid_grant`. */
export async function redeemed(bridge: GuardedBridge, allowed: Allowed, changes: Fields = {}): Promise<string> {
  return outcomeOf(await redeem(bridge, { ...allowed, ...changes }));
}

/** The same for a refresh token. */
export async function refreshed(bridge: GuardedBridge, { clientId, tokens }: Link, changes = {}): Promise<string> {
  return outcomeOf(await refresh(bridge, { refresh_token: tokens.refresh_token, client_id: clientId, ...changes }));
}

/** Status and error code of an answer of the token endpoint. */
export function outcomeOf({ status, text }: RawAnswer): string {
  return status === 200 ? '200' : `${status} ${JSON.parse(text).error}`;
}

export const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

/** Uses an MCP endpoint with a token; resolves with the status. */
export async function use(bridge: GuardedBridge, token: string, url = bridge.resource): Promise<number> {
  const { status, messages } = await rawPost(url, LIST, bearer(token));
  if (status === 200) expect(messages[0]?.result).toHaveProperty('tools');
  return status;
}

/** The owner's own client, which has nothing to do with any attack. */
export interface Bystander {
  readonly link: Link;
  /** Uses its token, has it refreshed, and uses the new one. */
  expectService(): Promise<void>;
}

/** Links a client that all is to stay well with. */
export async function linkBystander(bridge: GuardedBridge): Promise<Bystander> {
  let link = await linkByHand({ bridge });
  return {
    get link() {
      return link;
    },
    async expectService() {
      expect(await use(bridge, link.tokens.access_token)).toBe(200);
      link = { ...link, tokens: await renew(bridge, link) };
      expect(await use(bridge, link.tokens.access_token)).toBe(200);
    },
  };
}

/** New tokens for a link. @throws Error when it is over. */
export async function renew(bridge: GuardedBridge, { clientId, tokens }: Link): Promise<Tokens> {
  return tokensOf(await refresh(bridge, { refresh_token: tokens.refresh_token, client_id: clientId }));
}

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

/** The hidden field that stands for the request on a consent page. */
export function transactionOf({ url, answer }: AuthorizePage): string {
  const { transaction } = readForm(answer.text, url).fields;
  if (transaction === undefined) throw new Error(`No transaction on the page (${answer.status}):\n${answer.text}`);
  return transaction;
}

/** Posts a consent as a page would that the attacker wrote. */
export function postConsent(bridge: GuardedBridge, fields: Fields, headers: Headers = {}): Promise<RawAnswer> {
  return sendForm(bridge.send, 'POST', `${bridge.issuer}/authorize`, fields, headers);
}

/** A page that says no, and sends nobody anywhere. */
export function expectRefusalPage({ status, headers, text }: RawAnswer, expected = 400): void {
  expect(status, text).toBe(expected);
  expect(headers.location).toBeUndefined();
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(text).not.toContain('<form');
}

/** A code of the right form that is not `code`. */
export function wrongCode(code: string): string {
  return code.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
}

/** What is kept of all links, and where. */
export async function readState({
  stateFolder,
}: GuardedBridge): Promise<{ path: string; text: string; state: OAuthState }> {
  const path = join(stateFolder, 'grants.json');
  const text = await readFile(path, 'utf8');
  return { path, text, state: JSON.parse(text) };
}

/** What is kept of a link whose client has no other. */
export async function grantOf(bridge: GuardedBridge, { clientId }: Link): Promise<Grant> {
  const { state } = await readState(bridge);
  const grant = state.grants.find((each) => each.clientId === clientId);
  if (!grant) throw new Error(`No grant of ${clientId} is kept.`);
  return grant;
}

/** Sends bytes as they are, and resolves with all that comes back until the other side hangs up. */
export async function sendBytes(bridge: GuardedBridge, bytes: string): Promise<string> {
  const { hostname, port } = new URL(bridge.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // It is cut while it still sends, which is an answer as well.
  socket.write(bytes);
  return readText(socket).catch(() => '');
}

/** The head of a request as a client writes it that hangs up afterwards. */
export function head(bridge: GuardedBridge, method: string, target: string, ...headers: string[]): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${new URL(bridge.origin).host}`,
    'Connection: close',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Requests at all that the world may reach. */
export const DOORS: readonly (readonly [method: string, path: string, body?: Body])[] = [
  ['POST', '/mcp', LIST],
  ['GET', '/mcp'],
  ['GET', '/sse'],
  ['POST', '/message?sessionId=x', LIST],
  ['GET', '/.well-known/oauth-protected-resource/mcp'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', '/authorize'],
  ['POST', '/authorize', 'decision=allow'],
  ['POST', '/token', 'grant_type=refresh_token'],
  ['POST', '/register', { redirect_uris: [REDIRECT_URI] }],
  ['POST', '/revoke', 'token=x'],
];
