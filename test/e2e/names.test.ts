import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { settled } from './status.ts';

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;
/** Names that are long, illegal, or meet when they are joined or cleaned. */
const TOOLS = [
  ...['c', 'b__c', ' c', 'read.file', 'read/file', 'read_file', 'größe', '日本', '__proto__', ''],
  ...['x'.repeat(128), `${'x'.repeat(127)}y`],
];
const SERVERS = ['a', 'a__b', 'A', 'a b', 'a.b', 'a_b', `${'long'.repeat(20)}1`, `${'long'.repeat(20)}2`, 'сервер'];

/** What a tool says of itself. */
type Origin = readonly [server: string, tool: string];

describe('the names of tools of several servers', () => {
  it('are legal and lead back to their tools, whatever servers and tools are called', async () => {
    const exposed = await exposeAll(SERVERS);
    for (const name of exposed.keys()) expect(name).toMatch(LEGAL);
    expect([...exposed.values()]).toEqual(SERVERS.flatMap((server) => TOOLS.map((tool) => [server, tool])));
  });

  it('are the same after a restart, and in whatever order the servers stand', async () => {
    const before = await exposeAll(SERVERS);
    const after = await exposeAll(SERVERS.toReversed());
    expect(after).toEqual(before);
  });

  it('tell server and tool wherever that is possible', async () => {
    const names = [...(await exposeAll(['files', 'my notes'])).keys()];
    expect(names).toEqual(expect.arrayContaining(['files__c', 'files__b__c', 'files__read_file', 'files____proto__']));
    expect(names.filter((name) => name.startsWith('files__read_file_'))).toHaveLength(2);
    expect(names.filter((name) => name.startsWith('my_notes__'))).toHaveLength(TOOLS.length);
  });
});

describe('--prefix', () => {
  const both = { first: ['same', 'one'], second: ['same', 'two'] };

  it.each([
    ['auto', 'several servers', both, ['first__same', 'first__one', 'second__same', 'second__two']],
    ['none', 'several servers', both, ['first__same', 'one', 'second__same', 'two']],
    ['server', 'one server', { first: both.first }, ['first__same', 'first__one']],
    ['auto', 'one server', { first: both.first }, ['same', 'one']],
  ])('%s, with %s', async (prefix, _servers, servers, expected) => {
    const exposed = await expose(servers, '--prefix', prefix);
    expect([...exposed.keys()]).toEqual(expected);
    expect([...exposed.values()]).toEqual(
      Object.entries(servers).flatMap(([server, tools]) => tools.map((tool) => [server, tool])),
    );
  });
});

function exposeAll(servers: readonly string[]): Promise<Map<string, Origin>> {
  return expose(Object.fromEntries(servers.map((server) => [server, TOOLS])));
}

/** The names under which a new bridge exposes tools, in the order of its list, and who answers when they are called. */
async function expose(servers: Record<string, readonly string[]>, ...args: string[]): Promise<Map<string, Origin>> {
  const commands = Object.entries(servers).map(([name, tools]) => [name, fixture('names-server', name, ...tools)]);
  await using bridge = await startBridge(args, { config: { mcpServers: Object.fromEntries(commands) } });
  await settled(bridge);
  await using peer = await connectHttp(bridge.url);
  const { tools } = await peer.client.listTools();
  const origins = tools.map(async ({ name }): Promise<[string, Origin]> => {
    const { content } = await peer.client.callTool({ name });
    const [{ text }] = content as [{ text: string }];
    return [name, JSON.parse(text)];
  });
  return new Map(await Promise.all(origins));
}
