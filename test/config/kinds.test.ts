import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import * as catalog from '../../src/config/catalog-kinds.ts';
import * as kinds from '../../src/config/kinds.ts';
import * as tunnels from '../../src/config/tunnel-kinds.ts';
import * as urls from '../../src/config/url-kinds.ts';

const DURATIONS = [1, 500, '500ms', '90s', '1.5m', '1 h', '0.5s', 2_147_483_647];
const PATTERNED = [
  'http://',
  'https://a b',
  'ftp://a.example.com',
  'https://a.example.com#x',
  'https://me@a.example.com',
];

/** What is fine, and what is not. */
const SAMPLES: [kind: kinds.Kind<unknown>, right: unknown[], wrong: unknown[]][] = [
  [kinds.TEXT, ['a', ' a ', '$A'], ['', ' \n']],
  [kinds.ANY_TEXT, ['', 'a', 0, true], [null]],
  [kinds.YES_OR_NO, [true, false], ['maybe', 2]],
  [kinds.PROTOCOL, ['auto', '2025', 2026], ['2024', 2024]],
  [kinds.LOG_LEVEL, ['debug', 'none'], ['loud']],
  [kinds.PORT, [0, 8000, 65_535], [-1, 1.5, 65_536, 'x']],
  [kinds.COUNT, [1, 2 ** 53 - 1], [0, 1.5, -1, 2 ** 60]],
  [kinds.DURATION, DURATIONS, [0, '0', '0.0s', -1, '5d', 's', '', '1,5s', 2_147_483_648]],
  [kinds.DURATION_OR_NONE, [...DURATIONS, 0, '0', '0s'], ['0.0s', -1, '5d', '']],
  [kinds.SECONDS, [1, 0.5, 2_147_483], [0, -1, 2_147_484]],
  [kinds.SIZE, [1, '64kb', '10MB', '10MiB', '1 kb', '5b', '5'], [0, '0', '0kb', '1k', '-1', 512_000_001]],
  [urls.URL_PATH, ['/', '/a/b'], ['', 'a', '/a b', '/a?b', '/a#b']],
  [urls.PLAIN_PATH, ['/a', '/a/b/', '/a.b/~c-d_e'], ['/', 'a', '/a//b', '/..', '/a/../b', '/./a', '/%61', '/a b']],
  [urls.HEADER_NAME, ['X-Key', 'a.b'], ['', 'X Key', 'a:b', 'é']],
  [
    urls.HOST,
    ['localhost', '0.0.0.0', 'A.example.com', '::1', '[::1]', '::ffff:127.0.0.1'],
    ['', 'a:80', 'a b', 'a/b'],
  ],
  [
    urls.ORIGIN,
    ['*', 'loopback', 'https://a.example.com', 'http://localhost:3000/', 'app://x'],
    ['a', 'https://a/b', 'https://*', ''],
  ],
  [urls.PUBLIC_URL, ['https://a.example.com', 'http://127.0.0.1:8000/'], [...PATTERNED, 'https://a.example.com/b']],
  [
    urls.TRUSTED_URL,
    ['https://a.example.com/b?c', 'http://localhost:1/x', 'http://a.localhost', 'http://127.0.0.2', 'http://[::1]:80/'],
    [...PATTERNED, 'http://a.example.com', 'http://localhost.example.com', 'http://127.0.0.1.example.com'],
  ],
  [urls.WEB_URL, ['http://127.0.0.1:5173', 'https://a.example.com/b/'], [...PATTERNED, 'https://a.example.com?b']],
  [tunnels.SSH_TARGET, ['me@a.example.com', 'serveo'], ['-oProxyCommand=x', 'me@-x', 'a b', '@a']],
  [
    tunnels.SSH_PUBLIC_URL,
    ['https://a.example.com:{port}', 'https://a.example.com/'],
    [...PATTERNED, 'https://a.example.com/b'],
  ],
  [
    tunnels.DOMAIN,
    ['a.example.com', 'A-1.example.com'],
    ['a', '-a.example.com', '127.0.0.1', 'https://a.example.com', 'a..b'],
  ],
  [tunnels.SUBDOMAIN, ['a', 'A-1'], ['', '-a', 'a.b']],
  [tunnels.FUNNEL_PORT, [443, 8443, 10_000], [80, 'x']],
  [tunnels.OPENAI_TUNNEL_ID, ['tunnel_0123abcd'], ['', 'a b']],
  [catalog.LEGAL_NAME, ['a', 'read_file-2', 'a'.repeat(64)], ['', 'a.b', 'a b', 'é', 'a'.repeat(65)]],
  [catalog.VIEW_NAME, ['readonly', 'a.b-c_d', '...'], ['', '.', '..', 'a/b', 'a b', 'é']],
  [catalog.RESULT_SIZE, [0, 1_000, '1kb', '1.5MiB', '512MB'], [1, 999, '0.9kb', '500', '', -1]],
  [catalog.MEMBER_PATH, ['a', 'data.items', 'a b'], ['', '.', 'a.', '.a', 'a..b']],
  [catalog.CONTENT_TYPE, ['text', 'resource_link'], ['video', '']],
];

describe.each(SAMPLES)('$accepts', ({ parse, json }, right, wrong) => {
  const isValid = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(json);
  const isTaken = (value: unknown) => value !== null && parse(String(value)) !== undefined;

  it.each(right.map((value) => [value]))('is %j, also for editors', (value) => {
    expect([isTaken(value), isValid(value)]).toEqual([true, true]);
  });

  it.each(wrong.map((value) => [value]))('is not %j, neither for editors', (value) => {
    expect([isTaken(value), isValid(value)]).toEqual([false, false]);
  });
});
