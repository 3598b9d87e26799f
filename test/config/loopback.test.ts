import { expect, it } from 'vitest';
import { isLoopback, isLoopbackUrl } from '../../src/config/loopback.ts';

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

it('loopback is told by the host of a URL alone', () => {
  for (const url of ['http://127.0.0.1:8000', 'http://[::1]:8000/a', 'https://localhost', 'http://0x7f.1'])
    expect([url, isLoopbackUrl(url)]).toEqual([url, true]);
  for (const url of [
    'http://127.0.0.1.example.com',
    'http://localhost@example.com',
    'http://[::2]',
    'http://a/localhost',
  ])
    expect([url, isLoopbackUrl(url)]).toEqual([url, false]);
});
