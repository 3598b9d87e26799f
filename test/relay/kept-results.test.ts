import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ANYONE, type Principal } from '../../src/protocol/principal.ts';
import { KeptResults } from '../../src/relay/kept-results.ts';

const HOUR = 60 * 60 * 1000;
const MEBI = 2 ** 20;
const ANN: Principal = { id: 'ann', readOnly: false };
const BOB: Principal = { id: 'bob', readOnly: false };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Text that takes so many mebibytes of memory. */
const textOf = (mebibytes: number) => 'x'.repeat((mebibytes * MEBI) / 2);
const plain = (text: string) => ({ mimeType: 'text/plain', text }) as const;

/** What can be read of these. */
function readable(results: KeptResults, principal: Principal, uris: readonly (string | undefined)[]): boolean[] {
  return uris.map((uri) => results.read(principal, uri ?? '') !== undefined);
}

it('what is kept can be read under a URI of its own that nobody guesses', () => {
  const results = new KeptResults();
  const one = results.keep(ANN, plain('one')) as string;
  const two = results.keep(ANN, { mimeType: 'application/json', text: '{"a":1.0}' }) as string;
  expect(one).toMatch(/^mcp-bridge:\/\/results\/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect(two).not.toBe(one);
  expect(results.read(ANN, one)?.map(({ value }) => value)).toEqual([
    { uri: one, mimeType: 'text/plain', text: 'one' },
  ]);
  expect(results.read(ANN, two)?.map(({ value }) => value)).toEqual([
    { uri: two, mimeType: 'application/json', text: '{"a":1.0}' },
  ]);
  for (const uri of ['', 'mcp-bridge://results/', 'constructor', one.toUpperCase()])
    expect(results.read(ANN, uri)).toBeUndefined();
  results.close();
});

it('any text comes back as it was, half a character included', () => {
  const results = new KeptResults();
  for (const text of ['', 'ä€😀\0\r\n"\\', '\ud83d', 'a\ude00b']) {
    const uri = results.keep(ANYONE, plain(text)) as string;
    expect(results.read(ANYONE, uri)?.[0]?.string('text')).toBe(text);
  }
  results.close();
});

it('it is for whose it is, who may do as much as when it was kept', () => {
  const results = new KeptResults();
  const uri = results.keep(ANN, plain('hers')) as string;
  expect(results.read(BOB, uri)).toBeUndefined();
  expect(results.read(ANYONE, uri)).toBeUndefined();
  expect(results.read({ ...ANN, readOnly: true }, uri)).toBeUndefined();
  expect(results.read({ ...ANN }, uri)).toHaveLength(1);
  results.close();
});

it('it is kept for an hour, which no process waits for', () => {
  const results = new KeptResults();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const first = results.keep(ANN, plain('one'));
  expect(timers.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
  vi.advanceTimersByTime(HOUR / 2);
  const second = results.keep(ANN, plain('two'));
  vi.advanceTimersByTime(HOUR / 2 - 1);
  expect(readable(results, ANN, [first, second])).toEqual([true, true]);
  vi.advanceTimersByTime(1);
  expect(readable(results, ANN, [first, second])).toEqual([false, true]);
  vi.advanceTimersByTime(HOUR / 2);
  expect(readable(results, ANN, [first, second])).toEqual([false, false]);
  expect(vi.getTimerCount()).toBe(0);
});

it('it is forgotten with its principal, and all of it with the bridge', () => {
  const results = new KeptResults();
  const hers = ['one', 'two'].map((text) => results.keep(ANN, plain(text)));
  const his = results.keep(BOB, plain('three'));
  results.end('ann');
  results.end('ann');
  results.end('nobody');
  expect(readable(results, ANN, hers)).toEqual([false, false]);
  expect(readable(results, BOB, [his])).toEqual([true]);
  results.close();
  results.close();
  expect(readable(results, BOB, [his])).toEqual([false]);
  expect(vi.getTimerCount()).toBe(0);
});

it('there is room for 64 MiB; then the oldest makes room', () => {
  const results = new KeptResults();
  const text = textOf(8);
  const uris = Array.from({ length: 9 }, () => results.keep(ANYONE, plain(text)));
  expect(readable(results, ANYONE, uris)).toEqual([false, ...Array(8).fill(true)]);
  results.close();
});

it('who has little loses nothing to who wants much', () => {
  const results = new KeptResults();
  const small = results.keep(ANN, plain(textOf(1)));
  const text = textOf(8);
  const uris = Array.from({ length: 12 }, () => results.keep(BOB, plain(text)));
  expect(readable(results, ANN, [small])).toEqual([true]);
  expect(readable(results, BOB, uris)).toEqual([...Array(5).fill(false), ...Array(7).fill(true)]);
  const more = Array.from({ length: 5 }, () => results.keep(ANN, plain(text)));
  expect(readable(results, ANN, more)).toEqual(Array(5).fill(true));
  results.close();
});

it('what would take a quarter of the room or more for itself is not kept, and takes the place of nothing', () => {
  const results = new KeptResults();
  const text = textOf(16);
  const uris = Array.from({ length: 4 }, () => results.keep(ANN, plain(text)));
  expect(results.keep(BOB, plain(`${text}x`))).toBeUndefined();
  expect(readable(results, ANN, uris)).toEqual([true, true, true, true]);
  results.close();
});
