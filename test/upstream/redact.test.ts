import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/upstream/redact.ts';

describe('taken out of the words of a server are', () => {
  it.each([
    ['values named like secrets', { API_TOKEN: 'hunter2' }, 'bad hunter2, hunter2', 'bad ***, ***'],
    ['names that end like one', { GITHUB_PAT: 'ghp_123', MYSQL_PWD: 'my-pwd' }, 'ghp_123 my-pwd', '*** ***'],
    ['the longest first', { A_KEY: 'secret', B_KEY: 'secret-more' }, 'secret-more', '***'],
    ['the lines of a private key', { KEY: '--begin--\r\nAbC123\n--end--\n' }, 'in AbC123', 'in ***'],
    ['the password of a URL', { DB: 'pg://me:s3cr3t@host/db' }, 'pg://me:s3cr3t@host/db', 'pg://me:***@host/db'],
    ['a password without a user', { REDIS: 'redis://:s3cr3t@host' }, 's3cr3t', '***'],
    ['a password as it is meant', { DB: 'pg://me:p%40ssword@host' }, 'p%40ssword p@ssword', '*** ***'],
    ['a password that is encoded badly', { DB: 'pg://me:100%pure@host' }, '100%pure', '***'],
  ])('%s', (_, env, text, redacted) => {
    expect(createRedactor(env)(text)).toBe(redacted);
  });
});

describe('left in them are', () => {
  it.each([
    ['other values', { MODE: 'production', PATH: '/usr/bin', URL: 'http://host:8080/a@b' }, 'production in /usr/bin'],
    ['short ones, which are parts of words', { API_KEY: 'in' }, 'inside'],
    ['those of the URL around a password', { DB: 'pg://someone:s3cr3t@host/db' }, 'someone at host/db'],
  ])('%s', (_, env, text) => {
    expect(createRedactor(env as Record<string, string>)(text)).toBe(text);
  });
});
