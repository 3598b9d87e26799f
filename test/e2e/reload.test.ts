import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectHttp, connectSse, type Peer } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { createStatelessClient, type Listening, type StatelessClient } from '../support/stateless.ts';
import { isRunning } from './processes.ts';
import { type ReloadableBridge, startReloadableBridge } from './reloadable-bridge.ts';
import { serverStatusOf, statusOf } from './status.ts';

const CHANGED = 'notifications/tools/list_changed';
const DOCS = fixture('echo-server', '--tools', 'echo,pid,find');
const NOTES = fixture('echo-server', '--tools', 'echo,env,pid');
const BASE = { mcpServers: { docs: DOCS, notes: NOTES } };
const NAMES = ['docs__echo', 'docs__pid', 'docs__find', 'notes__echo', 'notes__env', 'notes__pid'];

/** Changes of {@link BASE}: the tools that are there afterwards, and the servers whose processes stay. */
const CHANGES: Record<string, { config: object; names: string[]; staying: string[] }> = {
  'a server is added': {
    config: { mcpServers: { ...BASE.mcpServers, extra: fixture('echo-server', '--tools', 'echo') } },
    names: [...NAMES, 'extra__echo'],
    staying: ['docs', 'notes'],
  },
  'a server is removed': {
    config: { mcpServers: { docs: DOCS } },
    names: ['echo', 'pid', 'find'],
    staying: ['docs'],
  },
  'a server has another command': {
    config: { mcpServers: { docs: DOCS, notes: fixture('echo-server', '--tools', 'length') } },
    names: ['docs__echo', 'docs__pid', 'docs__find', 'notes__length'],
    staying: ['docs'],
  },
  'a server has another environment': {
    config: { mcpServers: { docs: DOCS, notes: { ...NOTES, env: { ECHO_NAME: 'other' } } } },
    names: NAMES,
    staying: ['docs'],
  },
  'a server has another name': {
    config: { mcpServers: { docs: DOCS, memos: NOTES } },
    names: ['docs__echo', 'docs__pid', 'docs__find', 'memos__echo', 'memos__env', 'memos__pid'],
    staying: ['docs'],
  },
  'the servers stand in another order': {
    config: { mcpServers: { notes: NOTES, docs: DOCS } },
    names: [...NAMES.slice(3), ...NAMES.slice(0, 3)],
    staying: ['docs', 'notes'],
  },
  'a filter is added': {
    config: { mcpServers: { docs: DOCS, notes: { ...NOTES, tools: { deny: ['env'] } } } },
    names: NAMES.filter((name) => name !== 'notes__env'),
    staying: ['docs', 'notes'],
  },
  'a filter for all is added': {
    config: { ...BASE, bridge: { tools: { allow: ['*__echo'] } } },
    names: ['docs__echo', 'notes__echo'],
    staying: ['docs', 'notes'],
  },
  'an override is added': {
    config: { mcpServers: { docs: { ...DOCS, override: { find: { name: 'query' } } }, notes: NOTES } },
    names: NAMES.map((name) => (name === 'docs__find' ? 'docs__query' : name)),
    staying: ['docs', 'notes'],
  },
  'names have no prefix any more': {
    config: { mcpServers: { docs: DOCS, notes: fixture('echo-server', '--tools', 'env') }, bridge: { prefix: 'none' } },
    names: ['echo', 'pid', 'find', 'env'],
    staying: ['docs'],
  },
  'there are tools for research': {
    config: { ...BASE, bridge: { research: { search: 'docs__find', fetch: 'docs__echo' } } },
    names: ['search', 'fetch', ...NAMES],
    staying: ['docs', 'notes'],
  },
};

let bridge: ReloadableBridge;
let http: Peer;
let sse: Peer<Peer['client']>;
let stateless: StatelessClient;
let listening: Listening;

beforeAll(async () => {
  bridge = await startReloadableBridge(BASE);
  http = await connectHttp(bridge.url);
  sse = await connectSse(bridge.sseUrl as string);
  stateless = createStatelessClient(bridge.url);
  listening = await stateless.listen({ toolsListChanged: true });
});
afterAll(async () => {
  listening?.close();
  await Promise.all([http?.close(), sse?.close()]);
  await bridge?.[Symbol.asyncDispose]();
});

describe('when the config file says that', () => {
  beforeEach(() => bridge.change({ ...BASE, bridge: { prefix: 'server' } }));

  it.each(Object.entries(CHANGES))(
    '%s, all who listen hear of it and see it',
    async (_, { config, names, staying }) => {
      expect(await listsOfAll()).toEqual([NAMES, NAMES, NAMES]);
      const [before, sessions] = [await pids(), (await statusOf(bridge)).sessions];
      const told = nextChanges();
      await bridge.change(config);
      await told;
      expect(await listsOfAll()).toEqual([names, names, names]);
      const after = await pids();
      for (const name of Object.keys(before)) {
        if (staying.includes(name)) expect(after[name], name).toBe(before[name]);
        else await expect.poll(() => isRunning(before[name] as number), { message: name }).toBe(false);
      }
      expect((await statusOf(bridge)).sessions).toEqual(sessions);
      expect(Object.values(after).every(isRunning)).toBe(true);
    },
  );
});

it('goes on serving calls at a server whose definitions only are shown otherwise', async () => {
  await bridge.change(BASE);
  const { pid } = await serverStatusOf(bridge, 'docs');
  await bridge.change({ mcpServers: { docs: { ...DOCS, override: { pid: { arguments: { x: 1 } } } }, notes: NOTES } });
  const { structuredContent } = await http.client.callTool({ name: 'docs__pid' });
  expect(structuredContent).toEqual({ pid });
});

/** Resolves when each of the listeners has been told once more. */
async function nextChanges(): Promise<void> {
  const inboxes = [http.inbox, sse.inbox, listening.inbox];
  const counts = inboxes.map(({ notifications }) => notifications.filter(({ method }) => method === CHANGED).length);
  await Promise.all(inboxes.map((inbox, index) => inbox.wait(CHANGED, (counts[index] as number) + 1)));
}

async function listsOfAll(): Promise<string[][]> {
  const lists = [
    await http.client.listTools(),
    await sse.client.listTools(),
    (await stateless.request('tools/list')).result,
  ];
  return lists.map((list) => ((list?.tools ?? []) as { name: string }[]).map(({ name }) => name));
}

/** Of the servers' shared processes, by name. All are waited for. */
async function pids(): Promise<Record<string, number>> {
  await expect.poll(async () => (await statusOf(bridge)).servers.every(({ state }) => state === 'ready')).toBe(true);
  const { servers } = await statusOf(bridge);
  return Object.fromEntries(servers.map(({ name, pid }) => [name, pid as number]));
}
