import { expect, it } from 'vitest';
import { fairShare } from '../../src/downstream/fair-share.ts';
import { ANYONE } from '../../src/protocol/principal.ts';
import { principalOf } from './support.ts';

it.each([
  [1000, 250],
  [7, 1],
  [3, 1],
  [1, 1],
])('of %i a principal may have %i, and all where nobody is asked who they are', (max, share) => {
  expect([fairShare(principalOf('alice'), max), fairShare(principalOf('alice', true), max)]).toEqual([share, share]);
  expect(fairShare(ANYONE, max)).toBe(max);
});
