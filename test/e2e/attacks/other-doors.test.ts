import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../../support/bridge.ts';
import { rawPost, rawRequest } from '../../support/http.ts';
import { bearer, DOORS, ECHO, LIST } from './attacker.ts';

const DEBUG = ['--log-level', 'debug'];

describe('a bridge with a token of its owner’s', () => {
  const TOKEN = 'Correct-Horse-Battery-Staple';
  let bridge: Bridge;

  beforeAll(async () => {
    bridge = await startBridge([...ECHO, ...DEBUG, '--auth', 'token'], { env: { MCP_BRIDGE_TOKEN: TOKEN } });
  });
  afterAll(() => bridge.stop());

  it.each([
    ['none', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another one', bearer('another-token-of-that-length')],
    ['the beginning of it', bearer(TOKEN.slice(0, -1))],
    ['more than it', bearer(`${TOKEN}e`)],
    ['it in other letters', bearer(TOKEN.toLowerCase())],
    ['it for another scheme', { authorization: `Basic ${TOKEN}` }],
    ['it in a cookie', { cookie: `token=${TOKEN}` }],
  ])('keeps out who brings %s, and does not send them anywhere', async (_, headers) => {
    const { status, headers: answered } = await rawPost(bridge.url, LIST, headers);
    expect(status).toBe(401);
    expect(answered['www-authenticate']).toMatch(/^Bearer(?: error="invalid_token", .*)?$/);
  });

  it('keeps out who brings it in the query, and does not write that down', async () => {
    expect((await rawPost(`${bridge.url}?access_token=${TOKEN}&token=${TOKEN}`, LIST)).status).toBe(401);
    expect(bridge.stderr()).not.toContain(TOKEN);
  });

  it('lets in who brings it', async () => {
    expect((await rawPost(bridge.url, LIST, bearer(TOKEN))).status).toBe(200);
  });

  it('has no authorization server', async () => {
    for (const [method, path, body] of DOORS.filter(([, each]) => !/mcp$|sse|message/.test(each)))
      expect([path, (await rawRequest(method, bridge.origin + path, {}, body)).status]).toEqual([path, 404]);
  });

  it('opens no window', async () => {
    expect((await rawRequest('POST', `${bridge.localUrl}/pair`, bearer(TOKEN))).status).toBe(401);
  });

  it('does not hand it to its servers', async () => {
    const call = { ...LIST, method: 'tools/call', params: { name: 'env', arguments: {} } };
    const { text } = await rawPost(bridge.url, call, bearer(TOKEN));
    expect(text).toContain('PATH');
    expect(text).not.toMatch(new RegExp(`${TOKEN}|MCP_BRIDGE_TOKEN`));
  });
});

describe('a bridge without authentication', () => {
  it.each([
    ['is reached through a tunnel', ['--public-url', 'https://bridge.example']],
    ['is reached from the network', ['--host', '0.0.0.0']],
  ])('does not start when it %s', async (_, args) => {
    const start = async () => {
      await using _bridge = await startBridge(['--auth', 'none', ...args, ...ECHO]);
    };
    await expect(start()).rejects.toThrow(/code 2\):\n.*with auth none anyone could use the tools.*\n$/);
  });

  it('does not start with a token that can be guessed', async () => {
    const start = async () => {
      await using _bridge = await startBridge(['--auth', 'token', ...ECHO], { env: { MCP_BRIDGE_TOKEN: 'guess-me' } });
    };
    await expect(start()).rejects.toThrow(/^(?!.*guess-me).*code 2\)/s);
  });
});

describe('a bridge at a secret path', () => {
  let folder: string;
  let secret: string;
  let bridge: Bridge;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
    const flags = [
      '--auth',
      'none',
      '--secret-path',
      '--public-url',
      'https://bridge.example',
      '--state-folder',
      folder,
    ];
    // What is told at its start is for the owner; from then on nothing names it.
    bridge = await startBridge([...ECHO, ...DEBUG, ...flags]);
    secret = (await readFile(join(folder, 'secret-path'), 'utf8')).trim();
  });
  afterAll(async () => {
    await bridge.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is found by who knows it', async () => {
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect((await rawPost(`${bridge.origin}/${secret}/mcp`, LIST)).status).toBe(200);
  });

  it('is found by nobody else', async () => {
    const other = 'A'.repeat(43);
    const places = ['/mcp', `/${other}/mcp`, `/${secret.slice(0, -1)}/mcp`, `/${secret.slice(1)}/mcp`, '/*/mcp'];
    const more = [
      `/${secret.toLowerCase()}/mcp`,
      `/${secret}A/mcp`,
      '/sse',
      '/message',
      '/servers/echo/mcp',
      '//mcp',
      '/',
    ];
    const answers = await Promise.all(
      [...places, ...more].map((place) => rawRequest('POST', bridge.origin + place, {}, LIST)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    // No answer tells a near miss from any other.
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).not.toContain('/mcp');
  });

  it('is named in no answer, no status and no log line', async () => {
    const before = bridge.stderr().length;
    const base = `${bridge.origin}/${secret}`;
    const answers = [
      await rawRequest('PUT', `${base}/mcp`),
      await rawRequest('GET', `${base}/mcp`),
      await rawRequest('POST', `${base}/mcp`, { 'content-type': 'text/plain' }, '{'),
      await rawPost(`${base}/mcp`, '{'),
      await rawPost(`${base}/mcp`, LIST, { 'mcp-session-id': 'unknown' }),
      await rawPost(`${base}/message`, LIST),
      await rawRequest('GET', `${base}/nothing`),
      await rawRequest('GET', `${base}/mcp`, { host: 'evil.example' }),
      await rawRequest('GET', `${bridge.origin}/`),
      await rawRequest('GET', `${bridge.localUrl}/status`),
      await rawRequest('GET', `${bridge.localUrl}/nothing`),
    ];
    for (const { text, headers } of answers) expect(text + JSON.stringify(headers)).not.toContain(secret);
    expect(bridge.stderr().slice(before)).toContain('"message":"request"');
    expect(bridge.stderr().slice(before)).not.toContain(secret);
  });

  it('is not known to its servers', async () => {
    const call = { ...LIST, method: 'tools/call', params: { name: 'env', arguments: {} } };
    const { text } = await rawPost(`${bridge.origin}/${secret}/mcp`, call);
    expect(text).toContain('PATH');
    expect(text).not.toContain(secret);
  });
});
