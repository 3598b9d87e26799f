import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/downstream/endpoints.ts';
import { Gate, type Verifier } from '../../src/http/gate.ts';
import { createPublicApp, type PublicAppOptions, pathOf } from '../../src/http/public-app.ts';
import { createLog } from '../../src/log.ts';
import { type Headers, rawRequest } from '../support/http.ts';
import { createGuard, createOpenGate, PROOF, serveApp } from './apps.ts';

/** An app with two routes that say their names, and one that fails. */
function createApp(options: Partial<PublicAppOptions> = {}) {
  const lines: string[] = [];
  const endpoint = (serve: Endpoint['serve']): Endpoint => ({ resource: '/mcp', place: '', serve });
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
  const app = createPublicApp({
    guard: createGuard(),
    gate: createOpenGate(),
    routes,
    pages: undefined,
    proof: PROOF,
    healthPaths: ['/healthz', '/up'],
    isSecret: false,
    log,
    ...options,
  });
  return { app, lines };
}

async function startApp(options?: Partial<PublicAppOptions>) {
  const { app, lines } = createApp(options);
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

describe('a gate', () => {
  const createGate = (verify: Verifier['verify']) =>
    new Gate({
      verifiers: [{ verify }],
      origin: () => 'https://h.example',
      metadataUrl: () => undefined,
      scopeAt: () => '',
    });

  it('stands before every endpoint, for every method, and before the body', async () => {
    const { port } = await startApp({ gate: createGate(() => undefined) });
    for (const path of ['/mcp', '/mc%70', '/servers/my%20files%2F1/mcp', '/broken']) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        const socket = createConnection(port, '127.0.0.1');
        // The rest never comes.
        socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{`);
        const [answer] = await once(socket, 'data');
        socket.destroy();
        expect(String(answer)).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
        expect(String(answer)).toContain('\r\nWWW-Authenticate: Bearer\r\n');
      }
    }
  });

  it('stands before nothing else', async () => {
    const { ask } = await startApp({ gate: createGate(() => undefined) });
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask(PROOF.path)).text).toBe('proof');
    expect((await ask('/nowhere')).status).toBe(404);
  });

  it('asks about the resource of the endpoint, and says on whose behalf it is served', async () => {
    const asked: string[] = [];
    const principal = { id: 'ada', readOnly: true };
    const gate = createGate((token, resource) => {
      asked.push(`${token} ${resource}`);
      return principal;
    });
    const served: unknown[] = [];
    const routes = new Map<string, Endpoint>([
      [
        '/message',
        {
          resource: '/sse',
          place: '',
          serve: (_, response, who) => {
            served.push(who);
            response.end();
          },
        },
      ],
    ]);
    const { ask } = await startApp({ gate, routes });
    expect((await ask('/message', { authorization: 'Bearer good' })).status).toBe(200);
    expect([asked, served]).toEqual([['good https://h.example/sse'], [principal]]);
  });

  it('that takes long does not serve who has gone meanwhile', async () => {
    const events = new EventEmitter();
    const [asked, gone] = [once(events, 'asked'), once(events, 'gone')];
    const served: string[] = [];
    const serve = () => void served.push('served');
    const gate = createGate(async () => {
      events.emit('asked');
      await gone;
      setImmediate(() => events.emit('done'));
      return { id: 'ada', readOnly: false };
    });
    const { app } = createApp({ gate, routes: new Map([['/mcp', { resource: '/mcp', place: '', serve }]]) });
    const { port } = await serveApp((request, response) => {
      response.once('close', () => events.emit('gone'));
      app(request, response);
    });
    const socket = createConnection(port, '127.0.0.1');
    socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n');
    await asked;
    const done = once(events, 'done');
    socket.destroy();
    await done;
    expect(served).toEqual([]);
  });

  it('has room for 200 requests of a principal at once', async () => {
    const open: ServerResponse[] = [];
    const events = new EventEmitter();
    const full = once(events, 'full');
    const serve = (_: unknown, response: ServerResponse) => {
      if (open.push(response) === 200) events.emit('full');
    };
    const routes = new Map<string, Endpoint>([['/mcp', { resource: '/mcp', place: '', serve }]]);
    const { ask } = await startApp({ gate: createGate((id) => ({ id, readOnly: false })), routes });
    const under = Array.from({ length: 200 }, () => ask('/mcp', { authorization: 'Bearer ada' }));
    await full;
    expect(await ask('/mcp', { authorization: 'Bearer ada' })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
    });
    for (const response of open) response.end();
    await Promise.all(under);
  });
});

describe('pages', () => {
  const pages: PublicAppOptions['pages'] = {
    serves: (path) => path === '/authorize',
    handle: async ({ path, query }) => ({ status: 200, headers: {}, body: `${path} ${query}` }),
  };

  it('are served to whoever comes, at their paths', async () => {
    const { ask } = await startApp({ pages });
    expect(await ask('/authorize/?a=1')).toMatchObject({
      status: 200,
      headers: { 'x-content-type-options': 'nosniff' },
      text: '/authorize a=1',
    });
    expect((await ask('/token')).status).toBe(404);
  });

  it('are not served where there are none, nor to who was tricked', async () => {
    expect((await (await startApp()).ask('/authorize')).status).toBe(404);
    const { ask } = await startApp({ pages });
    expect((await ask('/authorize', { origin: 'https://evil.example.com' })).status).toBe(403);
  });

  it('do not take the place of an endpoint or of a health answer', async () => {
    const { ask } = await startApp({ pages: { ...pages, serves: () => true } });
    expect([(await ask('/mcp')).text, (await ask('/up')).text]).toEqual(['mcp', 'ok\n']);
  });
});

it('a path that is a secret is neither logged nor told', async () => {
  const { ask, lines } = await startApp({ isSecret: true });
  await ask('/mcp');
  const { messages } = await ask('/nowhere');
  expect(messages[0]?.error?.message).toBe('Nothing is served at this path');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/request method=GET$/);
});
