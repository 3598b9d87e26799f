import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/downstream/sessions.ts';
import { ANYONE, type Principal } from '../../src/protocol/principal.ts';
import { principalOf } from './support.ts';

class FakeSession {
  readonly id: string;
  readonly principal: Principal;
  isBusy = false;
  closed = 0;

  constructor(id: string, principal: Principal) {
    this.id = id;
    this.principal = principal;
  }

  close(): void {
    this.closed += 1;
  }
}

const TIMEOUT = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function createSessions(max = 10) {
  const sessions = new Sessions<FakeSession>({ timeout: TIMEOUT, max });
  const add = ({ principal = ANYONE, id }: { principal?: Principal; id?: string } = {}) =>
    sessions.add((newId) => new FakeSession(newId, principal), principal, id);
  return { sessions, add, get: (id: string) => sessions.get(id, ANYONE) };
}

it('a session is found under its own unguessable id, or under the one it was given', () => {
  const { sessions, add, get } = createSessions();
  const [one, two, given] = [add(), add(), add({ id: 'given' })];
  expect(one.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(two.id).not.toBe(one.id);
  expect([get(one.id), get(two.id), get('given')]).toEqual([one, two, given]);
  expect([get('unknown'), sessions.size]).toEqual([undefined, 3]);
});

it('a session ends when it was idle for too long, and not before', () => {
  const { sessions, add, get } = createSessions();
  const session = add();
  vi.advanceTimersByTime(TIMEOUT - 1);
  expect(get(session.id)).toBe(session);
  vi.advanceTimersByTime(TIMEOUT - 1);
  expect([sessions.size, session.closed]).toEqual([1, 0]);
  vi.advanceTimersByTime(1);
  expect([sessions.size, session.closed, get(session.id)]).toEqual([0, 1, undefined]);
});

it('a busy session stays, and has its whole time once it is idle', () => {
  const { sessions, add } = createSessions();
  const session = add();
  session.isBusy = true;
  vi.advanceTimersByTime(5 * TIMEOUT);
  expect([sessions.size, session.closed]).toEqual([1, 0]);
  session.isBusy = false;
  vi.advanceTimersByTime(TIMEOUT);
  expect([sessions.size, session.closed]).toEqual([0, 1]);
});

it('at the limit the session goes that was idle for longest, and busy ones stay', () => {
  const { sessions, add, get } = createSessions(3);
  const [one, two, three] = [add(), add(), add()];
  get(one.id);
  const four = add();
  expect([one, two, three, four].map(({ closed }) => closed)).toEqual([0, 1, 0, 0]);
  three.isBusy = true;
  add();
  expect([one, two, three, four].map(({ closed }) => closed)).toEqual([1, 1, 0, 0]);
  expect(sessions.size).toBe(3);
});

it('beyond the limit nobody gets a session while all are busy', () => {
  const { sessions, add } = createSessions(2);
  for (const session of [add(), add()]) session.isBusy = true;
  expect(() => add()).toThrow(
    expect.objectContaining({
      code: 'BUSY',
      message: 'There are 2 sessions already; close one, or raise --max-sessions',
    }),
  );
  expect(sessions.size).toBe(2);
});

it('sessions that are closed are gone at once, and their timers with them', () => {
  const { sessions, add } = createSessions();
  const [one, two, three] = [add(), add(), add()];
  expect([sessions.close(one.id), sessions.close(one.id), sessions.close('unknown')]).toEqual([true, false, false]);
  sessions.closeAll();
  sessions.closeAll();
  expect([one, two, three].map(({ closed }) => closed)).toEqual([1, 1, 1]);
  expect([sessions.size, vi.getTimerCount()]).toEqual([0, 0]);
});

describe('the session of a principal', () => {
  const [alice, bob] = [principalOf('alice'), principalOf('bob')];
  const closedOf = (sessions: FakeSession[]) => sessions.map(({ closed }) => closed);

  it('is unknown to everybody else, and to whoever may do more or less', () => {
    const { sessions, add } = createSessions();
    const { id } = add({ principal: alice });
    for (const stranger of [bob, ANYONE, principalOf('alice', true)])
      expect(sessions.get(id, stranger)).toBeUndefined();
    expect([sessions.get(id, { ...alice })?.id, sessions.has(id), sessions.has('unknown')]).toEqual([id, true, false]);
  });

  it('does not live longer for being asked for by others', () => {
    const { sessions, add } = createSessions();
    const session = add({ principal: alice });
    vi.advanceTimersByTime(TIMEOUT - 1);
    sessions.get(session.id, bob);
    vi.advanceTimersByTime(1);
    expect(session.closed).toBe(1);
  });

  it('goes at the limit before those of others, even if it was used later', () => {
    const { add } = createSessions(8);
    const others = [add({ principal: bob }), ...Array.from({ length: 6 }, () => add())];
    const own = add({ principal: alice });
    const another = add({ principal: alice });
    expect(closedOf([...others, own, another])).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0]);
    another.isBusy = true;
    const third = add({ principal: alice });
    expect(closedOf([...others, another, third])).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('goes when it is one of a quarter of all, the one that was idle for longest', () => {
    const { sessions, add } = createSessions(8);
    const own = [add({ principal: alice }), add({ principal: alice })];
    sessions.touch(own[0]?.id ?? '');
    expect(closedOf([...own, add({ principal: alice })])).toEqual([0, 1, 0]);
    expect(sessions.size).toBe(2);
  });

  it('is not to be had while a quarter of all are busy for the same one; others get theirs', () => {
    const { add } = createSessions(8);
    for (const session of [add({ principal: alice }), add({ principal: alice })]) session.isBusy = true;
    expect(() => add({ principal: alice })).toThrow('There are 2 sessions already');
    expect(add({ principal: bob }).closed).toBe(0);
  });

  it('is always to be had once, however few there may be', () => {
    const { sessions, add } = createSessions(1);
    const [one, two] = [add({ principal: alice }), add({ principal: bob })];
    expect([closedOf([one, two]), sessions.size]).toEqual([[1, 0], 1]);
  });

  it('is not limited to a quarter where nobody is asked who they are', () => {
    const { sessions, add } = createSessions(8);
    for (let count = 0; count < 8; count++) add();
    expect(sessions.size).toBe(8);
  });

  it('ends with all of the same principal’s, and no other one’s', () => {
    const { sessions, add } = createSessions();
    const all = [
      add({ principal: alice }),
      add({ principal: bob }),
      add({ principal: principalOf('alice', true) }),
      add(),
    ];
    sessions.closeOf('alice');
    expect(closedOf(all)).toEqual([1, 0, 1, 0]);
    expect(vi.getTimerCount()).toBe(2);
  });
});
