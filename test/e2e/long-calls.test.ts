import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { describeTransports, type Open } from '../support/transports.ts';
import { RAW_OPENERS } from './raw-peer.ts';
import { openRawSession } from './raw-session.ts';

/** Longer than the minute after which other bridges give up. Milliseconds. */
const LONG = 62_000;
const ECHO = ['--stdio', fixtureLine('echo-server')];

/** The long calls, by how they are made. They begin before the other tests of this file and are waited for after them. */
const callers = new Map<string, () => Promise<unknown>>();
const calls = new Map<string, Promise<unknown>>();

beforeAll(() => {
  for (const [way, call] of callers) calls.set(way, call());
});
afterAll(() => Promise.allSettled(calls.values()));

describe.each(Object.entries(RAW_OPENERS))('progress, over %s,', (_, open) => {
  it('comes in order, before the result, with the token of the caller', async () => {
    await using peer = await open(ECHO);
    for (const token of ['"text"', '7', '"7"', '0', '""', '9007199254740993', '1.0']) {
      const params = `{"name":"progress","arguments":{"steps":5,"ms":1},"_meta":{"progressToken":${token}}}`;
      const messages = await peer.request('tools/call', params);
      const told = messages.slice(0, -1);
      expect(told.map((text) => JSON.parse(text).params.progress)).toEqual([1, 2, 3, 4, 5]);
      for (const text of told) expect(text).toContain(`"progressToken":${token},`);
    }
  });
});

describe('progress', () => {
  it('of two calls of one client with the tokens 1 and "1" is not mixed up', async () => {
    await using bridge = await startBridge(ECHO);
    const session = await openRawSession(bridge.url);
    const call = (progressToken: number | string) =>
      session.post('same id', 'tools/call', {
        name: 'progress',
        arguments: { steps: 10, ms: 5, label: `${typeof progressToken}` },
        _meta: { progressToken },
      });
    for (const [index, { messages }] of (await Promise.all([call(1), call('1')])).entries()) {
      const [token, label] = index === 0 ? [1, 'number'] : ['1', 'string'];
      const expected = { progressToken: token, message: label };
      expect(messages.slice(0, -1).map(({ params }) => params)).toMatchObject(Array(10).fill(expected));
    }
  });

  it('that was not asked for does not come', async () => {
    await using bridge = await startBridge(ECHO);
    const session = await openRawSession(bridge.url);
    const { messages } = await session.post(1, 'tools/call', { name: 'progress' });
    expect(messages).toHaveLength(1);
  });
});

describeTransports('cancellation', (open) => {
  it('reaches the server, for this call alone', async () => {
    await using peer = await open(ECHO);
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const given = peer.client.callTool({ name: 'hang', arguments: { mark: 'given up' } }, undefined, options);
    const kept = peer.client.callTool({ name: 'sleep', arguments: { ms: 1500 } });
    await peer.client.callTool({ name: 'pid' });
    controller.abort('no longer needed');
    await expect(given).rejects.toThrow('no longer needed');
    const cancelled = async () => (await peer.client.callTool({ name: 'cancelled' })).structuredContent;
    await expect.poll(cancelled, EVENTUALLY).toMatchObject({ cancelled: [{ arguments: { mark: 'given up' } }] });
    expect((await kept).structuredContent).toEqual({ slept: 1500 });
  });
});

describe('cancellation', () => {
  it('of a request that is not there, or done, is nobody’s business', async () => {
    await using bridge = await startBridge(ECHO);
    const session = await openRawSession(bridge.url);
    const other = await openRawSession(bridge.url);
    const call = other.call(5, 'sleep', { ms: 500 });
    for (const requestId of [4, 5, '5', null, {}]) {
      const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } };
      expect((await session.send(cancelled)).status).toBe(202);
    }
    expect((await call).result?.structuredContent).toEqual({ slept: 500 });
    expect((await session.call(1, 'cancelled')).result?.structuredContent).toEqual({ cancelled: [] });
  });
});

describe('--call-timeout', () => {
  it('ends a call with an error that names server and time, cancels it there, and leaves others alone', async () => {
    await using bridge = await startBridge([
      '--stdio',
      `slow=${fixtureLine('echo-server')}`,
      '--call-timeout',
      '700ms',
    ]);
    const session = await openRawSession(bridge.url);
    const [late, early] = await Promise.all([
      session.call('late', 'hang', { mark: 'late' }),
      session.call('early', 'sleep', { ms: 200 }),
    ]);
    expect(late.error).toMatchObject({ code: -32001, message: 'slow: no answer within 700 ms' });
    expect(early.result?.structuredContent).toEqual({ slept: 200 });
    const cancelled = async () => (await session.call(1, 'cancelled')).result?.structuredContent;
    await expect.poll(cancelled, EVENTUALLY).toMatchObject({ cancelled: [{ arguments: { mark: 'late' } }] });
  });

  it('may be set for one server in the config', async () => {
    const mcpServers = { brief: { ...fixture('echo-server'), callTimeout: '200ms' }, patient: fixture('echo-server') };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const session = await openRawSession(bridge.url);
    expect((await session.call(1, 'brief__sleep', { ms: 400 })).error?.code).toBe(-32001);
    expect((await session.call(2, 'patient__sleep', { ms: 400 })).error).toBeUndefined();
  });
});

describe('--start-timeout', () => {
  const slow = ['--stdio', `slow=${fixtureLine('echo-server', '--start-delay', '1500')}`];

  it('is separate from --call-timeout: a first call waits for the start', async () => {
    await using bridge = await startBridge([...slow, '--lazy', '--call-timeout', '500ms']);
    await using peer = await connectHttp(bridge.url);
    expect((await peer.client.callTool({ name: 'pid' })).structuredContent).toBeDefined();
  });

  it('ends the wait with an error that names server and time', async () => {
    await using bridge = await startBridge([...slow, '--start-timeout', '300ms']);
    await expect(connectHttp(bridge.url)).rejects.toThrow('slow: no answer to initialize within 300 ms');
  });
});

describe('a call that is silent for longer than a minute', { timeout: 2 * LONG }, () => {
  describeTransports('is answered', (open, transport) => {
    callers.set(transport, () => sleepLong(open));
    it('in the end', async () => {
      expect(await calls.get(transport)).toEqual({ slept: LONG });
    });
  });

  callers.set('no session', sleepLongWithoutSession);
  it('is answered without a session as well', async () => {
    expect(await calls.get('no session')).toEqual({ slept: LONG });
  });
});

async function sleepLong(open: Open): Promise<unknown> {
  await using peer = await open(ECHO);
  const patience = { timeout: 2 * LONG };
  const { structuredContent } = await peer.client.callTool(
    { name: 'sleep', arguments: { ms: LONG } },
    undefined,
    patience,
  );
  return structuredContent;
}

async function sleepLongWithoutSession(): Promise<unknown> {
  await using bridge = await startBridge(ECHO);
  const params = { name: 'sleep', arguments: { ms: LONG } };
  const { messages } = await rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  return messages[0]?.result?.structuredContent;
}
