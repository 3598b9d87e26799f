import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { type RpcMessage, rawPost, rawRequest } from '../support/http.ts';
import { isRunning, runningWith } from './processes.ts';
import { initializeRequest, openRawSession, type RawSession } from './raw-session.ts';
import { serverStatusOf } from './status.ts';

/** So that a question that goes astray fails the test before vitest gives it up with its processes. */
const ANSWERED = { timeout: EVENTUALLY.timeout };
const ASKABLE = { capabilities: { elicitation: {} } };
const ECHO = ['--stdio', `echo=${fixtureLine('echo-server')}`];

/** The process that serves a client. */
async function pidOf({ call }: RawSession, tool = 'pid'): Promise<number> {
  return contentOf<{ pid: number }>(await call('pid', tool)).pid;
}

function contentOf<T>({ result, error }: RpcMessage): T {
  if (error) throw new Error(error.message);
  return result?.structuredContent as T;
}

/** Makes a call that stays in flight until the session is deleted. Resolves once the server works on it. */
async function occupy(session: RawSession): Promise<void> {
  const params = { name: 'progress', arguments: { steps: 1, ms: 25_000 }, _meta: { progressToken: 'busy' } };
  const stream = await session.stream('busy', 'tools/call', params);
  await stream.next(({ data }) => data.includes('notifications/progress'));
}

describe('with --isolation auto', () => {
  it('clients that can be asked nothing share one process, with a session or without', async () => {
    await using bridge = await startBridge(ECHO);
    const [first, second] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url)]);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pid' } };
    const [withoutSession] = (await rawPost(bridge.url, call)).messages as [RpcMessage];
    const { pid, links } = await serverStatusOf(bridge, 'echo');
    expect(await pidOf(first)).toBe(pid);
    expect(await pidOf(second)).toBe(pid);
    expect(contentOf(withoutSession)).toEqual({ pid });
    expect(links).toBe(1);
  });

  it.each(['elicitation', 'sampling', 'roots'])(
    'a client that declares %s has a process of its own until its session is deleted',
    async (capability) => {
      await using bridge = await startBridge(ECHO);
      const options = { capabilities: { [capability]: {} }, name: 'its own words' };
      const [own, other, plain] = await Promise.all([
        openRawSession(bridge.url, options),
        openRawSession(bridge.url, options),
        openRawSession(bridge.url),
      ]);
      const pids = { own: await pidOf(own), other: await pidOf(other), plain: await pidOf(plain) };
      expect(new Set(Object.values(pids)).size).toBe(3);
      expect(await pidOf(own)).toBe(pids.own);
      expect(contentOf(await own.call(1, 'client'))).toMatchObject({
        capabilities: options.capabilities,
        clientInfo: { name: 'its own words' },
      });

      await own.delete();
      await expect.poll(() => isRunning(pids.own), EVENTUALLY).toBe(false);
      expect(await pidOf(other)).toBe(pids.other);
      expect(await pidOf(plain)).toBe(pids.plain);
      expect((await serverStatusOf(bridge, 'echo')).links).toBe(2);
    },
  );
});

describe('with --isolation session', () => {
  it('every session has a process of its own until it is deleted', async () => {
    await using bridge = await startBridge([...ECHO, '--isolation', 'session']);
    const [first, second] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url, ASKABLE)]);
    const pids = { first: await pidOf(first), second: await pidOf(second) };
    expect(pids.first).not.toBe(pids.second);
    expect(await pidOf(first)).toBe(pids.first);
    await first.delete();
    await expect.poll(() => isRunning(pids.first), EVENTUALLY).toBe(false);
    expect(await pidOf(second)).toBe(pids.second);
  });
});

describe('with --isolation shared', () => {
  const SHARED = [...ECHO, '--isolation', 'shared'];
  const answering = { elicit: () => ({ action: 'accept' as const, content: { answer: 'mine' } }) };

  it('all clients share one process, whatever they declare', async () => {
    await using bridge = await startBridge(SHARED);
    const [plain, askable] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url, ASKABLE)]);
    expect(await pidOf(askable)).toBe(await pidOf(plain));
  });

  it('a question reaches the only caller who can be asked', async () => {
    await using bridge = await startBridge(SHARED);
    // Connected, but without a call in flight.
    await openRawSession(bridge.url, ASKABLE);
    await using peer = await connectHttp(bridge.url, answering);
    const question = { name: 'ask', arguments: { kind: 'elicitation' } };
    const { structuredContent } = await peer.client.callTool(question, undefined, ANSWERED);
    expect(structuredContent).toEqual({ action: 'accept', content: { answer: 'mine' } });
  });

  it('a question is refused while several callers could be meant, and served again afterwards', async () => {
    await using bridge = await startBridge(SHARED);
    // It could not even be asked: the question may be its call's all the same.
    const busy = await openRawSession(bridge.url);
    await occupy(busy);
    await using peer = await connectHttp(bridge.url, answering);
    const question = { name: 'ask', arguments: { kind: 'elicitation' } };
    const ask = () => peer.client.callTool(question, undefined, ANSWERED);
    const refused = await ask();
    expect(refused).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('calls of several clients are in flight, so whom to ask is unclear') }],
    });
    await busy.delete();
    expect((await ask()).structuredContent).toEqual({ action: 'accept', content: { answer: 'mine' } });
  });

  it('a question is refused when no caller can be asked', async () => {
    await using bridge = await startBridge(SHARED);
    const plain = await openRawSession(bridge.url);
    const { result } = await plain.call(1, 'ask', { kind: 'elicitation' });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('No client here answers elicitation/create') }],
    });
  });
});

describe('maxLinks', () => {
  const FULL = 'echo: 2 processes are running for other clients; close one, or raise "maxLinks"';
  const echo = { ...fixture('echo-server'), maxLinks: 2 };

  it('refuses the client that is one too many, until another one leaves; all others go on', async () => {
    await using bridge = await startBridge([], { config: { mcpServers: { echo } } });
    const [own, plain] = await Promise.all([openRawSession(bridge.url, ASKABLE), openRawSession(bridge.url)]);
    const before = { own: await pidOf(own), plain: await pidOf(plain) };

    const refused = await rawPost(bridge.url, initializeRequest(ASKABLE));
    expect(refused.messages[0]?.error).toMatchObject({ message: FULL, data: { reason: 'BUSY' } });
    expect(refused.headers).not.toHaveProperty('mcp-session-id');
    expect({ own: await pidOf(own), plain: await pidOf(plain) }).toEqual(before);
    expect(await pidOf(await openRawSession(bridge.url))).toBe(before.plain);
    expect((await serverStatusOf(bridge, 'echo')).links).toBe(2);

    await own.delete();
    const next = await openRawSession(bridge.url, ASKABLE);
    expect([before.own, before.plain]).not.toContain(await pidOf(next));
  });

  it('leaves the client that is one too many the other servers', async () => {
    const mcpServers = { echo, roomy: fixture('echo-server') };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const first = await openRawSession(bridge.url, ASKABLE);
    const second = await openRawSession(bridge.url, ASKABLE);
    expect((await second.call(1, 'echo__pid')).error?.message).toBe(FULL);
    expect(await pidOf(second, 'roomy__pid')).not.toBe(await pidOf(first, 'roomy__pid'));
    await first.delete();
    expect(await pidOf(second, 'echo__pid')).toBeGreaterThan(0);
  });
});

describe('lazy', () => {
  it('starts a server at the first request for it, and not before', async () => {
    const mark = randomUUID();
    const lazy = (name: string) => ({ ...fixture('echo-server', '--name', `${name}-${mark}`), lazy: true });
    const mcpServers = { eager: fixture('echo-server'), asked: lazy('asked'), other: lazy('other') };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await ready(bridge, 'eager');
    await rawRequest('GET', `${bridge.localUrl}/readyz`);
    await openRawSession(`${bridge.origin}/servers/eager/mcp`);
    expect(await serverStatusOf(bridge, 'asked')).toMatchObject({ state: 'idle', links: 0 });
    expect(runningWith(mark)).toEqual([]);

    await openRawSession(`${bridge.origin}/servers/asked/mcp`);
    expect(await serverStatusOf(bridge, 'asked')).toMatchObject({ state: 'ready', links: 1 });
    expect(runningWith(mark)).toEqual([expect.stringContaining(`asked-${mark}`)]);
  });
});

describe('idleTimeout', () => {
  const config = { mcpServers: { echo: { ...fixture('echo-server'), idleTimeout: '500ms' } } };

  it.each([
    ['the shared process', {}],
    ['a process of a client’s own', ASKABLE],
  ])('stops %s, and the next call starts it again as it was', async (_, options) => {
    await using bridge = await startBridge([], { config });
    const session = await openRawSession(bridge.url, options);
    const client = contentOf(await session.call(1, 'client'));
    const pid = await pidOf(session);
    await expect.poll(() => isRunning(pid), EVENTUALLY).toBe(false);
    expect(await pidOf(session)).not.toBe(pid);
    expect(contentOf(await session.call(2, 'client'))).toEqual(client);
    expect(contentOf<{ heard: object[] }>(await session.call(3, 'heard')).heard).toEqual([
      { method: 'notifications/initialized', params: {} },
    ]);
  });

  it('is not counted while a call is in flight', async () => {
    await using bridge = await startBridge([], { config });
    const session = await openRawSession(bridge.url);
    expect(contentOf(await session.call(1, 'sleep', { ms: 1500 }))).toEqual({ slept: 1500 });
  });
});

async function ready(bridge: Bridge, name: string): Promise<void> {
  await vi.waitUntil(async () => (await serverStatusOf(bridge, name)).state === 'ready', EVENTUALLY);
}
