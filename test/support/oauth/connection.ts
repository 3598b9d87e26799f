import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Headers, RawAnswer } from '../http.ts';
import { readChallenge, type ServerMetadata } from './discovery.ts';
import { type Fields, PUBLIC_CLIENT, pkce, sendForm, type Tokens, tokensOf } from './endpoints.ts';
import type { Browse } from './owner.ts';
import type { Send } from './tunnel.ts';

/** Who a client is to an authorization server, and where its user is sent back to. */
export interface Identity {
  readonly clientId: string;
  readonly redirectUri: string;
}

/** What a client keeps once it was let in. */
export interface Connection extends Identity {
  readonly server: ServerMetadata;
  readonly resource: string;
  tokens: Tokens;
}

/** The token endpoint's refusal. */
export class TokenError extends Error {
  /** As in RFC 6749, section 5.2. */
  readonly error: string;

  constructor({ status, text }: RawAnswer) {
    const { error, error_description } = JSON.parse(text);
    super(`The token endpoint answers ${status} ${error}: ${error_description}`);
    this.error = error;
  }
}

/** Registers at the server's registration endpoint (RFC 7591). */
export async function registerClient(
  send: Send,
  { registration_endpoint }: ServerMetadata,
  name: string,
  redirectUri: string,
): Promise<Identity> {
  assert.ok(registration_endpoint, 'the server registers nobody');
  const body = { client_name: name, redirect_uris: [redirectUri], ...PUBLIC_CLIENT };
  const { status, text } = await send('POST', registration_endpoint, { 'content-type': 'application/json' }, body);
  assert.equal(status, 201, text);
  const registered = JSON.parse(text);
  assert.deepEqual(registered.redirect_uris, [redirectUri]);
  assert.equal(registered.client_secret, undefined, 'a public client was given a secret');
  return { clientId: registered.client_id, redirectUri };
}

export interface Authorization extends Identity {
  readonly server: ServerMetadata;
  readonly resource: string;
  readonly scope: string;
}

/** Has the user asked, checks who answers, and redeems the code. */
export async function authorize(send: Send, browse: Browse, asked: Authorization): Promise<Connection> {
  const { server, clientId, redirectUri, resource, scope } = asked;
  const { verifier, challenge } = pkce();
  const state = randomUUID();
  const url = new URL(server.authorization_endpoint);
  const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state, scope, resource };
  url.search = new URLSearchParams({ ...query, code_challenge: challenge, code_challenge_method: 'S256' }).toString();

  const sentTo = new URL(await browse(url.href));
  assert.equal(sentTo.origin + sentTo.pathname, redirectUri);
  assert.deepEqual(sentTo.searchParams.getAll('state'), [state]);
  // RFC 9207, section 2.4: also of errors, and before anything else is believed.
  assert.deepEqual(sentTo.searchParams.getAll('iss'), [server.issuer]);
  const code = sentTo.searchParams.get('code');
  assert.ok(code, `the user was sent back without a code: ${sentTo.search}`);

  const grant = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
  const tokens = await askForTokens(send, server, { ...grant, client_id: clientId, resource });
  return { server, clientId, redirectUri, resource, tokens };
}

/** Posts to an MCP endpoint with the connection's token; when that has expired, once more with a new one. */
export async function postAuthorized(
  send: Send,
  connection: Connection,
  url: string,
  headers: Headers,
  body: object,
): Promise<RawAnswer> {
  const post = () => send('POST', url, { ...headers, authorization: `Bearer ${connection.tokens.access_token}` }, body);
  const answer = await post();
  if (answer.status !== 401) return answer;
  assert.equal(readChallenge(answer).error, 'invalid_token');
  await renew(send, connection);
  return post();
}

/** Gives the refresh token back. */
export async function giveBack(send: Send, { server, clientId, tokens }: Connection): Promise<void> {
  assert.ok(server.revocation_endpoint, 'the server takes no tokens back');
  const fields = { token: tokens.refresh_token, token_type_hint: 'refresh_token', client_id: clientId };
  assert.equal((await sendForm(send, 'POST', server.revocation_endpoint, fields)).status, 200);
}

/** Makes the access token one that the bridge does not know, which is all that a client can see of one that has expired. */
export function spoil<T extends { readonly access_token: string }>(tokens: T): T {
  return { ...tokens, access_token: [...tokens.access_token].reverse().join('') };
}

/** @throws TokenError when the grant is over. */
async function renew(send: Send, connection: Connection): Promise<void> {
  const { server, clientId, resource, tokens } = connection;
  const grant = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  connection.tokens = await askForTokens(send, server, { ...grant, client_id: clientId, resource });
}

async function askForTokens(send: Send, { token_endpoint }: ServerMetadata, fields: Fields): Promise<Tokens> {
  const answer = await sendForm(send, 'POST', token_endpoint, fields);
  if (answer.status !== 200) throw new TokenError(answer);
  const tokens = tokensOf(answer);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(tokens.token_type, 'Bearer');
  assert.ok(tokens.expires_in > 0 && tokens.expires_in <= 3600, `access tokens live ${tokens.expires_in} s`);
  assert.ok(tokens.refresh_token, 'there is no refresh token');
  return tokens;
}
