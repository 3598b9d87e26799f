import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpTransportV2,
  SSEClientTransport as SseTransportV2,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  UnauthorizedError as UnauthorizedErrorV2,
} from '@modelcontextprotocol/client';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Negotiation } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { CHATGPT_DOCUMENT } from '../support/oauth/chatgpt.ts';
import { CLAUDE_DOCUMENT } from '../support/oauth/claude.ts';
import { type Identity, spoil } from '../support/oauth/connection.ts';
import { PUBLIC_CLIENT, REDIRECT_URI } from '../support/oauth/endpoints.ts';
import { createMemoryProvider } from '../support/oauth/memory-provider.ts';
import { type GuardedBridge, letIn, startGuardedBridge } from '../support/oauth/owner.ts';

const INFO = { name: 'an-sdk', version: '1.0.0' };
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

describe.each([
  ['Streamable HTTP', '/mcp', StreamableHTTPClientTransport],
  ['HTTP+SSE', '/sse', SSEClientTransport],
] as const)('SDK v1 over %s', (_, path, Transport) => {
  it('signs in by itself, and refreshes', async () => {
    const provider = createMemoryProvider<OAuthClientInformationMixed, OAuthTokens>(await letIn(bridge));
    const open = () => new Transport(new URL(bridge.issuer + path), { authProvider: provider });
    const first = open();
    await expect(new Client(INFO).connect(first)).rejects.toThrow(UnauthorizedError);
    await first.finishAuth(provider.callback().get('code') ?? '');

    const client = new Client(INFO);
    await client.connect(open());
    try {
      expect(await client.callTool(CALL)).toMatchObject(ECHOED);
      provider.saveTokens(spoil(provider.tokens() as OAuthTokens));
      expect(await client.callTool(CALL)).toMatchObject(ECHOED);
      expect(new Set(provider.saved.map(({ refresh_token }) => refresh_token)).size).toBe(2);
    } finally {
      await client.close();
    }
  });
});

describe.each([
  ['Streamable HTTP', '/mcp', HttpTransportV2, 'legacy'],
  ['Streamable HTTP', '/mcp', HttpTransportV2, 'auto'],
  ['Streamable HTTP', '/mcp', HttpTransportV2, { pin: '2026-07-28' }],
  ['HTTP+SSE', '/sse', SseTransportV2, 'legacy'],
] as const)('SDK v2 over %s at %s, %o', (_wire, path, Transport, mode: Negotiation) => {
  const signIn = async (document?: Identity) => {
    const provider = createMemoryProvider<StoredOAuthClientInformation, StoredOAuthTokens>(
      await letIn(bridge),
      document && { document },
    );
    const create = () => new ClientV2(INFO, { versionNegotiation: { mode } });
    const open = () => new Transport(new URL(bridge.issuer + path), { authProvider: provider });
    const first = open();
    await expect(create().connect(first)).rejects.toThrow(UnauthorizedErrorV2);
    // It checks the issuer (RFC 9207) before it reads the code.
    await first.finishAuth(provider.callback());
    const client = create();
    await client.connect(open());
    return { client, provider };
  };

  it('signs in by itself, and refreshes', async () => {
    const { client, provider } = await signIn();
    try {
      expect(await client.callTool(CALL)).toMatchObject(ECHOED);
      provider.saveTokens(spoil(provider.tokens() as StoredOAuthTokens));
      expect(await client.callTool(CALL)).toMatchObject(ECHOED);
      expect(new Set(provider.saved.map(({ refresh_token }) => refresh_token)).size).toBe(2);
    } finally {
      await client.close();
    }
  });

  it('signs in as a client that is described by a document', async () => {
    const { client, provider } = await signIn(CHATGPT_DOCUMENT);
    try {
      expect(provider.clientInformation()).toMatchObject({ client_id: CHATGPT_DOCUMENT.clientId });
      expect(await client.callTool(CALL)).toMatchObject(ECHOED);
    } finally {
      await client.close();
    }
  });
});
