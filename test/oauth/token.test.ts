import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OAuthReply } from '../../src/oauth/reply.ts';
import { pkce } from '../support/oauth/endpoints.ts';
import { type Fields, ISSUER, MINUTE, RESOURCE, startServer, type TestServer } from './support.ts';

const DOCUMENT = 'https://chatgpt.com/oauth/client.json';

/** A client with a code of the owner's. */
async function allowedClient(changes?: Fields): Promise<{ test: TestServer; id: string; code: string }> {
  const test = await startServer();
  const id = await test.clientId();
  return { test, id, code: await test.code(id, changes) };
}

async function linkedClient(): Promise<{ test: TestServer; id: string; code: string; tokens: Record<string, string> }> {
  const client = await allowedClient();
  const tokens = JSON.parse((await client.test.redeem(client.code, client.id)).body);
  return { ...client, tokens };
}

/** Status, error and description. */
function refusalIn({ status, body }: OAuthReply): unknown[] {
  const { error, error_description: description } = JSON.parse(body);
  return [status, error, description];
}

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

describe('a code', () => {
  it('is traded for tokens', async () => {
    const { test, id, code } = await allowedClient();
    const reply = await test.redeem(code, id);
    expect(reply.status).toBe(200);
    expect(reply.headers).toEqual({
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
    });
    const tokens = JSON.parse(reply.body);
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
      scope: 'mcp',
    });
    expect(test.grants.verify(tokens.access_token, RESOURCE)).toMatchObject({ readOnly: false });
    expect(test.lines.at(-1)).toBe('info  App is linked');
  });

  it('for reading only says so in its scope', async () => {
    const { test, id, code } = await allowedClient({ scope: 'mcp:read' });
    expect(JSON.parse((await test.redeem(code, id)).body)).toMatchObject({ scope: 'mcp:read' });
  });

  it('does without the redirect URI and the resource', async () => {
    const { test, id, code } = await allowedClient();
    expect((await test.redeem(code, id, { redirect_uri: undefined, resource: undefined })).status).toBe(200);
  });

  const FOREIGN = 'The code was issued to another client, or for another redirect_uri';
  const UNPROVED = 'The code_verifier does not belong to the code_challenge';
  it.each<[string, Fields, error: string, description: string]>([
    ['another client', { client_id: DOCUMENT }, 'invalid_grant', FOREIGN],
    ['another redirect URI', { redirect_uri: 'https://app.example/' }, 'invalid_grant', FOREIGN],
    ['another resource', { resource: `${ISSUER}/sse` }, 'invalid_target', 'The code was issued for another resource'],
    ['another verifier', { code_verifier: pkce().verifier }, 'invalid_grant', UNPROVED],
    ['a verifier that is too short', { code_verifier: 'short' }, 'invalid_grant', UNPROVED],
    ['a verifier with other characters', { code_verifier: '+'.repeat(43) }, 'invalid_grant', UNPROVED],
  ])('is lost when it comes with %s', async (_, changes, error, description) => {
    const { test, id, code } = await allowedClient();
    expect(refusalIn(await test.redeem(code, id, changes))).toEqual([400, error, description]);
    expect(refusalIn(await test.redeem(code, id))).toEqual([400, 'invalid_grant', expect.stringContaining('not good')]);
    expect(test.grants.all).toEqual([]);
  });

  it.each(['code', 'client_id', 'code_verifier'])('is not looked at without a %s', async (name) => {
    const { test, id, code } = await allowedClient();
    const description = `The parameter ${name} is missing`;
    const reply = await test.redeem(code, id, { [name]: undefined });
    expect(refusalIn(reply)).toEqual([400, 'invalid_request', description]);
    expect((await test.redeem(code, id)).status).toBe(200);
  });

  it.each(['grant_type', 'code', 'client_id', 'code_verifier', 'redirect_uri', 'resource'])(
    'is not looked at with two of %s',
    async (name) => {
      const { test, id, code } = await allowedClient();
      const reply = await test.redeem(code, id, { [name]: ['a', 'a'] });
      expect(refusalIn(reply)).toEqual([400, 'invalid_request', `The parameter ${name} comes more than once`]);
      expect((await test.redeem(code, id)).status).toBe(200);
    },
  );

  it('is good for a minute', async () => {
    const { test, id, code } = await allowedClient();
    test.clock.pass(MINUTE);
    expect((await test.redeem(code, id)).status).toBe(400);
  });

  it('that comes twice ends what it was traded for', async () => {
    const { test, id, code, tokens } = await linkedClient();
    expect(refusalIn(await test.redeem(code, id))).toEqual([400, 'invalid_grant', expect.stringContaining('not good')]);
    expect(test.grants.verify(tokens.access_token ?? '', RESOURCE)).toBeUndefined();
    expect(test.lines.at(-1)).toBe('warn  an authorization code came twice; its client is not linked any more');
  });

  it('that comes twice at once does so too', async () => {
    const { test, id, code } = await allowedClient();
    const [first, second] = await Promise.all([test.redeem(code, id), test.redeem(code, id)]);
    expect([first.status, second.status]).toEqual([200, 400]);
    expect(test.grants.all).toEqual([]);
  });

  it('that nobody has issued is not worth a word', async () => {
    const { test, id } = await linkedClient();
    const count = test.lines.length;
    expect((await test.redeem('made-up', id)).status).toBe(400);
    expect(test.lines).toHaveLength(count);
    expect(test.grants.all).toHaveLength(1);
  });
});

describe('a code_verifier', () => {
  const of = (length: number) => {
    const verifier = 'aZ0-._~'.repeat(19).slice(0, length);
    return { verifier, changes: { code_verifier: verifier } };
  };

  it.each([43, 128])('may have %i characters, of all kinds', async (length) => {
    const { verifier, changes } = of(length);
    const { test, id, code } = await allowedClient({ code_challenge: challengeOf(verifier) });
    expect((await test.redeem(code, id, changes)).status).toBe(200);
  });

  it.each([42, 129])('may not have %i', async (length) => {
    const { verifier, changes } = of(length);
    const { test, id, code } = await allowedClient({ code_challenge: challengeOf(verifier) });
    expect(refusalIn(await test.redeem(code, id, changes))[1]).toBe('invalid_grant');
  });
});

describe('a refresh token', () => {
  it('is traded for new ones', async () => {
    const { test, id, tokens } = await linkedClient();
    const fields = { grant_type: 'refresh_token', client_id: id, refresh_token: tokens.refresh_token };
    const reply = await test.post('/token', { ...fields, resource: RESOURCE, scope: 'mcp:read' });
    expect(JSON.parse(reply.body)).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'mcp:read' });
    const { access_token: token, refresh_token: next } = JSON.parse(reply.body);
    expect(test.grants.verify(token, RESOURCE)).toMatchObject({ readOnly: true });
    expect(next).not.toBe(tokens.refresh_token);
  });

  it.each<[string, Fields, unknown[]]>([
    ['is missing', { refresh_token: undefined }, [400, 'invalid_request', 'The parameter refresh_token is missing']],
    ['names no client', { client_id: undefined }, [400, 'invalid_request', 'The parameter client_id is missing']],
    [
      'is made up',
      { refresh_token: 'x' },
      [400, 'invalid_grant', 'The refresh token is not good here, or not any more; link again'],
    ],
    [
      'is another client’s',
      { client_id: DOCUMENT },
      [400, 'invalid_grant', 'The refresh token is not good here, or not any more; link again'],
    ],
    ['is for another resource', { resource: ISSUER }, [400, 'invalid_target', `The grant is for ${RESOURCE}`]],
    [
      'names two resources',
      { resource: ['a', 'b'] },
      [400, 'invalid_request', 'The parameter resource comes more than once'],
    ],
  ])('is refused when it %s, and still good', async (_, changes, refusal) => {
    const { test, id, tokens } = await linkedClient();
    const fields = { grant_type: 'refresh_token', client_id: id, refresh_token: tokens.refresh_token };
    expect(refusalIn(await test.post('/token', { ...fields, ...changes }))).toEqual(refusal);
    expect((await test.post('/token', fields)).status).toBe(200);
  });
});

describe('a client', () => {
  it.each(['authorization_code', 'refresh_token'])('whose registration is gone is told so, with %s', async (kind) => {
    const { test, id, tokens } = await linkedClient();
    await test.store.change((state) => ({ state: { ...state, clients: [] }, result: undefined }));
    const fields = { code: 'x', code_verifier: 'x', refresh_token: tokens.refresh_token, client_id: id };
    expect(refusalIn(await test.post('/token', { grant_type: kind, ...fields }))).toEqual([
      401,
      'invalid_client',
      'This client is not registered here, or not any more; register again',
    ]);
  });

  it.each<[string, Fields, Record<string, string>]>([
    ['a client_secret', { client_secret: 'x' }, {}],
    ['an empty client_secret', { client_secret: '' }, {}],
    ['a Basic header', {}, { authorization: 'Basic eDp5' }],
    ['a Bearer header', {}, { authorization: 'Bearer x' }],
  ])('that proves itself by %s takes us for somebody else', async (_, fields, headers) => {
    const { test } = await linkedClient();
    const reply = await test.post('/token', { grant_type: 'refresh_token', ...fields }, headers);
    expect(refusalIn(reply)).toEqual([401, 'invalid_client', expect.stringContaining('have no secrets here')]);
  });
});

it.each([
  [{ grant_type: 'password' }, [400, 'unsupported_grant_type', 'Served are authorization_code and refresh_token']],
  [{ grant_type: 'client_credentials' }, [400, 'unsupported_grant_type', expect.any(String)]],
  [{}, [400, 'invalid_request', 'The parameter grant_type is missing']],
])('other grants are refused: %j', async (fields, refusal) => {
  const test = await startServer();
  expect(refusalIn(await test.post('/token', fields))).toEqual(refusal);
});

it('nothing but a form is read', async () => {
  const test = await startServer();
  const reply = await test.post('/token', { grant_type: 'refresh_token' }, { 'content-type': 'application/json' });
  expect(refusalIn(reply)).toEqual([400, 'invalid_request', expect.stringContaining('x-www-form-urlencoded')]);
});
