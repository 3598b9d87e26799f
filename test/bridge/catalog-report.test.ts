import { describe, expect, it } from 'vitest';
import { reportTools, type ToolReport } from '../../src/bridge/catalog-report.ts';
import type { CatalogRules } from '../../src/config/catalog-settings.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { filterOf, said } from '../catalog/settings.ts';
import { type Part, type PlayOptions, playRelays, ruled } from '../relay/support.ts';
import { createExchange } from '../upstream/support.ts';

const FINE = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const tool = (name: string, more: object = {}) => ({ name, inputSchema: FINE, ...more });
const offers = (...tools: object[]): Part => ({ answer: () => ({ result: { tools } }) });

/** What is reported at a place once all servers have told. */
async function report(parts: Part[], options: PlayOptions = {}, place = ''): Promise<ToolReport[]> {
  const { relays, played, settled } = await playRelays(parts, options);
  for (const { upstream } of played) upstream.start();
  await settled;
  return reportTools((relays.all.get(place) as RelaySwitch).router, relays.inventories);
}
const hiddenIn = (reports: ToolReport[]) => reports.map(({ name, hidden }) => [name, hidden?.by]);

describe('a report', () => {
  it('has the tools of each server, as clients call them and as it does, in the order of the configuration', async () => {
    const reports = await report([offers(tool('x'), tool('y')), offers(tool('x'))]);
    expect(reports.map(({ name, server, ownName, hidden }) => [name, server, ownName, hidden])).toEqual([
      ['a__x', 'a', 'x', undefined],
      ['a__y', 'a', 'y', undefined],
      ['b__x', 'b', 'x', undefined],
    ]);
  });

  it('tells the definition that clients see from the one that the server made, and whose word is what', async () => {
    const original = tool('x', { inputSchema: { type: 'object', properties: { $top: { type: 'number' } } } });
    const overrides = [said({ glob: 'x', name: 'better', annotations: { readOnlyHint: true } })];
    const [first] = await report([offers(original), offers()], ruled({ schemas: 'strict', overrides }));
    expect(first?.original.value).toEqual(original);
    expect(first?.definition.value).toEqual({
      name: 'a__better',
      inputSchema: { type: 'object', properties: { top: { type: 'number' } }, additionalProperties: false },
      annotations: { readOnlyHint: true },
    });
    expect(first).toMatchObject({
      name: 'a__better',
      ownName: 'x',
      readOnly: true,
      owned: ['name', 'annotations.readOnlyHint'],
      repairs: ['renamed "$top" to top'],
    });
  });

  it('says of tools that clients do not see why: the first reason, as the name needs no server', async () => {
    const part = offers(
      tool('denied', { inputSchema: { type: 'string' } }),
      tool('odd', { inputSchema: { type: 'string' } }),
      tool('writes'),
      tool('reads', { annotations: { readOnlyHint: true } }),
    );
    const rules = { schemas: 'strict', tools: filterOf({ deny: ['denied'], readOnly: true }) } as const;
    const reports = await report([part], ruled(rules));
    expect(hiddenIn(reports)).toEqual([
      ['denied', 'filter'],
      ['odd', 'schema'],
      ['writes', 'annotations'],
      ['reads', undefined],
    ]);
    expect(reports[1]?.hidden).toEqual({ by: 'schema', reason: 'it takes no objects, which arguments always are' });
    expect(reports.map(({ readOnly }) => readOnly)).toEqual([false, false, false, true]);
  });

  it('tells of those whose name is missing or comes again, where that would cost clients the others', async () => {
    const part = offers({ name: 'x' }, { title: 'none' }, { name: 'x' });
    const hidden = async (schemas: 'strict' | 'original') =>
      (await report([part], ruled({ schemas }))).map((each) => each.hidden);
    expect(await hidden('strict')).toEqual([{ by: 'name' }, { by: 'name' }, undefined]);
    expect(await hidden('original')).toEqual([undefined, undefined, undefined]);
  });

  it('says so also of a tool that another one of its name takes along', async () => {
    const marked = { annotations: { readOnlyHint: true } };
    const part = offers(tool('x', marked), tool('X'), tool('y', marked), marked);
    const reports = await report([part], ruled({ tools: filterOf({ readOnly: true }) }));
    expect(reports.map(({ ownName, hidden }) => [ownName, hidden?.by])).toEqual([
      ['x', 'annotations'],
      ['X', 'annotations'],
      ['y', undefined],
      ['', 'annotations'],
    ]);
    const open = await report([part]);
    expect(open.map(({ hidden }) => hidden)).toEqual(Array(4).fill(undefined));
  });

  it('is of one place: its servers, its filters, its names', async () => {
    const views = [
      {
        name: 'v',
        origin: 'the view v',
        servers: ['b'],
        tools: filterOf({ deny: ['y'] }),
        overrides: { b: [said({ glob: 'x', title: 'T' })] },
        prefix: 'none',
        schemas: undefined,
        research: false,
      },
    ] as const;
    const parts = [offers(tool('x')), offers(tool('x'), tool('y'))];
    const reports = await report(parts, { views }, 'views/v');
    expect(hiddenIn(reports)).toEqual([
      ['x', undefined],
      ['y', 'filter'],
    ]);
    expect(reports.map(({ owned }) => owned)).toEqual([['title'], []]);
    expect(hiddenIn(await report(parts, { views }, 'servers/a'))).toEqual([['x', undefined]]);
  });

  it("has the bridge's own tools first, which are nobody else's", async () => {
    const source = (name: string) => ({ tool: name, parameter: undefined, arguments: {}, fields: {} });
    const research = { origin: 'a test', search: source('find'), fetch: source('get') };
    const marked = { annotations: { readOnlyHint: true } };
    const reports = await report([offers(tool('find', marked), tool('get'))], { research });
    expect(
      reports.map(({ name, server, ownName, readOnly, hidden }) => [name, server, ownName, readOnly, hidden]),
    ).toEqual([
      ['search', undefined, 'search', true, undefined],
      ['fetch', undefined, 'fetch', false, undefined],
      ['find', 'a', 'find', true, undefined],
      ['get', 'a', 'get', false, undefined],
    ]);
    expect(reports[0]).toMatchObject({ owned: [], repairs: [], original: reports[0]?.definition });
    expect(reports[0]?.tokens).toBeGreaterThan(50);
  });

  it('passes over servers that have not told', async () => {
    const silent: Part = { answer: () => ({ error: { code: 1, message: 'not now' } }) };
    expect(hiddenIn(await report([silent, offers(tool('x'))]))).toEqual([['b__x', undefined]]);
  });

  it('estimates what a model is told: name, description and parameters, as they are shown', async () => {
    const tokensOf = async (more: object, rules: Partial<CatalogRules> = {}) => {
      const [first] = await report([offers({ name: 'x', ...more })], ruled(rules));
      return first?.tokens;
    };
    // In quotes.
    expect([await tokensOf({}), await tokensOf({ description: 'd'.repeat(95) })]).toEqual([1, 25]);
    expect(await tokensOf({ title: 't'.repeat(100), outputSchema: FINE })).toBe(1);
    expect(await tokensOf({ inputSchema: { type: 'object' } })).toBe(5);
    expect(await tokensOf({}, { overrides: [said({ description: { replace: 'd'.repeat(95) } })] })).toBe(25);
  });

  it('shows what a list shows', async () => {
    const part = offers(tool('x', { annotations: { readOnlyHint: true } }), tool('a b'), tool('y'));
    const options = ruled({ tools: filterOf({ readOnly: false }) });
    const { relays, merged, played, settled } = await playRelays([part, part], options);
    for (const { upstream } of played) upstream.start();
    await settled;
    const shown = (await reportTools(merged.router, relays.inventories)).filter(({ hidden }) => !hidden);
    const answer = await merged.handle(createExchange(requestFrame('tools/list')));
    const listed = answer.raw('result')?.raw('tools')?.items() ?? [];
    expect(listed).toHaveLength(4);
    expect(shown.map(({ definition }) => definition.text)).toEqual(listed.map(({ text }) => text));
  });
});
