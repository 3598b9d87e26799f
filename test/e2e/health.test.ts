import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectSse } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawRequest } from '../support/http.ts';
import { openRawSession } from './raw-session.ts';
import { serverStatusOf, statusOf } from './status.ts';

const ECHO = ['--stdio', `echo=${fixtureLine('echo-server')}`];
const HANGING = fixture('crash-server', '--hang', 'initialize');
const MISSING = { command: 'no-such-command-anywhere' };

async function get(url: string | undefined, headers = {}): Promise<{ status: number; text: string }> {
  const { status, text } = await rawRequest('GET', url ?? '', headers);
  return { status, text };
}

async function readinessOf({ localUrl }: Bridge): Promise<unknown> {
  const { status, text } = await get(`${localUrl}/readyz`);
  return { status, ...JSON.parse(text) };
}

async function ready(bridge: Bridge, ...names: string[]): Promise<void> {
  for (const name of names) {
    await vi.waitUntil(async () => (await serverStatusOf(bridge, name)).tools !== undefined, EVENTUALLY);
  }
}

describe('on the MCP port', () => {
  it('--health-endpoint answers while the process lives, at each path that was named', async () => {
    const args = ['--health-endpoint', '/healthz', '--healthEndpoint', '/live/yes'];
    await using bridge = await startBridge(args, { config: { mcpServers: { hanging: HANGING } } });
    for (const path of ['/healthz', '/live/yes', '/healthz/', '/healthz?probe=1']) {
      expect(await get(bridge.origin + path)).toEqual({ status: 200, text: 'ok\n' });
    }
  });

  it('nothing but MCP is served unless it was named', async () => {
    await using bridge = await startBridge(ECHO);
    for (const path of ['/healthz', '/status', '/readyz', '/']) {
      expect((await get(bridge.origin + path)).status).toBe(404);
    }
  });
});

describe('/readyz', () => {
  it('is 503 and names the servers that hang or are missing', async () => {
    const mcpServers = { good: fixture('echo-server'), hanging: HANGING, missing: MISSING };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await ready(bridge, 'good');
    expect(await readinessOf(bridge)).toEqual({
      status: 503,
      ready: false,
      servers: { good: true, hanging: false, missing: false },
    });
    expect(await get(`${bridge.localUrl}/healthz`)).toMatchObject({ status: 200 });
  });

  it('is 200 when all answer, and counts one that is started when needed', async () => {
    const mcpServers = { one: fixture('echo-server'), two: fixture('noisy-server'), later: { ...MISSING, lazy: true } };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await ready(bridge, 'one', 'two');
    expect(await readinessOf(bridge)).toEqual({
      status: 200,
      ready: true,
      servers: { one: true, two: true, later: true },
    });
  });

  it.skipIf(process.platform === 'win32')(
    'asks each time: 503 while a server is stopped, 200 when it goes on',
    async () => {
      await using bridge = await startBridge(ECHO);
      await ready(bridge, 'echo');
      expect(await readinessOf(bridge)).toMatchObject({ status: 200 });
      const { pid } = await serverStatusOf(bridge, 'echo');
      process.kill(pid as number, 'SIGSTOP');
      expect(await readinessOf(bridge)).toEqual({ status: 503, ready: false, servers: { echo: false } });
      process.kill(pid as number, 'SIGCONT');
      expect(await readinessOf(bridge)).toMatchObject({ status: 200 });
    },
  );
});

describe('/status', () => {
  it('tells the state of everything, and why what is missing is missing', async () => {
    const mcpServers = {
      good: { ...fixture('echo-server'), tools: { deny: ['exit', 'hang'] } },
      missing: MISSING,
      broken: fixture('crash-server', '--exit', 'start', '--words', 'no licence'),
      later: { ...fixture('echo-server'), lazy: true },
    };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await ready(bridge, 'good');
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'broken')).error !== undefined, EVENTUALLY);
    await openRawSession(`${bridge.origin}/servers/good/mcp`, { capabilities: { roots: {} } });
    await using _sse = await connectSse(`${bridge.origin}/servers/good/sse`);
    expect(await statusOf(bridge)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      urls: { mcp: bridge.url, sse: bridge.sseUrl, local: bridge.localUrl },
      access: { auth: 'none', elsewhere: [] },
      sessions: { streamableHttp: 1, sse: 1 },
      outdatedClients: [],
      servers: [
        {
          name: 'good',
          state: 'ready',
          pid: expect.any(Number),
          links: 2,
          tools: expect.any(Number),
          readOnlyTools: expect.any(Number),
          hiddenTools: 2,
          startedIn: expect.any(Number),
        },
        {
          name: 'missing',
          state: 'failed',
          links: 0,
          error: expect.stringMatching(/^missing: command not found: no-such-command-anywhere\./),
          errorCode: 'SPAWN',
        },
        expect.objectContaining({
          name: 'broken',
          error: expect.stringMatching(/^broken: the server exited with code 3; its last words: no licence$/),
          errorCode: 'UPSTREAM_EXITED',
          lastWords: 'no licence',
        }),
        { name: 'later', state: 'idle', links: 0 },
      ],
    });
  });

  it('holds neither arguments nor environment of the servers', async () => {
    const env = { API_TOKEN: 'env-token-planted', DATABASE_URL: 'postgres://me:planted@localhost/db', MODE: 'planted' };
    const words = `cannot sign in with ${env.API_TOKEN} at ${env.DATABASE_URL}`;
    const mcpServers = {
      good: { ...fixture('echo-server', '--instructions', 'argument-planted'), env },
      broken: { ...fixture('crash-server', '--exit', 'start', '--words', words), env },
      missing: { ...MISSING, args: ['--token', 'planted'], env },
      wrong: { ...MISSING, args: ['--token', 'planted'], env, shell: true },
    };
    await using bridge = await startBridge([], { config: { mcpServers } });
    await ready(bridge, 'good');
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'broken')).lastWords !== undefined, EVENTUALLY);
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'wrong')).error !== undefined, EVENTUALLY);
    const { status, text } = await get(`${bridge.localUrl}/status`);
    expect(status).toBe(200);
    expect(text).toContain('cannot sign in with');
    expect(text).not.toContain('planted');
  });
});

describe('the local port', () => {
  it('refuses a foreign Host, a foreign Origin and whatever would change something', async () => {
    await using bridge = await startBridge(ECHO);
    await ready(bridge, 'echo');
    for (const path of ['/status', '/readyz', '/healthz']) {
      const url = bridge.localUrl + path;
      expect((await get(url)).status).toBe(200);
      expect((await get(url, { host: 'attacker.example' })).status).toBe(403);
      expect((await get(url, { host: `attacker.example:${new URL(url).port}` })).status).toBe(403);
      expect((await get(url, { origin: 'https://attacker.example' })).status).toBe(403);
      expect((await rawRequest('POST', url, {}, '{}')).status).toBe(405);
    }
    expect((await get(`${bridge.localUrl}/mcp`)).status).toBe(404);
  });

  it('opens to none of the hosts and origins that the MCP port is open to', async () => {
    await using bridge = await startBridge([...ECHO, '--allowed-host', 'public.example', '--cors', '*']);
    const url = `${bridge.localUrl}/status`;
    expect((await get(url, { host: 'public.example' })).status).toBe(403);
    expect((await get(url, { origin: 'https://page.example' })).status).toBe(403);
  });

  it('is the one after the MCP port, or a free one when that is taken', async () => {
    await using taken = await holdPortAfterFreeOne();
    const args = [...ECHO, '--port', `${taken.port - 1}`];
    await using bridge = await startBridge(args);
    const local = Number(new URL(bridge.localUrl ?? '').port);
    expect([taken.port - 1, taken.port]).not.toContain(local);
    expect((await statusOf(bridge)).urls?.local).toBe(bridge.localUrl);
    await bridge.stop();

    await taken.release();
    await using again = await startBridge(args);
    expect(again.localUrl).toBe(`http://127.0.0.1:${taken.port}`);
  });

  it('is the one that was asked for, or an error', async () => {
    await using taken = await holdPort();
    const args = [...ECHO, '--local-port', `${taken.port}`];
    const failure = `mcp-bridge: Port ${taken.port} is taken by another program. Stop it, or choose another port: --local-port ${taken.port + 10}\n`;
    const starting = startBridge(args).then((started) => started.stop());
    await expect(starting).rejects.toThrow(`The bridge ended before it listened (code 1):\n${failure}`);
    await taken.release();
    await using bridge = await startBridge(args);
    expect(bridge.localUrl).toBe(`http://127.0.0.1:${taken.port}`);
  });
});

interface HeldPort extends AsyncDisposable {
  readonly port: number;
  /** Twice without harm. */
  release(): Promise<void>;
}

async function holdPort(wanted = 0): Promise<HeldPort> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const release = async (): Promise<void> => {
    if (server.listening) await once(server.close(), 'close');
  };
  return { port: (server.address() as AddressInfo).port, release, [Symbol.asyncDispose]: release };
}

/** Takes a port whose predecessor is free. */
async function holdPortAfterFreeOne(): Promise<HeldPort> {
  for (;;) {
    const held = await holdPort();
    const before = await holdPort(held.port - 1).catch(() => undefined);
    await before?.release();
    if (before) return held;
    await held.release();
  }
}
