import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { childrenOf, everyKind } from './processes.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';
import { statusOf } from './status.ts';

/** Clients that can be asked get processes of their own; no others run, as nobody else asks. */
const ASKABLE = { capabilities: { elicitation: {} } };

describe.concurrent('no process of a client is left, whatever its kind,', () => {
  it('after DELETE of its session', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBridge(['--lazy'], { config: { mcpServers: servers.mcpServers } });
    const [session] = await Promise.all([openRawSession(bridge.url, ASKABLE), servers.started()]);
    expect((await session.delete()).status).toBe(200);
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
  });

  it('after its session has expired', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBridge(['--lazy', '--session-timeout', '4s'], {
      config: { mcpServers: servers.mcpServers },
    });
    await Promise.all([openRawSession(bridge.url, ASKABLE), servers.started()]);
    await vi.waitUntil(async () => (await statusOf(bridge)).sessions.streamableHttp === 0, EVENTUALLY);
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
  });

  it('after kill -9 of the client while its stream is open', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBridge(['--lazy', '--session-timeout', '1s'], {
      config: { mcpServers: servers.mcpServers },
    });
    const { command, args } = fixture('waiting-client', bridge.url);
    const client = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.all([once(client.stdout, 'data'), servers.started()]);
    client.kill('SIGKILL');
    await vi.waitUntil(async () => (await statusOf(bridge)).sessions.streamableHttp === 0, EVENTUALLY);
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
  });

  it('after an initialize that the server never answered', async ({ expect }) => {
    await using servers = await everyKind('crash-server', '--hang', 'initialize');
    await using bridge = await startBridge(['--lazy', '--start-timeout', '8s'], {
      config: { mcpServers: servers.mcpServers },
    });
    const refused = Promise.all(
      ['node', 'npx', 'shell', 'stubborn'].map((name) =>
        rawPost(`${bridge.origin}/servers/${name}/mcp`, initializeRequest(ASKABLE)),
      ),
    );
    await servers.started();
    for (const { messages } of await refused) {
      expect(messages[0]?.error?.message).toContain('no answer to initialize within 8000 ms');
    }
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
  });
});

/** Hundreds of processes and a thousand sessions take their time on a busy machine. Milliseconds. */
const MANY = 150_000;

describe('what many sessions leave behind', () => {
  const TINY = { command: 'sh', args: [fileURLToPath(new URL('../fixtures/tiny-server.sh', import.meta.url))] };

  it(
    'is nothing, with 200 processes of their own, a few at a time',
    async () => {
      const together = 8;
      await using bridge = await startBridge([], {
        config: { mcpServers: { tiny: { ...TINY, maxLinks: together + 1 } } },
      });
      await vi.waitUntil(async () => (await statusOf(bridge)).servers[0]?.state === 'ready', EVENTUALLY);
      const before = childrenOf(bridge.pid);

      let most = 0;
      const openAndDelete = async (): Promise<void> => {
        for (let round = 0; round < 200 / together; round += 1) {
          const session = await openRawSession(bridge.url, ASKABLE);
          if (round % 10 === 0) most = Math.max(most, childrenOf(bridge.pid).length);
          await session.delete();
        }
      };
      await Promise.all(Array.from({ length: together }, openAndDelete));

      expect(most).toBeGreaterThan(before.length);
      await expect.poll(() => childrenOf(bridge.pid), EVENTUALLY).toEqual(before);
      expect(await statusOf(bridge)).toMatchObject({ sessions: { streamableHttp: 0 }, servers: [{ links: 1 }] });
    },
    MANY,
  );

  it(
    'is nothing, neither processes nor memory, with 1,000 on a shared process',
    async () => {
      // Whatever a session leaves behind of its 32 kB message soon fills so small a heap, and the bridge dies.
      const env = { NODE_OPTIONS: '--max-old-space-size=32' };
      await using bridge = await startBridge(['--stdio', fixtureLine('echo-server')], { env });
      await vi.waitUntil(async () => (await statusOf(bridge)).servers[0]?.state === 'ready', EVENTUALLY);
      const before = childrenOf(bridge.pid);

      const together = 10;
      const label = 'x'.repeat(2 ** 15);
      const params = { name: 'progress', arguments: { steps: 1, ms: 0, label }, _meta: { progressToken: 1 } };
      const openAndDelete = async (): Promise<void> => {
        for (let round = 0; round < 1000 / together; round += 1) {
          const session = await openRawSession(bridge.url);
          await session.post(1, 'tools/call', params);
          await session.delete();
        }
      };
      await Promise.all(Array.from({ length: together }, openAndDelete));

      expect(childrenOf(bridge.pid)).toEqual(before);
      expect(await statusOf(bridge)).toMatchObject({ sessions: { streamableHttp: 0 }, servers: [{ links: 1 }] });
    },
    MANY,
  );
});
