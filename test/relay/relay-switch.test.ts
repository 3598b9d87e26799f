import { queryObjects } from 'node:v8';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Notification, notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import type { RawJson } from '../../src/protocol/raw-json.ts';
import { Router } from '../../src/relay/router.ts';
import { type CatalogSettings, placeOfServer, placeOfView } from '../../src/relay/routers.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { viewOf } from '../catalog/settings.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { createClient, createExchange, type TestClient } from '../upstream/support.ts';
import { catalogOf, type Part, type PlayedUpstream, type PlayOptions, playRelays, playUpstream } from './support.ts';

const CHANGED = notificationFrame('notifications/tools/list_changed');
const INITIALIZED: Notification = {
  kind: 'notification',
  method: 'notifications/initialized',
  frame: notificationFrame('notifications/initialized'),
};

/** A server with these tools, which answers each call with the server's name. */
function offering(server: string, ...names: string[]): Part {
  const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }));
  return {
    capabilities: { tools: { listChanged: true } },
    answer: (method) => ({ result: method === 'tools/list' ? { tools } : { content: [], server } }),
  };
}

/** Relays with what exchanges what is behind them. */
async function playSwitching(parts: readonly Part[], options: PlayOptions = {}) {
  const { relays, merged, played, single } = await playRelays(parts, options);
  const upstreams = played.map(({ upstream }) => upstream);
  const update = (changes: Partial<CatalogSettings> = {}, others: readonly Upstream[] = upstreams) =>
    relays.update(catalogOf(others, changes));
  return { relays, merged, played, single, upstreams, update };
}

const view = (name: string, ...servers: string[]) => viewOf(name, { servers });

const told = ({ sent }: TestClient) => sent.map((frame) => frame.string('method'));
const namesIn = (answer: RawJson) =>
  answer
    .raw('result')
    ?.raw('tools')
    ?.items()
    ?.map((tool) => tool.string('name'));
const list = () => createExchange(requestFrame('tools/list'));

describe('a relay that is exchanged', () => {
  it('tells its clients that the lists may have changed, once each, and those who are gone nothing', async () => {
    const { merged, update } = await playSwitching([offering('a', 'x'), offering('b', 'y')]);
    const [stays, leaves] = [createClient('stays'), createClient('leaves')];
    merged.join(stays);
    merged.join(leaves);
    leaves.leave();
    merged.join(leaves);
    await update();
    expect(told(stays).filter((method) => method === CHANGED.string('method'))).toHaveLength(1);
    expect(told(leaves)).toEqual([]);
  });

  it('answers what is asked from then on, and the one before what was asked earlier', async () => {
    let answer = (_: object) => {};
    const slow: Part = {
      answer: (method) =>
        method === 'tools/list'
          ? { result: { tools: [{ name: 'x', inputSchema: {} }] } }
          : new Promise<object>((resolve) => {
              answer = resolve;
            }),
    };
    const { merged, update, played, upstreams } = await playSwitching([slow]);
    const call = merged.handle(createExchange('x'));
    await vi.waitFor(() => expect(requestsOf(played[0]?.received ?? [], 'tools/call')).toHaveLength(1), EVENTUALLY);
    const other = playUpstream(offering('other', 'y'), { name: 'other' });
    let isAnswered = false;
    const { answered } = await update({}, [other.upstream]);
    void answered.then(() => {
      isAnswered = true;
    });
    expect(namesIn(await merged.handle(list()))).toEqual(['y']);
    expect(isAnswered).toBe(false);
    answer({ result: { content: [], server: 'before' } });
    expect((await call).raw('result')?.string('server')).toBe('before');
    await answered;
    expect(upstreams[0]?.state).toBe('ready');
  });

  it('lets a call reach the server that it has set out for, though that retires meanwhile', async () => {
    let tell = () => {};
    const heard = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const readOnly: Part = {
      async answer(method) {
        if (method !== 'tools/list') return { result: { content: [], server: 'before' } };
        await heard;
        return { result: { tools: [{ name: 'x', inputSchema: {}, annotations: { readOnlyHint: true } }] } };
      },
    };
    const tools = { allow: [], deny: [], readOnly: true };
    const { merged, update, played, upstreams } = await playSwitching([readOnly], { tools });
    const call = merged.handle(createExchange('x'));
    await vi.waitFor(() => expect(requestsOf(played[0]?.received ?? [], 'tools/list')).not.toEqual([]), EVENTUALLY);
    const other = playUpstream(offering('other', 'y'), { name: 'other' });
    const { answered } = await update({}, [other.upstream]);
    const retiring = upstreams[0]?.retire(answered);
    tell();
    expect((await call).raw('result')?.string('server')).toBe('before');
    await retiring;
    expect(upstreams[0]?.state).toBe('closed');
  });

  it.each([
    ['subscription', 'resources/subscribe', { uri: 'x:y' }, 'resources/list'],
    ['level', 'logging/setLevel', { level: 'info' }, 'logging/setLevel'],
  ])('has a %s that is on its way hold at the server that is there by now', async (_, method, params, slow) => {
    let answer = () => {};
    const part: Part = {
      capabilities: { resources: { subscribe: true }, logging: {} },
      answer: () => ({ result: { resources: [{ uri: 'x:y' }] } }),
    };
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const before: Part = {
      ...part,
      async answer(asked, about) {
        if (asked === slow) await waiting;
        return part.answer?.(asked, about);
      },
    };
    const { merged, update, played, upstreams } = await playSwitching([before, offering('b', 'y')]);
    const after = playUpstream(part, { name: 'a', args: ['other'] });
    await Promise.all([...upstreams, after.upstream].map((upstream) => upstream.link(createClient())));
    const asked = merged.handle(createExchange(requestFrame(method, params)));
    await vi.waitFor(() => expect(requestsOf(played[0]?.received ?? [], slow)).toHaveLength(1), EVENTUALLY);
    await update({}, [after.upstream, ...upstreams.slice(1)]);
    answer();
    expect((await asked).has('result')).toBe(true);
    expect(requestsOf(after.received, method).map((frame) => frame.raw('params')?.value)).toEqual([params]);
  });

  it('opens for a client at the one after, when the one before cannot open any more', async () => {
    let start = () => {};
    const starting: Part = { start: new Promise<void>((resolve) => (start = resolve)) };
    const { merged, update, upstreams } = await playSwitching([starting]);
    const opening = merged.open(createExchange(requestFrame('initialize')));
    const other = playUpstream(offering('other', 'y'), { name: 'other' });
    await update({}, [other.upstream]);
    await upstreams[0]?.close();
    start();
    expect((await opening).raw('result')?.raw('serverInfo')).toBeDefined();
  });

  it('hears of its servers only through the one that it is now', async () => {
    const { merged, update, played } = await playSwitching([offering('a', 'x'), offering('b', 'y')]);
    await merged.handle(list());
    const client = createClient();
    merged.join(client);
    for (let round = 0; round < 5; round += 1) await update();
    client.sent.length = 0;
    played[0]?.say(CHANGED);
    expect(told(client)).toEqual(['notifications/tools/list_changed']);
  });

  it('makes clients that are ready known to servers that are new', async () => {
    const { merged, update } = await playSwitching([offering('a', 'x')]);
    const [ready, early] = ['ready', 'early'].map((name) => createClient(name, { capabilities: { elicitation: {} } }));
    const other = playUpstream(offering('other', 'x'), { name: 'other' });
    for (const client of [ready, early] as TestClient[]) merged.join(client);
    merged.notify(ready as TestClient, INITIALIZED);
    await update({}, [other.upstream]);
    const initialized = () => requestsOf(other.received, INITIALIZED.method).length;
    await merged.handle(createExchange('x', { client: early as TestClient }));
    expect(initialized()).toBe(0);
    await merged.handle(createExchange('x', { client: ready as TestClient }));
    expect(initialized()).toBe(1);
  });

  it('has servers forget what its clients wanted that are not there any more', async () => {
    const resources: Part = { capabilities: { resources: { subscribe: true } }, answer: () => ({ result: {} }) };
    const { merged, relays, update, upstreams } = await playSwitching([resources, resources], {
      views: [view('v', 'a', 'b')],
    });
    const client = createClient();
    const there = relays.all.get(placeOfView('v'));
    there?.join(client);
    const wanting = createExchange(requestFrame('resources/subscribe', { uri: 'x:y' }), { client });
    for (const upstream of upstreams) await upstream.subscribe(wanting.frame, wanting);
    const subscribers = () => upstreams.map(({ sharedLane }) => sharedLane.interests.subscribersOf('x:y').length);
    await update({ views: [view('v', 'b')] });
    expect(subscribers()).toEqual([0, 1]);
    await update();
    expect(subscribers()).toEqual([0, 0]);
    expect(relays.all.has(placeOfView('v'))).toBe(false);
    expect(merged.router.view.upstreams).toEqual(upstreams);
  });
});

describe('relays that are exchanged a hundred times', () => {
  it('leave nobody listening to servers and clients but themselves', async () => {
    const { relays, merged, update, played, upstreams } = await playSwitching([offering('a', 'x'), offering('b', 'y')]);
    const client = createClient();
    merged.join(client);
    const atServers = played.map(countListeners);
    const atClient = countOf(client.closed, 'add', 'delete');
    const views = [view('v'), view('w', 'a')];
    await update({ views });
    const once = [atClient.count(), ...atServers.map((each) => each.count())];
    const routers = routersInMemory();
    for (let round = 0; round < 100; round += 1) await update({ views: round % 2 ? views : [] });
    expect(routersInMemory()).toBeLessThanOrEqual(routers);
    expect([atClient.count(), ...atServers.map((each) => each.count())]).toEqual(once);
    await update({}, upstreams.slice(0, 1));
    expect(atServers[1]?.count()).toBe(0);
    expect([...relays.all.keys()]).toEqual(['', placeOfServer('a')]);
    expect(merged.router.view.single).toBe(upstreams[0]);
  });
});

describe('the settling of servers', () => {
  it('does not wait for one that is out before it is up', async () => {
    const { relays, update, upstreams } = await playSwitching([{ start: new Promise(() => {}) }]);
    for (const upstream of upstreams) upstream.start();
    const { settled } = relays;
    const other = playUpstream(offering('other', 'y'), { name: 'other' });
    await update({}, [other.upstream]);
    await settled;
    expect(other.upstream.state).toBe('idle');
  });

  it('is told to clients when the server that is now there has failed at first', async () => {
    const { merged, update } = await playSwitching([offering('a', 'x')]);
    const client = createClient();
    merged.join(client);
    let start = new Promise<void>(() => {});
    const part = {
      ...offering('other', 'y'),
      get start() {
        return start;
      },
    };
    const other = playUpstream(part, { name: 'other' });
    await update({}, [other.upstream]);
    client.sent.length = 0;
    other.upstream.start();
    await vi.waitFor(() => expect(requestsOf(other.received, 'initialize')).toHaveLength(1), EVENTUALLY);
    start = Promise.resolve();
    other.die();
    await vi.waitFor(() => expect(told(client)).toEqual(['notifications/tools/list_changed']), EVENTUALLY);
  });
});

/** Of this file's tests; those that nothing refers to are collected first. */
function routersInMemory(): number {
  return queryObjects(Router, { format: 'count' });
}

/** How many listen to an upstream that have begun to since. */
function countListeners({ upstream }: PlayedUpstream): { count(): number } {
  let count = 0;
  const listen = upstream.listen.bind(upstream);
  const spy = vi.spyOn(upstream, 'listen').mockImplementation((listener) => {
    const unlisten = listen(listener);
    count += 1;
    return () => {
      count -= 1;
      unlisten();
    };
  });
  onTestFinished(() => spy.mockRestore());
  return { count: () => count };
}

/** How often something was added more than it was taken away. */
function countOf<K extends string>(target: Record<K, (...args: never[]) => unknown>, add: K, remove: K) {
  const [added, removed] = [vi.spyOn(target, add as never), vi.spyOn(target, remove as never)];
  return { count: () => added.mock.calls.length - removed.mock.calls.length };
}
