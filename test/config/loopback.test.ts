import { expect, it } from 'vitest';
import { isLoopback } from '../../src/config/loopback.ts';

it('loopback is told from what only looks like it', () => {
  for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.255.255.254', '::1'])
    expect([host, isLoopback(host)]).toEqual([host, true]);
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.example.com',
    '127.999.0.1',
    'xlocalhost',
    'localhost.example.com',
  ])
    expect([host, isLoopback(host)]).toEqual([host, false]);
});
