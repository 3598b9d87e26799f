import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { type RawAnswer, rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest } from './raw-session.ts';

const ECHO = ['--stdio', fixtureLine('echo-server', '--tools', 'echo')];
const APP = 'https://app.example.com';
const LOCAL = 'http://localhost:5173';
const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type, mcp-session-id, mcp-protocol-version, authorization',
};

const ask = (bridge: Bridge, origin: string | undefined) => rawPost(bridge.url, initializeRequest(), { origin });
const preflight = (bridge: Bridge, origin: string) => rawRequest('OPTIONS', bridge.url, { ...PREFLIGHT, origin });
const corsHeaders = ({ headers }: RawAnswer) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control'));

describe('without --cors', () => {
  it('no page can read an answer, and only this machine’s may ask', async () => {
    await using bridge = await startBridge(ECHO);
    const own = await ask(bridge, LOCAL);
    expect([own.status, corsHeaders(own)]).toEqual([200, []]);
    const foreign = await ask(bridge, APP);
    expect([foreign.status, corsHeaders(foreign)]).toEqual([403, []]);
    expect(foreign.headers).not.toHaveProperty('mcp-session-id');
    for (const origin of [LOCAL, APP]) {
      const answer = await preflight(bridge, origin);
      expect([answer.status === 204, corsHeaders(answer)]).toEqual([false, []]);
    }
  });
});

describe('with --cors', () => {
  it('pages of the origins it names can ask and read, and no others', async () => {
    await using bridge = await startBridge([...ECHO, '--cors', `${APP},https://other.example.com`]);
    const answer = await ask(bridge, APP);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Origin' });
    expect(answer.headers['access-control-expose-headers']).toMatch(/Mcp-Session-Id/i);
    expect(answer.headers['access-control-expose-headers']).toMatch(/WWW-Authenticate/i);
    for (const origin of [
      'https://evil.example.com',
      'http://app.example.com',
      `${APP}.evil.com`,
      'null',
      `${APP}:8443`,
    ])
      expect((await ask(bridge, origin)).status).toBe(403);
  });

  it('preflights are answered, for all that the transports need', async () => {
    await using bridge = await startBridge([...ECHO, '--cors', APP]);
    const { status, headers, text } = await preflight(bridge, APP);
    expect([status, text]).toEqual([204, '']);
    expect(headers['access-control-allow-origin']).toBe(APP);
    for (const method of ['GET', 'POST', 'DELETE']) expect(headers['access-control-allow-methods']).toContain(method);
    expect(headers['access-control-allow-headers']).toBe(PREFLIGHT['access-control-request-headers']);
    expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
    expect((await preflight(bridge, 'https://evil.example.com')).status).toBe(403);
  });

  it('errors can be read as well, and so can SSE', async () => {
    await using bridge = await startBridge([...ECHO, '--cors', APP]);
    const lost = await rawPost(bridge.url, initializeRequest(), { origin: APP, 'content-type': 'text/plain' });
    expect([lost.status, lost.headers['access-control-allow-origin']]).toEqual([415, APP]);
    const sse = await rawRequest('OPTIONS', `${bridge.origin}/message`, { ...PREFLIGHT, origin: APP });
    expect([sse.status, sse.headers['access-control-allow-origin']]).toEqual([204, APP]);
  });

  it('alone means the pages of this machine', async () => {
    await using bridge = await startBridge([...ECHO, '--cors']);
    for (const origin of [LOCAL, 'http://127.0.0.1:3000', 'http://[::1]:3000', 'https://localhost'])
      expect((await ask(bridge, origin)).headers['access-control-allow-origin']).toBe(origin);
    expect((await ask(bridge, APP)).status).toBe(403);
    expect((await ask(bridge, 'https://localhost.evil.com')).status).toBe(403);
  });

  it('"*" means every page', async () => {
    await using bridge = await startBridge([...ECHO, '--cors', '*']);
    for (const origin of [APP, LOCAL, 'null']) {
      const { status, headers } = await ask(bridge, origin);
      expect([status, headers['access-control-allow-origin']]).toEqual([200, origin]);
    }
  });

  it('nothing changes for who is no page', async () => {
    await using bridge = await startBridge([...ECHO, '--cors', APP]);
    const answer = await ask(bridge, undefined);
    expect([answer.status, corsHeaders(answer)]).toEqual([200, []]);
  });
});

describe('a Host', () => {
  it.each([
    'evil.example.com',
    'localhost.evil.com',
    '192.168.0.1',
    '0.0.0.0',
    '127.0.0.1.evil.com',
    'a b',
    '127.0.0.1@evil.com',
  ])('that is foreign is 403: %j', async (host) => {
    await using bridge = await startBridge(ECHO);
    for (const path of ['/mcp', '/sse', '/message', '/servers/echo-server/mcp', '/nothing'])
      expect((await withHost(bridge.origin + path, host)).status).toBe(403);
    expect((await withHost(`${bridge.localUrl}/status`, host)).status).toBe(403);
  });

  it.each(['localhost', 'LOCALHOST:1234', '127.0.0.1', '[::1]:80', '127.1.2.3', 'app.localhost'])(
    'that can only be this machine is served: %s',
    async (host) => {
      await using bridge = await startBridge(ECHO);
      expect((await withHost(bridge.url, host)).status).toBe(405);
    },
  );

  it('that was named with --allowed-host is served', async () => {
    await using bridge = await startBridge([...ECHO, '--allowed-host', 'bridge.example.com']);
    expect((await withHost(bridge.url, 'bridge.example.com')).status).toBe(405);
    expect((await withHost(bridge.url, 'Bridge.Example.Com:443')).status).toBe(405);
    expect((await withHost(bridge.url, 'other.example.com')).status).toBe(403);
    const own = await rawPost(bridge.url, initializeRequest(), { origin: 'https://bridge.example.com' });
    expect(own.status).toBe(200);
  });
});

/** A GET under another name than the URL's. */
function withHost(url: string, host: string): Promise<{ status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers: { host, accept: 'text/event-stream' } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode });
      sent.destroy();
    });
    sent.once('error', reject).end();
  });
}
