import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Isolation } from '../../src/config/settings.ts';
import { type Client, NOBODY } from '../../src/protocol/exchange.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { Interests } from '../../src/upstream/interests.ts';
import { type Lane, Lanes, type LanesOptions } from '../../src/upstream/lanes.ts';
import { SessionLink } from '../../src/upstream/session-link.ts';
import { Supervisor } from '../../src/upstream/supervisor.ts';
import { playServer } from './played-server.ts';
import { createClient, createExchange, createLogBook, NO_EVENTS, type TestClient } from './support.ts';

const ASKABLE = { elicitation: {} };
const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lanes whose servers are up once they are asked, unless `start` takes its time. They answer nothing. */
function createLanes({ start, ...options }: Partial<LanesOptions> & { start?: () => Promise<void> } = {}): Lanes {
  const { log } = createLogBook();
  const createLane = (opening: RawJson | undefined): Lane => ({
    opening,
    supervisor: new Supervisor({
      name: 'test',
      open: playServer().open,
      async shakeHands(peer) {
        await start?.();
        return new SessionLink({ peer, opened: RawJson.of({}), events: NO_EVENTS });
      },
      callTimeout: 0,
      idleTimeout: 0,
      eager: false,
      log,
    }),
    interests: new Interests(),
    owner: undefined,
    initialized: !opening,
    isTainted: false,
  });
  const lanes = new Lanes({ name: 'test', isolation: 'auto', maxLinks: 16, createLane, ...options });
  onTestFinished(() => lanes.close());
  return lanes;
}

const session = (capabilities: object = {}) => createClient('session', { capabilities: { ...capabilities } });
const stateless = (tenure: 'call' | 'none', capabilities: object) =>
  createClient(tenure, { tenure, listens: false, readsResultTypes: true, capabilities: { ...capabilities } });
/** A call of a client that may be asked, and a request of one that cannot be part of that. */
const call = (capabilities: object = ASKABLE) => stateless('call', capabilities);
const request = (capabilities: object = ASKABLE) => stateless('none', capabilities);

/** A lane that a call was served on, and that is up. */
async function serve(lanes: Lanes, client: TestClient = call()): Promise<Lane> {
  const lane = lanes.take(client);
  await lane.supervisor.acquire();
  return lane;
}

const stateOf = ({ supervisor }: Lane) => supervisor.state;

describe('the lane that serves a client', () => {
  it.each<[Isolation, string, 'shared' | 'its own', () => Client]>([
    ['auto', 'a client that cannot be asked', 'shared', () => session()],
    ['auto', 'a client with elicitation', 'its own', () => session({ elicitation: {} })],
    ['auto', 'a client with sampling', 'its own', () => session({ sampling: {} })],
    ['auto', 'a client with roots', 'its own', () => session({ roots: {} })],
    ['auto', 'a client with other capabilities', 'shared', () => session({ tasks: {} })],
    ['auto', 'a call that cannot be asked anything', 'shared', () => call({})],
    ['auto', 'a call with elicitation', 'its own', () => call()],
    ['auto', 'a request that cannot be asked anything', 'shared', () => request({})],
    ['auto', 'the bridge itself', 'shared', () => NOBODY],
    ['shared', 'a client that cannot be asked', 'shared', () => session()],
    ['shared', 'a client with elicitation', 'shared', () => session(ASKABLE)],
    ['shared', 'a call with elicitation', 'shared', () => call()],
    ['session', 'a client that cannot be asked', 'its own', () => session()],
    ['session', 'a call that cannot be asked anything', 'shared', () => call({})],
    ['session', 'a call with elicitation', 'its own', () => call()],
    ['session', 'a request that cannot be asked anything', 'shared', () => request({})],
    ['session', 'the bridge itself', 'shared', () => NOBODY],
  ])('with isolation %s is, for %s, %s', (isolation, _, expected, create) => {
    const lanes = createLanes({ isolation });
    const client = create();
    const lane = lanes.take(client);
    const other = lanes.take(create());
    const isShared = expected === 'shared';
    expect([lane === lanes.shared, lane.owner, other === lane]).toEqual([
      isShared,
      isShared ? undefined : client,
      isShared,
    ]);
    expect(lanes.take(client)).toBe(lane);
    expect([lanes.needsOwn(client), lanes.serves(client, lane), lanes.serves(client, other)]).toEqual([
      !isShared,
      true,
      isShared,
    ]);
    expect(lanes.serves(client, lanes.shared)).toBe(isShared);
  });

  it('is the shared one for all whose server asks within calls', () => {
    const lanes = createLanes();
    const early = session(ASKABLE);
    const lane = lanes.take(early);
    lanes.everybodyShares = true;
    for (const client of [session(ASKABLE), call(), request()]) expect(lanes.take(client)).toBe(lanes.shared);
    // Whoever has one already keeps it.
    expect(lanes.take(early)).toBe(lane);
  });

  it('is a session’s own, however its server asks, when each session is to have its own', () => {
    const lanes = createLanes({ isolation: 'session' });
    lanes.everybodyShares = true;
    expect(lanes.take(session())).not.toBe(lanes.shared);
    for (const client of [call(), request()]) expect(lanes.take(client)).toBe(lanes.shared);
  });

  it('is told of the client, which for a session is still to say that it is initialized', () => {
    const lanes = createLanes();
    const [client, caller] = [session(ASKABLE), call()];
    const [own, lent] = [lanes.take(client), lanes.take(caller)];
    expect([own.opening, own.initialized, lent.opening, lent.initialized]).toEqual([
      client.opening,
      false,
      caller.opening,
      true,
    ]);
    expect([lanes.shared.opening, lanes.shared.initialized]).toEqual([undefined, true]);
  });
});

describe('a lane of a session', () => {
  it('ends with it, and the shared one does not', async () => {
    const lanes = createLanes();
    const [own, sharing] = [session(ASKABLE), session()];
    const lane = await serve(lanes, own);
    await serve(lanes, sharing);
    own.leave();
    sharing.leave();
    expect([stateOf(lane), lane.owner, stateOf(lanes.shared), lanes.all]).toEqual([
      'closed',
      undefined,
      'ready',
      [lanes.shared],
    ]);
    expect(() => lanes.take(own)).toThrow(
      expect.objectContaining({ code: 'CLOSED', message: 'test: the session has ended' }),
    );
    expect(lanes.take(sharing)).toBe(lanes.shared);
  });

  it('is nobody else’s, however alike', async () => {
    const lanes = createLanes();
    const lane = await serve(lanes, session(ASKABLE));
    expect(lanes.find(request())).toBeUndefined();
    for (const client of [session(ASKABLE), call(), request()]) expect(lanes.take(client)).not.toBe(lane);
  });
});

describe('a lane that was lent for a call', () => {
  it('serves the next call of a client with the same capabilities, in whatever order they are written', async () => {
    const lanes = createLanes();
    const first = call({ elicitation: { form: {}, url: {} }, roots: {} });
    const lane = await serve(lanes, first);
    first.leave();
    expect([lane.owner, stateOf(lane)]).toEqual([undefined, 'ready']);
    const other = lanes.take(call({ elicitation: { form: {} }, roots: {} }));
    const second = call({ roots: {}, elicitation: { url: {}, form: {} } });
    expect([other === lane, lanes.take(second) === lane, lane.owner]).toEqual([false, true, second]);
  });

  it('is one call’s at a time', async () => {
    const lanes = createLanes();
    const lane = await serve(lanes);
    const concurrent = lanes.take(call());
    expect(concurrent).not.toBe(lane);
    expect(lanes.all).toEqual([lanes.shared, lane, concurrent]);
  });

  it.each([
    ['is still at something that was given up', (lane: Lane) => void Object.assign(lane, { isTainted: true })],
    [
      'has not answered everything',
      ({ supervisor }: Lane, client: Client) => {
        const exchange = createExchange('hang', { client });
        void supervisor.link?.request(exchange.frame, exchange).catch(() => {});
      },
    ],
    ['is not up', ({ supervisor }: Lane) => supervisor.close()],
  ])('is not lent again when its server %s', async (_, spoil) => {
    const lanes = createLanes();
    const client = call();
    const lane = await serve(lanes, client);
    await spoil(lane, client);
    client.leave();
    expect([stateOf(lane), lanes.all, lanes.take(call()) === lane]).toEqual(['closed', [lanes.shared], false]);
  });

  it('ends when nobody has needed it for a minute', async () => {
    const lanes = createLanes();
    const [first, second] = [call(), call()];
    const lane = await serve(lanes, first);
    vi.advanceTimersByTime(10 * MINUTE);
    first.leave();
    vi.advanceTimersByTime(MINUTE - 1);
    expect(lanes.take(second)).toBe(lane);
    vi.advanceTimersByTime(10 * MINUTE);
    second.leave();
    vi.advanceTimersByTime(MINUTE - 1);
    expect(stateOf(lane)).toBe('ready');
    vi.advanceTimersByTime(1);
    expect([stateOf(lane), lanes.all]).toEqual(['closed', [lanes.shared]]);
  });
});

describe('a lane that could not be started', () => {
  it('is not tried for other clients, who say something else of themselves', async () => {
    let isWilling = false;
    const lanes = createLanes({
      async start() {
        if (!isWilling) throw new Error('who is this?');
      },
    });
    const lane = lanes.take(request());
    await expect(lane.supervisor.acquire()).rejects.toThrow('who is this?');
    isWilling = true;
    const other = createClient('another', { tenure: 'none', capabilities: ASKABLE });
    expect([lanes.take(other) === lane, lanes.take(request()) === lane]).toEqual([false, true]);
  });
});

describe('a request that is no call', () => {
  it('is served on any lane of its kind, also on one that is lent', async () => {
    const lanes = createLanes();
    const caller = call();
    const lane = await serve(lanes, caller);
    expect(lanes.take(request())).toBe(lane);
    expect(lane.owner).toBe(caller);
    caller.leave();
    expect(lanes.take(request())).toBe(lane);
    expect(lanes.take(request({ roots: {} }))).not.toBe(lane);
  });

  it('is not cut off by the end of the call that the lane was lent for', async () => {
    const lanes = createLanes();
    const caller = call();
    const lane = await serve(lanes, caller);
    const exchange = createExchange('slow', { client: request() });
    void lane.supervisor.link?.request(exchange.frame, exchange).catch(() => {});
    caller.leave();
    expect([stateOf(lane), lanes.take(call()) === lane]).toEqual(['ready', true]);
  });

  it('is not cut off to make room for others', async () => {
    const lanes = createLanes({ maxLinks: 2 });
    const lane = await serve(lanes, request());
    const exchange = createExchange('slow', { client: request() });
    const answer = lane.supervisor.link?.request(exchange.frame, exchange).catch(() => {});
    expect(() => lanes.take(call({ roots: {} }))).toThrow(expect.objectContaining({ code: 'BUSY' }));
    exchange.cancel();
    await answer;
    expect(lanes.take(call({ roots: {} }))).not.toBe(lane);
  });

  it('has one started where there is none, and it is there for the next call', async () => {
    const lanes = createLanes();
    const lane = await serve(lanes, request());
    expect([lane.owner, lanes.take(request()) === lane, lanes.take(call()) === lane]).toEqual([undefined, true, true]);
  });

  it('is not cut off by the end of that minute, be it that its server is still starting or at work', async () => {
    let start = () => {};
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const lanes = createLanes({ start: () => started });
    const lane = lanes.take(request());
    const acquired = lane.supervisor.acquire();
    vi.advanceTimersByTime(MINUTE);
    expect(stateOf(lane)).toBe('starting');
    start();
    const link = await acquired;
    const exchange = createExchange('slow');
    const answer = link.request(exchange.frame, exchange).catch(() => {});
    vi.advanceTimersByTime(MINUTE);
    expect(stateOf(lane)).toBe('ready');
    exchange.cancel();
    await answer;
    vi.advanceTimersByTime(MINUTE);
    expect(stateOf(lane)).toBe('closed');
  });
});

describe('more lanes than allowed', () => {
  it('are refused, until one ends', () => {
    const lanes = createLanes({ maxLinks: 3 });
    const [first, second, third] = [session(ASKABLE), call(), session(ASKABLE)];
    for (const client of [first, second]) lanes.take(client);
    for (const client of [third, call(), request({ roots: {} })])
      expect(() => lanes.take(client)).toThrow(
        expect.objectContaining({
          code: 'BUSY',
          message: 'test: 3 processes are running for other clients; close one, or raise "maxLinks"',
        }),
      );
    expect(lanes.take(session())).toBe(lanes.shared);
    first.leave();
    expect(lanes.take(third).owner).toBe(third);
  });

  it('make those end that are free, the one first that was used longest ago', async () => {
    const lanes = createLanes({ maxLinks: 3 });
    const clients = [call({ elicitation: {} }), call({ roots: {} })];
    const used = [];
    for (const client of clients) used.push(await serve(lanes, client));
    for (const client of clients.reverse()) client.leave();
    const lane = lanes.take(call({ sampling: {} }));
    expect([used.map(stateOf), lanes.all.length, lanes.all.includes(lane)]).toEqual([['ready', 'closed'], 3, true]);
  });
});

describe('a call that finds all lanes taken', () => {
  it('makes a call give way that only waits for its client', async () => {
    const lanes = createLanes({ maxLinks: 3 });
    const yielded: string[] = [];
    const taken = ['busy', 'waits'].map((name) => {
      const client: TestClient = {
        ...call({ roots: {}, [name]: {} }),
        yield() {
          if (name === 'busy') return false;
          yielded.push(name);
          client.leave();
          return true;
        },
      };
      return lanes.take(client);
    });
    const lane = lanes.take(call());
    expect([yielded, taken.map(stateOf), lanes.all]).toEqual([
      ['waits'],
      ['idle', 'closed'],
      [lanes.shared, taken[0], lane],
    ]);
  });

  it('waits for its turn, as the next one of all that wait', async () => {
    const lanes = createLanes({ maxLinks: 2 });
    const caller = call();
    const lane = await serve(lanes, caller);
    const order: string[] = [];
    const wait = async (name: string, client: TestClient) => {
      const turn = await lanes.takeInTurn(client, MINUTE);
      order.push(name);
      return turn;
    };
    const [first, second] = [call(), call()];
    const turns = [wait('first', first), wait('second', second)];
    caller.leave();
    expect(await turns[0]).toBe(lane);
    first.leave();
    expect(await turns[1]).toBe(lane);
    expect([order, lane.owner]).toEqual([['first', 'second'], second]);
  });

  it('has its turn at once when a session ends', async () => {
    const lanes = createLanes({ maxLinks: 2 });
    const owner = session(ASKABLE);
    const lane = lanes.take(owner);
    const waiting = lanes.takeInTurn(call(), MINUTE);
    owner.leave();
    expect(await waiting).not.toBe(lane);
  });

  it('waits no longer than it has the patience for', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const lanes = createLanes({ maxLinks: 2 });
    lanes.take(call());
    let outcome = 'waits';
    lanes.takeInTurn(call(), 1200).catch(({ code }) => {
      outcome = code;
    });
    await vi.advanceTimersByTimeAsync(1199);
    expect(outcome).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect([outcome, vi.getTimerCount()]).toEqual(['BUSY', 0]);
  });

  it('waits no longer than there are lanes at all, and none is begun after the end', async () => {
    const lanes = createLanes({ maxLinks: 2 });
    const caller = call();
    const lane = await serve(lanes, caller);
    const waiting = lanes.takeInTurn(call(), MINUTE);
    const closing = lanes.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED', message: 'test: closed' });
    caller.leave();
    await closing;
    expect([stateOf(lane), vi.getTimerCount()]).toEqual(['closed', 0]);
    expect(() => lanes.take(session(ASKABLE))).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});

it('closing ends all lanes, and waits for those on their way out', async () => {
  const lanes = createLanes();
  const [owner, caller, leaving] = [session(ASKABLE), call({ roots: {} }), session(ASKABLE)];
  const used = [lanes.shared];
  for (const client of [owner, caller, leaving]) used.push(await serve(lanes, client));
  await lanes.shared.supervisor.acquire();
  caller.leave();
  leaving.leave();
  await Promise.all([lanes.close(), lanes.close()]);
  expect([used.map(stateOf), vi.getTimerCount()]).toEqual([Array(4).fill('closed'), 0]);
});
