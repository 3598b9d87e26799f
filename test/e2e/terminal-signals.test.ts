import { describe, it, vi } from 'vitest';
import { type Bridge, CLI, startBridge, writeConfig } from '../support/bridge.ts';
import { connectStdio } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { childrenOf, everyKind, isRunning, type MarkedServers } from './processes.ts';
import { openRawSession } from './raw-session.ts';

/** A bridge with a shared process of each kind, and with processes of a client's own. */
async function startBusyBridge(servers: MarkedServers): Promise<Bridge> {
  const bridge = await startBridge([], { config: { mcpServers: servers.mcpServers } });
  const openOwn = (name: string) =>
    openRawSession(`${bridge.origin}/servers/${name}/mcp`, { capabilities: { elicitation: {} } });
  await Promise.all([openOwn('node'), openOwn('stubborn'), servers.started()]);
  return bridge;
}

describe.concurrent('no process of a server is left, whatever its kind,', () => {
  it.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s, and the bridge ends well', async (signal, { expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBusyBridge(servers);
    bridge.kill(signal);
    expect(await bridge.exited).toEqual({ code: 0, signal: null });
    expect(servers.running()).toEqual([]);
  });

  it('after a second SIGINT, which ends them at once', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBusyBridge(servers);
    bridge.kill('SIGINT');
    await vi.waitUntil(() => bridge.stderr().includes('ends them at once'), EVENTUALLY);
    const start = performance.now();
    bridge.kill('SIGINT');
    expect(await bridge.exited).toEqual({ code: 1, signal: null });
    // Without the second one, servers that resist are given five seconds.
    expect(performance.now() - start).toBeLessThan(3000);
    expect(servers.running()).toEqual([]);
  });

  it('after kill -9 of the bridge', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    await using bridge = await startBusyBridge(servers);
    const children = childrenOf(bridge.pid);
    bridge.kill('SIGKILL');
    await bridge.exited;
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
    // The watchdog, who did it, is among them.
    await expect.poll(() => children.filter(isRunning), EVENTUALLY).toEqual([]);
  });

  it('after the end of its input when it serves stdio', async ({ expect }) => {
    await using servers = await everyKind('echo-server');
    const config = await writeConfig({ mcpServers: servers.mcpServers });
    const peer = await connectStdio({
      command: process.execPath,
      args: [CLI, '--output-transport', 'stdio', ...config.args],
    });
    const pid = peer.transport.pid as number;
    await servers.started();
    // The client waits for two seconds and then sends SIGTERM, which must not leave anything either.
    await peer.close();
    await expect.poll(servers.running, EVENTUALLY).toEqual([]);
    await expect.poll(() => isRunning(pid), EVENTUALLY).toBe(false);
    await config.remove();
  });
});
