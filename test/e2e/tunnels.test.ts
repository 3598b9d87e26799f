import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CLI, startBridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { openSse, type RawAnswer, rawPost, rawRequest } from '../support/http.ts';
import { createChatGpt } from '../support/oauth/chatgpt.ts';
import { type GuardedBridge, letIn, startGuardedBridge } from '../support/oauth/owner.ts';
import { type Send, throughTunnel } from '../support/oauth/tunnel.ts';
import { RUNTIME_KEY, startControlPlane, TUNNEL_ID } from '../support/openai-control-plane.ts';
import { PROXY, startProgram, TUNNEL_KINDS, type TunnelEnd, type TunnelKind } from '../support/tunnels/kinds.ts';
import { openTlsDoor } from '../support/tunnels/tls-door.ts';
import { statusOf } from './status.ts';

const SERVER = ['--stdio', fixtureLine('echo-server')];

/** All of them are open from the beginning, and each has a long call under way: these take longer than everything else. */
const worlds = new Map<TunnelKind, { world: Promise<World>; silent: Promise<RawAnswer> }>();

beforeAll(async () => {
  for (const kind of TUNNEL_KINDS) {
    const world = kind.start().then(open);
    const silent = world.then((it) => call(it, 'sleep', { ms: kind.silence }));
    silent.catch(() => {}); // Whether it was answered is asked at the end.
    worlds.set(kind, { world, silent });
  }
  // One that cannot be opened fails the tests of its kind only.
  await Promise.allSettled([...worlds.values()].map(({ world }) => world));
}, 150_000);
afterAll(async () => {
  const close = (world: World) => world.close();
  const ignore = () => {}; // It was not opened, and its tests have said so.
  await Promise.all([...worlds.values()].map(({ world }) => world.then(close, ignore)));
});

const KINDS = TUNNEL_KINDS.map((kind) => [kind.name, kind] as const);

describe.each(KINDS)('through %s', (_, kind) => {
  const worldOf = () => worlds.get(kind)?.world as Promise<World>;

  it('ChatGPT is linked at the first try, and calls a tool', async () => {
    const { bridge, origin, send } = await worldOf();
    const chatgpt = createChatGpt({ url: `${origin}/mcp`, send });
    await chatgpt.connect(await letIn({ ...bridge, issuer: origin, send }));
    expect(await chatgpt.callTool('echo', { message: 'hello' })).toMatchObject({
      structuredContent: { message: 'hello' },
    });
  });

  it('nobody comes in without a token', async () => {
    const { origin, send } = await worldOf();
    const { status, headers } = await send('POST', `${origin}/mcp`, {}, '');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain(
      `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
    );
  });

  it('25 calls at once are answered', async () => {
    const world = await worldOf();
    const answers = await Promise.all(Array.from({ length: 25 }, (_, at) => call(world, 'echo', { message: `${at}` })));
    expect(answers.map(({ messages }) => messages[0]?.result?.structuredContent)).toEqual(
      Array.from({ length: 25 }, (_, at) => ({ message: `${at}` })),
    );
  });

  it('the doctor finds nothing that is broken', async () => {
    const { origin, env } = await worldOf();
    const args = [CLI, 'doctor', `${origin}/mcp`, '--token', TOKEN, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
    const findings: { verdict: string; check: string }[] = JSON.parse(stdout);
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(findings.filter(({ verdict }) => verdict === 'ok').length).toBeGreaterThan(15);
  });

  it('what a tool says on the way arrives while it works', async () => {
    const gaps = await gapsOf(await worldOf());
    expect(gaps).toHaveLength(4);
    // All at the end would be none at all.
    expect(Math.max(...gaps)).toBeGreaterThan(100);
  });
});

describe('a tunnel', () => {
  it('that ends is opened again, and the bridge is where it ends then', async () => {
    const world = await open(await startProgram());
    try {
      expect((await world.send('GET', `${world.origin}/.well-known/oauth-protected-resource`)).status).toBe(200);
      await rawRequest('POST', `${world.origin}/end-of-the-tunnel`).catch(() => undefined);
      const origin = await originOf(world.bridge, world.origin);
      const { text } = await rawRequest('GET', `${origin}/.well-known/oauth-protected-resource`);
      expect(JSON.parse(text)).toMatchObject({ resource: `${origin}/mcp`, authorization_servers: [origin] });
      expect(world.bridge.stderr()).toContain('the public URL has changed');
    } finally {
      await world.close();
    }
  });

  it('is not told of when it leads elsewhere', async () => {
    const elsewhere = `${process.execPath} ${PROXY} http://127.0.0.1:1`;
    await using bridge = await startGuardedBridge([...SERVER, '--tunnel-command', elsewhere]);
    await expect.poll(async () => (await statusOf(bridge)).tunnel?.kind, { timeout: 60_000 }).toBe('down');
    expect((await statusOf(bridge)).urls?.public).toBeUndefined();
    expect(bridge.stderr()).toContain('does not lead to this bridge');
  }, 90_000);

  it('whose program is missing is said in one line, and the bridge goes on without it', async () => {
    await using bridge = await startGuardedBridge([...SERVER, '--tunnel-command', 'no-such-tunnel {port}']);
    await expect.poll(async () => (await statusOf(bridge)).tunnel).toMatchObject({ kind: 'down', isFinal: true });
    expect(bridge.stderr()).toContain('no-such-tunnel');
    expect((await rawPost(bridge.url, '')).status).toBe(401);
  });
});

describe.each(KINDS)('a call that takes its time, through %s,', (_, kind) => {
  it('is answered', async () => {
    expect(await worlds.get(kind)?.silent).toMatchObject({ status: 200, messages: [{ id: 1, result: {} }] });
  }, 330_000);
});

describe('OpenAI’s tunnel', () => {
  it('brings calls to the tools, and leaves the bridge where it was', async () => {
    await using plane = await startControlPlane();
    const tunnel = { provider: 'openai', tunnelId: TUNNEL_ID, baseUrl: plane.baseUrl, token: RUNTIME_KEY };
    await using bridge = await startBridge([], { config: { mcpServers: ALPHA, bridge: { tunnel } } });
    const { answer } = plane.send(callOf('echo', { message: 'hello' }));
    expect((await answer).resp_json).toMatchObject({ id: 1, result: { structuredContent: { message: 'hello' } } });
    expect(await statusOf(bridge)).toMatchObject({ tunnel: { kind: 'up' }, urls: { mcp: bridge.url } });
  });

  it('that refuses the key is said in one line, and asked again by the same instance', async () => {
    await using plane = await startControlPlane();
    const tunnel = { provider: 'openai', tunnelId: TUNNEL_ID, baseUrl: plane.baseUrl, token: 'sk-none-of-ours' };
    await using bridge = await startBridge([], { config: { mcpServers: ALPHA, bridge: { tunnel } } });
    await vi.waitUntil(async () => (await statusOf(bridge)).tunnel?.kind === 'down', EVENTUALLY);
    expect(bridge.stderr()).toContain('the tunnel is down: ');
    expect(bridge.stderr()).not.toContain('sk-none-of-ours');
    await vi.waitUntil(() => plane.times('metadata').length >= 2, EVENTUALLY);
  });
});

interface World {
  readonly bridge: GuardedBridge;
  /** Where the tunnel comes out. */
  readonly origin: string;
  /** Where a request for that has to be sent on this machine, without TLS. */
  readonly address: string;
  readonly send: Send;
  /** For other processes that shall reach the origin. */
  readonly env: TunnelEnd['env'];
  close(): Promise<void>;
}

/** Is let in beside the clients that are linked. */
const TOKEN = 'a-token-of-the-owner';
const ALPHA = { alpha: fixture('echo-server', '--tools', 'echo,sleep,progress') };

async function open(end: TunnelEnd): Promise<World> {
  const { settings, env, ca } = end;
  const closers = [end.close];
  const close = async () => {
    for (const each of closers) await each();
  };
  try {
    const bridge = await startGuardedBridge([], {
      env: { MCP_BRIDGE_TOKEN: TOKEN, ...env },
      config: { mcpServers: ALPHA, bridge: { tunnel: settings } },
    });
    closers.unshift(() => bridge[Symbol.asyncDispose]());
    const origin = await originOf(bridge);
    const door = origin.startsWith('https:') ? await openTlsDoor(origin, ca) : undefined;
    if (door) closers.push(door.close);
    const address = door?.address ?? end.address ?? origin;
    return { bridge, origin, address, send: throughTunnel(origin, address), env, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where the bridge says that its tunnel comes out, once it is not `before`. */
async function originOf(bridge: GuardedBridge, before?: string): Promise<string> {
  const look = async () => {
    const { tunnel } = await statusOf(bridge);
    if (tunnel?.kind === 'down' && tunnel.isFinal) throw new Error(tunnel.reason);
    const origin = tunnel?.kind === 'up' ? tunnel.place?.origin : undefined;
    return origin !== before && origin;
  };
  try {
    return (await vi.waitUntil(look, { timeout: OPEN_LIMIT, interval: 100 })) as string;
  } catch (cause) {
    throw new Error(`The tunnel was not opened. The bridge said:\n${bridge.stderr()}`, { cause });
  }
}

/** Longer than cloudflared may take to connect, and its name to be known. Milliseconds. */
const OPEN_LIMIT = 120_000;

function call({ origin, send }: World, name: string, args: object): Promise<RawAnswer> {
  return send('POST', `${origin}/mcp`, HEADERS, callOf(name, args));
}

/** How long after one another the messages of a call arrive that has something to say every 200 ms. */
async function gapsOf({ origin, address }: World): Promise<number[]> {
  const headers = { ...HEADERS, host: new URL(origin).host };
  const body = callOf('progress', { steps: 4, ms: 200 }, { progressToken: 1 });
  const stream = await openSse(`${address}/mcp`, headers, body);
  const times: number[] = [];
  for await (const { data } of stream) if (data.startsWith('{')) times.push(performance.now());
  return times.slice(1).map((time, at) => time - (times[at] ?? 0));
}

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${TOKEN}`,
};

function callOf(name: string, args: object, _meta?: object): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, ...(_meta && { _meta }) } };
}
