import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sendError } from '../../src/downstream/http-error.ts';
import { PageServer, type Pages } from '../../src/http/pages.ts';
import { createLog } from '../../src/log.ts';
import type { OAuthRequest } from '../../src/oauth/reply.ts';
import { rawRequest } from '../support/http.ts';
import { serveApp } from './apps.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Serves pages, and keeps what they are asked. */
async function startPages(handle: Pages['handle'] = async () => ({ status: 200, headers: {}, body: '' })) {
  const asked: OAuthRequest[] = [];
  const lines: string[] = [];
  const pages: Pages = {
    serves: (path) => path === '/page',
    handle(request) {
      asked.push(request);
      return handle(request);
    },
  };
  const server = new PageServer(pages, createLog({ write: (line) => void lines.push(line) }));
  const events = new EventEmitter();
  const arrived = once(events, 'request');
  const { origin, port } = await serveApp((request, response) => {
    server.serve(request, response, '/page').catch((error) => sendError(response, error));
    events.emit('request');
  });
  return { asked, lines, server, arrived, port, url: `${origin}/page` };
}

describe('a page', () => {
  it('is asked in plain values', async () => {
    const { asked, url } = await startPages();
    await rawRequest('POST', `${url}?a=1&b=%C3%A9+x&a=2`, { 'x-own': 'y' }, 'a body with é');
    expect(asked).toMatchObject([{ method: 'POST', path: '/page', headers: { 'x-own': 'y' }, body: 'a body with é' }]);
    expect([...(asked[0]?.query ?? [])]).toEqual([
      ['a', '1'],
      ['b', 'é x'],
      ['a', '2'],
    ]);
  });

  it('has no query where there is none', async () => {
    const { asked, url } = await startPages();
    await rawRequest('GET', url);
    await rawRequest('GET', `${url}?`);
    expect(asked.map(({ query, body }) => [query.size, body])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  it('is sent as it was answered', async () => {
    const reply = { status: 303, headers: { Location: 'https://app.example/?a=1', 'X-Own': 'z' }, body: 'gone é' };
    const { url } = await startPages(async () => reply);
    expect(await rawRequest('GET', url)).toMatchObject({
      status: 303,
      headers: { location: 'https://app.example/?a=1', 'x-own': 'z' },
      text: 'gone é',
    });
  });

  it('is served at its own paths', async () => {
    const { server } = await startPages();
    expect([server.serves('/page'), server.serves('/mcp')]).toEqual([true, false]);
  });

  it('that fails tells the owner why, and nobody else', async () => {
    const { lines, url } = await startPages(() => Promise.reject(new Error('the disk is full')));
    const { status, headers, text: body } = await rawRequest('POST', `${url}?code=secret`);
    expect([status, headers['cache-control'], JSON.parse(body)]).toEqual([
      503,
      'no-store',
      { error: 'temporarily_unavailable' },
    ]);
    expect(lines).toEqual([expect.stringMatching(/ error \/page: the disk is full$/)]);
  });
});

describe('a body', () => {
  it('may have 16 KiB and no more', async () => {
    const { asked, url } = await startPages();
    expect((await rawRequest('POST', url, {}, 'x'.repeat(16 * 1024))).status).toBe(200);
    expect((await rawRequest('POST', url, {}, 'x'.repeat(16 * 1024 + 1))).status).toBe(413);
    expect((await rawRequest('POST', url, { 'transfer-encoding': 'chunked' }, 'x'.repeat(20_000))).status).toBe(413);
    expect(asked).toHaveLength(1);
  });

  it('is text', async () => {
    const { asked, url } = await startPages();
    expect((await rawRequest('POST', url, {}, Buffer.of(0xff))).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it('has to be there after ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { asked, arrived, port } = await startPages();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}); // It is cut.
    socket.write('POST /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nslow');
    const ended = text(socket).catch(() => '');
    await arrived;
    vi.advanceTimersByTime(9999);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await ended).toBe('');
    expect(asked).toEqual([]);
  });

  it('that is there in time leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { url } = await startPages();
    expect((await rawRequest('POST', url, {}, 'x')).status).toBe(200);
    expect(vi.getTimerCount()).toBe(0);
  });
});
