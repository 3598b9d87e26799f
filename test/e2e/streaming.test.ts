import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openSse, rawPost, type SseStream } from '../support/http.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

/** What no stream may be silent for, and a little more for a busy machine. Milliseconds. */
const SILENCE = 15_000 + 1500;
/** How long a stream may take to say its first word. Milliseconds. */
const FIRST_WORD = 1000;
/** For the 5 s after which a silent call streams, and the 15 s to the next comment. */
const TEST_LIMIT = 45_000;

let bridge: Bridge;
let session: RawSession;

beforeAll(async () => {
  bridge = await startBridge(['--stdio', fixtureLine('echo-server')]);
  session = await openRawSession(bridge.url, { capabilities: { roots: {} } });
});
afterAll(() => bridge.stop());

describe('the answer to a call', () => {
  it('is plain JSON while nothing precedes the result', async () => {
    const { headers, messages } = await session.post(1, 'tools/call', { name: 'echo', arguments: { message: 'hi' } });
    expect(headers['content-type']).toBe('application/json');
    expect(messages).toMatchObject([{ id: 1, result: { structuredContent: { message: 'hi' } } }]);
  });

  it('becomes a stream with the first progress, and brings all in order', async () => {
    const params = { name: 'progress', arguments: { steps: 5 }, _meta: { progressToken: 't' } };
    const { headers, messages } = await session.post(1, 'tools/call', params);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(messages.map((message) => message.params?.progress ?? message.id)).toEqual([1, 2, 3, 4, 5, 1]);
  });

  it('becomes a stream with the first log message', async () => {
    const params = { name: 'log', arguments: { level: 'error', message: 'look' } };
    const { messages } = await session.post('log', 'tools/call', params);
    expect(messages.map(({ id, method }) => method ?? id)).toEqual(['notifications/message', 'log']);
  });

  it('becomes a stream with the first question, and goes on when that is answered', async () => {
    const call = await session.stream('ask', 'tools/call', { name: 'ask', arguments: { kind: 'roots' } });
    const question = JSON.parse((await call.next(({ data }) => data !== '')).data);
    expect(question.method).toBe('roots/list');
    const roots = [{ uri: 'file:///here' }];
    expect((await session.send({ jsonrpc: '2.0', id: question.id, result: { roots } })).status).toBe(202);
    const { data } = await call.next(({ data }) => data !== '');
    expect(JSON.parse(data)).toMatchObject({ id: 'ask', result: { structuredContent: { roots } } });
  });

  it('streams from the start for a client that reads only streams', async () => {
    const { headers, messages } = await session.send(
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { accept: 'text/event-stream' },
    );
    expect(headers['content-type']).toBe('text/event-stream');
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  });
});

describe.concurrent('a stream with nothing to say', { timeout: TEST_LIMIT }, () => {
  it('is opened for a call after some 5 s, and then says something every 15 s', async ({ expect }) => {
    const began = performance.now();
    const call = await session.stream('silent', 'tools/call', { name: 'hang' });
    const waited = performance.now() - began;
    expect(waited).toBeGreaterThan(4500);
    expect(waited).toBeLessThan(8000);
    await expectSignsOfLife(call);
    call.close();
  });

  it('is opened for a call without a session as well', async ({ expect }) => {
    const params = { name: 'sleep', arguments: { ms: 7000 } };
    const call = await openSse(bridge.url, {}, { jsonrpc: '2.0', id: 7, method: 'tools/call', params });
    expect(call.headers['content-type']).toBe('text/event-stream');
    const { data } = await call.next((event) => event.data !== '');
    expect(JSON.parse(data)).toMatchObject({ id: 7, result: { structuredContent: { slept: 7000 } } });
  });

  it('is not opened for a client that reads only JSON', async ({ expect }) => {
    const params = { name: 'sleep', arguments: { ms: 7000 } };
    const body = { jsonrpc: '2.0', id: 7, method: 'tools/call', params };
    const { headers, messages } = await rawPost(bridge.url, body, { accept: 'application/json' });
    expect(headers['content-type']).toBe('application/json');
    expect(messages).toMatchObject([{ id: 7, result: { structuredContent: { slept: 7000 } } }]);
  });

  it('says something at once and every 15 s: the one of a session', async () => {
    const stream = await session.listen();
    await expectSignsOfLife(stream);
    stream.close();
  });

  it('says something at once and every 15 s: the one of SSE', async () => {
    const stream = await openSse(`${bridge.origin}/sse`);
    await expectSignsOfLife(stream);
    stream.close();
  });
});

/** Waits for the first bytes of a stream, and for a comment after them. */
async function expectSignsOfLife(stream: SseStream): Promise<void> {
  const opened = performance.now();
  await stream.next();
  expect(performance.now() - opened).toBeLessThan(FIRST_WORD);
  await stream.next(({ comment }) => comment !== undefined);
  expect(performance.now() - opened).toBeLessThan(SILENCE);
}
