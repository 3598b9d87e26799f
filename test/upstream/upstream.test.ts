import { describe, expect, it, vi } from 'vitest';
import type { Isolation, UpstreamSettings } from '../../src/config/settings.ts';
import { type Client, NOBODY } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import type { Lane, Upstream, UpstreamListener } from '../../src/upstream/upstream.ts';
import { fixture } from '../support/fixtures.ts';
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
    const listener = {
      [name]: (...args: Parameters<NonNullable<UpstreamListener[Name]>>) => {
        upstream.listeners.delete(listener);
        resolve(args);
      },
    };
    upstream.listeners.add(listener);
  });
}

/** Kills the server of a lane and starts it again. */
async function restart(upstream: Upstream, { supervisor }: Lane): Promise<void> {
  const link = await supervisor.acquire();
  process.kill(link.pid as number, 'SIGKILL');
  await link.closed;
  expect((await supervisor.acquire()).pid).not.toBe(link.pid);
  expect(upstream.state).not.toBe('closed');
}

describe('the link that serves a client', () => {
  const plain = () => createClient();
  const transient = (changes = {}) => createClient('one request', { transient: true, ...changes });

  it.each<[Isolation, string, 'shared' | 'its own', () => Client]>([
    ['auto', 'a client that cannot be asked', 'shared', plain],
    ['auto', 'a client with elicitation', 'its own', () => createClient('e', ASKABLE)],
    ['auto', 'a client with sampling', 'its own', () => createClient('s', { capabilities: { sampling: {} } })],
    ['auto', 'a client with roots', 'its own', () => createClient('r', { capabilities: { roots: {} } })],
    ['auto', 'a client with other capabilities', 'shared', () => createClient('x', { capabilities: { tasks: {} } })],
    ['auto', 'a client without a session', 'shared', () => transient(ASKABLE)],
    ['auto', 'the bridge itself', 'shared', () => NOBODY],
    ['shared', 'a client that cannot be asked', 'shared', plain],
    ['shared', 'a client with elicitation', 'shared', () => createClient('e', ASKABLE)],
    ['session', 'a client that cannot be asked', 'its own', plain],
    ['session', 'a client without a session', 'shared', () => transient()],
    ['session', 'the bridge itself', 'shared', () => NOBODY],
  ])('with isolation %s is, for %s, %s', (isolation, _, expected, create) => {
    const { upstream } = createUpstream({ isolation });
    const client = create();
    const lane = upstream.laneFor(client);
    const other = upstream.laneFor(
      createClient('other', { capabilities: client.capabilities, transient: client.transient }),
    );
    expect([lane === upstream.sharedLane, lane.owner, other === lane]).toEqual(
      expected === 'shared' ? [true, undefined, true] : [false, client, false],
    );
    expect(upstream.laneFor(client)).toBe(lane);
    expect([upstream.serves(client, lane), upstream.serves(client, other)]).toEqual([true, expected === 'shared']);
    expect(upstream.serves(client, upstream.sharedLane)).toBe(expected === 'shared');
  });

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
    await Promise.all([own, shared].map((client) => call(upstream, 'pid', { client })));
    const { link } = upstream.laneFor(own).supervisor;
    own.leave();
    shared.leave();
    expect(await link?.closed).toMatchObject({ code: 'CLOSED' });
    expect([upstream.links, upstream.state]).toEqual([1, 'ready']);
    expect(() => upstream.laneFor(own)).toThrow('test: the session has ended');
    expect(upstream.laneFor(shared)).toBe(upstream.sharedLane);
  });

  it('is refused beyond the limit, until another one ends', async () => {
    const { upstream } = createUpstream({ maxLinks: 3 });
    const [first, second, third] = [createClient('a', ASKABLE), createClient('b', ASKABLE), createClient('c', ASKABLE)];
    for (const client of [first, second]) upstream.laneFor(client);
    await expect(call(upstream, 'pid', { client: third })).rejects.toMatchObject({
      code: 'BUSY',
      message: 'test: 3 processes are running for other clients; close one, or raise "maxLinks"',
    });
    expect(upstream.laneFor(createClient())).toBe(upstream.sharedLane);
    first.leave();
    expect(upstream.laneFor(third).owner).toBe(third);
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
    const heard = async () =>
      ((await call(upstream, 'heard', { client })).heard as { method: string }[]).map(({ method }) => method);
    expect(await heard()).toEqual([]);
    upstream.notify(client, initialized);
    expect(await heard()).toEqual(['notifications/initialized']);
    await restart(upstream, upstream.laneFor(client));
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
    const lane = upstream.laneFor(client);
    lane.interests.setLevel(client, 'error');
    const link = await lane.supervisor.acquire();
    // The server answers the bridge only after its question was answered.
    await vi.waitFor(() => expect(link.inFlight).toBe(0), { timeout: 10_000 });
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
    upstream.listeners.add({ up: note, down: note });
    await expect(call(upstream, 'ping', { client: createClient('own', ASKABLE) })).rejects.toThrow(
      'exited with code 3',
    );
    expect(news).toBe(0);
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

describe('a notification that names no call', () => {
  const log = { level: 'error', message: 'm' };
  const start = (changes?: Partial<UpstreamSettings>) => {
    const { upstream, lines } = createUpstream(changes);
    const heard: string[] = [];
    upstream.listeners.add({ notification: ({ method }) => void heard.push(method) });
    return { upstream, lines, heard };
  };

  it('rides on the newest call while all calls are one client’s', async () => {
    const { upstream, heard } = start();
    const client = createClient();
    const older = createExchange('hang', { client });
    const answer = send(upstream, older).catch(() => {});
    const newer = createExchange('log', { client, args: log });
    await send(upstream, newer);
    expect(newer.notified.map(({ value }) => value)).toMatchObject([{ params: { data: 'm' } }]);
    expect([older.notified, heard]).toEqual([[], []]);
    older.cancel();
    await answer;
  });

  it('goes to nobody while several clients’ calls are in flight', async () => {
    const { upstream, heard, lines } = start();
    const older = createExchange('hang');
    const answer = send(upstream, older).catch(() => {});
    const newer = createExchange('log', { args: log });
    await send(upstream, newer);
    expect([older.notified, newer.notified, heard]).toEqual([[], [], []]);
    expect(lines).toContainEqual('debug test: dropped notifications/message, as it names no call');
    older.cancel();
    await answer;
  });

  it('goes to all who listen while no client’s call is in flight', async () => {
    const { upstream, heard } = start();
    const own = createExchange('log', { args: log, client: NOBODY });
    await send(upstream, own);
    expect([own.notified, heard]).toEqual([[], ['notifications/message']]);
  });

  it('but says that a list has changed concerns everybody', async () => {
    const { upstream, heard } = start();
    const exchange = createExchange('change', { args: { name: 'new' } });
    await send(upstream, exchange);
    expect([exchange.notified, heard]).toEqual([[], ['notifications/tools/list_changed']]);
  });
});

describe('a question of the server', () => {
  const ask = (client: Client, kind = 'elicitation') => createExchange('ask', { client, args: { kind } });

  it('goes to the owner of the link, with its newest call', async () => {
    const { upstream } = createUpstream();
    const client = createClient('own', ASKABLE);
    const exchange = ask(client);
    expect(contentOf(await send(upstream, exchange))).toEqual({ from: 'the call' });
    expect(exchange.asked.map(({ request }) => request.method)).toEqual(['elicitation/create']);
    expect(client.asked).toEqual([]);
  });

  it('goes on a shared link to the client whose calls alone are in flight', async () => {
    const { upstream } = createUpstream({ isolation: 'shared' });
    const client = createClient('can', ASKABLE);
    const earlier = createExchange('hang', { client });
    const hanging = send(upstream, earlier).catch(() => {});
    expect(contentOf(await send(upstream, ask(client)))).toEqual({ from: 'the call' });
    expect(earlier.asked).toEqual([]);
    earlier.cancel();
    await hanging;
  });

  it('is refused on a shared link when several could be meant, or nobody', async () => {
    const { upstream } = createUpstream({ isolation: 'shared' });
    // Not even when only one of them could answer: the question may be the other one's.
    const bystander = createExchange('hang', { client: createClient('cannot', { capabilities: { roots: {} } }) });
    const hanging = send(upstream, bystander).catch(() => {});
    const text = async (exchange: TestExchange) => {
      const { content } = contentOf(await send(upstream, exchange)) as { content: { text: string }[] };
      return content[0]?.text;
    };
    expect(await text(ask(createClient('can', ASKABLE)))).toContain(
      'calls of several clients are in flight, so whom to ask is unclear',
    );
    bystander.cancel();
    await hanging;
    expect(await text(ask(createClient('can', ASKABLE), 'sampling'))).toContain(
      'No client here answers sampling/createMessage',
    );
  });
});
