import { expect, it } from 'vitest';
import { Interests } from '../../src/upstream/interests.ts';
import { createClient } from './support.ts';

it('tells the server of the first subscriber and of the last', () => {
  const interests = new Interests();
  const [one, two] = [createClient('one'), createClient('two')];
  expect(interests.subscribe(one, 'a:1')).toBe(true);
  expect(interests.subscribe(two, 'a:1')).toBe(false);
  expect(interests.subscribe(one, 'a:1')).toBe(false);
  expect(interests.subscribersOf('a:1')).toEqual([one, two]);
  expect(interests.unsubscribe(one, 'a:1')).toBe(false);
  expect(interests.unsubscribe(one, 'a:1')).toBe(false);
  expect(interests.unsubscribe(two, 'a:1')).toBe(true);
  expect(interests.unsubscribe(two, 'a:1')).toBe(false);
  expect(interests.subscribersOf('a:1')).toEqual([]);
  expect(interests.uris).toEqual([]);
});

it('sets the most verbose level that anybody wants', () => {
  const interests = new Interests();
  const [one, two] = [createClient('one'), createClient('two')];
  expect(interests.level).toBeUndefined();
  interests.setLevel(one, 'error');
  interests.setLevel(two, 'info');
  expect(interests.level).toBe('info');
  interests.setLevel(two, 'alert');
  expect(interests.level).toBe('error');
  interests.setLevel(one, 'a level nobody knows');
  expect(interests.level).toBe('alert');
  interests.setLevel(two, undefined);
  expect(interests.level).toBeUndefined();
});

it('forgets a client, and names what nobody wants any more', () => {
  const interests = new Interests();
  const [one, two] = [createClient('one'), createClient('two')];
  interests.setLevel(one, 'debug');
  interests.setLevel(two, 'error');
  for (const uri of ['a:1', 'a:2']) interests.subscribe(one, uri);
  for (const uri of ['a:2', 'a:3']) interests.subscribe(two, uri);
  expect(interests.drop(one)).toEqual(['a:1']);
  expect(interests.drop(one)).toEqual([]);
  expect([interests.uris, interests.level]).toEqual([['a:2', 'a:3'], 'error']);
});
