import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIENT, ISSUER, REDIRECT, startServer, textOf } from './support.ts';

const request = (method: string, path: string) => ({
  method,
  path,
  query: new URLSearchParams(),
  headers: {},
  body: '',
});

describe('the authorization server', () => {
  it.each([
    ['/authorize', true],
    ['/token', true],
    ['/register', true],
    ['/revoke', true],
    ['/.well-known/oauth-protected-resource', true],
    ['/.well-known/oauth-protected-resource/mcp', true],
    ['/.well-known/oauth-authorization-server', true],
    ['/mcp', false],
    ['/', false],
    ['/authorize/', false],
    ['/Authorize', false],
    ['/constructor', false],
    ['/__proto__', false],
  ])('at %s: %s', async (path, serves) => {
    const { server } = await startServer();
    expect(server.serves(path)).toBe(serves);
    if (!serves) expect((await server.handle(request('GET', path))).status).toBe(404);
  });

  it.each([
    ['/authorize', ['PUT', 'DELETE', 'HEAD', 'OPTIONS'], 'GET, POST'],
    ['/token', ['GET', 'PUT', 'OPTIONS', 'constructor'], 'POST'],
    ['/register', ['GET', 'DELETE'], 'POST'],
    ['/revoke', ['GET'], 'POST'],
    ['/.well-known/oauth-protected-resource/mcp', ['POST', 'HEAD'], 'GET'],
    ['/.well-known/oauth-authorization-server', ['POST', 'DELETE'], 'GET'],
  ])('at %s says how it is asked, to %j', async (path, methods, allowed) => {
    const { server } = await startServer();
    for (const method of methods)
      expect(await server.handle(request(method, path))).toEqual({
        status: 405,
        headers: { Allow: allowed, 'Cache-Control': 'no-store' },
        body: '',
      });
  });

  it('says itself who issues tokens for its resources', async () => {
    const test = await startServer();
    expect(JSON.parse((await test.get('/.well-known/oauth-protected-resource')).body)).toMatchObject({
      resource: `${ISSUER}/mcp`,
      authorization_servers: [ISSUER],
      scopes_supported: ['mcp', 'mcp:read'],
    });
  });

  it('tells people what is wrong on a page, and programs in JSON', async () => {
    const test = await startServer();
    test.pairing.open();
    const page = await test.get('/authorize');
    expect([page.status, page.headers['Content-Type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect(textOf(page)).toContain('This cannot be done The parameter client_id is missing.');
    const json = await test.post('/token', {});
    expect([json.status, json.headers['Content-Type']]).toEqual([400, 'application/json']);
    expect(JSON.parse(json.body)).toEqual({
      error: 'invalid_request',
      error_description: 'The parameter grant_type is missing',
    });
  });

  it('rejects when it is not the stranger’s fault', async () => {
    const test = await startServer();
    test.pairing.open();
    await test.clients.register(CLIENT);
    await writeFile(join(test.folder, 'grants.json'), '{');
    const refusal = { name: 'BridgeError', code: 'STATE' };
    await expect(test.register({ redirect_uris: [REDIRECT] })).rejects.toMatchObject(refusal);
    await expect(test.post('/revoke', { token: 'x' })).rejects.toMatchObject(refusal);
    await rm(join(test.folder, 'grants.json'));
  });
});
