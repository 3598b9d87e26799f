import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { CLAUDE_DOCUMENT } from '../support/oauth/claude.ts';
import { readChallenge } from '../support/oauth/discovery.ts';
import {
  authorizeUrl,
  PUBLIC_CLIENT,
  pkce,
  REDIRECT_URI,
  redeem,
  refresh,
  register,
  revoke,
  type Tokens,
  tokensOf,
} from '../support/oauth/endpoints.ts';
import { type GuardedBridge, letIn, linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';

const CALL = { name: 'echo', arguments: { message: 'hello' } };
const ECHOED = { structuredContent: { message: 'hello' } };

let bridge: GuardedBridge;

beforeAll(async () => {
  bridge = await startGuardedBridge(['--stdio', fixtureLine('echo-server', '--tools', 'echo')]);
});
afterAll(() => bridge[Symbol.asyncDispose]());

describe('oauth4webapi, which is strict about each answer', () => {
  const INSECURE = { [oauth.allowInsecureRequests]: true };
  const CALL_HEADERS = new Headers({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  });
  const CALL_BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: CALL });
  const call = (token: string) =>
    oauth.protectedResourceRequest(token, 'POST', new URL(bridge.resource), CALL_HEADERS, CALL_BODY, INSECURE);

  it.each(['oauth2', 'oidc'] as const)('discovers, is linked, calls, refreshes and revokes (%s)', async (algorithm) => {
    const resource = new URL(bridge.resource);
    const found = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, INSECURE),
    );
    const issuer = new URL(found.authorization_servers?.[0] ?? '');
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm, ...INSECURE }),
    );

    const browse = await letIn(bridge);
    const metadata = { redirect_uris: [REDIRECT_URI], client_name: 'Strict', ...PUBLIC_CLIENT };
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, metadata, INSECURE),
    );

    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      resource: found.resource,
      scope: 'mcp',
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const answer = oauth.validateAuthResponse(server, client, new URL(await browse(url.href)), state);

    const options = { additionalParameters: { resource: found.resource }, ...INSECURE };
    const redeem = () =>
      oauth.authorizationCodeGrantRequest(server, client, oauth.None(), answer, REDIRECT_URI, verifier, options);
    const first = await oauth.processAuthorizationCodeResponse(server, client, await redeem());
    expect(await (await call(first.access_token)).json()).toMatchObject({ result: ECHOED });

    const second = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(server, client, oauth.None(), first.refresh_token ?? '', options),
    );
    expect(await (await call(second.access_token)).json()).toMatchObject({ result: ECHOED });

    const given = second.refresh_token ?? '';
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, oauth.None(), given, INSECURE));
    await expect(call(second.access_token)).rejects.toMatchObject({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      status: 401,
      cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token', scope: 'mcp' } }],
    });
    await expect(
      oauth.processRefreshTokenResponse(
        server,
        client,
        await oauth.refreshTokenGrantRequest(server, client, oauth.None(), given, options),
      ),
    ).rejects.toMatchObject({ code: oauth.RESPONSE_BODY_ERROR, error: 'invalid_grant' });
  });

  it('recognises a refusal as one, and that it comes from here', async () => {
    const server = { issuer: bridge.issuer, authorization_response_iss_parameter_supported: true };
    const client = { client_id: CLAUDE_DOCUMENT.clientId };
    const url = new URL(`${bridge.issuer}/authorize`);
    url.search = new URLSearchParams({
      response_type: 'token',
      client_id: client.client_id,
      redirect_uri: CLAUDE_DOCUMENT.redirectUri,
      state: 'a state',
    }).toString();
    await bridge.pair();
    const { headers } = await bridge.send('GET', url.href);
    const validate = () => oauth.validateAuthResponse(server, client, new URL(headers.location ?? ''), 'a state');
    expect(validate).toThrow(expect.objectContaining({ error: 'unsupported_response_type' }));
  });
});

describe('a client that checks nothing', () => {
  const ping = (path: string, { access_token }: Tokens) =>
    rawPost(
      bridge.issuer + path,
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { authorization: `Bearer ${access_token}` },
    );

  it('is let in at the endpoint it was linked to, and at no other', async () => {
    const { tokens } = await linkByHand({ bridge });
    expect((await ping('/mcp', tokens)).status).toBe(200);
    const elsewhere = await ping('/sse', tokens);
    expect(readChallenge(elsewhere)).toMatchObject({
      error: 'invalid_token',
      resource_metadata: `${bridge.issuer}/.well-known/oauth-protected-resource/sse`,
    });
  });

  it('of 2025-03-26, which names no resource, is linked to all servers', async () => {
    const browse = await letIn(bridge);
    const client_id = JSON.parse((await register(bridge)).text).client_id;
    const { verifier, challenge } = pkce();
    const sentTo = new URL(await browse(authorizeUrl(bridge, { client_id, code_challenge: challenge })));
    const code = sentTo.searchParams.get('code') ?? '';
    const tokens = tokensOf(await redeem(bridge, { client_id, code, code_verifier: verifier }));
    expect((await ping('/mcp', tokens)).status).toBe(200);
  });

  it('may ask again for tokens that it has not received', async () => {
    const { clientId, tokens } = await linkByHand({ bridge });
    const ask = () => refresh(bridge, { client_id: clientId, refresh_token: tokens.refresh_token });
    tokensOf(await ask());
    const received = tokensOf(await ask());
    expect((await ping('/mcp', received)).status).toBe(200);
  });

  it.each(['access_token', 'refresh_token'] as const)('is out once it has given its %s back', async (kind) => {
    const { clientId, tokens } = await linkByHand({ bridge });
    expect((await revoke(bridge, { client_id: clientId, token: tokens[kind] })).status).toBe(200);
    expect((await ping('/mcp', tokens)).status).toBe(401);
    const again = await refresh(bridge, { client_id: clientId, refresh_token: tokens.refresh_token });
    expect(JSON.parse(again.text).error).toBe('invalid_grant');
  });
});
