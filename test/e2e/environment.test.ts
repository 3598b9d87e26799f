// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold

import { describe, expect, it, vi } from 'vitest';
import { type Bridge, type BridgeOptions, startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';
import { serverStatusOf } from './status.ts';

const ECHO = ['--stdio', `echo=${fixtureLine('echo-server')}`];
const DEBUG = ['--log-level', 'debug'];

/** The environment of the server of a bridge that is started like this. */
async function childEnv(args: readonly string[], options: BridgeOptions, capabilities = {}): Promise<unknown> {
  await using bridge = await startBridge(args, options);
  const session = await openRawSession(bridge.url, { capabilities });
  return (await session.call(1, 'env')).result?.structuredContent;
}

describe('of the environment of the bridge, a server gets', () => {
  const env = {
    OPENAI_API_KEY: 'planted-1',
    AWS_SECRET_ACCESS_KEY: 'planted-2',
    GITHUB_TOKEN: 'planted-3',
    NPM_TOKEN: 'planted-4',
    DATABASE_URL: 'postgres://me:planted-5@localhost/db',
    SSH_AUTH_SOCK: '/tmp/planted-6',
    UV_PUBLISH_TOKEN: 'planted-7',
    npm_config__authToken: 'planted-8',
    TUNNEL_TOKEN: 'planted-9',
    UNKNOWN: 'planted-10',
  };

  it.each([
    ['the shared one', {}],
    ['a client’s own', { elicitation: {} }],
  ])('what programs need and no secret: %s', async (_, capabilities) => {
    const child = await childEnv(ECHO, { env: { ...env, LANG: 'C.UTF-8' } }, capabilities);
    const { PATH, HOME } = process.env;
    expect(child).toMatchObject({ PATH, HOME, LANG: 'C.UTF-8' });
    expect(JSON.stringify(child)).not.toContain('planted');
  });

  it('what --env names, and what it sets', async () => {
    const args = ['--env', 'GITHUB_TOKEN', '--env', 'SET=a=b c', '--env', 'UNKNOWN=mine', ...ECHO];
    const child = await childEnv(args, { env });
    expect(child).toMatchObject({ GITHUB_TOKEN: 'planted-3', SET: 'a=b c', UNKNOWN: 'mine' });
    expect(child).not.toHaveProperty('NPM_TOKEN');
  });

  it('what its entry in the config names, and what it sets; another server’s is not for it', async () => {
    const configured = {
      env: { PLAIN: 'as it is', TOKEN: '${GITHUB_TOKEN}', HEADER: 'Bearer ${env:NPM_TOKEN}', ELSE: '${MISSING:-else}' },
      env_vars: ['AWS_SECRET_ACCESS_KEY'],
    };
    const mcpServers = { one: { ...fixture('echo-server'), ...configured }, two: fixture('echo-server') };
    await using bridge = await startBridge([], { env, config: { mcpServers } });
    const session = await openRawSession(bridge.url);
    const { result: one } = await session.call(1, 'one__env');
    expect(one?.structuredContent).toMatchObject({
      PLAIN: 'as it is',
      TOKEN: 'planted-3',
      HEADER: 'Bearer planted-4',
      ELSE: 'else',
      AWS_SECRET_ACCESS_KEY: 'planted-2',
    });
    expect(one?.structuredContent).not.toHaveProperty('OPENAI_API_KEY');
    expect(JSON.stringify((await session.call(2, 'two__env')).result)).not.toContain('planted');
  });
});

describe('a secret of a server’s settings, which it quotes, is in no log, no error and no status', () => {
  const env = {
    API_TOKEN: 'planted-token',
    API_KEY: 'planted-token-and-more',
    GITHUB_PAT: 'planted-pat',
    DATABASE_URL: 'postgres://me:planted%21pw@localhost/db',
    PRIVATE_KEY: '-----BEGIN-----\nplanted-key-line-1\nplanted-key-line-2\n-----END-----',
  };
  const words = `cannot start with ${Object.values(env).join(' or ')} or planted!pw`;
  /** Longer than what is kept of a line, which is cut inside of the secret. */
  const longWords = `${'x'.repeat(490)}${env.API_KEY}`;

  /** Everything a stranger or a reader of logs could see of the server `quoting`. */
  async function seen(bridge: Bridge): Promise<string> {
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'quoting')).error !== undefined, EVENTUALLY);
    const answers = await Promise.all([
      rawPost(`${bridge.origin}/servers/quoting/mcp`, initializeRequest()),
      rawPost(bridge.url, initializeRequest({ capabilities: { roots: {} } })),
      rawRequest('GET', `${bridge.localUrl}/status`),
      rawRequest('GET', `${bridge.localUrl}/readyz`),
    ]);
    return [bridge.stderr(), ...answers.map(({ text }) => text)].join('\n');
  }

  it.each([
    ['when it dies at its start', fixture('crash-server', '--exit', 'start', '--words', words)],
    ['when it dies at initialize', fixture('crash-server', '--exit', 'initialize', '--words', words)],
    ['in a long line', fixture('crash-server', '--exit', 'start', '--words', longWords)],
    ['when it refuses initialize', answering({ code: -32000, message: words })],
  ])('%s', async (_, server) => {
    await using bridge = await startBridge(DEBUG, { config: { mcpServers: { quoting: { ...server, env } } } });
    const text = await seen(bridge);
    expect(text).toMatch(/(?:cannot start with|xxx) ?\*\*\*/);
    expect(text).not.toContain('planted');
  });

  it('when it dies during a call', async () => {
    const mcpServers = { quoting: { ...fixture('echo-server'), env } };
    await using bridge = await startBridge(DEBUG, { config: { mcpServers } });
    const session = await openRawSession(bridge.url);
    const { error } = await session.call(1, 'exit', { words });
    expect(error?.message).toContain('exited with code 1; its last words: cannot start with *** or ***');
    const status = await rawRequest('GET', `${bridge.localUrl}/status`);
    expect(JSON.stringify(error) + bridge.stderr() + status.text).not.toContain('planted');
  });

  it('when it fails to list its tools', async () => {
    const mcpServers = { quoting: { ...refusingLists(words), env } };
    await using bridge = await startBridge(DEBUG, { config: { mcpServers } });
    await vi.waitUntil(() => bridge.stderr().includes('tools/list failed: cannot start with ***'), EVENTUALLY);
    expect(bridge.stderr()).not.toContain('planted');
  });
});

describe.each(['info', 'debug'])('at the log level %s', (level) => {
  it('nothing that clients and servers say to each other is logged', async () => {
    const headers = { authorization: 'Bearer planted', cookie: 'session=planted', 'x-planted': 'planted' };
    await using bridge = await startBridge([...ECHO, '--log-level', level]);
    const answer = { action: 'accept' as const, content: { answer: 'planted' } };
    const options = { name: 'planted', headers, elicit: () => answer };
    await using http = await connectHttp(`${bridge.url}?key=planted`, options);
    await using sse = await connectSse(`${bridge.origin}/sse?key=planted`, options);
    for (const { client, inbox } of [http, sse]) {
      const onprogress = () => {};
      const call = (name: string, args: Record<string, unknown>) =>
        client.callTool({ name, arguments: args }, undefined, { onprogress });
      expect(await call('echo', { message: 'planted' })).toMatchObject({ structuredContent: { message: 'planted' } });
      expect(await call('ask', { kind: 'elicitation', message: 'planted' })).toMatchObject({
        structuredContent: answer,
      });
      await call('progress', { steps: 2, label: 'planted' });
      await call('log', { level: 'error', message: 'planted' });
      await inbox.wait('notifications/message');
      await expect(call('planted', {})).rejects.toThrow('planted');
      await expect(client.readResource({ uri: 'planted://x' })).rejects.toThrow();
      await client.getPrompt({ name: 'prompt-1', arguments: { topic: 'planted' } });
    }

    const session = await openRawSession(bridge.url, { name: 'planted' });
    const refused = await Promise.all([
      session.send('{"planted": planted}'),
      session.send({ jsonrpc: '2.0', id: 'planted', method: 'planted/method', params: { planted: 'planted' } }),
      session.send({ jsonrpc: '2.0', method: 'notifications/planted', params: { planted: 'planted' } }),
      session.send({ jsonrpc: '2.0', id: 'planted', result: { planted: 'planted' } }),
      rawPost(bridge.url, initializeRequest(), { host: 'planted.example' }),
      rawPost(bridge.url, initializeRequest(), { origin: 'https://planted.example' }),
      rawPost(bridge.url, initializeRequest(), { 'mcp-session-id': 'planted' }),
      rawPost(`${bridge.origin}/planted?planted`, initializeRequest()),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([400, 200, 202, 202, 403, 403, 200, 404]);
    await session.delete();
    await bridge.stop();
    expect(bridge.stderr()).toContain(level === 'debug' ? '"path":"/mcp"' : 'listening');
    expect(bridge.stderr()).not.toContain('planted');
    expect(bridge.stderr()).not.toContain(session.id);
  });
});

/** The shell's echo would resolve what JSON has escaped. */
const SAY = "printf '%s\\n'";

/** A server that answers its first request, `initialize`, with this error. */
function answering(error: object): { command: string; args: string[] } {
  const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, error });
  return { command: 'sh', args: ['-c', `read -r opening; ${SAY} "$0"; cat >/dev/null`, answer] };
}

/** A server that opens, and then refuses its second request, `tools/list`. */
function refusingLists(message: string): { command: string; args: string[] } {
  const result = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'x', version: '1' },
  };
  const opened = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
  const refused = JSON.stringify({ jsonrpc: '2.0', id: 2, error: { code: -32000, message } });
  return {
    command: 'sh',
    args: [
      '-c',
      `read -r opening; ${SAY} "$0"; read -r opened; read -r list; ${SAY} "$1"; cat >/dev/null`,
      opened,
      refused,
    ],
  };
}
