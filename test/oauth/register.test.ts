import { describe, expect, it } from 'vitest';
import { MINUTE, REDIRECT, startServer, type TestServer } from './support.ts';

async function openServer(): Promise<TestServer> {
  const test = await startServer();
  test.pairing.open();
  return test;
}

describe('a client that describes itself', () => {
  it('gets an id, and is told what is made of its words', async () => {
    const test = await openServer();
    const redirectUris = [REDIRECT, 'http://127.0.0.1/callback', 'cursor://x/callback'];
    const reply = await test.register({
      redirect_uris: redirectUris,
      client_name: 'My App',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['implicit'],
      scope: 'everything',
      jwks: {},
    });
    expect([reply.status, reply.headers['Cache-Control']]).toEqual([201, 'no-store']);
    const answer = JSON.parse(reply.body);
    expect(answer).toEqual({
      client_id: expect.stringMatching(/^[\w-]{22}$/),
      client_id_issued_at: test.clock.now() / 1000,
      client_name: 'My App',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    expect(await test.clients.find(answer.client_id)).toMatchObject({ name: 'My App', redirectUris, isKnown: false });
  });

  it.each([
    [undefined, 'A client without a name'],
    ['', 'A client without a name'],
    ['\u202e \u200b', 'A client without a name'],
    ['  two\nlines\u202e', 'two lines'],
    ['x'.repeat(100), `${'x'.repeat(79)}…`],
  ])('under the name %j is called %j', async (given, name) => {
    const test = await openServer();
    const { body } = await test.register({ redirect_uris: [REDIRECT], client_name: given });
    expect(JSON.parse(body).client_name).toBe(name);
  });

  it('is told a time in whole seconds', async () => {
    const test = await openServer();
    test.clock.pass(999);
    const { body } = await test.register({ redirect_uris: [REDIRECT] });
    expect(JSON.parse(body).client_id_issued_at).toBe((test.clock.now() - 999) / 1000);
  });
});

describe('metadata that is not in order', () => {
  it.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    {},
    { redirect_uris: [] },
    { redirect_uris: REDIRECT },
    { redirect_uris: [1] },
    { redirect_uris: Array(11).fill(REDIRECT) },
    { redirect_uris: [REDIRECT], client_name: 1 },
    { redirect_uris: [REDIRECT], client_name: null },
    '{"__proto__":{"redirect_uris":["https://app.example/"]}}',
  ])('is refused: %j', async (metadata) => {
    const test = await openServer();
    const { status, body } = await test.register(metadata);
    expect([status, JSON.parse(body).error]).toEqual([400, 'invalid_client_metadata']);
    expect(test.store.state.clients).toEqual([]);
  });

  it('is refused for the first redirect URI that leads where nobody is sent', async () => {
    const test = await openServer();
    const { status, body } = await test.register({ redirect_uris: [REDIRECT, 'http://evil.example/', 'javascript:x'] });
    expect([status, JSON.parse(body)]).toEqual([
      400,
      {
        error: 'invalid_redirect_uri',
        error_description: 'A redirect URI uses https, or leads to http://127.0.0.1, http://[::1] or http://localhost',
      },
    ]);
    expect(test.store.state.clients).toEqual([]);
  });

  it('does not count as a registration', async () => {
    const test = await openServer();
    for (let count = 0; count < 25; count += 1) await test.register({ redirect_uris: count % 2 ? [] : ['x:'] });
    expect((await test.register({ redirect_uris: Array(10).fill(REDIRECT) })).status).toBe(201);
  });
});

describe('a registration', () => {
  it('is not taken while pairing is closed, whatever it says', async () => {
    const test = await startServer();
    for (const metadata of [{ redirect_uris: [REDIRECT] }, '{']) {
      const { status, body } = await test.register(metadata);
      expect([status, JSON.parse(body)]).toEqual([
        403,
        {
          error: 'access_denied',
          error_description: 'Pairing is closed. Run "mcp-bridge pair" on the computer, then try again',
        },
      ]);
    }
    test.pairing.open();
    test.clock.pass(10 * MINUTE);
    expect((await test.register({ redirect_uris: [REDIRECT] })).status).toBe(403);
  });

  it('is one of 20 in a window', async () => {
    const test = await openServer();
    const statuses: number[] = [];
    for (let count = 0; count < 21; count += 1)
      statuses.push((await test.register({ redirect_uris: [REDIRECT] })).status);
    expect(statuses).toEqual([...Array(20).fill(201), 503]);
    expect(test.store.state.clients).toHaveLength(20);
    test.pairing.open();
    expect((await test.register({ redirect_uris: [REDIRECT] })).status).toBe(201);
  });
});
