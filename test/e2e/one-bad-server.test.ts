import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse, type PeerOptions } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { serverStatusOf, statusOf } from './status.ts';
import { temporaryFolder } from './temporary-folder.ts';

const GOOD = fixture('echo-server', '--tools', 'echo');
const BAD = {
  missing: { command: 'no-such-command-anywhere' },
  hanging: fixture('crash-server', '--hang', 'initialize'),
  crashing: fixture('crash-server', '--exit', 'initialize', '--words', 'no licence'),
};
const CLIENTS: [string, PeerOptions][] = [
  ['whose processes are shared', {}],
  ['who gets processes of its own', { elicit: () => ({ action: 'cancel' }) }],
];

describe('next to servers that are missing, hang and crash', () => {
  it.each(CLIENTS)('a client %s lists and calls the good one', async (_, options) => {
    await using bridge = await startBridge([], { config: { mcpServers: { ...BAD, good: GOOD } } });
    await using peer = await connectHttp(bridge.url, options);
    const { tools } = await peer.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['good__echo']);
    const { structuredContent } = await peer.client.callTool({ name: 'good__echo', arguments: { message: 'hi' } });
    expect(structuredContent).toEqual({ message: 'hi' });
  });

  it('only the first request waits for the one that hangs', async () => {
    await using bridge = await startBridge([], { config: { mcpServers: { ...BAD, good: GOOD } } });
    await using first = await connectHttp(bridge.url);
    const start = performance.now();
    await using second = await connectSse(bridge.sseUrl as string);
    await Promise.all([first.client.listTools(), second.client.listTools()]);
    await Promise.all([first.client.listPrompts(), second.client.listResources()]);
    // The lists of either line would take 4 s.
    expect(performance.now() - start).toBeLessThan(7000);
  });

  it('/status names the culprits and what is wrong with them', async () => {
    await using bridge = await startBridge(['--start-timeout', '2s'], {
      config: { mcpServers: { ...BAD, good: GOOD } },
    });
    await vi.waitUntil(async () => (await serverStatusOf(bridge, 'hanging')).error !== undefined, EVENTUALLY);
    const { servers } = await statusOf(bridge);
    expect(servers).toMatchObject([
      {
        name: 'missing',
        state: 'failed',
        errorCode: 'SPAWN',
        error: expect.stringMatching(/^missing: .*no-such-command-anywhere/),
      },
      {
        name: 'hanging',
        errorCode: 'UPSTREAM_START',
        error: expect.stringContaining('hanging: no answer to initialize within 2000 ms'),
        lastWords: 'crash-server: giving up',
      },
      {
        name: 'crashing',
        errorCode: 'UPSTREAM_EXITED',
        error: expect.stringMatching(/^crashing: .*exited with code 3; its last words: no licence$/),
        lastWords: 'no licence',
      },
      { name: 'good', state: 'ready', tools: 1 },
    ]);
  });
});

describe('next to a server that floods', () => {
  it.each(['stdout', 'stderr'])('%s with short lines, a client calls the good one', async (stream) => {
    const flood = `const lines = 'y\\n'.repeat(50000); const flood = () => process.${stream}.write(lines, flood); flood()`;
    const flooding = { command: process.execPath, args: ['-e', flood] };
    await using bridge = await startBridge([], { config: { mcpServers: { flooding, good: GOOD } } });
    await using peer = await connectHttp(`${bridge.origin}/servers/good/mcp`);
    const { structuredContent } = await peer.client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    expect(structuredContent).toEqual({ message: 'hi' });
  });
});

describe('when a server recovers', () => {
  it.each(CLIENTS)('a client %s is told, and sees its tools', async (_, options) => {
    await using folder = await temporaryFolder();
    const licence = join(folder.path, 'licence');
    const recovering = fixture('crash-server', '--exit', 'initialize', '--until', licence);
    await using bridge = await startBridge([], { config: { mcpServers: { recovering, good: GOOD } } });
    await using overHttp = await connectHttp(bridge.url, options);
    await using overSse = await connectSse(bridge.sseUrl as string, options);
    const peers = [overHttp, overSse];
    for (const { client } of peers) expect((await client.listTools()).tools).toHaveLength(1);

    await writeFile(licence, '');
    await Promise.all(peers.map(({ inbox }) => inbox.wait('notifications/tools/list_changed')));
    for (const { client } of peers) {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['recovering__ping', 'good__echo']);
      expect(await client.callTool({ name: 'recovering__ping' })).toMatchObject({ content: [{ text: 'pong' }] });
    }
  });
});
