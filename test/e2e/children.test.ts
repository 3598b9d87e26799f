import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it, vi } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { everyKind } from './processes.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';
import { statusOf } from './status.ts';

/** Nothing may be alive for longer. Milliseconds. */
const GONE = { timeout: 10_000, interval: 100 };
/** Clients that can be asked get processes of their own; no others run, as nobody else asks. */
const ASKABLE = { capabilities: { elicitation: {} } };

describe.concurrent('no process of a client is left, whatever its kind,', () => {
  it('after DELETE of its session', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBridge(['--lazy'], { config: { mcpServers: servers.mcpServers } });
    const [session] = await Promise.all([openRawSession(bridge.url, ASKABLE), servers.started()]);
    expect((await session.delete()).status).toBe(200);
    await expect.poll(servers.running, GONE).toEqual([]);
  });

  it('after its session has expired', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBridge(['--lazy', '--session-timeout', '1s'], {
      config: { mcpServers: servers.mcpServers },
    });
    await Promise.all([openRawSession(bridge.url, ASKABLE), servers.started()]);
    await vi.waitUntil(async () => (await statusOf(bridge)).sessions.streamableHttp === 0, GONE);
    await expect.poll(servers.running, GONE).toEqual([]);
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
    await vi.waitUntil(async () => (await statusOf(bridge)).sessions.streamableHttp === 0, GONE);
    await expect.poll(servers.running, GONE).toEqual([]);
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
    await expect.poll(servers.running, GONE).toEqual([]);
  });
});
