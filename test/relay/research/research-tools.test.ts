import { describe, expect, it } from 'vitest';
import type { CatalogRules, ToolFilter } from '../../../src/config/catalog-settings.ts';
import { requestFrame } from '../../../src/protocol/message.ts';
import type { RelaySwitch } from '../../../src/relay/relay-switch.ts';
import { filterOf, said } from '../../catalog/settings.ts';
import { principalOf } from '../../downstream/support.ts';
import { requestsOf } from '../../upstream/played-server.ts';
import { contentOf, createClient, createExchange } from '../../upstream/support.ts';
import { type Part, playRelays, ruled } from '../support.ts';
import { settingsOf, taking } from './host.ts';

const READS = { annotations: { readOnlyHint: true } };
const FIND = { name: 'find', ...taking('query'), ...READS };
const GET = { name: 'get', ...taking('id'), ...READS };
const WRITING_GET = { name: 'get', ...taking('id') };

/** A server with these tools; every call finds `one`. */
const offers = (...tools: object[]): Part => ({
  answer: (method) => ({
    result: method === 'tools/list' ? { tools } : { structuredContent: { results: [{ id: 'one', title: 'One' }] } },
  }),
});

const play = (tools: object[], filter: Partial<ToolFilter> = {}) =>
  playRelays([offers(...tools)], { research: settingsOf(), tools: { allow: [], deny: [], ...filter } });

const WRITER = createClient('writer', { principal: principalOf('writer') });
const READER = createClient('reader', { principal: principalOf('reader', true) });

async function namesFor(relay: RelaySwitch, client = WRITER): Promise<string[]> {
  const { tools } = contentOf(await relay.handle(createExchange(requestFrame('tools/list'), { client })));
  return (tools as { name: string }[]).map(({ name }) => name);
}

const search = (relay: RelaySwitch, client = WRITER) =>
  relay.handle(createExchange('search', { client, args: { query: 'x' } }));

const FOUND = { results: [{ id: 'one', title: 'One', url: '' }] };

describe('the tools for research', () => {
  it('come before those of the servers, and call them through the same rules', async () => {
    const { merged, received } = await play([FIND, GET]);
    expect(await namesFor(merged)).toEqual(['search', 'fetch', 'find', 'get']);
    expect(contentOf(await search(merged))).toEqual(FOUND);
    const [call] = requestsOf(received[0] ?? [], 'tools/call');
    expect(call?.raw('params')?.value).toMatchObject({ name: 'find', arguments: { query: 'x' } });
  });

  it('may be made of tools that are hidden by their names', async () => {
    const { merged } = await play([FIND, GET], { deny: ['*'] });
    expect(await namesFor(merged)).toEqual(['search', 'fetch']);
    expect(contentOf(await search(merged))).toEqual(FOUND);
  });

  it.each([
    ['that may only read', {}, READER],
    ['of a catalog that only shows what reads', { readOnly: true }, WRITER],
  ])('are not there, and not called, for a client %s when one of them writes', async (_who, filter, client) => {
    const { merged, received } = await play([FIND, WRITING_GET], filter);
    expect(await namesFor(merged, client)).toEqual(['find']);
    expect(contentOf(await search(merged, client))).toMatchObject({ message: expect.stringMatching(/^Unknown tool/) });
    expect(requestsOf(received[0] ?? [], 'tools/call')).toEqual([]);
  });

  it.each<[string, Partial<CatalogRules>, boolean]>([
    ['has a schema that no client can fill in', { schemas: 'strict' }, false],
    ['has such a schema, which is shown as it is', { schemas: 'original' }, true],
    [
      'is not marked as one that reads, where the server shows no other',
      { tools: filterOf({ readOnly: true }) },
      false,
    ],
    [
      'is so marked by the owner, where the server shows no other',
      { tools: filterOf({ readOnly: true }), overrides: [said({ annotations: { readOnlyHint: true } })] },
      true,
    ],
  ])('are there only where what they are made of may be called: it %s', async (_, rules, isOffered) => {
    const flawed = { ...taking('query').inputSchema, not: {} };
    const { merged } = await playRelays([offers({ name: 'find', inputSchema: flawed }, GET)], {
      research: settingsOf(),
      ...ruled(rules),
    });
    const names = await namesFor(merged);
    expect(['search', 'fetch'].map((name) => names.includes(name))).toEqual([isOffered, isOffered]);
    const answer = contentOf(await search(merged));
    expect(answer).toEqual(isOffered ? FOUND : expect.objectContaining({ code: -32602 }));
  });

  it('are both or none in what their owner is told of those who may only read', async () => {
    const [mixed, reading] = [await play([FIND, WRITING_GET]), await play([FIND, GET])];
    await Promise.all([namesFor(mixed.merged), namesFor(reading.merged)]);
    const toldOf = async (relay: RelaySwitch, readOnly: boolean) =>
      (await relay.router.ownTools(readOnly)).map((tool) => tool.string('name'));
    expect([await toldOf(mixed.merged, true), await toldOf(mixed.merged, false)]).toEqual([[], ['search', 'fetch']]);
    expect(await toldOf(reading.merged, true)).toEqual(['search', 'fetch']);
  });

  it('are not there when the tool behind one of them is not', async () => {
    const { merged } = await play([FIND]);
    expect(await namesFor(merged)).toEqual(['find']);
  });

  it('have a definition for whoever may call them', async () => {
    const { merged } = await play([FIND, WRITING_GET]);
    const definitionFor = async (client: typeof WRITER) =>
      (await merged.toolOf(createExchange('fetch', { client })))?.string('name');
    expect([await definitionFor(WRITER), await definitionFor(READER)]).toEqual(['fetch', undefined]);
  });

  it('are on the first page of a list, and on no other', async () => {
    const { merged } = await play([FIND, GET]);
    const page = createExchange(requestFrame('tools/list', { cursor: '2' }), { client: WRITER });
    const { tools } = contentOf(await merged.handle(page)) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(['find', 'get']);
  });
});
