import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violationsOf } from '../../src/catalog/schema/profile.ts';
import { type Draft, judgeOf } from '../catalog/schema/judge.ts';
import type { Bridge } from '../support/bridge.ts';
import { rawPost } from '../support/http.ts';
import {
  type CatalogServer,
  createCatalogServer,
  type ListedTool,
  startFreshBridge,
  TOOL_CLIENTS,
  urlAt,
} from './catalog-servers.ts';

const NODE = { type: 'object', properties: { label: { type: 'string' }, next: { $ref: '#/definitions/node' } } };

interface OddTool {
  readonly schema: unknown;
  /** Default 2020. */
  readonly draft?: Draft;
  /** As clients are to send them. */
  readonly sent: Record<string, unknown>;
  /** As the server is to get them. Default: the same. */
  readonly received?: object;
}

/** Schemas as servers have them. */
const ODD: Readonly<Record<string, OddTool>> = {
  tuple: {
    draft: '7',
    schema: {
      type: 'object',
      properties: { point: { type: 'array', items: [{ type: 'number' }, { type: 'string' }], additionalItems: false } },
      required: ['point'],
    },
    sent: { point: { item1: 1, item2: 'a' } },
    received: { point: [1, 'a'] },
  },
  tuple_of_2020: {
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'string' }], items: false } },
    },
    sent: { point: { item1: 1, item2: 'a' } },
    received: { point: [1, 'a'] },
  },
  any_of_at_the_root: {
    schema: {
      type: 'object',
      anyOf: [
        { properties: { id: { type: 'number' } }, required: ['id'] },
        { properties: { name: { type: 'string' } }, required: ['name'] },
      ],
    },
    sent: { input: { id: 7 } },
    received: { id: 7 },
  },
  reference: {
    draft: '7',
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      definitions: { path: { type: 'string', minLength: 1 } },
      properties: { from: { $ref: '#/definitions/path' }, to: { $ref: '#/definitions/path' } },
      required: ['from'],
    },
    sent: { from: 'a', to: 'b' },
  },
  recursion: {
    draft: '7',
    schema: { type: 'object', definitions: { node: NODE }, properties: { root: { $ref: '#/definitions/node' } } },
    sent: { root: { label: 'a', next: { label: 'b' } } },
  },
  without_a_type: { schema: { properties: { text: { type: 'string' } } }, sent: { text: 'a' } },
  empty: { schema: {}, sent: {} },
  several_types: {
    schema: { type: 'object', properties: { value: { type: ['string', 'number', 'null'] } } },
    sent: { value: 1 },
  },
  draft_4: {
    draft: '4',
    schema: {
      $schema: 'http://json-schema.org/draft-04/schema#',
      type: 'object',
      properties: { n: { type: 'number', minimum: 0, exclusiveMinimum: true } },
    },
    sent: { n: 1 },
  },
  one_constant: {
    schema: {
      type: 'object',
      properties: { kind: { const: 'a' }, all: true, odd: { type: 'string', format: 'path' } },
    },
    sent: { kind: 'a', odd: '/' },
  },
};

/** Takes nothing that a call can bring. */
const HOPELESS: Readonly<Record<string, unknown>> = {
  takes_text: { type: 'string' },
  takes_nothing: false,
  contradicts_itself: { type: 'object', required: ['a'], properties: { a: false } },
};
const FINE =
  '{"name":"fine","inputSchema":{"type":"object","properties":{"n":{"type":"integer","description":"1.0"}},"required":["n"]},"outputSchema":{"type":"object","properties":{"tool":{"type":"string"}}}}';
const PLACES = { '': 'odd__', 'servers/odd': '', 'views/strict': '' };

let server: CatalogServer;
let bridge: Bridge;

beforeAll(async () => {
  const define = ([name, inputSchema]: readonly [string, unknown]) => JSON.stringify({ name, inputSchema });
  const odd = Object.entries(ODD).map(([name, { schema }]) => define([name, schema]));
  server = await createCatalogServer(`[${[...odd, ...Object.entries(HOPELESS).map(define), FINE].join(',')}]`);
  const override = { takes_text: { aliases: ['text_taker'] } };
  bridge = await startFreshBridge(
    {
      mcpServers: { odd: { ...server.entry, override }, other: { ...server.entry, tools: { allow: ['fine'] } } },
      bridge: {
        views: {
          strict: { servers: ['odd'] },
          original: { servers: ['odd'], schemas: 'original' },
        },
      },
    },
    '--log-level',
    'debug',
  );
});
afterAll(async () => {
  await bridge.stop();
  await server[Symbol.asyncDispose]();
});

describe.each(Object.entries(PLACES))('at /%s, odd schemas', (place, prefix) => {
  const toolsOf = async (connect: (typeof TOOL_CLIENTS)[string]): Promise<Map<string, ListedTool>> => {
    await using client = await connect(bridge, place);
    return new Map((await client.list()).map((tool) => [tool.name, tool]));
  };

  it.each(Object.entries(TOOL_CLIENTS))(
    'are shown as remote clients take them, to one with %s',
    async (_way, connect) => {
      const tools = await toolsOf(connect);
      const shown = [...tools.keys()].filter((name) => name.startsWith(prefix) && name !== 'other__fine');
      expect(shown).toEqual([...Object.keys(ODD), 'fine'].map((name) => prefix + name));
      for (const [name, { inputSchema }] of tools) expect([name, violationsOf(inputSchema)]).toEqual([name, []]);
    },
  );

  it.each(Object.entries(ODD))(
    'are called as they are shown, and the server gets what its own wants: %s',
    async (name, { schema, draft = '2020', sent, received = sent }) => {
      expect(judgeOf(schema, draft)(received)).toBe(true);
      for (const connect of Object.values(TOOL_CLIENTS)) {
        await using client = await connect(bridge, place);
        const shown = (await client.list()).find((tool) => tool.name === prefix + name);
        expect(judgeOf(shown?.inputSchema, '2020')(sent)).toBe(true);
        expect(await client.call(prefix + name, sent)).toEqual({ tool: name, arguments: received });
      }
    },
  );

  it('that take nothing hide their tool, alone, under all of its names', async () => {
    for (const connect of Object.values(TOOL_CLIENTS)) {
      await using client = await connect(bridge, place);
      for (const name of [...Object.keys(HOPELESS), 'text_taker'])
        await expect(client.call(prefix + name)).rejects.toThrow(`Unknown tool: ${prefix}${name}`);
    }
    const heard = (await server.heard()).join('\n');
    expect(heard).not.toMatch(/"name":"(?:takes_text|takes_nothing|contradicts_itself)"/);
  });

  it('leave those that are fine as they are, to the byte', async () => {
    const { text } = await rawPost(urlAt(bridge, place), { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(text).toContain(FINE.replace('"fine"', `"${prefix}fine"`));
  });
});

describe('a view of the original schemas', () => {
  it('shows what the server says, to the byte', async () => {
    const { text } = await rawPost(urlAt(bridge, 'views/original'), { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    for (const [name, { schema }] of Object.entries(ODD))
      expect(text).toContain(JSON.stringify({ name, inputSchema: schema }));
    for (const [name, inputSchema] of Object.entries(HOPELESS))
      expect(text).toContain(JSON.stringify({ name, inputSchema }));
  });

  it('takes arguments as they are', async () => {
    await using client = await connectTo('views/original');
    expect(await client.call('tuple', { point: [1, 'a'] })).toEqual({ tool: 'tuple', arguments: { point: [1, 'a'] } });
    expect(await client.call('takes_text', {})).toEqual({ tool: 'takes_text', arguments: {} });
  });
});

describe('the owner', () => {
  it.each(Object.keys(HOPELESS))('is told once that %s is hidden, why, and what to do', async (name) => {
    const told = bridge
      .stderr()
      .split('\n')
      .filter((line) => line.includes(`odd: the tool \\"${name}\\" is hidden`));
    expect(told).toEqual([expect.stringContaining('"level":"warn"')]);
    expect(told[0]).toContain('\\"schemas\\": \\"original\\"');
  });

  it('finds what was mended in the log, and nothing of what is fine', () => {
    expect(bridge.stderr()).toContain('odd: the tool \\"tuple\\" has a mended schema: ');
    expect(bridge.stderr()).not.toContain('the tool \\"fine\\"');
  });
});

function connectTo(place: string) {
  const connect = TOOL_CLIENTS['no session'] as (typeof TOOL_CLIENTS)[string];
  return connect(bridge, place);
}
