import { describe, expect, it, vi } from 'vitest';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { type Client, NOBODY } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import type { Lane } from '../../src/upstream/lanes.ts';
import type { Upstream, UpstreamListener } from '../../src/upstream/upstream.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { playServer, requestsOf } from './played-server.ts';
import { contentOf, createClient, createExchange, createUpstream, localFixture, type TestExchange } from './support.ts';

const send = (upstream: Upstream, exchange: TestExchange) => upstream.request(exchange.frame, exchange);
const call = async (upstream: Upstream, tool: string, options: { client?: Client; args?: object } = {}) =>
  contentOf(await send(upstream, createExchange(tool, options)));

const ASKABLE = { capabilities: { elicitation: {} } };
const initialized = {
  kind: 'notification',
  method: 'notifications/initialized',
  frame: notificationFrame('notifications/initialized'),
} as const;

/** Resolves with what a listener is called with next. */
function next<Name extends keyof UpstreamListener>(
  upstream: Upstream,
  name: Name,
): Promise<Parameters<NonNullable<UpstreamListener[Name]>>> {
  return new Promise((resolve) => {
    const unlisten = upstream.listen({
      [name]: (...args: Parameters<NonNullable<UpstreamListener[Name]>>) => {
        unlisten();
        resolve(args);
      },
    });
  });
}

/** The lane of a client's own, whose link has not been started yet. */
async function startOwn(upstream: Upstream, client: Client): Promise<Lane> {
  const up = next(upstream, 'up');
  await upstream.link(client);
  const [lane] = await up;
  expect(lane.owner).toBe(client);
  return lane;
}

/** Kills the server of a lane and starts it again. */
async function restart(upstream: Upstream, { supervisor }: Lane): Promise<void> {
  const link = await supervisor.acquire();
  process.kill(link.peer.pid as number, 'SIGKILL');
  await link.peer.closed;
  expect((await supervisor.acquire()).peer.pid).not.toBe(link.peer.pid);
  expect(upstream.state).not.toBe('closed');
}

describe('the link that serves a client', () => {
  it('is one process for all that share it, and another for each of the others', async () => {
    const { upstream } = createUpstream();
    const clients = [createClient('a'), createClient('b'), createClient('c', ASKABLE), createClient('d', ASKABLE)];
    const pids = await Promise.all(clients.map(async (client) => (await call(upstream, 'pid', { client })).pid));
    expect(pids[1]).toBe(pids[0]);
    expect(new Set(pids).size).toBe(3);
    expect(upstream.links).toBe(3);
  });

  it('says initialize in the client’s words when it is its own, else in the bridge’s', async () => {
    const { upstream } = createUpstream();
    const client = createClient('Inspector', ASKABLE);
    expect(await call(upstream, 'client', { client })).toEqual(client.opening.value);
    expect(await call(upstream, 'client')).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bridge', version: '1' },
    });
    const { upstream: shared } = createUpstream({ isolation: 'shared' });
    expect(await call(shared, 'client', { client })).toMatchObject({ capabilities: { elicitation: {}, sampling: {} } });
  });

  it('ends with its client, and the shared one does not', async () => {
    const { upstream } = createUpstream();
    const [own, shared] = [createClient('own', ASKABLE), createClient('shared')];
    const [link] = await Promise.all([own, shared].map((client) => upstream.link(client)));
    own.leave();
    shared.leave();
    expect(await link?.peer.closed).toMatchObject({ code: 'CLOSED' });
    expect([upstream.links, upstream.state]).toEqual([1, 'ready']);
    await expect(call(upstream, 'pid', { client: own })).rejects.toThrow('test: the session has ended');
    expect(await upstream.link(shared)).toBe(upstream.shared.link);
  });

  it('is refused beyond the limit, until another one ends', async () => {
    const { upstream } = createUpstream({ maxLinks: 2 });
    const [first, second] = [createClient('a', ASKABLE), createClient('b', ASKABLE)];
    const { pid } = await call(upstream, 'pid', { client: first });
    await expect(call(upstream, 'pid', { client: second })).rejects.toMatchObject({
      code: 'BUSY',
      message: 'test: 2 processes are running for other clients; close one, or raise "maxLinks"',
    });
    first.leave();
    expect((await call(upstream, 'pid', { client: second })).pid).not.toBe(pid);
  });
});

describe('a server that was started again', () => {
  it('is told what its clients want: the level, the resources, and that they are initialized', async () => {
    const { upstream } = createUpstream();
    const client = createClient();
    await call(upstream, 'pid', { client });
    const { interests } = upstream.sharedLane;
    interests.setLevel(client, 'error');
    interests.subscribe(client, 'echo://a');
    interests.subscribe(client, 'echo://b');
    await restart(upstream, upstream.sharedLane);
    const updated = next(upstream, 'notification');
    expect(await call(upstream, 'touch', { client, args: { uri: 'echo://b' } })).toEqual({
      subscribed: ['echo://a', 'echo://b'],
    });
    const [{ frame }, lane] = await updated;
    expect([frame.raw('params')?.value, lane]).toEqual([{ uri: 'echo://b' }, upstream.sharedLane]);
    expect(await call(upstream, 'log', { client, args: { level: 'warning', message: 'm' } })).toEqual({ sent: false });
    expect(await call(upstream, 'heard')).toEqual({ heard: [{ method: 'notifications/initialized', params: {} }] });
  });

  it('hears that a client of its own is initialized once the client has said so, and then each time', async () => {
    const { upstream } = createUpstream();
    const client = createClient('own', ASKABLE);
    const lane = await startOwn(upstream, client);
    const heard = async () =>
      ((await call(upstream, 'heard', { client })).heard as { method: string }[]).map(({ method }) => method);
    expect(await heard()).toEqual([]);
    upstream.notify(client, initialized);
    expect(await heard()).toEqual(['notifications/initialized']);
    await restart(upstream, lane);
    expect(await heard()).toEqual(['notifications/initialized']);
  });

  it('is not told what a client wanted that has left, and a running one is told to forget it', async () => {
    const { upstream } = createUpstream();
    const client = createClient();
    const uri = 'echo://a';
    upstream.sharedLane.interests.subscribe(client, uri);
    await send(upstream, createExchange(requestFrame('resources/subscribe', { uri }), { client }));
    await upstream.release(client);
    expect(await call(upstream, 'touch', { args: { uri } })).toEqual({ subscribed: [] });
    expect(upstream.sharedLane.interests.uris).toEqual([]);
  });

  it('may ask its client meanwhile, though only the bridge is talking to it', async () => {
    const { upstream } = createUpstream(localFixture('unusual-server', '--ask-when-told'));
    const client = createClient('own', ASKABLE);
    const lane = await startOwn(upstream, client);
    lane.interests.setLevel(client, 'error');
    await restart(upstream, lane);
    // The server answers the bridge only after its question was answered.
    await vi.waitFor(() => expect(lane.supervisor.link?.peer.inFlight).toBe(0), EVENTUALLY);
    const answer = await send(upstream, createExchange(requestFrame('told'), { client }));
    expect(contentOf(answer)).toEqual({ told: [{ from: 'own' }] });
  });
});

describe('starting', () => {
  it('happens with the bridge, unless the server is to wait for its first request', async () => {
    const { upstream: eager } = createUpstream();
    const { upstream: lazy } = createUpstream({ lazy: true });
    const up = next(eager, 'up');
    for (const upstream of [eager, lazy]) upstream.start();
    await up;
    expect([eager.state, lazy.state, lazy.links]).toEqual(['ready', 'idle', 0]);
    await call(lazy, 'pid');
    expect([lazy.state, lazy.links]).toEqual(['ready', 1]);
  });

  it('that fails is told to the listeners', async () => {
    const { upstream } = createUpstream(fixture('crash-server', '--exit', 'start'));
    const down = next(upstream, 'down');
    upstream.start();
    expect(await down).toMatchObject([{ code: 'UPSTREAM_EXITED' }]);
  });

  it('of a client’s own link is nobody’s news', async () => {
    const { upstream } = createUpstream(fixture('crash-server', '--exit', 'start'));
    let news = 0;
    const note = () => {
      news += 1;
    };
    upstream.listen({ up: note, down: note });
    await expect(call(upstream, 'ping', { client: createClient('own', ASKABLE) })).rejects.toThrow(
      'exited with code 3',
    );
    expect(news).toBe(0);
  });
});

describe('a client that may need a process of its own', () => {
  /** A server whose start takes until it is told what to answer to `initialize`. */
  const startSlowly = (changes: Partial<UpstreamSettings> = {}) => {
    let open = (_: object) => {};
    const opened = new Promise<object>((resolve) => {
      open = resolve;
    });
    const server = playServer((frame) => {
      const method = frame.string('method');
      if (method === 'initialize') return opened;
      if (method === 'server/discover') return { result: { supportedVersions: ['2026-07-28'], capabilities: {} } };
      return { result: {} };
    });
    return {
      upstream: createUpstream(changes, server.open).upstream,
      opens: () => requestsOf(server.received, 'initialize').length,
      open,
    };
  };
  const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } };

  it('waits for the start that is under way, which tells', async () => {
    for (const [answer, links] of [
      [{ result }, 2],
      [{ error: { code: -32022, message: 'no' } }, 1],
    ] as const) {
      const { upstream, opens, open } = startSlowly();
      const client = createClient('askable', ASKABLE);
      upstream.start();
      const answered = send(upstream, createExchange(requestFrame('x'), { client }));
      await vi.waitFor(() => expect(upstream.startingFor(client)).toBeGreaterThan(0), EVENTUALLY);
      expect([opens(), upstream.links]).toEqual([1, 1]);
      open(answer);
      await answered;
      expect([upstream.links, upstream.isOwn(client), upstream.serves(client, upstream.sharedLane)]).toEqual([
        links,
        links === 2,
        links === 1,
      ]);
    }
  });

  it('gets one when that start fails', async () => {
    const { upstream, open } = startSlowly({ protocol: '2025' });
    upstream.start();
    const answered = call(upstream, 'x', { client: createClient('askable', ASKABLE) });
    open({ error: { code: -32603, message: 'no licence' } });
    await expect(answered).rejects.toThrow('no licence');
    // Its own attempt has failed, too; the bridge's is not told to it.
    expect(upstream.failsToServe(NOBODY)).toBe(false);
  });

  it('waits for nobody when no start is under way', async () => {
    const { upstream, opens, open } = startSlowly({ lazy: true });
    open({ result });
    upstream.start();
    await call(upstream, 'x', { client: createClient('askable', ASKABLE) });
    expect([opens(), upstream.state, upstream.links]).toEqual([1, 'idle', 1]);
  });
});

describe('closing', () => {
  it('ends all processes, those included that are on their way out, twice without harm', async () => {
    const { upstream } = createUpstream();
    const clients = [createClient(), createClient('own', ASKABLE), createClient('leaving', ASKABLE)];
    const pids = await Promise.all(
      clients.map(async (client) => (await call(upstream, 'pid', { client })).pid as number),
    );
    clients[2]?.leave();
    await Promise.all([upstream.close(), upstream.close()]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(call(upstream, 'pid')).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
