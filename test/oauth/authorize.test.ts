import { describe, expect, it } from 'vitest';
import { readForm } from '../support/oauth/form.ts';
import { type Fields, ISSUER, queryOf, REDIRECT, RESOURCE, startServer, type TestServer, textOf } from './support.ts';

const LOOPBACK = 'http://127.0.0.1:7777/callback';
const KNOWN = {
  id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
  redirect: 'https://claude.ai/api/mcp/auth_callback',
};

/** A server with a client, and a window that is open. */
async function openServer(redirectUris = [REDIRECT]): Promise<{ test: TestServer; id: string }> {
  const test = await startServer();
  test.pairing.open();
  return { test, id: await test.clientId(redirectUris) };
}

describe('a request that nobody can be answered', () => {
  const NOT_KNOWN =
    'This client is not known here. Remove the connector in the client, and add it again while pairing is open.';
  const NOT_FETCHED =
    'This client is not known here. It is described at https://app.example/client.json, which is not fetched unless the bridge runs with --client-documents.';
  const NOT_ITS_OWN = 'The address that the answer is to be sent to is none of this client’s.';

  it.each<[string, Fields, string]>([
    ['has no client', { client_id: undefined }, 'The parameter client_id is missing.'],
    ['has an empty client', { client_id: '' }, 'The parameter client_id is missing.'],
    ['has two clients', { client_id: ['a', 'b'] }, 'The parameter client_id comes more than once.'],
    ['has an unknown client', { client_id: 'unknown' }, NOT_KNOWN],
    ['has a document for a client', { client_id: 'https://app.example/client.json' }, NOT_FETCHED],
    ['leads elsewhere', { redirect_uri: 'https://evil.example/' }, NOT_ITS_OWN],
    ['leads to another path', { redirect_uri: REDIRECT.replace('?tenant=1', '/x') }, NOT_ITS_OWN],
    ['leads to what is no URL', { redirect_uri: 'nonsense' }, NOT_ITS_OWN],
    ['leads to two places', { redirect_uri: [REDIRECT, REDIRECT] }, 'The parameter redirect_uri comes more than once.'],
  ])('since it %s is told to the person, and leads nowhere', async (_, changes, message) => {
    const { test, id } = await openServer();
    const reply = await test.authorize(id, changes);
    expect(reply.status).toBe(400);
    expect(reply.headers).toMatchObject({ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
    expect(reply.headers).not.toHaveProperty('Location');
    expect(textOf(reply)).toContain(`This cannot be done ${message}`);
  });

  it('since it does not say where to is told to the person, if there are several places', async () => {
    const { test, id } = await openServer([REDIRECT, LOOPBACK]);
    const reply = await test.authorize(id, { redirect_uri: undefined });
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined]);
    const only = await openServer();
    expect((await only.test.authorize(only.id, { redirect_uri: undefined })).status).toBe(200);
  });
});

describe('a request that is not in order', () => {
  it.each<[Fields, error: string, description: string]>([
    [{ response_type: undefined }, 'invalid_request', 'The parameter response_type is missing'],
    [{ response_type: 'token' }, 'unsupported_response_type', 'The response_type has to be code'],
    [{ response_type: ['code', 'code'] }, 'invalid_request', 'The parameter response_type comes more than once'],
    [{ code_challenge: undefined }, 'invalid_request', 'The parameter code_challenge is missing'],
    [{ code_challenge: 'c'.repeat(42) }, 'invalid_request', 'The code_challenge is no SHA-256 as base64url'],
    [{ code_challenge: 'c'.repeat(44) }, 'invalid_request', 'The code_challenge is no SHA-256 as base64url'],
    [{ code_challenge: `${'c'.repeat(42)}=` }, 'invalid_request', 'The code_challenge is no SHA-256 as base64url'],
    [{ code_challenge_method: undefined }, 'invalid_request', 'The parameter code_challenge_method is missing'],
    [{ code_challenge_method: 'plain' }, 'invalid_request', 'The code_challenge_method has to be S256'],
    [{ resource: `${RESOURCE}/` }, 'invalid_target', `Nothing is served at this resource; MCP is at ${RESOURCE}`],
    [{ resource: ISSUER }, 'invalid_target', `Nothing is served at this resource; MCP is at ${RESOURCE}`],
    [{ resource: [RESOURCE, RESOURCE] }, 'invalid_request', 'The parameter resource comes more than once'],
    [{ scope: ['mcp', 'mcp:read'] }, 'invalid_request', 'The parameter scope comes more than once'],
    [{ state: ['a state', 'b'] }, 'invalid_request', 'The parameter state comes more than once'],
  ])('is told to the client, with its state and the issuer: %j', async (changes, error, description) => {
    const { test, id } = await openServer();
    const reply = await test.authorize(id, changes);
    expect(reply).toMatchObject({ status: 303, body: '', headers: { 'Cache-Control': 'no-store' } });
    expect(reply.headers.Location?.startsWith(`${REDIRECT}&`)).toBe(true);
    expect(queryOf(reply)).toEqual({
      tenant: '1',
      error,
      error_description: description,
      state: 'a state',
      iss: ISSUER,
    });
    expect(description).toMatch(/^[ !#-[\]-~]*$/);
  });

  it('is told without a state where there was none', async () => {
    const { test, id } = await openServer();
    const reply = await test.authorize(id, { response_type: 'token', state: undefined });
    expect(Object.keys(queryOf(reply)).sort()).toEqual(['error', 'error_description', 'iss', 'tenant']);
  });

  it('is told at the port that a program on this computer has', async () => {
    const { test, id } = await openServer([LOOPBACK]);
    const reply = await test.authorize(id, { redirect_uri: 'http://127.0.0.1:9999/callback', response_type: 'token' });
    expect(reply.headers.Location).toMatch(/^http:\/\/127\.0\.0\.1:9999\/callback\?error=/);
  });
});

describe('a request that is in order', () => {
  it('shows the owner who asks, for what, and where the answer goes', async () => {
    const { test, id } = await openServer();
    const reply = await test.authorize(id);
    expect(reply.status).toBe(200);
    expect(textOf(reply)).toMatch(/Allow “ App ” to use your tools\? The client chose this name itself\./);
    expect(textOf(reply)).toContain('Permission goes to app.example');
    expect(textOf(reply)).toContain('Your bridge h.example/mcp');
    const [, number] = /Or type (\w\w) there/.exec(textOf(reply)) ?? [];
    expect(test.lines).toContain(`info  App (app.example) asks for access, request ${number}`);
    expect(readForm(reply.body, `${ISSUER}/authorize`)).toEqual({
      action: `${ISSUER}/authorize`,
      method: 'POST',
      fields: { transaction: expect.any(String), access: 'all', code: '' },
    });
  });

  it('has the same number however often its page is opened, and another one for another question', async () => {
    const { test, id } = await openServer();
    const numberOf = async (changes?: Fields) =>
      /Or type (\w\w) there/.exec(textOf(await test.authorize(id, changes)))?.[1];
    const number = await numberOf();
    expect(number).toBeDefined();
    expect(await numberOf()).toBe(number);
    const others = [
      await numberOf({ state: 'another' }),
      await numberOf({ code_challenge: 'c'.repeat(43) }),
      await numberOf({ resource: `${ISSUER}/servers/a%20b/mcp` }),
    ];
    expect(new Set([number, ...others]).size).toBe(4);
  });

  it.each<[string | undefined, access: string, hidden: boolean]>([
    [undefined, 'all', false],
    ['mcp', 'all', false],
    ['mcp mcp:read offline_access', 'all', false],
    ['openid', 'all', false],
    ['mcp:read', 'read', true],
    ['mcp:read offline_access', 'read', true],
  ])('for the scope %j has %s selected', async (scope, access, isFixed) => {
    const { test, id } = await openServer();
    const reply = await test.authorize(id, { scope });
    expect(readForm(reply.body, ISSUER).fields.access).toBe(access);
    expect(reply.body.includes('type="radio"')).toBe(!isFixed);
  });

  it('may name a resource, or mean the main one', async () => {
    const { test, id } = await openServer();
    const shownFor = async (resource: string | undefined) => textOf(await test.authorize(id, { resource }));
    expect(await shownFor(undefined)).toContain('Your bridge h.example/mcp');
    expect(await shownFor('')).toContain('Your bridge h.example/mcp');
    expect(await shownFor(`${ISSUER}/servers/a%20b/mcp`)).toContain('Your bridge h.example/servers/a%20b/mcp');
  });

  it('counts the tools of its resource', async () => {
    const asked: string[] = [];
    const toolsOf = (path: string) => {
      asked.push(path);
      return { read: 3, write: 2 };
    };
    const test = await startServer({ toolsOf });
    test.pairing.open();
    const reply = await test.authorize(await test.clientId(), { resource: `${ISSUER}/servers/a%20b/mcp` });
    expect(asked).toEqual(['/servers/a%20b/mcp']);
    expect(textOf(reply)).toContain('5 tools now, 2 can change things');
  });

  it('of a known client says its name without a warning', async () => {
    const { test } = await openServer();
    const reply = await test.authorize(KNOWN.id, { redirect_uri: KNOWN.redirect });
    expect(textOf(reply)).toContain('Allow Claude to use your tools?');
    expect(textOf(reply)).not.toContain('chose this name');
  });
});

describe('while pairing is closed', () => {
  it('the owner is told how to open it, and can try again', async () => {
    const test = await startServer();
    const reply = await test.authorize(await test.clientId());
    expect([reply.status, reply.headers.Location]).toEqual([403, undefined]);
    expect(textOf(reply)).toMatch(/Pairing is closed .* type: mcp-bridge pair Try again$/);
    const [, href = ''] = /href="([^"]+)"/.exec(reply.body) ?? [];
    const url = new URL(href.replaceAll('&#38;', '&'), ISSUER);
    expect([url.pathname, url.searchParams.get('redirect_uri')]).toEqual(['/authorize', REDIRECT]);
  });

  it('nothing else is looked at', async () => {
    const test = await startServer();
    expect((await test.get('/authorize')).status).toBe(403);
    expect((await test.get('/authorize', { client_id: ['a', 'b'] })).status).toBe(403);
  });
});
