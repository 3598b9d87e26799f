import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StatelessCall } from '../../../src/downstream/stateless/call.ts';
import { ParkedCalls } from '../../../src/downstream/stateless/parked-calls.ts';
import { resultFrame } from '../../../src/protocol/message.ts';
import { ANYONE } from '../../../src/protocol/principal.ts';
import { principalOf, statelessRequest } from '../support.ts';

const PATIENCE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const createCall = (principal = ANYONE) => new StatelessCall(statelessRequest('tools/call', {}, { principal }));
const createParked = (max = 10) => new ParkedCalls({ patience: PATIENCE, max });
const GONE = expect.objectContaining({
  code: -32602,
  message: 'The call that asked does not wait any more; call again',
});

it('a call is given out under its own unguessable handle, once', () => {
  const parked = createParked();
  const [one, two] = [createCall(), createCall()];
  const handles = [parked.park(one), parked.park(two)] as string[];
  expect(handles[0]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect(handles[1]).not.toBe(handles[0]);
  expect(handles.map((handle) => parked.take(handle))).toEqual([one, two]);
  for (const handle of [...handles, '', 'unknown', 'constructor']) expect(() => parked.take(handle)).toThrow(GONE);
  expect([vi.getTimerCount(), one.cancellation.reason]).toEqual([0, undefined]);
});

it('a call whose client does not come back in time is given up, and one that was parked anew has its whole time', () => {
  const parked = createParked();
  const call = createCall();
  const first = parked.park(call) as string;
  vi.advanceTimersByTime(PATIENCE - 1);
  expect(parked.take(first)).toBe(call);
  const second = parked.park(call) as string;
  expect(second).not.toBe(first);
  vi.advanceTimersByTime(PATIENCE - 1);
  expect(call.cancellation.reason).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(call.cancellation.reason?.message).toBe('its client did not come back with the answers');
  expect(() => parked.take(second)).toThrow(GONE);
});

it('there is room for so many calls, and for more once one has gone on or was given up', () => {
  const parked = createParked(2);
  const handle = parked.park(createCall()) as string;
  parked.park(createCall());
  expect(parked.park(createCall())).toBeUndefined();
  parked.take(handle);
  expect(parked.park(createCall())).toBeDefined();
  expect(parked.park(createCall())).toBeUndefined();
  vi.advanceTimersByTime(PATIENCE);
  expect([parked.park(createCall()), parked.park(createCall())]).not.toContain(undefined);
});

it('a call that has ended while its client was away makes room when there is none, the oldest first', async () => {
  const parked = createParked(3);
  const calls = [createCall(), createCall(), createCall()];
  const handles = calls.map((call) => parked.park(call) as string);
  for (const call of calls.slice(1)) await call.start(async () => resultFrame({}));
  expect(parked.park(createCall())).toBeDefined();
  expect(() => parked.take(handles[1] as string)).toThrow(GONE);
  expect([parked.take(handles[0] as string), parked.take(handles[2] as string)]).toEqual([calls[0], calls[2]]);
});

it('closing gives all of them up, twice without harm', () => {
  const parked = createParked();
  const calls = [createCall(), createCall()];
  const handles = calls.map((call) => parked.park(call) as string);
  parked.close();
  parked.close();
  expect(calls.map(({ cancellation }) => cancellation.reason?.message)).toEqual(Array(2).fill('the bridge is closing'));
  for (const handle of handles) expect(() => parked.take(handle)).toThrow(GONE);
  expect(vi.getTimerCount()).toBe(0);
});

it('a principal has room for a quarter of all calls, where its own that have ended make room', async () => {
  const parked = createParked(8);
  const [alice, bob] = [principalOf('alice'), principalOf('bob')];
  const [first, second] = [createCall(alice), createCall(alice)];
  const other = createCall(bob);
  const handles = [parked.park(first), parked.park(other), parked.park(second)] as string[];
  expect(parked.park(createCall(principalOf('alice', true)))).toBeUndefined();
  expect([parked.park(createCall(bob)), parked.park(createCall())]).not.toContain(undefined);
  for (const call of [other, second]) await call.start(async () => resultFrame({}));
  expect(parked.park(createCall(alice))).toBeDefined();
  expect(() => parked.take(handles[2] as string)).toThrow(GONE);
  expect([parked.take(handles[0] as string), parked.take(handles[1] as string)]).toEqual([first, other]);
  expect(second.cancellation.reason).toBeUndefined();
});

it('the calls of a principal that is none any more are given up, and no others', () => {
  const parked = createParked();
  const calls = [principalOf('alice'), principalOf('bob'), principalOf('alice', true), ANYONE].map(createCall);
  const handles = calls.map((call) => parked.park(call) as string);
  parked.end('alice');
  const GONE_FOR_GOOD = 'its client may not call any more';
  expect(calls.map(({ cancellation }) => cancellation.reason?.message)).toEqual([
    GONE_FOR_GOOD,
    undefined,
    GONE_FOR_GOOD,
    undefined,
  ]);
  expect(() => parked.take(handles[0] as string)).toThrow(GONE);
  expect([parked.take(handles[1] as string), parked.take(handles[3] as string)]).toEqual([calls[1], calls[3]]);
  expect(vi.getTimerCount()).toBe(0);
});
