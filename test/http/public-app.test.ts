import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/downstream/endpoints.ts';
import type { GuardOptions } from '../../src/http/guard.ts';
import { createPublicApp, pathOf } from '../../src/http/public-app.ts';
import { createLog } from '../../src/log.ts';
import { type Headers, rawRequest } from '../support/http.ts';
import { createGuard, serveApp } from './apps.ts';

/** An app with two routes that say their names, and one that fails. */
async function startApp(guard: Partial<GuardOptions> = {}) {
  const lines: string[] = [];
  const endpoint = (serve: Endpoint['serve']): Endpoint => ({ resource: '/mcp', serve });
  const named = (name: string) =>
    endpoint((_, response) => void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(name));
  const routes = new Map<string, Endpoint>([
    ['/mcp', named('mcp')],
    ['/servers/my%20files%2F1/mcp', named('one server')],
    [
      '/broken',
      endpoint(() => {
        throw new Error('a secret');
      }),
    ],
  ]);
  const log = createLog({ level: 'debug', write: (line) => void lines.push(line) });
  const app = createPublicApp({ guard: createGuard(guard), routes, healthPaths: ['/healthz', '/up'], log });
  const { origin, port } = await serveApp(app);
  const ask = (path: string, headers: Headers = {}, method = 'GET') => rawRequest(method, origin + path, headers);
  return { ask, port, lines };
}

describe('a path', () => {
  it.each([
    ['/mcp', 'mcp'],
    ['/mcp/', 'mcp'],
    ['/mcp?key=a/b', 'mcp'],
    ['/mcp/?key=/', 'mcp'],
    ['/mc%70', 'mcp'],
    ['/servers/my%20files%2F1/mcp', 'one server'],
    ['/servers/my%20%66iles%2f1/mcp/', 'one server'],
    ['/healthz', 'ok\n'],
    ['/up?now', 'ok\n'],
  ])('%s is served', async (path, body) => {
    const { ask } = await startApp();
    expect(await ask(path)).toMatchObject({ status: 200, text: body });
  });

  it.each([
    '/',
    '/mcp/x',
    '/MCP',
    '/mcp//',
    '//mcp',
    '/servers/my%20files/1/mcp',
    '/%',
    '/%ff',
    '/constructor',
    '/?/mcp',
    '/status',
  ])('%s leads nowhere, and the answer says where MCP is', async (path) => {
    const { ask } = await startApp();
    const { status, messages } = await ask(path);
    expect(status).toBe(404);
    expect(messages).toEqual([
      {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32000, message: 'Nothing is served at this path; MCP is at /mcp' },
      },
    ]);
  });

  it('is logged without its query, which may hold a secret', async () => {
    const { ask, lines } = await startApp();
    await ask('/mcp?token=hidden');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/request method=GET path=\/mcp$/);
  });

  it('whose route fails is answered without the reason', async () => {
    const { ask } = await startApp();
    const { status, text: body } = await ask('/broken');
    expect(status).toBe(500);
    expect(JSON.parse(body).error).toEqual({ code: -32603, message: 'Internal error' });
  });

  it('is what stands before the query', () => {
    expect(['/', '/a', '/a/', '/a?b', '/a/?b/', '/?', '/a/b//'].map(pathOf)).toEqual([
      '/',
      '/a',
      '/a',
      '/a',
      '/a',
      '/',
      '/a/b/',
    ]);
  });
});

describe('a request that a browser was tricked into', () => {
  it.each<[string, Headers]>([
    ['Host', { host: 'evil.example.com' }],
    ['Origin', { origin: 'https://evil.example.com' }],
  ])('is refused by its %s at every path, with nothing that lets a page read the answer', async (name, headers) => {
    const { ask } = await startApp();
    for (const path of ['/mcp', '/healthz', '/nowhere']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await ask(path, headers, method);
        expect([answer.status, answer.text]).toEqual([403, expect.stringContaining(`unknown ${name}`)]);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  it.each([
    ['HTTP/1.0 without a Host', 'GET /mcp HTTP/1.0\r\n\r\n', 'HTTP/1.1 403 Forbidden'],
    ['HTTP/1.1 without a Host', 'GET /mcp HTTP/1.1\r\nConnection: close\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    [
      'HTTP/1.1 for another Host in the first of two',
      'GET /mcp HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 403 Forbidden',
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ])('or is %s, is refused', async (_, request, statusLine) => {
    const { port } = await startApp();
    const socket = createConnection(port, '127.0.0.1');
    socket.write(request);
    expect((await text(socket)).split('\r\n')[0]).toBe(statusLine);
  });
});
