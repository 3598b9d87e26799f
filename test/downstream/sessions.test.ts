import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/downstream/sessions.ts';

class FakeSession {
  readonly id: string;
  isBusy = false;
  closed = 0;

  constructor(id: string) {
    this.id = id;
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
  return { sessions, add: (id?: string) => sessions.add((newId) => new FakeSession(newId), id) };
}

it('a session is found under its own unguessable id, or under the one it was given', () => {
  const { sessions, add } = createSessions();
  const [one, two, given] = [add(), add(), add('given')];
  expect(one.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(two.id).not.toBe(one.id);
  expect([sessions.get(one.id), sessions.get(two.id), sessions.get('given')]).toEqual([one, two, given]);
  expect([sessions.get('unknown'), sessions.size]).toEqual([undefined, 3]);
});

it('a session ends when it was idle for too long, and not before', () => {
  const { sessions, add } = createSessions();
  const session = add();
  vi.advanceTimersByTime(TIMEOUT - 1);
  expect(sessions.get(session.id)).toBe(session);
  vi.advanceTimersByTime(TIMEOUT - 1);
  expect([sessions.size, session.closed]).toEqual([1, 0]);
  vi.advanceTimersByTime(1);
  expect([sessions.size, session.closed, sessions.get(session.id)]).toEqual([0, 1, undefined]);
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
  const { sessions, add } = createSessions(3);
  const [one, two, three] = [add(), add(), add()];
  sessions.get(one.id);
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
