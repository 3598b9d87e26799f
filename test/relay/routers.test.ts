import { describe, expect, it } from 'vitest';
import type { CatalogRules, ResearchSettings } from '../../src/config/catalog-settings.ts';
import type { Client } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { FrozenLists } from '../../src/relay/frozen-lists.ts';
import { KeptResults } from '../../src/relay/kept-results.ts';
import { type CatalogSettings, createRouters, MERGED, placeOfServer, placeOfView } from '../../src/relay/routers.ts';
import { TaskOwners } from '../../src/relay/task-owners.ts';
import { unknownTool } from '../../src/relay/tool-calls.ts';
import { filterOf, said, viewOf } from '../catalog/settings.ts';
import { principalOf } from '../downstream/support.ts';
import { contentOf, createClient, createExchange, createLogBook, INFO, NO_RULES } from '../upstream/support.ts';
import { type Part, playUpstream, UNPUBLISHED } from './support.ts';

interface Server {
  readonly tools: readonly object[];
  readonly rules?: Partial<CatalogRules>;
}

const taking = (name: string, annotations: object = {}) => ({
  name,
  annotations,
  inputSchema: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
});
const READS = { readOnlyHint: true };
const RESEARCH: ResearchSettings = {
  origin: 'a test',
  search: { tool: 'a__find', parameter: undefined, arguments: {}, fields: {} },
  fetch: { tool: 'a__get', parameter: undefined, arguments: {}, fields: {} },
};

/** The routers of these servers, by their places. */
async function routersOf(servers: Record<string, Server>, settings: Partial<CatalogSettings> = {}, formerAt = '?') {
  const upstreams = Object.entries(servers).map(([name, { tools, rules = {} }]) => {
    const answer: Part['answer'] = (method, params) =>
      method === 'tools/list' ? { result: { tools } } : { result: { called: params.get('name'), by: name } };
    return playUpstream({ answer }, { name, origin: `server ${name}`, rules: { ...NO_RULES, ...rules } }).upstream;
  });
  const { log } = createLogBook();
  const soughtNames: string[] = [];
  const formerTool = { exposed: 'former', server: 'a', name: 'x', program: '' };
  const routers = await createRouters({
    settings: {
      upstreams: upstreams.map((upstream) => upstream.settings),
      prefix: 'auto',
      tools: filterOf({}),
      views: [],
      research: undefined,
      personalMeta: false,
      ...settings,
    },
    upstreams,
    info: INFO,
    owners: new TaskOwners(),
    kept: new KeptResults(),
    log,
    frozenAt: (place) =>
      new FrozenLists({
        place,
        log,
        published: {
          ...UNPUBLISHED,
          aliasOf(name) {
            soughtNames.push(name);
            return place === formerAt && name === 'former' ? formerTool : undefined;
          },
        },
      }),
  });
  const ask = async (place: string, method: string, params: object, client: Client = createClient()) => {
    const router = routers.get(place);
    if (!router) throw new Error(`nothing is at ${place}`);
    return contentOf(await router.handle(createExchange(requestFrame(method, params), { client })));
  };
  const list = async (place: string, client?: Client) => {
    const { tools } = (await ask(place, 'tools/list', {}, client)) as { tools: { name: string }[] };
    return tools.map(({ name }) => name);
  };
  const call = (place: string, name: string, client?: Client) =>
    ask(place, 'tools/call', { name, arguments: {} }, client);
  return { routers, ask, list, call, soughtNames };
}

const unknown = (name: string) => unknownTool(name).get('error');
const TWO = { a: { tools: [{ name: 'x' }] }, b: { tools: [{ name: 'y' }] } };

describe('the places', () => {
  it('are one for all servers, one for each, and one for each view, whatever they are called', async () => {
    const { routers } = await routersOf({ 'a/b c': TWO.a, ü: TWO.b }, { views: [viewOf('a/b'), viewOf('docs')] });
    const places = ['', 'servers/a%2Fb%20c', 'servers/%C3%BC', 'views/a%2Fb', 'views/docs'];
    expect([...routers.keys()]).toEqual(places);
    expect([MERGED, placeOfServer('a/b c'), placeOfServer('ü'), placeOfView('a/b'), placeOfView('docs')]).toEqual(
      places,
    );
  });

  it('show all servers under prefixed names, and each alone under its own', async () => {
    const { list, call } = await routersOf(TWO);
    expect([await list(''), await list('servers/a'), await list('servers/b')]).toEqual([
      ['a__x', 'b__y'],
      ['x'],
      ['y'],
    ]);
    expect(await call('', 'b__y')).toEqual({ called: 'y', by: 'b' });
    expect([await call('servers/b', 'y'), await call('servers/b', 'b__y')]).toEqual([
      { called: 'y', by: 'b' },
      { called: 'b__y', by: 'b' },
    ]);
  });

  it('show names as the prefix has it, those of a view as its own has it', async () => {
    const views = [
      viewOf('none', { prefix: 'none' }),
      viewOf('server', { prefix: 'server', servers: ['b'] }),
      viewOf('auto'),
    ];
    const { list } = await routersOf(TWO, { prefix: 'none', views });
    expect([await list(''), await list('views/none')]).toEqual([
      ['x', 'y'],
      ['x', 'y'],
    ]);
    expect([await list('views/server'), await list('views/auto')]).toEqual([['b__y'], ['a__x', 'b__y']]);
  });
});

describe('a filter', () => {
  it('of all servers counts at every place, and so does that of a server', async () => {
    const servers = {
      a: { tools: [{ name: 'x' }, { name: 'z' }], rules: { tools: filterOf({ deny: ['z'] }) } },
      b: { tools: [{ name: 'y' }, { name: 'z' }] },
    };
    const { list, call } = await routersOf(servers, {
      tools: filterOf({ deny: ['y'] }),
      views: [viewOf('v'), viewOf('a', { servers: ['a'], prefix: 'none' })],
    });
    expect([await list(''), await list('servers/a'), await list('servers/b')]).toEqual([
      ['a__x', 'b__z'],
      ['x'],
      ['z'],
    ]);
    expect([await list('views/v'), await list('views/a')]).toEqual([['a__x', 'b__z'], ['x']]);
    for (const [place, name] of [
      ['', 'b__y'],
      ['servers/b', 'y'],
      ['views/v', 'b__y'],
      ['views/a', 'z'],
    ] as const)
      expect(await call(place, name)).toEqual(unknown(name));
  });

  it('that names a tool as it is among all hides it everywhere, whatever it is called there', async () => {
    const { list, call } = await routersOf(TWO, {
      tools: filterOf({ deny: ['a__x'] }),
      views: [viewOf('v', { prefix: 'none' })],
    });
    expect([await list(''), await list('servers/a'), await list('views/v')]).toEqual([['b__y'], [], ['y']]);
    expect([await call('servers/a', 'x'), await call('views/v', 'x')]).toEqual([unknown('x'), unknown('x')]);
  });

  it('of a view counts there alone, and shows nothing that is hidden elsewhere', async () => {
    const views = [viewOf('v', { tools: filterOf({ allow: ['x', 'z'] }) })];
    const servers = { a: { tools: [{ name: 'x' }, { name: 'y' }, { name: 'z' }] }, b: { tools: [] } };
    const { list, call } = await routersOf(servers, { tools: filterOf({ deny: ['z'] }), views });
    expect([await list(''), await list('views/v')]).toEqual([['a__x', 'a__y'], ['a__x']]);
    expect(await call('views/v', 'a__z')).toEqual(unknown('a__z'));
  });

  it('by annotation adds up likewise', async () => {
    const servers = {
      a: {
        tools: [
          { name: 'x', annotations: READS },
          { name: 'y', annotations: { readOnlyHint: true, openWorldHint: false } },
          { name: 'z', annotations: { openWorldHint: false } },
        ],
      },
    };
    const { list, call } = await routersOf(servers, {
      tools: filterOf({ readOnly: true }),
      views: [viewOf('v', { tools: filterOf({ openWorld: false }) })],
    });
    expect([await list(''), await list('servers/a'), await list('views/v')]).toEqual([['x', 'y'], ['x', 'y'], ['y']]);
    expect([await call('views/v', 'x'), await call('views/v', 'z'), await call('', 'z')]).toEqual([
      unknown('x'),
      unknown('z'),
      unknown('z'),
    ]);
  });
});

describe('a view', () => {
  it('shows the servers that it names, in the order of the configuration', async () => {
    const { routers } = await routersOf(
      { ...TWO, c: TWO.a },
      { views: [viewOf('v', { servers: ['c', 'a'] }), viewOf('w')] },
    );
    const namesAt = (place: string) => routers.get(place)?.view.upstreams.map(({ name }) => name);
    expect([namesAt('views/v'), namesAt('views/w')]).toEqual([
      ['a', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('has overrides and schemas of its own, for a server by its name', async () => {
    const odd = { name: 'x', inputSchema: { type: 'object', properties: { $top: { type: 'string' } } } };
    const own = { overrides: [said({ title: 'own' })] };
    const { ask } = await routersOf(
      { a: { tools: [odd], rules: own }, b: { tools: [odd], rules: own } },
      {
        views: [
          viewOf('v', { schemas: 'strict', overrides: { a: [said({ glob: 'x', name: 'better', title: 'its' })] } }),
        ],
      },
    );
    const shown = async (place: string) => {
      const { tools } = (await ask(place, 'tools/list', {})) as { tools: Record<string, unknown>[] };
      return tools.map(({ name, title, inputSchema }) => [name, title, JSON.stringify(inputSchema).includes('$top')]);
    };
    expect(await shown('')).toEqual([
      ['a__x', 'own', true],
      ['b__x', 'own', true],
    ]);
    expect(await shown('views/v')).toEqual([
      ['a__better', 'its', false],
      ['b__x', 'own', false],
    ]);
  });
});

describe('the tools for research', () => {
  const servers = { a: { tools: [taking('find', READS), taking('get', READS)] }, b: { tools: [{ name: 'search' }] } };
  const views = [
    viewOf('with', { research: true }),
    viewOf('without'),
    viewOf('b', { servers: ['b'], research: true }),
  ];

  it('are among all, and in the views that want them, and nowhere else', async () => {
    const { list, call } = await routersOf(servers, { views, research: RESEARCH });
    const both = ['search', 'fetch', 'a__find', 'a__get', 'b__search'];
    expect([await list(''), await list('views/with'), await list('views/without')]).toEqual([
      both,
      both,
      both.slice(2),
    ]);
    expect([await list('servers/a'), await list('servers/b')]).toEqual([['find', 'get'], ['search']]);
    expect(await call('servers/b', 'search')).toEqual({ called: 'search', by: 'b' });
  });

  it('are not there where their servers are not', async () => {
    const { list } = await routersOf(servers, { views, research: RESEARCH });
    expect(await list('views/b')).toEqual([expect.stringMatching(/^search_[0-9a-f]{16}$/)]);
  });

  it('take no name where they are not wanted', async () => {
    const { list } = await routersOf(servers, { views: [viewOf('b', { servers: ['b'] })], research: RESEARCH });
    expect(await list('views/b')).toEqual(['search']);
  });

  it('are not there where the owner has not asked for any, and take no name then', async () => {
    const { list } = await routersOf(servers, { views: [viewOf('b', { servers: ['b'], research: true })] });
    expect([await list(''), await list('views/b')]).toEqual([['a__find', 'a__get', 'b__search'], ['search']]);
  });

  it('are filtered by what they do, by the filter of all servers and that of a view', async () => {
    const reads = [
      viewOf('reads', { research: true, tools: filterOf({ readOnly: true }) }),
      viewOf('all', { research: true }),
    ];
    const mixed = { a: { tools: [taking('find', READS), taking('get')] } };
    const { list, call } = await routersOf(mixed, { views: reads, research: sourcesOf('find', 'get') });
    expect([await list('views/all'), await list('views/reads')]).toEqual([
      ['search', 'fetch', 'find', 'get'],
      ['find'],
    ]);
    expect(await call('views/reads', 'search')).toEqual(unknown('search'));
    const common = await routersOf(mixed, {
      tools: filterOf({ readOnly: true }),
      views: reads,
      research: sourcesOf('find', 'get'),
    });
    expect([await common.list(''), await common.list('views/all')]).toEqual([['find'], ['find']]);
  });

  it('are made of tools by the names that these have among all, hidden or not', async () => {
    const hidden = [viewOf('v', { research: true, prefix: 'none', tools: filterOf({ deny: ['*'] }) })];
    const { list } = await routersOf(servers, { views: hidden, research: RESEARCH });
    expect(await list('views/v')).toEqual(['search', 'fetch']);
  });

  it('are for those who may only read if these two only read', async () => {
    const reader = createClient('reader', { principal: principalOf('reader', true) });
    const { list } = await routersOf(servers, { research: RESEARCH });
    expect(await list('', reader)).toEqual(['search', 'fetch', 'a__find', 'a__get']);
  });
});

const sourcesOf = (search: string, fetch: string): ResearchSettings => ({
  ...RESEARCH,
  search: { ...RESEARCH.search, tool: search },
  fetch: { ...RESEARCH.fetch, tool: fetch },
});

it.each(['', 'servers/a', 'views/v'])('remembers by its place what was shown: %j', async (place) => {
  const { call } = await routersOf(TWO, { views: [viewOf('v')] }, place);
  const answers = await Promise.all(['', 'servers/a', 'views/v'].map((each) => call(each, 'former')));
  const isOf = (answer: Record<string, unknown>) => answer.called === 'x';
  expect(answers.map(isOf)).toEqual(['', 'servers/a', 'views/v'].map((each) => each === place));
});

it('does not look in what was shown once for the names of tools that are there', async () => {
  const { list, call, soughtNames } = await routersOf(TWO);
  await list('');
  await call('', 'a__x');
  expect(soughtNames).toEqual([]);
  await call('', 'a__gone');
  expect(soughtNames).toEqual(['a__gone']);
});

it('makes nothing of a glob that cannot be read', async () => {
  for (const settings of [
    { tools: filterOf({ deny: ['[a'] }) },
    { views: [viewOf('v', { tools: filterOf({ allow: ['[a'] }) })] },
  ])
    await expect(routersOf(TWO, settings)).rejects.toMatchObject({ code: 'CONFIG' });
  const overrides = { a: [said({ glob: '[a' })] };
  await expect(routersOf(TWO, { views: [viewOf('v', { overrides })] })).rejects.toMatchObject({ code: 'CONFIG' });
});
