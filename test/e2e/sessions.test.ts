import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';
import { statusOf } from './status.ts';

const ECHO = ['--stdio', fixtureLine('echo-server')];
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

/** Ends a bridge and starts another one where it was. */
async function restart(bridge: Bridge, args: readonly string[]): Promise<Bridge> {
  await bridge.stop();
  return startBridge(['--port', new URL(bridge.url).port, ...args]);
}

describe('after a restart of the bridge', () => {
  it('an old session id is 404, and initialize with it opens a new session', async () => {
    await using before = await startBridge(ECHO);
    const { headers, id } = await openRawSession(before.url);
    await using after = await restart(before, ECHO);
    expect(await rawPost(after.url, LIST, headers)).toMatchObject({ status: 404 });
    expect(await rawRequest('GET', after.url, { ...headers, accept: 'text/event-stream' })).toMatchObject({
      status: 404,
    });
    expect(await rawRequest('DELETE', after.url, headers)).toMatchObject({ status: 404 });

    const opened = await rawPost(after.url, initializeRequest(), headers);
    expect(opened).toMatchObject({ status: 200, messages: [{ id: 0, result: { serverInfo: { name: 'echo' } } }] });
    const renewed = opened.headers['mcp-session-id'] as string;
    expect(renewed).not.toBe(id);
    expect(await rawPost(after.url, LIST, { 'mcp-session-id': renewed })).toMatchObject({ status: 200 });
  });

  it('a client without a session notices nothing', async () => {
    await using before = await startBridge(ECHO);
    expect(await rawPost(before.url, LIST)).toMatchObject({ status: 200 });
    await using after = await restart(before, ECHO);
    expect(await rawPost(after.url, LIST)).toMatchObject({ status: 200 });
  });

  it('a client that ignores 404 fails, and goes on in its session with --recreate-sessions', async () => {
    await using before = await startBridge(ECHO);
    await using peer = await connectHttp(before.url);
    const { sessionId } = peer.transport;
    const call = () => peer.client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    await using strict = await restart(before, ECHO);
    await expect(call()).rejects.toThrow('Session not found');
    await using tolerant = await restart(strict, [...ECHO, '--recreate-sessions']);
    expect(await call()).toMatchObject({ structuredContent: { message: 'hi' } });
    expect(peer.transport.sessionId).toBe(sessionId);
    expect((await statusOf(tolerant)).sessions.streamableHttp).toBe(1);
  });

  it('a session that was taken up again hears of updates and changes', async () => {
    const args = [...ECHO, '--recreate-sessions'];
    await using before = await startBridge(args);
    const session = await openRawSession(before.url);
    await using after = await restart(before, args);
    const stream = await session.listen();
    expect(await statusOf(after)).toMatchObject({ sessions: { streamableHttp: 1 } });

    await session.post(1, 'resources/subscribe', { uri: 'echo://resource-1' });
    await session.call(2, 'touch', { uri: 'echo://resource-1' });
    await stream.next(({ data }) => data.includes('notifications/resources/updated'));
    await session.call(3, 'change', { name: 'added' });
    await stream.next(({ data }) => data.includes('notifications/tools/list_changed'));
    stream.close();
  });
});

describe('a client without a session', () => {
  it('is served on the shared process', async () => {
    await using bridge = await startBridge(ECHO);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pid' } };
    const { messages } = await rawPost(bridge.url, call);
    await vi.waitUntil(async () => (await statusOf(bridge)).servers[0]?.state === 'ready', EVENTUALLY);
    const { servers, sessions } = await statusOf(bridge);
    expect(messages[0]?.result?.structuredContent).toEqual({ pid: servers[0]?.pid });
    expect(sessions.streamableHttp).toBe(0);
  });

  it('changes nothing for others: it has neither a log level nor subscriptions', async () => {
    await using bridge = await startBridge(ECHO);
    const session = await openRawSession(bridge.url);
    await session.post(1, 'logging/setLevel', { level: 'error' });
    const uri = 'echo://resource-1';
    await rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'debug' } });
    await rawPost(bridge.url, { jsonrpc: '2.0', id: 2, method: 'resources/subscribe', params: { uri } });
    const logged = await session.call(2, 'log', { level: 'debug', message: 'hi' });
    expect(logged.result?.structuredContent).toEqual({ sent: false });
    const touched = await session.call(3, 'touch', { uri });
    expect(touched.result?.structuredContent).toEqual({ subscribed: [] });
  });
});

describe('a session', () => {
  it('expires when it was idle for long enough, counted from the end of its calls and streams', async () => {
    await using bridge = await startBridge(['--session-timeout', '2s', ...ECHO]);
    const [idle, listening, calling] = await Promise.all([
      openRawSession(bridge.url),
      openRawSession(bridge.url),
      openRawSession(bridge.url),
    ]);
    const stream = await listening.listen();
    // They end just before the second time that the bridge looks at a session that was used at the beginning only.
    const { result } = await calling.call(1, 'sleep', { ms: 3900 });
    stream.close();
    expect(result?.structuredContent).toEqual({ slept: 3900 });
    expect(await idle.post(2, 'ping')).toMatchObject({ status: 404 });
    await delay(500);
    expect((await statusOf(bridge)).sessions.streamableHttp).toBe(2);
    await vi.waitUntil(async () => (await statusOf(bridge)).sessions.streamableHttp === 0, EVENTUALLY);
  });

  it('makes room for a new one when there are too many, if it is the one that was idle longest', async () => {
    await using bridge = await startBridge(['--max-sessions', '3', ...ECHO]);
    const listening = await openRawSession(bridge.url);
    const stream = await listening.listen();
    const oldest = await openRawSession(bridge.url);
    const used = await openRawSession(bridge.url);
    await oldest.post(1, 'ping');
    const newest = await openRawSession(bridge.url);
    expect(await used.post(1, 'ping')).toMatchObject({ status: 404 });
    for (const session of [listening, oldest, newest])
      expect(await session.post(1, 'ping')).toMatchObject({ status: 200 });
    stream.close();
  });

  it('is refused when all others are in use', async () => {
    await using bridge = await startBridge(['--max-sessions', '1', ...ECHO]);
    const session = await openRawSession(bridge.url);
    const stream = await session.listen();
    expect((await rawPost(bridge.url, initializeRequest())).text).toContain('There are 1 sessions already');
    stream.close();
  });

  it('is known at no other URL than the one where it was opened', async () => {
    const mcpServers = { one: fixture('echo-server'), two: fixture('echo-server') };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const urls = [bridge.url, `${bridge.origin}/servers/one/mcp`, `${bridge.origin}/servers/two/mcp`];
    for (const url of urls) {
      const { headers } = await openRawSession(url);
      const statuses = await Promise.all(urls.map(async (other) => (await rawPost(other, LIST, headers)).status));
      expect(statuses).toEqual(urls.map((other) => (other === url ? 200 : 404)));
    }
  });
});
