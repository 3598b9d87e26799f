import { expect, it } from 'vitest';
import { isWildcard } from '../../src/config/wildcard.ts';

it.each(['0.0.0.0', '0', '0.0', '::', '::0', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])('%s is every address', (host) => {
  expect(isWildcard(host)).toBe(true);
});

it.each(['127.0.0.1', '::1', '10.0.0.0', 'fe80::', 'localhost', 'a_b', '..', '0.example.com'])(
  '%s is not every address',
  (host) => {
    expect(isWildcard(host)).toBe(false);
  },
);
