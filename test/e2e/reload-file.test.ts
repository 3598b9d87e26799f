import { setTimeout as linger } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp, type Peer } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { runningWith } from './processes.ts';
import { createConfigFile, linesWith, startReloadableBridge, TAKEN_UP, waitForLine } from './reloadable-bridge.ts';
import { serverStatusOf } from './status.ts';

const offering = (tools: string, bridge = {}) => ({
  mcpServers: { one: fixture('echo-server', '--tools', tools) },
  bridge,
});
const REFUSED = 'the configuration stays as it was';

describe('a config file that is broken', () => {
  const server = '"mcpServers": { "one": { "command": "node" } }';
  const BROKEN: [string, string, RegExp][] = [
    [
      'text that is no JSON',
      '{\n  "mcpServers": {\n    "one": { "command": "node" ]\n  }\n}',
      /mcp-bridge\.json:3:\d+: /,
    ],
    ['an unknown key', `{ ${server},\n  "bridge": { "prefixes": "none" } }`, /mcp-bridge\.json.*prefixes/],
    ['a value of another kind', `{ ${server},\n  "bridge": { "views": { "v": { "tools": 1 } } } }`, /views.*tools/],
    [
      'a view of a server that is not there',
      `{ ${server}, "bridge": { "views": { "v": { "servers": ["tow"] } } } }`,
      /tow/,
    ],
    ['a glob that cannot be read', `{ ${server}, "bridge": { "tools": { "deny": ["a["] } } }`, /glob/],
    ['no text at all', '', /mcp-bridge\.json/],
    ['no servers', '{ "mcpServers": {} }', /server/],
  ];

  it('changes nothing, is said to be, and the next good one is taken up', async () => {
    await using bridge = await startReloadableBridge(offering('echo'));
    await using peer = await connectHttp(bridge.url);
    const { pid } = await serverStatusOf(bridge, 'one');
    for (const [index, [what, text, words]] of BROKEN.entries()) {
      await bridge.file.replace(text);
      const { level, message } = await waitForLine(bridge, REFUSED, index + 1);
      expect({ what, level, message }).toEqual({ what, level: 'error', message: expect.stringMatching(words) });
      expect(await namesOf(peer)).toEqual(['echo']);
    }
    expect((await serverStatusOf(bridge, 'one')).pid).toBe(pid);
    expect(linesWith(bridge, TAKEN_UP)).toEqual([]);
    await bridge.change(offering('echo,pid'));
    expect(await namesOf(peer)).toEqual(['echo', 'pid']);
  });

  it('is waited for while it is gone', async () => {
    await using bridge = await startReloadableBridge(offering('echo'));
    await using peer = await connectHttp(bridge.url);
    await bridge.file.remove();
    expect(await namesOf(peer)).toEqual(['echo']);
    await bridge.change(offering('pid'));
    expect(await namesOf(peer)).toEqual(['pid']);
    expect(linesWith(bridge, REFUSED)).toEqual([]);
  });
});

it('comes to what the file says last, whatever it said before', async () => {
  const mark = 'of-a-burst';
  const named = (tools: string) => ({ mcpServers: { one: fixture('echo-server', '--tools', tools, '--name', mark) } });
  await using bridge = await startReloadableBridge(named('echo'));
  await using peer = await connectHttp(bridge.url);
  for (const tools of ['pid', 'echo,pid', 'env', 'echo', 'length', 'heard', 'env,pid']) {
    await bridge.file.replace(named(tools));
    await linger(150);
  }
  await expect.poll(() => namesOf(peer)).toEqual(['env', 'pid']);
  await expect.poll(() => runningWith(mark)).toHaveLength(1);
});

it('warns by name of settings that cannot change in a running bridge, as long as they differ', async () => {
  const fixed = 'start the bridge anew for that';
  await using bridge = await startReloadableBridge(offering('echo', { sessionTimeout: 1000 }));
  await bridge.change(offering('echo', { sessionTimeout: 2000, maxSessions: 7, prefix: 'server' }));
  const { level, message } = await waitForLine(bridge, fixed);
  expect(level).toBe('warn');
  expect(message).toMatch(/sessionTimeout, maxSessions:|maxSessions, sessionTimeout:/);
  await bridge.change(offering('pid', { sessionTimeout: 1000 }));
  await bridge.change(offering('env', { sessionTimeout: 1000, maxSessions: 7 }));
  const again = await waitForLine(bridge, fixed, 2);
  expect(again.message).toMatch(/^maxSessions:/);
});

it('leaves the file alone where that is asked for', async () => {
  await using bridge = await startReloadableBridge(offering('echo', { watch: false }));
  await using peer = await connectHttp(bridge.url);
  await bridge.file.replace(offering('pid'));
  await linger(1000);
  expect(await namesOf(peer)).toEqual(['echo']);
  expect(linesWith(bridge, TAKEN_UP)).toEqual([]);
});

it('takes up what changes while the servers are starting, and ends what has not come up', async () => {
  const slow = fixture('echo-server', '--start-delay', '60000');
  await using bridge = await startReloadableBridge({ mcpServers: { one: slow } });
  const client = connectHttp(bridge.url);
  const { links } = await serverStatusOf(bridge, 'one');
  expect(links).toBe(1);
  await bridge.change(offering('echo'));
  await using peer = await client;
  expect(await namesOf(peer)).toEqual(['echo']);
  await expect.poll(() => runningWith('--start-delay 60000')).toEqual([]);
});

it('ends all that a change is about to start when it is told to end', async () => {
  await using file = await createConfigFile(offering('echo'));
  const bridge = await startBridge([...file.args]);
  const mark = 'started-at-the-end';
  await file.replace({ mcpServers: { one: fixture('echo-server', '--name', mark) } });
  await waitForLine(bridge, TAKEN_UP);
  expect(await bridge.stop()).toEqual({ code: 0, signal: null });
  expect(runningWith(mark)).toEqual([]);
});

async function namesOf({ client }: Peer): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}
