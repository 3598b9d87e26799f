import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSafeFetch, type SafeFetchOptions } from '../../src/oauth/safe-fetch.ts';
import { serveApp } from '../http/apps.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a document that is fetched', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/client+json'])(
    'may be of type %s',
    async (type) => {
      const { get } = await serve((_, response) => response.setHeader('Content-Type', type).end('{"a":["é"]}'));
      expect(await get('/client.json?x=1')).toEqual({ a: ['é'] });
    },
  );

  it('may have 16 KiB', async () => {
    const text = JSON.stringify('x'.repeat(16 * 1024 - 2));
    const { get } = await serve((_, response) => response.setHeader('Content-Type', 'application/json').end(text));
    expect(await get('/')).toHaveLength(16 * 1024 - 2);
  });

  it('is asked for by nobody in particular, and over a connection of its own', async () => {
    const requests: IncomingMessage[] = [];
    const { get } = await serve((request, response) => {
      requests.push(request);
      sendJson(response);
    });
    await get('/client.json');
    await get('/client.json');
    const [first, second] = requests;
    expect(first).toMatchObject({ method: 'GET', url: '/client.json' });
    expect(Object.keys(first?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(first?.headers.connection).toBe('close');
    expect(first?.socket).not.toBe(second?.socket);
  });

  it('does not come through a proxy of the environment', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])
      vi.stubEnv(name, 'http://127.0.0.1:9');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const { get } = await serve((_, response) => sendJson(response));
    expect(await get('/')).toEqual({ ok: true });
  });
});

describe('an answer that is not taken', () => {
  it.each<[why: string, RequestListener]>([
    ['was 301', (_, response) => response.writeHead(301, { Location: '/client.json' }).end()],
    ['was 302', (_, response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end()],
    ['was 204', (_, response) => response.writeHead(204).end()],
    ['was 404', (_, response) => response.writeHead(404, { 'Content-Type': 'application/json' }).end('{}')],
    ['text/html', (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('{}')],
    ['text/json', (_, response) => response.writeHead(200, { 'Content-Type': 'text/json' }).end('{}')],
    ['of no type', (_, response) => response.writeHead(200).end('{}')],
    ['well-formed', (_, response) => response.setHeader('Content-Type', 'application/json').end('{')],
    [
      'well-formed',
      (_, response) => response.setHeader('Content-Type', 'application/json').end(Buffer.of(34, 255, 34)),
    ],
    ['cannot be reached', (_, response) => response.destroy()],
  ])('%s', async (why, handler) => {
    const seen: (string | undefined)[] = [];
    const { get } = await serve((request, response) => {
      seen.push(request.url);
      handler(request, response);
    });
    await expect(get('/start')).rejects.toThrow(why);
    expect(seen).toEqual(['/start']);
  });

  it('is larger than 16 KiB; no more is read than that takes', async () => {
    let written = 0;
    let closed: Promise<unknown> | undefined;
    const { get } = await serve((_, response) => {
      response.setHeader('Content-Type', 'application/json');
      closed = once(response, 'close');
      const write = () => {
        while (!response.destroyed && response.write('"'.repeat(64 * 1024))) written += 64;
        response.once('drain', write);
      };
      write();
    });
    await expect(get('/')).rejects.toThrow('larger than 16 KiB');
    await closed;
    expect(written).toBeLessThan(64 * 1024);
  });

  it('is not waited for once it is refused', async () => {
    let closed: Promise<unknown> | undefined;
    const neverEnding: RequestListener = (_, response) => {
      closed = once(response, 'close');
      response.writeHead(404).write('{');
    };
    const { get } = await serve(neverEnding, { timeout: 600_000 });
    await expect(get('/')).rejects.toThrow('was 404');
    await closed;
  });

  it.each<[what: string, RequestListener]>([
    ['its head', () => {}],
    ['its body', (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).write('{')],
  ])('comes too slowly: the time is for all of it, %s included', async (_, handler) => {
    let closed: Promise<unknown> | undefined;
    const { get, port } = await serve(
      (request, response) => {
        closed = once(response, 'close');
        handler(request, response);
      },
      { timeout: 150 },
    );
    await expect(get('/')).rejects.toThrow(`127.0.0.1:${port} took longer than 150 ms`);
    await closed;
  });
});

describe('a URL that is not fetched', () => {
  it.each([
    ['http://docs.example/client.json', 'only https'],
    ['ftp://docs.example/client.json', 'only https'],
    ['file:///etc/passwd', 'only https'],
    ['https://docs.example:8443/client.json', 'usual port'],
    ['https://docs.example:22/client.json', 'usual port'],
    ['https://user@docs.example/client.json', 'user name'],
    ['https://:secret@docs.example/client.json', 'user name'],
    ['https://127.0.0.1/client.json', 'not on the public internet'],
    ['https://0x7f.1/client.json', 'not on the public internet'],
    ['https://2130706433/client.json', 'not on the public internet'],
    ['https://0/client.json', 'not on the public internet'],
    ['https://169.254.169.254/latest/meta-data/', 'not on the public internet'],
    ['https://192.168.1.1/client.json', 'not on the public internet'],
    ['https://[::1]/client.json', 'not on the public internet'],
    ['https://[::ffff:127.0.0.1]/client.json', 'not on the public internet'],
    ['https://[64:ff9b::7f00:1]/client.json', 'not on the public internet'],
    ['https://[fd00:ec2::254]/client.json', 'not on the public internet'],
  ])('%s: %s', async (url, why) => {
    const resolve = vi.fn();
    await expect(createSafeFetch({ resolve })(url)).rejects.toThrow(why);
    expect(resolve).not.toHaveBeenCalled();
  });
});

describe('a name', () => {
  it.each([
    ['loopback', [{ address: '127.0.0.1', family: 4 }]],
    ['the local network', [{ address: '192.168.1.1', family: 4 }]],
    ["a cloud's metadata", [{ address: '169.254.169.254', family: 4 }]],
    [
      'loopback twice',
      [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    ['nowhere', []],
  ])('that leads to %s is not connected to', async (_, addresses) => {
    const fetchJson = createSafeFetch({ resolve: async () => addresses });
    const refusal = 'docs.example cannot be reached: it has no address on the public internet';
    await expect(fetchJson('https://docs.example/client.json')).rejects.toThrow(refusal);
  });

  it('is looked up once, and only the addresses that were checked are connected to', async () => {
    const { port } = await serve((_, response) => sendJson(response));
    const addresses = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const resolve = vi.fn(async () => addresses);
    const isAllowed = vi.fn((address: string) => address === '127.0.0.1');
    const fetchJson = createSafeFetch({ resolve, isAllowed, exemptOrigin: `http://docs.example:${port}` });
    expect(await fetchJson(`http://docs.example:${port}/client.json`)).toEqual({ ok: true });
    expect(resolve.mock.calls).toEqual([['docs.example']]);
    expect(isAllowed.mock.calls.flat()).toContain('127.0.0.2');
  });

  it('that does not exist is told of', async () => {
    const resolve = async () => Promise.reject(new Error('getaddrinfo ENOTFOUND docs.example'));
    await expect(createSafeFetch({ resolve })('https://docs.example/x')).rejects.toThrow('ENOTFOUND docs.example');
  });

  it('whose look-up takes too long is given up', async () => {
    const resolve = () => new Promise<never>(() => {});
    const fetchJson = createSafeFetch({ resolve, timeout: 50 });
    await expect(fetchJson('https://docs.example/x')).rejects.toThrow('docs.example took longer than 50 ms');
  });

  it('of which no address answers is told of', async () => {
    const closed = await serveApp(() => {});
    await closed.close();
    const { port } = closed;
    const addresses = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const fetchJson = createSafeFetch({
      resolve: async () => addresses,
      isAllowed: () => true,
      exemptOrigin: `http://docs.example:${port}`,
    });
    await expect(fetchJson(`http://docs.example:${port}/`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the exempt origin', () => {
  it('exempts no other', async () => {
    const { get, origin, port } = await serve((_, response) => sendJson(response));
    expect(await get('/')).toEqual({ ok: true });
    const fetchJson = createSafeFetch({ exemptOrigin: origin });
    await expect(fetchJson(`http://localhost:${port}/`)).rejects.toThrow('only https');
  });
});

/** Serves at an exempt origin until the test ends. */
async function serve(handler: RequestListener, options: SafeFetchOptions = {}) {
  const { origin, port } = await serveApp(handler);
  const fetchJson = createSafeFetch({ ...options, exemptOrigin: origin });
  return { origin, port, get: (path: string) => fetchJson(origin + path) };
}

function sendJson(response: Parameters<RequestListener>[1]): void {
  response.setHeader('Content-Type', 'application/json').end('{"ok":true}');
}
