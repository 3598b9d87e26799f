import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest, openRawSession, type RawSession } from './raw-session.ts';

const JSON_ONLY = ['application/json', 'application/*', 'application/json;q=0.5, text/html', 'APPLICATION/JSON'];
const STREAM_ONLY = ['text/event-stream', 'text/*', 'Text/Event-Stream; q=0.1'];
const EITHER = [undefined, '*/*', '', 'application/json, text/event-stream', 'text/html, */*;q=0.1'];
const NEITHER = ['text/html', 'image/png', 'application/xml', 'nonsense', 'application/jsonp'];

const CALL = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'progress', arguments: { steps: 2 }, _meta: { progressToken: 1 } },
};

let bridge: Bridge;
let session: RawSession;

beforeAll(async () => {
  bridge = await startBridge(['--stdio', fixtureLine('echo-server')]);
  session = await openRawSession(bridge.url);
});
afterAll(() => bridge.stop());

describe('a client that accepts', () => {
  it.each([...JSON_ONLY, ...STREAM_ONLY, ...EITHER])('%j opens a session and calls', async (accept) => {
    const opened = await rawPost(bridge.url, initializeRequest(), { accept });
    expect(opened.messages[0]?.result?.protocolVersion).toBe('2025-11-25');
    const headers = { accept, 'mcp-session-id': opened.headers['mcp-session-id'] as string };
    const { status, messages } = await rawPost(bridge.url, CALL, headers);
    expect(status).toBe(200);
    expect(messages.at(-1)).toMatchObject({ id: 1, result: { structuredContent: { steps: 2 } } });
  });

  it.each(JSON_ONLY)('%j gets JSON, even of a call that reports progress', async (accept) => {
    const { headers, messages } = await session.send(CALL, { accept });
    expect(headers['content-type']).toBe('application/json');
    expect(messages).toHaveLength(1);
  });

  it.each(STREAM_ONLY)('%j gets a stream, even of a request that is answered at once', async (accept) => {
    const { headers, text } = await session.send({ jsonrpc: '2.0', id: 1, method: 'ping' }, { accept });
    expect(headers['content-type']).toBe('text/event-stream');
    expect(text).toContain('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
  });

  it.each(EITHER)('%j gets the stream that the progress is for', async (accept) => {
    const { headers, messages } = await session.send(CALL, { accept });
    expect(headers['content-type']).toBe('text/event-stream');
    expect(messages).toHaveLength(3);
  });

  it.each(NEITHER)('%j alone gets 406', async (accept) => {
    const { status, messages } = await session.send(CALL, { accept });
    expect(status).toBe(406);
    expect(messages[0]?.error?.message).toContain('application/json or text/event-stream');
  });

  it.each([...JSON_ONLY, ...NEITHER])('%j cannot read the stream of a session: 406', async (accept) => {
    expect((await rawRequest('GET', bridge.url, { ...session.headers, accept })).status).toBe(406);
  });

  it.each(['application/json', 'text/event-stream', '*/*', undefined])(
    '%j is told of a notification that was taken, and of errors, alike',
    async (accept) => {
      const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
      expect(await session.send(notification, { accept })).toMatchObject({ status: 202, text: '' });
      expect((await session.send('{', { accept })).headers['content-type']).toBe('application/json');
    },
  );
});

describe('a client that reads only JSON', () => {
  it('finds what a call had to report on the stream of its session', async () => {
    const other = await openRawSession(bridge.url);
    const stream = await other.listen();
    await other.send(CALL, { accept: 'application/json' });
    for (const progress of [1, 2]) {
      const { data } = await stream.next((event) => event.data !== '');
      expect(JSON.parse(data)).toMatchObject({ method: 'notifications/progress', params: { progress } });
    }
    stream.close();
  });
});
