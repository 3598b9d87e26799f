import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exchange } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { gather, linkInTime, patienceWith, type Share, within } from '../../src/relay/patience.ts';
import { createClient, createExchange } from '../upstream/support.ts';
import { playUpstream } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const PATIENCE = { message: 'files: no answer in time' };
const list = () => createExchange(requestFrame('tools/list'));

/** What has become of a promise by now. */
function outcomeOf(promise: Promise<unknown>): { now: string } {
  const outcome = { now: 'waiting' };
  promise.then(
    (value) => {
      outcome.now = `resolved: ${value}`;
    },
    (error) => {
      outcome.now = `rejected: ${error.code ?? ''} ${error.message}`;
    },
  );
  return outcome;
}

describe('work within patience', () => {
  it('comes to its result, or fails in its own way', async () => {
    const exchange = list();
    await expect(within(exchange, PATIENCE, async () => 'done')).resolves.toBe('done');
    await expect(
      within(exchange, PATIENCE, async () => {
        throw new Error('its own');
      }),
    ).rejects.toThrow('its own');
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [4000, {}],
    [200, { limit: 200 }],
    [0, { limit: 0 }],
  ])('is cancelled after %i ms', async (limit, options) => {
    let patient: Exchange | undefined;
    const exchange = list();
    const work = within(exchange, { ...PATIENCE, ...options }, (given) => {
      patient = given;
      return new Promise(() => {});
    });
    const outcome = outcomeOf(work);
    await vi.advanceTimersByTimeAsync(Math.max(0, limit - 1));
    if (limit > 0) expect([outcome.now, patient?.cancellation.reason]).toEqual(['waiting', undefined]);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.now).toBe('rejected: BUSY files: no answer in time');
    expect(patient?.cancellation.reason).toMatchObject({ code: 'BUSY' });
    expect(exchange.cancellation.reason).toBeUndefined();
  });

  it('is cancelled with the client’s request', async () => {
    let patient: Exchange | undefined;
    const exchange = list();
    const work = within(exchange, PATIENCE, (given) => {
      patient = given;
      return new Promise(() => {});
    });
    exchange.cancel();
    await expect(work).rejects.toThrow('cancelled by the client');
    expect(patient?.cancellation.reason?.message).toBe('cancelled by the client');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not begun for a request that is given up already', async () => {
    const work = vi.fn(() => new Promise(() => {}));
    const exchange = list();
    exchange.cancel();
    await expect(within(exchange, PATIENCE, work)).rejects.toThrow('cancelled by the client');
    expect(work).not.toHaveBeenCalled();
  });

  it('leaves what comes after it alone: the client may give the request up later', async () => {
    let patient: Exchange | undefined;
    const exchange = list();
    await within(exchange, PATIENCE, async (given) => {
      patient = given;
    });
    exchange.cancel();
    expect(patient?.cancellation.reason).toBeUndefined();
  });

  it('sees the request as it is, but for the way to give it up', async () => {
    const exchange = list();
    await within(exchange, PATIENCE, async (given) => {
      expect([given.method, given.frame, given.client]).toEqual([exchange.method, exchange.frame, exchange.client]);
      given.notify(requestFrame('a/note'));
    });
    expect(exchange.notified).toHaveLength(1);
  });
});

describe('the patience with a server', () => {
  it('is used up once while it starts, whoever waits', () => {
    const left = [0, 1, 3999, 4000, 60_000].map((ms) => patienceWith({ startingFor: () => ms }, createClient()));
    expect(left).toEqual([4000, 3999, 1, 0, 0]);
  });

  it('lasts for 4 s of its start, and those who come later do not wait again', async () => {
    let start = () => {};
    const { upstream } = playUpstream({
      start: new Promise((resolve) => {
        start = resolve;
      }),
    });
    const first = linkInTime(upstream, list());
    await vi.advanceTimersByTimeAsync(3000);
    const second = outcomeOf(linkInTime(upstream, list()));
    await vi.advanceTimersByTimeAsync(999);
    expect(second.now).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect([await first, second.now]).toEqual([undefined, 'resolved: undefined']);
    const third = outcomeOf(linkInTime(upstream, list()));
    await vi.advanceTimersByTimeAsync(0);
    expect(third.now).toBe('resolved: undefined');
    start();
    await vi.advanceTimersByTimeAsync(0);
    expect(await linkInTime(upstream, list())).toBe(upstream.shared.link);
    expect(upstream.state).toBe('ready');
  });

  it('ends at once with a server that cannot serve the client', async () => {
    const { upstream } = playUpstream({}, { isolation: 'session', maxLinks: 1 });
    const exchange = createExchange(requestFrame('tools/list'), { client: createClient() });
    expect(await linkInTime(upstream, exchange)).toBeUndefined();
  });
});

describe('what several servers make up together', () => {
  const LATEST = 60_000;
  const share = (work: Share<string>['work'], changes: Partial<Share<string>> = {}): Share<string> => ({
    message: 'files: no answer in time',
    limit: 4000,
    latest: LATEST,
    work,
    ...changes,
  });
  const answersIn = (ms: number, value = 'late') =>
    share(() => new Promise((resolve) => setTimeout(resolve, ms, value)));
  const failing = share(async () => {
    throw new Error('broken');
  });
  /** How each share has ended once all have, and when that was. */
  async function outcomesOf(...shares: Share<string>[]) {
    const started = Date.now();
    const gathered = gather(list(), shares).then((outcomes) => ({ outcomes, ms: Date.now() - started }));
    await vi.advanceTimersByTimeAsync(2 * LATEST);
    const { outcomes, ms } = await gathered;
    return [
      ms,
      ...outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    ];
  }

  it.each<[string, Share<string>[], unknown[]]>([
    ['is there once all are', [answersIn(10, 'a'), answersIn(3999, 'b')], [3999, 'a', 'b']],
    ['goes without who is late', [answersIn(10, 'a'), answersIn(4001)], [4000, 'a', 'files: no answer in time']],
    [
      'waits for the first to show anything',
      [answersIn(9000, 'a'), answersIn(5000, 'b')],
      [5000, 'files: no answer in time', 'b'],
    ],
    ['waits no less for those who fail', [failing, answersIn(9000, 'a')], [9000, 'broken', 'a']],
    ['waits no longer than that', [failing, answersIn(LATEST + 1)], [LATEST, 'broken', 'files: no answer in time']],
    ['is nothing when all fail', [failing, failing], [0, 'broken', 'broken']],
    ['is nothing of nobody', [], [0]],
  ])('%s', async (_, shares, expected) => {
    expect(await outcomesOf(...shares)).toEqual(expected);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no patience left for a server that has used it up, as long as another one can show something', async () => {
    const impatient = { ...answersIn(2000), limit: 0 };
    expect(await outcomesOf(impatient, answersIn(10, 'a'))).toEqual([10, 'files: no answer in time', 'a']);
    expect(await outcomesOf(impatient, failing)).toEqual([2000, 'late', 'broken']);
  });

  it('is given up with the client’s request', async () => {
    const exchange = list();
    const reasons: unknown[] = [];
    const waiting = share((patient) => {
      patient.cancellation.add(({ message }) => reasons.push(message));
      return new Promise(() => {});
    });
    const gathered = gather(exchange, [waiting, waiting]);
    exchange.cancel();
    expect((await gathered).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([reasons, vi.getTimerCount()]).toEqual([Array(2).fill('cancelled by the client'), 0]);
  });
});
