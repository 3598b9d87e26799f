import { describe, expect, it } from 'vitest';
import { createLocalApp, type LocalAppOptions } from '../../src/http/local-app.ts';
import { type Headers, rawRequest } from '../support/http.ts';
import { createGuard, serveApp } from './apps.ts';

const KEY = 'k'.repeat(43);

async function startApp(options: Partial<LocalAppOptions> = {}) {
  const app = createLocalApp({
    guard: createGuard(),
    status: () => ({ version: '1', servers: [] }),
    readiness: async () => ({ files: true }),
    pair: () => ({ code: 'K7QM-3XWP' }),
    key: KEY,
    ...options,
  });
  const { origin } = await serveApp(app);
  return (path: string, headers: Headers = {}, method = 'GET') => rawRequest(method, origin + path, headers);
}

it('shows that it lives, how things are, and who is ready', async () => {
  const ask = await startApp();
  for (const [path, body] of [
    ['/healthz', { status: 'ok' }],
    ['/status', { version: '1', servers: [] }],
    ['/status/?now', { version: '1', servers: [] }],
    ['/readyz', { ready: true, servers: { files: true } }],
  ] as const) {
    const answer = await ask(path);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
    expect(JSON.parse(answer.text)).toEqual(body);
  }
});

it('is not ready while one server is not, and names it', async () => {
  const ask = await startApp({ readiness: async () => ({ files: true, search: false }) });
  const { status, text } = await ask('/readyz');
  expect([status, JSON.parse(text)]).toEqual([503, { ready: false, servers: { files: true, search: false } }]);
});

it('is ready when there is no server to wait for', async () => {
  const ask = await startApp({ readiness: async () => ({}) });
  expect((await ask('/readyz')).status).toBe(200);
});

it('says which paths there are', async () => {
  const ask = await startApp();
  for (const path of ['/', '/mcp', '/status/x', '/constructor']) {
    const { status, text } = await ask(path);
    expect([status, JSON.parse(text).error.message]).toEqual([
      404,
      'Nothing is served at this path; there are /healthz, /status, /readyz, /pair',
    ]);
  }
});

it('is read with GET only', async () => {
  const ask = await startApp();
  for (const method of ['POST', 'DELETE', 'OPTIONS'])
    expect(await ask('/status', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
});

it('is not for web pages, nor for names that are not loopback’s', async () => {
  const ask = await startApp();
  expect((await ask('/status', { host: 'evil.example.com' })).status).toBe(403);
  expect((await ask('/status', { origin: 'https://evil.example.com' })).status).toBe(403);
  const { headers } = await ask('/status', { origin: 'http://localhost:3000' });
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

it('tells no reason when it fails', async () => {
  const fail = () => {
    throw new Error('a secret');
  };
  const ask = await startApp({ status: fail, readiness: async () => fail() });
  for (const path of ['/status', '/readyz']) {
    const { status, text } = await ask(path);
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  }
});

describe('a pairing window', () => {
  it('is opened for who knows the key', async () => {
    const ask = await startApp();
    for (const authorization of [`Bearer ${KEY}`, `bearer  ${KEY}`]) {
      const { status, headers, text } = await ask('/pair', { authorization }, 'POST');
      expect([status, headers['cache-control'], JSON.parse(text)]).toEqual([200, 'no-store', { code: 'K7QM-3XWP' }]);
    }
  });

  it.each([undefined, '', 'Bearer', 'Bearer wrong', `Bearer ${KEY}x`, `Bearer ${KEY.slice(1)}`, `Basic ${KEY}`, KEY])(
    'is not opened for who sends %j',
    async (authorization) => {
      let opened = 0;
      const ask = await startApp({ pair: () => ++opened });
      expect(await ask('/pair', { authorization }, 'POST')).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        messages: [{ error: { message: 'Only the owner may do this, with mcp-bridge pair' } }],
      });
      expect(opened).toBe(0);
    },
  );

  it('is not opened by looking, nor by a page of anywhere else', async () => {
    let opened = 0;
    const ask = await startApp({ pair: () => ++opened });
    const authorization = `Bearer ${KEY}`;
    for (const method of ['GET', 'PUT', 'OPTIONS'])
      expect(await ask('/pair', { authorization }, method)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    const origin = 'https://evil.example.com';
    expect((await ask('/pair', { authorization, origin }, 'POST')).status).toBe(403);
    expect((await ask('/pair', { authorization, host: 'evil.example.com' }, 'POST')).status).toBe(403);
    expect(opened).toBe(0);
  });

  it('is not what a bridge has that lets nobody in by a code', async () => {
    const ask = await startApp({ pair: () => undefined });
    const { status, text } = await ask('/pair', { authorization: `Bearer ${KEY}` }, 'POST');
    expect([status, JSON.parse(text)]).toEqual([
      409,
      { error: 'This bridge lets nobody in by a code: it runs without --auth oauth' },
    ]);
  });
});
