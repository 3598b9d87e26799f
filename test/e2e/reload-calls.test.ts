import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { createStatelessClient, questionsOf, withResponses } from '../support/stateless.ts';
import { isRunning, runningWith } from './processes.ts';
import { startReloadableBridge } from './reloadable-bridge.ts';
import { serverStatusOf, statusOf } from './status.ts';

const one = (env = {}) => ({ mcpServers: { one: { ...fixture('echo-server'), env } } });
const BEFORE = one({ ECHO_NAME: 'before' });
const AFTER = one({ ECHO_NAME: 'after' });
const OTHERS = { mcpServers: { other: fixture('echo-server') } };
const YES = { action: 'accept', content: { answer: 'yes' } } as const;

describe('a call in flight when its server is changed or removed', () => {
  it.each([
    ['changed', AFTER],
    ['removed', OTHERS],
  ])('is answered by the process it began on, with its progress, which is gone afterwards: %s', async (_, config) => {
    await using bridge = await startReloadableBridge(BEFORE);
    const url = bridge.url;
    await using peer = await connectHttp(url);
    await using sse = await connectSse(bridge.sseUrl as string);
    const stateless = createStatelessClient(url);
    const { pid } = await serverStatusOf(bridge, 'one');
    const steps: number[] = [];
    const begun = { first: () => {} };
    const isUnderWay = new Promise<void>((resolve) => {
      begun.first = resolve;
    });
    const call = { name: 'progress', arguments: { steps: 40, ms: 50 } };
    const calls = Promise.all([
      peer.client.callTool(call, undefined, {
        onprogress({ progress }) {
          begun.first();
          steps.push(progress);
        },
      }),
      sse.client.callTool(call),
      stateless.call('progress', call.arguments),
    ]);
    await isUnderWay;
    await bridge.change(config);
    expect(isRunning(pid as number)).toBe(true);
    const stepsBefore = steps.length;
    const done = { steps: 40, label: 'step' };
    expect((await calls).map((answer) => structuredIn(answer))).toEqual([done, done, done]);
    expect(steps.length).toBeGreaterThan(stepsBefore);
    await expect.poll(() => isRunning(pid as number)).toBe(false);
    const { servers } = await statusOf(bridge);
    expect(servers.map(({ links }) => links)).toEqual([1]);
  });

  it('ends with its process when its client gives it up', async () => {
    await using bridge = await startReloadableBridge(BEFORE);
    await using peer = await connectHttp(bridge.url);
    const { pid } = await serverStatusOf(bridge, 'one');
    const controller = new AbortController();
    const call = peer.client.callTool({ name: 'hang' }, undefined, { signal: controller.signal });
    const refused = expect(call).rejects.toThrow();
    await peer.client.callTool({ name: 'echo' });
    await bridge.change(AFTER);
    expect(isRunning(pid as number)).toBe(true);
    controller.abort();
    await refused;
    await expect.poll(() => isRunning(pid as number)).toBe(false);
  });

  it('may wait for an elicitation of a session, which goes on at the new process', async () => {
    await using bridge = await startReloadableBridge(BEFORE);
    const asked = deferred<void>();
    const answer = deferred<typeof YES>();
    const elicit = () => {
      asked.resolve();
      return answer.promise;
    };
    await using peer = await connectHttp(bridge.url, { elicit });
    const before = await pidOf(peer);
    const call = peer.client.callTool({ name: 'ask', arguments: { kind: 'elicitation' } });
    await asked.promise;
    await bridge.change(AFTER);
    const after = await pidOf(peer);
    expect(after).not.toBe(before);
    expect([isRunning(before), isRunning(after)]).toEqual([true, true]);
    answer.resolve(YES);
    expect(structuredIn(await call)).toEqual(YES);
    await expect.poll(() => isRunning(before)).toBe(false);
    expect(structuredIn(await peer.client.callTool({ name: 'ask', arguments: { kind: 'elicitation' } }))).toEqual(YES);
  });

  it('may be parked between two rounds of 2026-07-28', async () => {
    const mark = randomUUID();
    const before = fixture('eras-server', '--era', '2025', '--name', mark);
    await using bridge = await startReloadableBridge({ mcpServers: { one: before } });
    const client = createStatelessClient(bridge.url, { capabilities: { elicitation: {} } });
    const params = { name: 'ask', arguments: { kind: 'elicitation', message: 'How?' } };
    const asked = await client.request('tools/call', params);
    const keys = Object.keys(questionsOf(asked) ?? {});
    expect(keys).toHaveLength(1);
    await bridge.change(AFTER);
    expect(runningWith(mark)).not.toEqual([]);
    const again = withResponses(params, asked, Object.fromEntries(keys.map((key) => [key, YES])));
    const { result } = await client.request('tools/call', again);
    expect(result?.structuredContent).toEqual(YES);
    await expect.poll(() => runningWith(mark)).toEqual([]);
  });

  it('does not keep the bridge from ending', async () => {
    await using bridge = await startReloadableBridge(BEFORE);
    await using peer = await connectHttp(bridge.url);
    const { pid } = await serverStatusOf(bridge, 'one');
    const call = peer.client.callTool({ name: 'hang' }).catch(() => {});
    await peer.client.callTool({ name: 'echo' });
    await bridge.change(AFTER);
    const after = (await serverStatusOf(bridge, 'one')).pid;
    expect(await bridge.stop()).toEqual({ code: 0, signal: null });
    expect([pid, after].filter((each) => each !== undefined && isRunning(each))).toEqual([]);
    await peer.close();
    await call;
  });
});

describe('a session when its server is changed', () => {
  it('is made known to its new process, if that is its own, and once to one that stays', async () => {
    const other = { other: fixture('echo-server', '--name', 'other') };
    const { mcpServers: before } = BEFORE;
    const { mcpServers: after } = AFTER;
    await using bridge = await startReloadableBridge({ mcpServers: { ...before, ...other } });
    await using peer = await connectHttp(bridge.url, { elicit: () => YES });
    const heardBy = async (server: string) =>
      structuredIn(await peer.client.callTool({ name: `${server}__heard` })) as { heard: { method: string }[] };
    const INITIALIZED = { heard: [{ method: 'notifications/initialized', params: {} }] };
    expect([await heardBy('one'), await heardBy('other')]).toEqual([INITIALIZED, INITIALIZED]);
    await bridge.change({ mcpServers: { ...after, ...other } });
    expect([await heardBy('one'), await heardBy('other')]).toEqual([INITIALIZED, INITIALIZED]);
  });

  it('goes on hearing of the resources it has subscribed to', async () => {
    await using bridge = await startReloadableBridge(BEFORE);
    await using peer = await connectHttp(bridge.url);
    const uri = 'echo://resource-1';
    await peer.client.subscribeResource({ uri });
    await bridge.change(AFTER);
    const touched = structuredIn(await peer.client.callTool({ name: 'touch', arguments: { uri } }));
    expect(touched).toEqual({ subscribed: [uri] });
    await peer.inbox.wait('notifications/resources/updated');
  });

  it('hears no more of a server that its view has lost, which is told so', async () => {
    const servers = { one: fixture('echo-server'), two: fixture('echo-server', '--tools', 'touch') };
    const view = (...names: string[]) => ({ mcpServers: servers, bridge: { views: { some: { servers: names } } } });
    await using bridge = await startReloadableBridge(view('one', 'two'));
    await using watcher = await connectHttp(bridge.url);
    await using peer = await connectHttp(`${bridge.origin}/views/some/mcp`);
    const uri = 'two+echo://resource-1';
    await peer.client.subscribeResource({ uri });
    await bridge.change(view('one'));
    const touch = { name: 'two__touch', arguments: { uri: 'echo://resource-1' } };
    await expect.poll(async () => structuredIn(await watcher.client.callTool(touch))).toEqual({ subscribed: [] });
  });
});

/** Of the process that serves a client. */
async function pidOf({ client }: Awaited<ReturnType<typeof connectHttp>>): Promise<number> {
  return (structuredIn(await client.callTool({ name: 'pid' })) as { pid: number }).pid;
}

/** Of an answer of an SDK's client, or of one without. */
function structuredIn(answer: unknown): unknown {
  const { result = answer } = answer as { result?: unknown };
  return (result as { structuredContent?: unknown }).structuredContent;
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
