import { expect, it } from 'vitest';
import { EventStore } from '../../src/downstream/event-store.ts';

const dataOf = (store: EventStore, stream: string, after = 0) => store.after(stream, after).map(({ data }) => data);

it('gives the events of one stream after a number, oldest first, and numbers count up over all streams', () => {
  const store = new EventStore(1000);
  const numbers = ['a', 'b', 'a', 'b', 'a'].map((stream, index) => store.append(stream, `${stream}${index}`).number);
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
  expect(dataOf(store, 'a')).toEqual(['a0', 'a2', 'a4']);
  expect(dataOf(store, 'a', 1)).toEqual(['a2', 'a4']);
  expect(dataOf(store, 'a', 2)).toEqual(['a2', 'a4']);
  expect(dataOf(store, 'a', 5)).toEqual([]);
  expect(dataOf(store, 'a', 99)).toEqual([]);
  expect(dataOf(store, 'unknown')).toEqual([]);
});

it('lets the oldest events of all streams go once there are too many characters', () => {
  const store = new EventStore(10);
  for (const [stream, data] of [
    ['a', '1234'],
    ['b', '5678'],
    ['a', '90'],
  ] as const)
    store.append(stream, data);
  expect([dataOf(store, 'a'), dataOf(store, 'b')]).toEqual([['1234', '90'], ['5678']]);
  store.append('b', 'x');
  expect([dataOf(store, 'a'), dataOf(store, 'b')]).toEqual([['90'], ['5678', 'x']]);
  store.append('c', '123456789');
  expect(['a', 'b', 'c'].map((stream) => dataOf(store, stream))).toEqual([[], ['x'], ['123456789']]);
});

it('keeps the newest event even if it is longer than all that may be kept', () => {
  const store = new EventStore(10);
  store.append('a', 'old');
  store.append('b', 'x'.repeat(50));
  expect([dataOf(store, 'a'), dataOf(store, 'b')]).toEqual([[], ['x'.repeat(50)]]);
  store.append('a', 'new');
  expect([dataOf(store, 'a'), dataOf(store, 'b')]).toEqual([['new'], []]);
});

it('forgets a stream, and has its room for others', () => {
  const store = new EventStore(10);
  store.append('a', '12345');
  store.append('b', '67890');
  store.forget('a');
  store.forget('unknown');
  store.append('b', '12345');
  expect([dataOf(store, 'a'), dataOf(store, 'b')]).toEqual([[], ['67890', '12345']]);
});
