import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { serverStatusOf, statusOf } from './status.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The README's five seconds, and one more for a machine that is busy with other tests. Milliseconds. */
const LISTED_WITHIN = 6000;
/** Time for a server that has failed a few times to be tried again. */
const RECOVERED = { timeout: 15_000 };

const GOOD = fixture('echo-server', '--tools', 'echo');
const BAD = {
  missing: { command: 'no-such-command-anywhere' },
  hanging: fixture('crash-server', '--hang', 'initialize'),
  crashing: fixture('crash-server', '--exit', 'initialize', '--words', 'no licence'),
};
const ASKABLE = { elicit: () => ({ action: 'cancel' as const }) };

describe('next to servers that are missing, hang and crash,', () => {
  it.for([
    ['whose processes are shared', {}],
    ['who gets processes of its own', ASKABLE],
  ] as const)('a client %s lists and calls a good one within 5 s of connecting', async ([, peer]) => {
    await using bridge = await startBridge([], { config: { mcpServers: { ...BAD, good: GOOD } } });
    const start = performance.now();
    await using connected = await connectHttp(bridge.url, peer);
    const { tools } = await connected.client.listTools();
    expect(performance.now() - start).toBeLessThan(LISTED_WITHIN);
    expect(tools.map(({ name }) => name)).toEqual(['good__echo']);
    const { structuredContent } = await connected.client.callTool({ name: 'good__echo', arguments: { message: 'hi' } });
    expect(structuredContent).toEqual({ message: 'hi' });
  });
});
