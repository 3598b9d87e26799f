import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { getJson, type ResourceMetadata, readChallenge } from '../support/oauth/discovery.ts';
import { type GuardedBridge, linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';
import { ask, bearer, LIST, registerClient, use } from './attacks/attacker.ts';
import { type CatalogServer, createCatalogServer, startFreshBridge, TOOL_CLIENTS, urlAt } from './catalog-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

const tool = (name: string, annotations?: object) => ({ name, inputSchema: { type: 'object' }, annotations });
/** One for each thing that annotations can say. */
const TOOLS = [
  tool('reads', { readOnlyHint: true }),
  tool('reads_inside', { readOnlyHint: true, openWorldHint: false }),
  tool('adds', { readOnlyHint: false, destructiveHint: false }),
  tool('destroys', { destructiveHint: true, openWorldHint: false }),
  tool('says_nothing'),
  {
    ...tool('tuple'),
    inputSchema: { type: 'object', properties: { at: { type: 'array', items: [{ type: 'string' }] } } },
  },
];
const NAMES = TOOLS.map(({ name }) => name);

/** What a view says, and the tools of the server `a` that it shows then, under their own names. */
const FILTERED: Readonly<Record<string, { tools: object; shows: readonly string[] }>> = {
  reading: { tools: { readOnly: true }, shows: ['reads', 'reads_inside'] },
  writing: { tools: { readOnly: false }, shows: ['adds', 'destroys', 'says_nothing', 'tuple'] },
  gentle: { tools: { destructive: false }, shows: ['reads', 'reads_inside', 'adds'] },
  rough: { tools: { destructive: true }, shows: ['destroys', 'says_nothing', 'tuple'] },
  inside: { tools: { openWorld: false }, shows: ['reads_inside', 'destroys'] },
  outside: { tools: { openWorld: true }, shows: ['reads', 'adds', 'says_nothing', 'tuple'] },
  both: { tools: { openWorld: false, destructive: true }, shows: ['destroys'] },
  named: { tools: { allow: ['reads*', 'a__adds'], deny: ['*_inside'] }, shows: ['reads', 'adds'] },
  named_and_reading: { tools: { allow: ['adds', 'reads'], readOnly: true }, shows: ['reads'] },
};

describe('a view', () => {
  let servers: readonly CatalogServer[];
  let bridge: Bridge;

  beforeAll(async () => {
    servers = [await createCatalogServer(TOOLS), await createCatalogServer(TOOLS)];
    const [a, b] = servers.map(({ entry }) => entry);
    const filtered = Object.entries(FILTERED).map(([name, { tools }]) => [name, { servers: ['a'], tools }]);
    bridge = await startFreshBridge({
      mcpServers: { a, b: { ...b, tools: { deny: ['adds'] } } },
      bridge: {
        tools: { deny: ['b__destroys'] },
        views: {
          ...Object.fromEntries(filtered),
          everything: {},
          greedy: { tools: { allow: ['*'] } },
          marked: {
            servers: ['a'],
            tools: { readOnly: true },
            override: {
              a: { adds: { annotations: { readOnlyHint: true } }, reads: { annotations: { readOnlyHint: false } } },
            },
          },
          one: { servers: ['b'], prefix: 'none' },
          prefixed: { servers: ['b'], prefix: 'server' },
          plain: { prefix: 'none' },
          original: { servers: ['a'], schemas: 'original' },
          'v1.0_b-c': { servers: ['b'] },
        },
      },
    });
  });
  afterAll(async () => {
    await bridge.stop();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  const shownAt = async (place: string): Promise<string[]> => {
    await using client = await connectTo(bridge, place);
    return (await client.list()).map(({ name }) => name);
  };

  describe.each(Object.entries(TOOL_CLIENTS))('for a client with %s', (_way, connect) => {
    it.each(Object.entries(FILTERED))(
      'shows what its filter allows, and nothing else is called: %s',
      async (name, { shows }) => {
        await using client = await connect(bridge, `views/${name}`);
        expect((await client.list()).map((each) => each.name)).toEqual(shows);
        for (const each of NAMES) {
          const answer = client.call(each);
          if (shows.includes(each)) expect(await answer).toMatchObject({ tool: each });
          else await expect(answer).rejects.toThrow(`Unknown tool: ${each}`);
        }
      },
    );

    it('judges by the marks that the owner has made in it', async () => {
      await using client = await connect(bridge, 'views/marked');
      expect((await client.list()).map(({ name }) => name)).toEqual(['reads_inside', 'adds']);
      expect(await client.call('adds')).toMatchObject({ tool: 'adds' });
      await expect(client.call('reads')).rejects.toThrow('Unknown tool');
    });

    it('has nothing of other servers', async () => {
      await using client = await connect(bridge, 'views/one');
      for (const name of ['a__reads', 'a__adds', 'b__adds']) await client.call(name).catch(() => {});
      expect((await servers[0]?.heard())?.join('\n')).not.toContain('a__');
      await expect(client.call('adds')).rejects.toThrow('Unknown tool');
      await expect(client.call('destroys')).rejects.toThrow('Unknown tool');
    });
  });

  it('shows nothing that the filters of its servers or of all hide', async () => {
    const kept = NAMES.filter((name) => !['adds', 'destroys'].includes(name));
    const all = [...NAMES.map((name) => `a__${name}`), ...kept.map((name) => `b__${name}`)];
    expect(await shownAt('views/everything')).toEqual(all);
    expect(await shownAt('views/greedy')).toEqual(all);
    expect(await shownAt('views/one')).toEqual(kept);
    expect(await shownAt('views/prefixed')).toEqual(kept.map((name) => `b__${name}`));
  });

  it('without prefixes takes them where names meet', async () => {
    const shown = await shownAt('views/plain');
    expect(shown).toEqual([
      ...NAMES.map((name) => `a__${name}`),
      ...NAMES.filter((name) => !['adds', 'destroys'].includes(name)).map((name) => `b__${name}`),
    ]);
  });

  it('of original schemas shows those, while others do not', async () => {
    const schemaAt = async (place: string, name: string) => {
      await using client = await connectTo(bridge, place);
      return (await client.list()).find((each) => each.name === name)?.inputSchema;
    };
    expect(await schemaAt('views/original', 'tuple')).toEqual(TOOLS.at(-1)?.inputSchema);
    expect(await schemaAt('views/rough', 'tuple')).not.toEqual(TOOLS.at(-1)?.inputSchema);
  });

  it('is found under whatever name it may have', async () => {
    expect(await shownAt('views/v1.0_b-c')).toContain('reads');
  });

  it.each([
    'views/none',
    'views',
    'views/',
    'views/READING',
    'views/reading/..',
    'views/reading/servers/a',
    'servers/reading',
  ])('is not at /%s', async (place) => {
    for (const end of ['mcp', 'sse'] as const) {
      const { pathname, origin } = new URL(urlAt(bridge, place, end).replace('/..', '/%2e%2e%2f'));
      expect((await rawPost(origin + pathname, LIST)).status).toBe(404);
    }
  });
});

describe('an annotation that is no boolean', () => {
  it('counts as not said, and is not shown', async () => {
    const annotations = { readOnlyHint: 'true', destructiveHint: 0, openWorldHint: null };
    await using server = await createCatalogServer([tool('nonsense', annotations)]);
    const wanted = { reading: { readOnly: true }, gentle: { destructive: false }, inside: { openWorld: false } };
    const views = Object.fromEntries(Object.entries(wanted).map(([name, tools]) => [name, { tools }]));
    await using bridge = await startFreshBridge({ mcpServers: { a: server.entry }, bridge: { views } });
    for (const name of Object.keys(wanted)) {
      await using client = await connectTo(bridge, `views/${name}`);
      expect(await client.list()).toEqual([]);
      await expect(client.call('nonsense')).rejects.toThrow('Unknown tool');
    }
    await using client = await connectTo(bridge, '');
    expect(await client.list()).toMatchObject([{ name: 'nonsense', annotations: {} }]);
  });
});

describe('--read-only', () => {
  it('leaves what is marked so, at every URL', async () => {
    await using server = await createCatalogServer(TOOLS);
    const override = { adds: { annotations: { readOnlyHint: true } } };
    const config = {
      mcpServers: { a: { ...server.entry, override } },
      bridge: { views: { all: {}, writing: { tools: { readOnly: false } } } },
    };
    await using bridge = await startFreshBridge(config, '--read-only');
    for (const place of ['', 'servers/a', 'views/all'])
      for (const connect of Object.values(TOOL_CLIENTS)) {
        await using client = await connect(bridge, place);
        expect((await client.list()).map(({ name }) => name)).toEqual(['reads', 'reads_inside', 'adds']);
        expect(await client.call('adds')).toMatchObject({ tool: 'adds' });
        await expect(client.call('destroys')).rejects.toThrow('Unknown tool');
      }
    await using client = await connectTo(bridge, 'views/writing');
    expect(await client.list()).toEqual([]);
    const custom = { jsonrpc: '2.0', id: 1, method: 'vendor/destroy', params: {} };
    expect((await rawPost(bridge.url, custom)).messages).toMatchObject([{ error: { code: -32601 } }]);
    expect((await server.heard()).join('\n')).not.toMatch(/destroy/);
  });

  it('is a filter like others in the file, which a view can only narrow', async () => {
    await using server = await createCatalogServer(TOOLS);
    const bridgeRules = { tools: { readOnly: true }, views: { writing: { tools: { readOnly: false } } } };
    await using bridge = await startFreshBridge({ mcpServers: { a: server.entry }, bridge: bridgeRules });
    await using client = await connectTo(bridge, 'views/writing');
    expect(await client.list()).toEqual([]);
  });
});

describe('behind OAuth, a view', () => {
  let server: CatalogServer;
  let bridge: GuardedBridge;
  const at = (place: string) => urlAt(bridge, place);

  beforeAll(async () => {
    server = await createCatalogServer(TOOLS);
    const views = { reading: { tools: { readOnly: true } }, all: {} };
    bridge = await startGuardedBridge([], { config: { mcpServers: { a: server.entry }, bridge: { views } } });
  });
  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ['views/reading', 'mcp:read', ['mcp:read']],
    ['views/all', 'mcp', ['mcp', 'mcp:read']],
  ])('says at /%s which scope to ask for, and where', async (place, scope, scopes) => {
    for (const end of ['mcp', 'sse'] as const) {
      const url = urlAt(bridge, place, end);
      const challenge = readChallenge(
        await rawRequest(end === 'mcp' ? 'POST' : 'GET', url, {}, end === 'mcp' ? LIST : undefined),
      );
      expect(challenge).toMatchObject({
        scope,
        resource_metadata: `${bridge.origin}/.well-known/oauth-protected-resource/${place}/${end}`,
      });
      const metadata = await getJson<ResourceMetadata>(rawRequest, challenge.resource_metadata);
      expect(metadata).toMatchObject({
        resource: url,
        authorization_servers: [bridge.issuer],
        scopes_supported: scopes,
      });
    }
  });

  it.each(['views/reading', 'views/all'])('lets nobody from /%s in anywhere else', async (place) => {
    const { tokens } = await linkByHand({ bridge, resource: at(place) });
    const doors = ['', 'servers/a', 'views/reading', 'views/all'].flatMap((each) => [
      urlAt(bridge, each),
      urlAt(bridge, each, 'sse'),
    ]);
    for (const door of doors) {
      if (door === at(place)) expect(await use(bridge, tokens.access_token, door)).toBe(200);
      else expect([door, (await rawPost(door, LIST, bearer(tokens.access_token))).status]).toEqual([door, 401]);
    }
  });

  it('does not let in who was let in elsewhere', async () => {
    const { tokens } = await linkByHand({ bridge });
    expect(await use(bridge, tokens.access_token)).toBe(200);
    expect((await rawPost(at('views/reading'), LIST, bearer(tokens.access_token))).status).toBe(401);
  });

  it('that only reads stays so for a grant for everything', async () => {
    const { tokens } = await linkByHand({ bridge, resource: at('views/reading'), access: 'all' });
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'destroys', arguments: {} } };
    const { messages } = await rawPost(at('views/reading'), call, bearer(tokens.access_token));
    expect(messages).toMatchObject([{ error: { code: -32602 } }]);
    expect((await server.heard()).join('\n')).not.toContain('"name":"destroys"');
  });

  it.each([
    ['views/reading', /2 tools now, marked read-only/],
    ['views/all', /6 tools now, 4 can change things/],
  ])('has its own tools counted on the page: /%s', async (place, count) => {
    await bridge.pair();
    const { answer } = await ask(bridge, { client_id: await registerClient(bridge), resource: at(place) });
    expect(answer.text).toMatch(count);
  });
});

describe('a bridge at a secret path', () => {
  it('has its views there, and nowhere else', async () => {
    await using server = await createCatalogServer(TOOLS);
    await using folder = await temporaryFolder();
    const config = { mcpServers: { a: server.entry }, bridge: { views: { reading: { tools: { readOnly: true } } } } };
    const args = ['--auth', 'none', '--secret-path', '--state-folder', folder.path];
    await using bridge = await startBridge(args, { config });
    const secret = (await readFile(join(folder.path, 'secret-path'), 'utf8')).trim();
    const { messages } = await rawPost(`${bridge.origin}/${secret}/views/reading/mcp`, LIST);
    expect(messages[0]?.result?.tools).toMatchObject([{ name: 'reads' }, { name: 'reads_inside' }]);
    expect((await rawPost(`${bridge.origin}/views/reading/mcp`, LIST)).status).toBe(404);
  });
});

function connectTo(bridge: Bridge, place: string) {
  const connect = TOOL_CLIENTS['no session'] as (typeof TOOL_CLIENTS)[string];
  return connect(bridge, place);
}
