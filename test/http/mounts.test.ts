import { EventEmitter, once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSse, rawPost, rawRequest } from '../support/http.ts';
import { PUBLIC_ORIGIN, startApp, startMounted } from './mounted-apps.ts';

/** A server that says what it was asked. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function startMirror(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const url = await startMounted(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, url: path, headers, body: await text(request) });
    response.end('mirror');
  });
  return { url, seen };
}

/** A server that answers with these headers. */
function startAnswering(headers: Record<string, string | string[]>, status = 200): Promise<string> {
  return startMounted((_, response) => void response.writeHead(status, headers).end('answer'));
}

/** A server whose first answer is left to the test. */
async function startHolding(): Promise<{ url: string; asked: Promise<ServerResponse> }> {
  const requests = new EventEmitter();
  const asked = once(requests, 'request').then(([response]: ServerResponse[]) => response as ServerResponse);
  return { url: await startMounted((_, response) => void requests.emit('request', response)), asked };
}

describe('a path', () => {
  it.each([
    ['', '/app', '/'],
    ['', '/app/', '/'],
    ['', '/app?a=/b', '/?a=/b'],
    ['', '/app/x/y%2Fz?a=b', '/x/y%2Fz?a=b'],
    ['/app', '/app', '/app'],
    ['/app', '/app/', '/app/'],
    ['/app', '/app/@vite/client', '/app/@vite/client'],
    ['/mcp', '/app', '/mcp'],
    ['/mcp', '/app?a', '/mcp?a'],
  ])('of a mount at "%s" is asked for as %s and becomes %s', async (root, asked, there) => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url: url + root }]);
    expect(await rawRequest('GET', origin + asked)).toMatchObject({ status: 200, text: 'mirror' });
    expect(seen.map((each) => each.url)).toEqual([there]);
  });

  it('belongs to the mount that says most of it', async () => {
    const outer = await startMirror();
    const inner = await startMirror();
    const { origin } = await startApp([
      { path: '/', url: outer.url },
      { path: '/app/deep', url: inner.url },
      { path: '/app', url: `${outer.url}/named` },
    ]);
    for (const path of ['/app/deep', '/app/deep/er', '/app/deeper', '/apples', '/']) {
      expect((await rawRequest('GET', origin + path)).status).toBe(200);
    }
    expect(inner.seen.map(({ url }) => url)).toEqual(['/', '/er']);
    expect(outer.seen.map(({ url }) => url)).toEqual(['/named/deeper', '/apples', '/']);
  });

  it("is not taken from what is the bridge's own", async () => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ path: '/', url }]);
    const answers = await Promise.all(['/mcp', '/proof', '/healthz'].map((path) => rawRequest('GET', origin + path)));
    expect(answers.map((answer) => answer.text)).not.toContain('mirror');
    expect(seen).toEqual([]);
  });

  it.each([
    '/app/../admin',
    '/app/x/..',
    '/app/%2e%2E/admin',
    '/app/.%2e/admin',
    '/app/x%2f..%2f..%2fadmin',
    '/app/..\\admin',
    '/app/..;/admin',
    '/app/./x',
    '/apples',
    '/App',
    'http://h.example/app',
  ])('%s leads out of the mount and is refused', async (path) => {
    const { url, seen } = await startMirror();
    const { port } = await startApp([{ url: `${url}/inside` }]);
    expect(await statusLineOf(port, path)).toBe('HTTP/1.1 404 Not Found');
    expect(seen).toEqual([]);
  });

  it.each([
    '/app/admin/x',
    '/app//admin/x',
    '/app/\\admin/x',
    '/app/%61dmin/x',
    '/app/admin%2fx',
    '/app/ADMIN/x',
    '/app/admin;a=b/x',
  ])('%s does not lead past the token that the inner of two mounts asks for', async (path) => {
    const { url, seen } = await startMirror();
    const inner = { path: '/app/admin', url: `${url}/admin`, auth: true };
    const { port } = await startApp([{ url }, inner]);
    expect(await statusLineOf(port, path)).toMatch(/^HTTP\/1.1 40[14] /);
    expect(seen).toEqual([]);
  });

  it('is behind the secret one, unless it is open to everybody', async () => {
    const { url } = await startMirror();
    const { origin } = await startApp(
      [
        { url, auth: true },
        { path: '/open', url },
      ],
      { base: '/secret' },
    );
    const authorization = 'Bearer good';
    expect((await rawRequest('GET', `${origin}/app`, { authorization })).status).toBe(404);
    expect((await rawRequest('GET', `${origin}/secret/app/x`, { authorization })).status).toBe(200);
    expect((await rawRequest('GET', `${origin}/open`)).status).toBe(200);
  });
});

describe('what a mounted server is told', () => {
  const PRIVATE = {
    authorization: 'Bearer good',
    cookie: 'session=1',
    'x-openai-session': 'personal',
    'openai-subject': 'personal',
    'proxy-authorization': 'Basic eDp5',
    'proxy-connection': 'keep-alive',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'evil.example',
    forwarded: 'for=203.0.113.7',
    referer: `${PUBLIC_ORIGIN}/secret/app`,
  };

  it.each([
    ['', {}],
    [', not even of a request with Expect', { expect: '100-continue' }],
  ])('is nothing that was meant for the bridge%s', async (_, headers) => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url, auth: true }]);
    const answer = await rawPost(`${origin}/app`, 'body', { ...PRIVATE, ...headers });
    expect(answer.status).toBe(200);
    expect(seen).toHaveLength(1);
    for (const name of [...Object.keys(PRIVATE), 'expect']) expect(seen[0]?.headers).not.toHaveProperty(name);
  });

  it('is nothing that was meant for the connection', async () => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url }]);
    await rawRequest('GET', `${origin}/app`, {
      connection: 'keep-alive, X-Hop , upgrade',
      'x-hop': 'one',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      upgrade: 'h2c',
      'x-end': 'both',
    });
    expect(seen[0]?.headers).toEqual({ host: new URL(url).host, connection: 'close', 'x-end': 'both' });
  });

  it('are the headers of the mount, in place of those of the same name', async () => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url, headers: { Authorization: 'Bearer upstream', 'X-Key': 'ours' } }]);
    await rawRequest('GET', `${origin}/app`, {
      authorization: 'Bearer theirs',
      'x-key': 'theirs',
      'x-other': 'theirs',
    });
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer upstream',
      'x-key': 'ours',
      'x-other': 'theirs',
    });
  });

  it.each([
    ['its own origin for the public one', PUBLIC_ORIGIN, 'h.example', 'own'],
    ["its own origin for the one of the bridge's address", 'http://127.0.0.1:1234', '127.0.0.1:1234', 'own'],
    ['any other as it is', 'http://localhost:9999', '127.0.0.1:1234', 'http://localhost:9999'],
    ['none as none', undefined, '127.0.0.1:1234', undefined],
  ])('is %s', async (_, given, host, expected) => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url: `${url}/root` }]);
    expect((await rawRequest('GET', `${origin}/app`, { origin: given, host })).status).toBe(200);
    expect(seen[0]?.headers.origin).toBe(expected === 'own' ? url : expected);
    expect(seen[0]?.headers.host).toBe(new URL(url).host);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])('is the body of %s, byte for byte', async (method) => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url }]);
    const body = '{"a": 1.0,\r\n "\u00e9": 9007199254740993}';
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    expect((await rawRequest(method, `${origin}/app`, headers, body)).status).toBe(200);
    expect(seen).toMatchObject([{ method, body }]);
  });

  it.each(['POST', 'GET'])('is the body of %s while it is still being sent', async (method) => {
    const url = await startMounted((request, response) => void request.pipe(response));
    const { origin } = await startApp([{ url }]);
    const outgoing = open(`${origin}/app`, { method, agent: false, headers: { 'transfer-encoding': 'chunked' } });
    outgoing.write('first');
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(String((await once(answer, 'data'))[0])).toBe('first');
    outgoing.end('second');
    expect(await text(answer)).toBe('second');
  });

  it.each(['DELETE', 'OPTIONS'])('is never a second request, hidden in the body of %s', async (method) => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url }]);
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await rawRequest(method, `${origin}/app`, { 'transfer-encoding': 'chunked' }, hidden);
    expect(answer.status).toBe(411);
    expect(seen).toEqual([]);
  });
});

describe('what a mounted server answers', () => {
  it.each([
    ['', 'THERE/x?a#b', '/app/x?a#b'],
    ['', '/x', '/app/x'],
    ['', '/', '/app/'],
    ['', '//THAT/x', '/app/x'],
    ['', 'THERE//evil.example', '/app/evil.example'],
    ['', 'http://localhost:PORT/x', '/app/x'],
    ['', 'x/y', 'x/y'],
    ['', '?next', '?next'],
    ['', 'https://example.com/x', 'https://example.com/x'],
    ['', 'https://THAT/x', 'https://THAT/x'],
    ['/root', 'THERE/root/x', '/app/x'],
    ['/root', '/root', '/app'],
    ['/root', '/roots', undefined],
    ['/root', 'THERE/', undefined],
  ])('at "%s" with Location %s leads to %s', async (root, location, expected) => {
    let there = '';
    const named = (template: string) =>
      template.replace('THERE', there).replace('THAT', new URL(there).host).replace('PORT', new URL(there).port);
    there = await startMounted((_, response) => {
      response.writeHead(302, { location: named(location), 'content-location': named(location) }).end();
    });
    const { origin } = await startApp([{ url: there + root }]);
    const { status, headers } = await rawRequest('GET', `${origin}/app`);
    expect(status).toBe(302);
    const wanted = expected && named(expected);
    expect([headers.location, headers['content-location']]).toEqual([wanted, wanted]);
  });

  it('in cookies is for the mount alone', async () => {
    const cookies = [
      'a=b; Domain=127.0.0.1; Path=/; HttpOnly',
      'c=d; secure; domain=localhost',
      'e=f;PATH=/x;SameSite=Lax',
    ];
    const { origin } = await startApp([{ url: await startAnswering({ 'set-cookie': cookies }) }]);
    const { headers } = await rawRequest('GET', `${origin}/app`);
    expect(headers['set-cookie']).toEqual([
      'a=b; HttpOnly; Path=/app',
      'c=d; secure; Path=/app',
      'e=f;SameSite=Lax; Path=/app',
    ]);
  });

  it('is passed on, but for what would be about the whole origin or the connection', async () => {
    const url = await startAnswering({
      'access-control-allow-origin': '*',
      'alt-svc': 'h3=":443"',
      'clear-site-data': '"*"',
      connection: 'close, X-Hop',
      'x-hop': 'one',
      'keep-alive': 'timeout=1',
      'proxy-authenticate': 'Basic',
      'service-worker-allowed': '/',
      'strict-transport-security': 'max-age=1',
      'www-authenticate': 'Basic',
      etag: '"1"',
      vary: 'Accept',
    });
    const { origin } = await startApp([{ url }], { corsOrigins: ['https://page.example'] });
    const { headers, text: body } = await rawRequest('GET', `${origin}/app`, { origin: 'https://page.example' });
    const { date: _, ...others } = headers;
    expect(others).toEqual({
      'access-control-allow-origin': 'https://page.example',
      'access-control-expose-headers': 'Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate',
      connection: 'close',
      etag: '"1"',
      'transfer-encoding': 'chunked',
      vary: 'Origin, Accept',
      'x-content-type-options': 'nosniff',
    });
    expect(body).toBe('answer');
  });

  it('leaves the connection of the client open', async () => {
    const { origin, port } = await startApp([{ url: await startAnswering({ connection: 'close' }) }]);
    const socket = createConnection(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let all = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      all += chunk;
    });
    for (const count of [1, 2]) {
      socket.write(`GET /app HTTP/1.1\r\nHost: ${new URL(origin).host}\r\n\r\n`);
      await expect.poll(() => all.split('HTTP/1.1 200 OK').length - 1).toBe(count);
    }
  });

  it.each([
    ['GET', undefined],
    ['POST', {}],
  ])('to %s as a stream arrives event by event, even before the first', async (_, body) => {
    const { url, asked } = await startHolding();
    const { origin } = await startApp([{ url }]);
    const opening = openSse(`${origin}/app`, {}, body);
    const response = await asked;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const stream = await opening;
    expect(stream.headers['content-type']).toBe('text/event-stream');
    for (const data of ['one', 'two']) {
      response.write(`data: ${data}\n\n`);
      expect(await stream.next()).toMatchObject({ data });
    }
    stream.close();
    await once(response, 'close');
  });

  it('is awaited no more when the client has gone before it came', async () => {
    const { url, asked } = await startHolding();
    const { origin, lines } = await startApp([{ url }]);
    const outgoing = open(`${origin}/app`, { agent: false }).on('error', () => {});
    outgoing.end();
    const response = await asked;
    outgoing.destroy();
    await once(response, 'close');
    expect(lines).toEqual([]);
  });

  it('breaks off for the client too', async () => {
    const url = await startMounted((_, response) => {
      response.write('half', () => response.destroy());
    });
    const { origin } = await startApp([{ url }]);
    await expect(rawRequest('GET', `${origin}/app`)).rejects.toThrow('aborted');
  });

  it('is our own when it wants credentials of those whose credentials are good', async () => {
    const url = await startAnswering({ 'www-authenticate': 'Bearer resource_metadata="http://127.0.0.1/x"' }, 401);
    const { origin, lines } = await startApp([
      { url, auth: true },
      { path: '/open', url },
    ]);
    const { status, headers, messages } = await rawRequest('GET', `${origin}/app`, { authorization: 'Bearer good' });
    expect(status).toBe(502);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(messages[0]?.error?.message).toBe('What is mounted here does not let the bridge in');
    expect(lines).toEqual([expect.stringMatching(/mount \/app: .*give them in the `headers` of the mount$/)]);
    expect(await rawRequest('GET', `${origin}/open`)).toMatchObject({ status: 401, text: 'answer' });
  });
});

describe('a mounted server that does not answer', () => {
  it('is told apart from the bridge, by words that name nothing inside', async () => {
    const { origin, lines } = await startApp([{ url: 'http://localhost:9/secret' }]);
    const { status, headers, text: body } = await rawRequest('GET', `${origin}/app`);
    expect(status).toBe(502);
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'What is mounted here cannot be reached' },
    });
    expect(lines).toEqual([
      expect.stringMatching(/warn {2}mount \/app: no answer from http:\/\/localhost:9: ECONNREFUSED$/),
    ]);
  });

  it('is waited for only so long', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const { origin } = await startApp([{ url: `https://127.0.0.1:${port}` }], { connectTimeout: 50 });
    const { status, messages } = await rawRequest('GET', `${origin}/app`);
    expect(status).toBe(504);
    expect(messages[0]?.error?.message).toBe('What is mounted here does not answer in time');
  });

  it('but is connected may take its time', async () => {
    // By the clock, as that is what it is about: four times as long as a connection may take.
    const url = await startMounted((_, response) => void setTimeout(() => response.end('late'), 200));
    const { origin } = await startApp([{ url }], { connectTimeout: 50 });
    expect(await rawRequest('GET', `${origin}/app`)).toMatchObject({ status: 200, text: 'late' });
  });
});

describe('a mount', () => {
  it('asks for a token that is good for it', async () => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url, auth: true }]);
    for (const path of ['/app', '/app/deep/er']) {
      for (const headers of [{}, { authorization: 'Bearer bad' }]) {
        const answer = await rawPost(origin + path, 'not read', headers);
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toContain(`resource_metadata="${PUBLIC_ORIGIN}/metadata/app"`);
      }
    }
    expect(seen).toEqual([]);
    expect((await rawRequest('GET', `${origin}/app/x`, { authorization: 'Bearer good' })).status).toBe(200);
  });

  it('is not for clients that may only read, as nobody can tell what only reads', async () => {
    const { url, seen } = await startMirror();
    const { origin } = await startApp([{ url, auth: true }]);
    const { status, headers } = await rawRequest('GET', `${origin}/app`, { authorization: 'Bearer reader' });
    expect([status, headers['www-authenticate']]).toEqual([403, 'Bearer error="insufficient_scope"']);
    expect(seen).toEqual([]);
  });

  it.each([{ host: 'evil.example' }, { origin: 'https://evil.example' }])(
    'that is open to all is so only for those who mean it: %o is refused',
    async (headers) => {
      const { url, seen } = await startMirror();
      const { origin } = await startApp([{ url }]);
      expect((await rawRequest('GET', `${origin}/app`, headers)).status).toBe(403);
      expect(seen).toEqual([]);
    },
  );

  it('serves a client no longer than it is let in', async () => {
    const url = await startMounted((_, response) => void response.write(':\n\n'));
    const { origin, mounts } = await startApp([{ url, auth: true }]);
    const stream = await openSse(`${origin}/app`, { authorization: 'Bearer good' });
    await stream.next();
    mounts.end('somebody else');
    mounts.end('good');
    await expect(stream.next()).rejects.toThrow();
  });

  it('is a resource when it asks for tokens', async () => {
    const { mounts } = await startApp([
      { url: 'http://127.0.0.1:9', auth: true },
      { path: '/open', url: 'http://127.0.0.1:9' },
    ]);
    expect(mounts.resources).toEqual(['/app']);
  });
});

/** Of the answer to a path as it is; a URL would be put in order before it is sent. */
async function statusLineOf(port: number, path: string): Promise<string | undefined> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split('\r\n')[0];
}
