import { describe, expect, it } from 'vitest';
import type { ResearchSettings, ToolOverride } from '../../src/config/catalog-settings.ts';
import type { Client } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { placeOfServer } from '../../src/relay/routers.ts';
import type { Reader, ShownName } from '../../src/state/published-state.ts';
import { principalOf } from '../downstream/support.ts';
import { contentOf, createClient, createExchange } from '../upstream/support.ts';
import { type Part, type PlayOptions, playRelays, ruled, UNPUBLISHED } from './support.ts';

interface Listed {
  readonly tools: { readonly name: string }[];
  readonly nextCursor?: string;
}

const offers = (...pages: object[][]): Part => ({
  answer(_, params) {
    const page = Number(params.get('cursor') ?? 0);
    return { result: { tools: pages[page], nextCursor: pages[page + 1] && String(page + 1), own: 1.5 } };
  },
});

const RESEARCH: ResearchSettings = {
  origin: 'a test',
  search: { tool: 'find', parameter: undefined, arguments: {}, fields: {} },
  fetch: { tool: 'get', parameter: undefined, arguments: {}, fields: {} },
};
const taking = (name: string, annotations: object = {}) => ({
  name,
  annotations,
  inputSchema: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
});
const FINDING = taking('find', { readOnlyHint: true });

async function list(relay: RelaySwitch, client: Client = createClient(), params?: object): Promise<Listed> {
  const answer = await relay.handle(createExchange(requestFrame('tools/list', params), { client }));
  return contentOf(answer) as unknown as Listed;
}
const namesOf = ({ tools }: Listed) => tools.map(({ name }) => name);

/** A relay of one server, and what is remembered of its lists. */
async function playRemembered(part: Part, options: PlayOptions = {}) {
  const remembered: { shown: readonly ShownName[]; reader: Reader | undefined }[] = [];
  const record = (shown: readonly ShownName[], reader?: Reader) => void remembered.push({ shown, reader });
  const publishedAt = (place: string) => (place === '' ? { ...UNPUBLISHED, record } : UNPUBLISHED);
  const { relays, merged } = await playRelays([part], { ...options, publishedAt });
  return { relays, merged, remembered };
}

describe('a list of tools', () => {
  it('has the definitions as they are shown, and not those that are hidden, alone', async () => {
    const overrides: ToolOverride[] = [{ glob: 'x', origin: 'a test', name: 'better', title: 'T' }];
    const tools = [
      { name: 'x', inputSchema: { type: 'object', properties: { $top: {} } } },
      { name: 'better', inputSchema: { type: 'object', properties: {} } },
      { name: 'y', inputSchema: { type: 'string' } },
    ];
    const { merged } = await playRelays([offers(tools)], ruled({ schemas: 'strict', overrides }));
    const { tools: shown } = await list(merged);
    expect(shown).toEqual([
      {
        name: 'better',
        title: 'T',
        inputSchema: { type: 'object', properties: { top: expect.anything() }, additionalProperties: false },
      },
      { name: expect.stringMatching(/^better_[0-9a-f]{16}$/), inputSchema: tools[1]?.inputSchema },
    ]);
  });

  it('is the answer of the server, to the byte, where nothing is said of it', async () => {
    const { merged } = await playRelays([offers([{ name: 'x' }, {}])]);
    const answer = await merged.handle(createExchange(requestFrame('tools/list')));
    expect(answer.raw('result')?.text).toBe('{"tools":[{"name":"x"},{}],"own":1.5}');
  });

  it.each([{ readOnly: true }, { destructive: false }])(
    'has no tool of which another one of its name is hidden: %j',
    async (filter) => {
      const [safe, unsafe] = [{ annotations: { readOnlyHint: true } }, { annotations: {} }];
      const tools = [
        { name: 'x', ...safe },
        { name: 'X', ...unsafe },
        { name: 'y', ...safe },
        { name: 'z', ...unsafe },
        safe,
      ];
      const { merged } = await playRelays([offers(tools)], ruled({ tools: { allow: [], deny: [], ...filter } }));
      expect(namesOf(await list(merged))).toEqual(['y']);
    },
  );

  it('has no tool without a name, and of several of one name the last, so that clients that check it take the rest', async () => {
    const odd = [{ name: 'x', title: 'first' }, null, {}, { name: 7 }, { name: 'y' }, { name: 'x', title: 'last' }];
    const listOf = async (schemas: 'strict' | 'original') => {
      const { merged } = await playRelays([offers(odd as object[]), offers([{ name: 'z' }])], ruled({ schemas }));
      return (await list(merged)).tools;
    };
    expect(await listOf('strict')).toMatchObject([{ name: 'a__y' }, { name: 'a__x', title: 'last' }, { name: 'b__z' }]);
    const [first, , , , second, third] = odd;
    expect(await listOf('original')).toEqual([
      { ...first, name: 'a__x' },
      null,
      {},
      { name: 7 },
      { ...second, name: 'a__y' },
      { ...third, name: 'a__x' },
      { name: 'b__z' },
    ]);
  });

  it('has none of several tools of one name for those who may only read, unless all of them only read', async () => {
    const reads = { annotations: { readOnlyHint: true } };
    const tools = [{ name: 'x' }, { name: 'x', ...reads }, { name: 'y', ...reads }, { name: 'y', ...reads }];
    const { merged } = await playRelays([offers(tools)], ruled({ schemas: 'strict' }));
    const reader = createClient('reader', { principal: principalOf('reader', true) });
    expect([namesOf(await list(merged)), namesOf(await list(merged, reader))]).toEqual([['x', 'y'], ['y']]);
  });

  it('has for those who may only read what the owner marks, and not what the owner has taken the mark from', async () => {
    const overrides: ToolOverride[] = [
      { glob: 'x', origin: 'a test', annotations: { readOnlyHint: true } },
      { glob: 'y', origin: 'a test', annotations: { readOnlyHint: false } },
    ];
    const tools = [{ name: 'x' }, { name: 'y', annotations: { readOnlyHint: true } }];
    const { merged } = await playRelays([offers(tools)], ruled({ overrides }));
    const reader = createClient('reader', { principal: principalOf('reader', true) });
    expect([namesOf(await list(merged)), namesOf(await list(merged, reader))]).toEqual([['x', 'y'], ['x']]);
  });

  it('is the error of the server where that is what it answers', async () => {
    const error = { code: -32603, message: 'not now' };
    const { merged } = await playRelays([{ answer: () => ({ error }) }]);
    expect(await list(merged)).toEqual(error);
  });

  it('of 10,000 tools is shown in no time to speak of', async () => {
    const tools = Array.from({ length: 5_000 }, (_, index) => ({ name: `tool_${index}` }));
    const overrides: ToolOverride[] = [{ glob: '*', origin: 'a test', title: 'T' }];
    const { merged } = await playRelays([offers(tools), offers(tools)], ruled({ overrides }));
    await list(merged);
    const began = performance.now();
    expect(namesOf(await list(merged))).toHaveLength(10_000);
    // What takes the square of it takes minutes.
    expect(performance.now() - began).toBeLessThan(15_000);
  }, 60_000);
});

describe("the bridge's own tools", () => {
  it('come first, on the first page alone', async () => {
    const part = offers([FINDING], [taking('get')]);
    const { merged } = await playRelays([part], { research: RESEARCH });
    const first = await list(merged);
    expect(namesOf(first)).toEqual(['search', 'fetch', 'find']);
    expect(namesOf(await list(merged, createClient(), { cursor: first.nextCursor }))).toEqual(['get']);
  });

  it('are there only where both are', async () => {
    const { merged } = await playRelays([offers([FINDING])], { research: RESEARCH });
    expect(namesOf(await list(merged))).toEqual(['find']);
  });

  it('take the place of no tool of a server: that one evades', async () => {
    const part = offers([FINDING, taking('get'), taking('search')]);
    const { merged } = await playRelays([part], { research: RESEARCH });
    const names = namesOf(await list(merged));
    expect(names).toEqual(['search', 'fetch', 'find', 'get', expect.stringMatching(/^search_[0-9a-f]{16}$/)]);
  });

  it('are not there for those who may only read, unless they only read', async () => {
    const reader = createClient('reader', { principal: principalOf('reader', true) });
    const namesWith = async (annotations: object) => {
      const { merged } = await playRelays([offers([FINDING, taking('get', annotations)])], { research: RESEARCH });
      return namesOf(await list(merged, reader));
    };
    expect(await namesWith({ readOnlyHint: true })).toEqual(['search', 'fetch', 'find', 'get']);
    expect(await namesWith({})).toEqual(['find']);
  });
});

describe('what a client was shown', () => {
  const LIST = offers([{ name: 'x' }, { name: 'a b' }]);

  it('is remembered: under which names, of whose tools, and by whom', async () => {
    const { merged, remembered } = await playRemembered(LIST);
    await list(merged, createClient('sessionless', { listens: false }));
    await list(merged, createClient('session'));
    const shown = [
      { exposed: 'x', server: 'a', name: 'x', program: expect.stringMatching(/^[0-9a-f]{16}$/) },
      { exposed: expect.stringMatching(/^a_b_/), server: 'a', name: 'a b', program: expect.anything() },
    ];
    expect(remembered).toEqual([
      { shown, reader: expect.objectContaining({ client: 'sessionless', hash: expect.stringMatching(/./) }) },
      { shown, reader: undefined },
    ]);
  });

  it('is not remembered of those who can be asked: servers may have other tools for them', async () => {
    const { merged, remembered } = await playRemembered(LIST);
    await list(merged, createClient('asked', { listens: false, capabilities: { elicitation: {} } }));
    expect(remembered).toEqual([]);
  });

  it('is not remembered where it was an error', async () => {
    const { merged, remembered } = await playRemembered({ answer: () => ({ error: { code: 1, message: 'not now' } }) });
    await list(merged, createClient('sessionless', { listens: false }));
    expect(remembered).toEqual([]);
  });

  it("is remembered with the bridge's own tools, so that these are missed, too", async () => {
    const hashOf = async (research: ResearchSettings | undefined) => {
      const { merged, remembered } = await playRemembered(offers([FINDING, taking('get')]), { research });
      await list(merged, createClient('sessionless', { listens: false }));
      return remembered[0]?.reader?.hash;
    };
    expect(await hashOf(RESEARCH)).not.toBe(await hashOf(undefined));
  });

  it('is remembered of each URL by itself', async () => {
    const { relays, remembered } = await playRemembered(LIST);
    await list(relays.all.get(placeOfServer('a')) as RelaySwitch, createClient('sessionless', { listens: false }));
    expect(remembered).toEqual([]);
  });
});
