import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { type RpcMessage, rawPost } from '../support/http.ts';
import { initializeRequest, openRawSession, type RawSession } from './raw-session.ts';
import { serverStatusOf, statusOf } from './status.ts';
import { temporaryFolder } from './temporary-folder.ts';

const LAST_WORDS = /^mortal: the server was ended by SIGKILL; its last words: ledger-server: open$/;

/** A bridge with `mortal`, whose calls are written down, and `other`, which nothing happens to. */
async function startPair(folder: string): Promise<Bridge & { calls(): string[] }> {
  const file = join(folder, 'calls');
  const mcpServers = { mortal: fixture('ledger-server', '--file', file), other: fixture('echo-server') };
  const bridge = await startBridge([], { config: { mcpServers } });
  await vi.waitUntil(async () => (await statusOf(bridge)).servers.every(({ state }) => state === 'ready'), EVENTUALLY);
  const calls = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  return { ...bridge, calls };
}

async function killServer(bridge: Bridge, name: string): Promise<void> {
  const { pid } = await serverStatusOf(bridge, name);
  process.kill(pid as number, 'SIGKILL');
}

const textOf = ({ result }: RpcMessage) => (result?.content as { text: string }[] | undefined)?.[0]?.text;

describe('when a server is killed', () => {
  it('every call in flight soon fails with what happened and its last words', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startPair(folder.path);
    const [first, second] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url)]);
    const answers = Promise.all(
      ['a', 'b', 'c'].flatMap((word) => [
        first.call(word, 'mortal__hang', { word }),
        second.call(word, 'mortal__hang', { word }),
      ]),
    );
    await vi.waitUntil(() => bridge.calls().length === 6, EVENTUALLY);
    await killServer(bridge, 'mortal');
    for (const { error } of await answers) expect(error?.message).toMatch(LAST_WORDS);
  });

  it('the next call is served, and what was sent before is never sent again', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startPair(folder.path);
    const session = await openRawSession(bridge.url);
    for (const round of ['1', '2']) {
      const lost = session.call(1, 'mortal__hang', { word: round });
      await vi.waitUntil(() => bridge.calls().includes(`hang ${round}`), EVENTUALLY);
      await killServer(bridge, 'mortal');
      expect((await lost).error).toBeDefined();
      await vi.waitUntil(async () => (await serverStatusOf(bridge, 'mortal')).state === 'ready', EVENTUALLY);
      expect(textOf(await session.call(2, 'mortal__note', { word: `after ${round}` }))).toBe(`after ${round}`);
    }
    expect(bridge.calls()).toEqual(['hang 1', 'note after 1', 'hang 2', 'note after 2']);
  });

  it('a call that comes at once waits for the new process', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startPair(folder.path);
    const session = await openRawSession(bridge.url);
    const lost = session.call(1, 'mortal__hang', { word: 'lost' });
    await vi.waitUntil(() => bridge.calls().length === 1, EVENTUALLY);
    await killServer(bridge, 'mortal');
    await lost;
    expect(textOf(await session.call(1, 'mortal__note', { word: 'next' }))).toBe('next');
  });

  it('calls to other servers and their processes go on, in the same session', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startPair(folder.path);
    const session = await openRawSession(bridge.url);
    const { pid } = await serverStatusOf(bridge, 'other');
    const lost = session.call(1, 'mortal__hang', { word: 'lost' });
    const kept = session.call(2, 'other__sleep', { ms: 1000 });
    await vi.waitUntil(() => bridge.calls().length === 1, EVENTUALLY);
    await killServer(bridge, 'mortal');
    expect((await lost).error).toBeDefined();
    expect(textOf(await kept)).toBe('{"slept":1000}');
    expect(await serverStatusOf(bridge, 'other')).toMatchObject({ pid, state: 'ready' });
  });

  it("other clients' processes of the same server go on", async () => {
    await using bridge = await startBridge(['--isolation', 'session', '--stdio', fixtureLine('echo-server')]);
    const [mortal, other] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url)]);
    const pidOf = async ({ call }: RawSession) => (await call(1, 'pid')).result?.structuredContent as { pid: number };
    const before = { mortal: await pidOf(mortal), other: await pidOf(other) };
    expect(before.mortal).not.toEqual(before.other);
    const params = { name: 'progress', arguments: { steps: 1, ms: 25_000 }, _meta: { progressToken: 1 } };
    const lost = await mortal.stream(2, 'tools/call', params);
    await lost.next(({ data }) => data.includes('notifications/progress'));
    const kept = other.call(2, 'sleep', { ms: 500 });
    process.kill(before.mortal.pid, 'SIGKILL');
    const { data } = await lost.next((event) => event.data.includes('"error"'));
    expect(data).toContain('"message":"echo-server: the server was ended by SIGKILL');
    expect(textOf(await kept)).toBe('{"slept":500}');
    expect(await pidOf(other)).toEqual(before.other);
    expect(await pidOf(mortal)).not.toEqual(before.mortal);
  });
});

describe('when a server ends by itself', () => {
  it('its exit code and last words are in the error', async () => {
    await using bridge = await startBridge(['--stdio', `mortal=${fixtureLine('echo-server')}`]);
    const session = await openRawSession(bridge.url);
    const { error } = await session.call(1, 'exit', { code: 7, words: 'the disk is full' });
    expect(error?.message).toMatch(/^mortal: the server exited with code 7; its last words: the disk is full$/);
  });

  it('again and again, it is given rest, and whoever calls meanwhile is told at once for how long', async () => {
    const mcpServers = { looping: fixture('crash-server', '--exit', 'start', '--words', 'no licence') };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await vi.waitUntil(() => bridge.stderr().includes('next attempt in 2 s'), EVENTUALLY);
    const starts = () => bridge.stderr().match(/no licence/g)?.length;
    const before = starts();
    const answer = await rawPost(bridge.url, initializeRequest());
    expect(answer.messages[0]?.error?.message).toMatch(
      /^looping: failed \d times, next attempt in \d s\. the server exited with code 3; its last words: no licence$/,
    );
    expect(starts()).toBe(before);
  });

  it('with each call, it is given rest as well', async () => {
    await using bridge = await startBridge(['--stdio', `looping=${fixtureLine('crash-server', '--after-calls', '0')}`]);
    const session = await openRawSession(bridge.url);
    const messages = [];
    for (let call = 0; call < 3; call += 1) messages.push((await session.call(call, 'ping')).error?.message);
    expect(messages).toEqual([
      expect.stringMatching(/exited with code 3/),
      expect.stringMatching(/exited with code 3/),
      expect.stringMatching(/^looping: failed 2 times, next attempt in 1 s\./),
    ]);
    // And comes back.
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'looping')).state === 'ready', EVENTUALLY);
  });
});
