import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Quota } from '../../src/http/quota.ts';
import { rawRequest } from '../support/http.ts';
import {
  type AppOptions,
  echoSocket,
  nextText,
  openSocket,
  PUBLIC_ORIGIN,
  startApp,
  startMounted,
} from './mounted-apps.ts';

/** A server that takes web sockets, mounted twice: once with them and once without. */
async function startEcho(options: { auth?: boolean } & AppOptions = {}) {
  const { auth = false, ...rest } = options;
  const requests: IncomingMessage[] = [];
  const sockets: Duplex[] = [];
  const url = await startMounted(
    (_, response) => void response.end('no socket'),
    echoSocket((request, socket) => {
      requests.push(request);
      sockets.push(socket);
    }),
  );
  const app = await startApp(
    [
      { url: `${url}/root`, ws: true, auth, headers: { 'X-Key': 'ours' } },
      { path: '/plain', url },
    ],
    rest,
  );
  return { ...app, url, requests, sockets };
}

describe('a web socket', () => {
  it('leads to what is mounted, in both directions', async () => {
    const { origin, url, requests } = await startEcho();
    const { status, socket, answer } = await openSocket(`${origin}/app/hot?token=a`, { origin: PUBLIC_ORIGIN });
    expect(status).toBe(101);
    expect(await nextText(socket)).toBe('hello');
    socket?.write('there and back');
    expect(await nextText(socket)).toBe('there and back');
    expect(requests.map((request) => request.url)).toEqual(['/root/hot?token=a']);
    expect(requests[0]?.headers.origin).toBe(url);
    expect(answer.headers['set-cookie']).toEqual(['a=b; Path=/app']);
  });

  it('is opened without what was meant for the bridge, and with the headers of the mount', async () => {
    const { origin, url, requests } = await startEcho({ auth: true });
    const { status } = await openSocket(`${origin}/app`, {
      authorization: 'Bearer good',
      cookie: 'a=b',
      'x-openai-session': 'personal',
      'proxy-authorization': 'Basic eDp5',
      'x-key': 'theirs',
      'content-length': '5',
    });
    expect(status).toBe(101);
    expect(requests[0]?.headers).toEqual({
      host: new URL(url).host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'x-key': 'ours',
    });
  });

  it.each([
    ['/plain', 'that takes none'],
    ['/mcp', 'of the bridge'],
    ['/apples', "of nobody's"],
    ['/app/../plain', 'that leads out of a mount'],
  ])('is not served at %s, a path %s', async (path) => {
    const { port, requests } = await startEcho();
    const { status, body, answer } = await openSocket(`http://127.0.0.1:${port}${path}`);
    expect(status).toBe(404);
    expect(JSON.parse(body).error.message).toBe('No web socket is served at this path');
    expect(answer.headers.connection).toBe('close');
    expect(requests).toEqual([]);
  });

  it.each([{ host: 'evil.example' }, { origin: 'https://evil.example' }])('is refused to %o', async (headers) => {
    const { origin, requests } = await startEcho();
    for (const path of ['/app', '/plain']) expect((await openSocket(origin + path, headers)).status).toBe(403);
    expect(requests).toEqual([]);
  });

  it('is refused to those without a token that is good there, and to those that may only read', async () => {
    const { origin, requests } = await startEcho({ auth: true });
    const { status, answer } = await openSocket(`${origin}/app`);
    expect(status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(`${PUBLIC_ORIGIN}/metadata/app`);
    expect((await openSocket(`${origin}/app`, { authorization: 'Bearer bad' })).status).toBe(401);
    expect((await openSocket(`${origin}/app`, { authorization: 'Bearer reader' })).status).toBe(403);
    expect(requests).toEqual([]);
  });

  // Java's client asks for HTTP/2 with each request.
  it('is the only other protocol: requests for another are served like all others, one after the other', async () => {
    const { port, requests } = await startEcho();
    const warnings: Error[] = [];
    const warn = (warning: Error) => void warnings.push(warning);
    process.on('warning', warn);
    const socket = createConnection(port, '127.0.0.1');
    const headers = 'Host: localhost\r\nUpgrade: h2c\r\nContent-Length: 3\r\nConnection: Upgrade, HTTP2-Settings';
    for (let count = 0; count < 20; count++) {
      socket.write(`POST /app HTTP/1.1\r\n${headers}\r\n\r\nabc`);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
    socket.destroy();
    process.off('warning', warn);
    expect(requests).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('that is refused leaves no connection open', async () => {
    const { port } = await startEcho();
    const socket = createConnection(port, '127.0.0.1');
    socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 404 Not Found');
  });

  it('counts for as long as it is open', async () => {
    const { origin } = await startEcho({ auth: true, quota: new Quota({ perPrincipal: 1 }) });
    const authorization = 'Bearer good';
    const { socket } = await openSocket(`${origin}/app`, { authorization });
    expect((await openSocket(`${origin}/app`, { authorization })).status).toBe(429);
    socket?.destroy();
    await expect.poll(async () => (await openSocket(`${origin}/app`, { authorization })).status).toBe(101);
  });

  it('ends here when it ends there, and there when it ends here', async () => {
    const { origin, sockets } = await startEcho();
    const one = (await openSocket(`${origin}/app`)).socket;
    one?.resume().on('error', () => {});
    sockets[0]?.destroy();
    await once(one as Duplex, 'close');
    const other = (await openSocket(`${origin}/app`)).socket;
    other?.resetAndDestroy();
    await once(sockets[1] as Duplex, 'close');
  });

  it('ends without another word when the connection to what is mounted breaks', async () => {
    const { origin, sockets, lines } = await startEcho();
    const { socket } = await openSocket(`${origin}/app`);
    expect(await nextText(socket)).toBe('hello');
    (sockets[0] as Socket).resetAndDestroy();
    expect(await text(socket as Socket).catch(() => '')).toBe('');
    expect(lines).toEqual([]);
  });

  it('ends with the bridge', async () => {
    const { origin, close, sockets } = await startEcho();
    const { socket } = await openSocket(`${origin}/app`);
    socket?.resume().on('error', () => {});
    const gone = Promise.all([once(socket as Duplex, 'close'), once(sockets[0] as Duplex, 'close')]);
    await close();
    await gone;
  });

  it('ends when its client is let in no more', async () => {
    const { origin, mounts } = await startEcho({ auth: true });
    const { socket } = await openSocket(`${origin}/app`, { authorization: 'Bearer good' });
    socket?.resume().on('error', () => {});
    mounts.end('good');
    await once(socket as Duplex, 'close');
  });
});

describe('a mounted server that takes no web socket', () => {
  it('says so itself', async () => {
    const url = await startMounted((_, response) => {
      response.writeHead(426, { 'set-cookie': 'a=b; Domain=127.0.0.1', 'access-control-allow-origin': '*' });
      response.write('not ');
      response.end('here');
    });
    const { origin } = await startApp([{ url, ws: true }]);
    const { status, answer, body } = await openSocket(`${origin}/app`);
    expect([status, body]).toEqual([426, 'not here']);
    expect(answer.headers).toMatchObject({ connection: 'close', 'set-cookie': ['a=b; Path=/app'] });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('because nobody is there, is told apart from the bridge', async () => {
    const { origin, lines } = await startApp([{ url: 'http://127.0.0.1:9', ws: true }]);
    const { status, body } = await openSocket(`${origin}/app`);
    expect(status).toBe(502);
    expect(JSON.parse(body).error.message).toBe('What is mounted here cannot be reached');
    expect(lines).toHaveLength(1);
  });

  it('and says nothing, is waited for only so long', async () => {
    const url = await startMounted(
      () => {},
      (_, socket) => void socket.on('error', () => {}),
    );
    const { origin } = await startApp([{ url, ws: true }], { connectTimeout: 50 });
    expect((await openSocket(`${origin}/app`)).status).toBe(504);
  });
});

describe('without mounts that take web sockets', () => {
  it('requests for another protocol are served like all others', async () => {
    const url = await startMounted((_, response) => void response.end('mounted'));
    const { origin } = await startApp([{ url }]);
    for (const [path, body] of [
      ['/healthz', 'ok\n'],
      ['/app', 'mounted'],
    ]) {
      const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' };
      expect(await rawRequest('GET', `${origin}${path}`, headers)).toMatchObject({ status: 200, text: body });
    }
  });
});
