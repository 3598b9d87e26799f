import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { requestFrame } from '../../src/protocol/message.ts';
import { Fleet } from '../../src/upstream/fleet.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { playUpstream } from '../relay/support.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { requestsOf } from './played-server.ts';
import { createClient, createExchange, createLogBook, INFO, upstreamSettings } from './support.ts';

describe('an upstream that retires', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A server that answers calls when told to. */
  function playSlow() {
    const answers: (() => void)[] = [];
    const answer = () => new Promise<object>((resolve) => answers.push(() => resolve({ result: {} })));
    const { upstream } = playUpstream({ answer });
    const call = () => {
      const exchange = createExchange('a tool');
      return upstream.request(exchange.frame, exchange);
    };
    return { upstream, answers, call };
  }

  it('ends at once when nothing is being answered', async () => {
    const { upstream } = playSlow();
    await upstream.link(createClient());
    await upstream.retire();
    expect(upstream.state).toBe('closed');
  });

  it('ends when the last of its calls is answered', async () => {
    const { upstream, answers, call } = playSlow();
    const calls = [call(), call()];
    await vi.waitFor(() => expect(answers).toHaveLength(2), EVENTUALLY);
    const retiring = upstream.retire();
    answers[1]?.();
    await calls[1];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(upstream.state).toBe('ready');
    answers[0]?.();
    expect((await calls[0])?.has('result')).toBe(true);
    await retiring;
    expect(upstream.state).toBe('closed');
  });

  it('waits for those who are on their way to it, but not for ever', async () => {
    const { upstream, answers, call } = playSlow();
    await upstream.link(createClient());
    let arrive = () => {};
    const retiring = upstream.retire(
      new Promise<void>((resolve) => {
        arrive = resolve;
      }),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    const late = call();
    await vi.waitFor(() => expect(answers).toHaveLength(1), EVENTUALLY);
    arrive();
    await vi.advanceTimersByTimeAsync(0);
    expect(upstream.state).toBe('ready');
    answers[0]?.();
    expect((await late).has('result')).toBe(true);
    await retiring;

    const other = playSlow();
    await other.upstream.link(createClient());
    void other.upstream.retire(new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(other.upstream.state).toBe('ready');
    await vi.advanceTimersByTimeAsync(1);
    expect(other.upstream.state).toBe('closed');
  });

  it('can be closed meanwhile, whatever is in flight', async () => {
    const { upstream, answers, call } = playSlow();
    const failing = expect(call()).rejects.toThrow();
    await vi.waitFor(() => expect(answers).toHaveLength(1), EVENTUALLY);
    const retiring = upstream.retire();
    await upstream.close();
    await failing;
    await retiring;
    expect(upstream.state).toBe('closed');
  });
});

describe('an upstream that takes the place of another one', () => {
  it('tells its server what the clients of that one want', async () => {
    const declared = { capabilities: { tools: {}, logging: {}, resources: {} }, answer: () => ({ result: {} }) };
    const before = playUpstream(declared);
    const client = createClient();
    const subscribe = createExchange(requestFrame('resources/subscribe', { uri: 'a:b' }), { client });
    await before.upstream.subscribe(subscribe.frame, subscribe);
    const setLevel = createExchange(requestFrame('logging/setLevel', { level: 'info' }), { client });
    await before.upstream.setLevel(setLevel.frame, setLevel);
    const after = playUpstream(declared);
    after.upstream.succeed(before.upstream);
    await after.upstream.link(client);
    const told = (method: string) => requestsOf(after.received, method).map((frame) => frame.raw('params')?.value);
    expect([told('resources/subscribe'), told('logging/setLevel')]).toEqual([[{ uri: 'a:b' }], [{ level: 'info' }]]);
    await after.upstream.release(client);
    await vi.waitFor(() => expect(told('resources/unsubscribe')).toEqual([{ uri: 'a:b' }]), EVENTUALLY);
  });
});

describe('a client that is ready', () => {
  it('is told of once to each process of its own, however often that is said', async () => {
    const { upstream, received } = playUpstream();
    const client = createClient('asked', { capabilities: { elicitation: {} } });
    const initialized = { kind: 'notification', method: 'notifications/initialized' } as const;
    const frame = requestFrame('notifications/initialized').without('id');
    await upstream.link(client);
    upstream.notify(client, { ...initialized, frame });
    upstream.notify(client, { ...initialized, frame });
    const told = received.filter((message) => message.string('method') === 'notifications/initialized');
    expect(told).toHaveLength(1);
  });
});

describe('a fleet of other settings', () => {
  const settingsOf = (name: string, ...args: string[]) =>
    upstreamSettings({ name, ...fixture('echo-server', ...args), env: { B: '2', A: '1' } });

  function startFleet(...settings: ReturnType<typeof settingsOf>[]) {
    const fleet = new Fleet({ settings, info: INFO, log: createLogBook().log });
    onTestFinished(() => fleet.close({ immediately: true }));
    fleet.start();
    return fleet;
  }

  it('has the same upstreams as before where nothing of their processes is different', () => {
    const [one, two] = [settingsOf('one'), settingsOf('two')];
    const fleet = startFleet(one, two);
    const [first, second] = fleet.upstreams;
    const shownOtherwise = { ...one, origin: 'elsewhere', rules: { ...one.rules, schemas: 'strict' as const } };
    expect(fleet.plan([two, { ...shownOtherwise, env: { A: '1', B: '2' } }])).toEqual([second, first]);
    expect(fleet.upstreams).toEqual([first, second]);
  });

  it.each([
    ['its name', { name: 'other' }],
    ['its command', { command: 'other' }],
    ['its arguments', { args: [] }],
    ['its environment', { env: { A: '1' } }],
    ['its folder', { cwd: '/' }],
    ['its shell', { shell: true }],
    ['its protocol', { protocol: '2026' }],
    ['its isolation', { isolation: 'session' }],
    ['a time limit', { callTimeout: 7 }],
    ['how it starts', { lazy: true }],
    ['how many processes it may have', { maxLinks: 7 }],
  ] as const)('has another one for a server that is different in %s', (_, change) => {
    const before = settingsOf('one');
    const fleet = startFleet(before);
    const [planned] = fleet.plan([{ ...before, ...change }]);
    expect(planned).not.toBe(fleet.upstreams[0]);
    expect(planned?.state).toBe('idle');
  });

  it('starts what is new, and ends what is out, also what is still on its way out when it is closed', async () => {
    const [one, two, three] = [settingsOf('one'), settingsOf('two'), settingsOf('three')];
    const fleet = startFleet(one, two);
    const [stays, goes] = fleet.upstreams as [Upstream, Upstream];
    await Promise.all([stays, goes].map((upstream) => upstream.link(createClient())));
    const hanging = createExchange('hang');
    const call = expect(goes.request(hanging.frame, hanging)).rejects.toThrow();
    const planned = fleet.plan([three, one]);
    expect(fleet.adopt(planned)).toEqual({ started: 1, ended: 1 });
    expect(fleet.upstreams).toBe(planned);
    const [added] = planned as [Upstream];
    await vi.waitFor(() => expect(added.state).toBe('ready'), EVENTUALLY);
    expect([stays, goes].map(({ state }) => state)).toEqual(['ready', 'ready']);
    const pids = [added, stays, goes].map(({ shared }) => shared.link?.peer.pid as number);
    const closing = fleet.close();
    // In order, that is, and not for the watchdog to end.
    expect(goes.state).toBe('closed');
    await Promise.all([closing, call]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
