import { describe, expect, it } from 'vitest';
import { compileLayer, compileRules } from '../../src/catalog/rules.ts';
import type { CatalogRules, ToolFilter } from '../../src/config/catalog-settings.ts';
import { BridgeError } from '../../src/errors.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { NO_RULES } from '../upstream/support.ts';
import { filterOf, said } from './settings.ts';

const serverOf = (rules: Partial<CatalogRules> = {}, name = 'files') => ({
  name,
  origin: 'the server',
  rules: { ...NO_RULES, ...rules },
});

const TOOL = RawJson.of({
  name: 'x',
  inputSchema: { type: 'object', properties: { $top: {} } },
  outputSchema: { type: 'object', properties: {} },
});

describe("a server's rules", () => {
  it('have the filters of all that it belongs to, and its own last, each with where it was configured', async () => {
    const layers = [
      await compileLayer(filterOf({ deny: ['a'] }), 'all servers'),
      await compileLayer(filterOf({ allow: ['a', 'b', 'c'] }), 'the view'),
    ];
    const { filters, annotations } = await compileRules(serverOf({ tools: filterOf({ deny: ['c'] }) }), layers);
    expect(filters.map(({ origin }) => origin)).toEqual(['all servers', 'the view', 'the server']);
    expect(filters.slice(0, 2)).toEqual(layers.map(({ placed }) => placed));
    const allowed = ['a', 'b', 'c', 'd'].filter((name) =>
      filters.every(({ filter }) => filter.allows({ own: name, exposed: name })),
    );
    expect([allowed, annotations.isOpen]).toEqual([['b'], true]);
  });

  it.each([0, 1])('judge annotations by every filter, wherever it was configured: %i', async (place) => {
    const filters = [filterOf({ readOnly: true }), filterOf({ openWorld: false })];
    const [layer, own] = place === 0 ? filters : filters.reverse();
    const rules = await compileRules(serverOf({ tools: own as ToolFilter }), [
      await compileLayer(layer as ToolFilter, 'all'),
    ]);
    const allowed = [{ readOnlyHint: true }, { openWorldHint: false }, { readOnlyHint: true, openWorldHint: false }];
    const tools = allowed.map((annotations) => RawJson.of({ name: 'x', annotations }));
    expect(tools.map((tool) => rules.annotations.allows(tool))).toEqual([false, false, true]);
    expect(tools.map((tool) => rules.presenter.present(tool).isAllowed)).toEqual([false, false, true]);
    expect(rules.readsOnly).toBe(true);
  });

  it.each([[{}], [{ readOnly: false }], [{ destructive: false }], [{ deny: ['x'] }]])(
    'do not speak of reading alone where nobody has said so: %j',
    async (filter) => {
      const layer = await compileLayer(filterOf(filter), 'all');
      expect(await compileRules(serverOf({ tools: filterOf(filter) }), [layer])).toMatchObject({ readsOnly: false });
    },
  );

  it("have a view's word after the server's own", async () => {
    const overrides = [said({ title: 'own', annotations: { readOnlyHint: true } })];
    const view = { overrides: { files: [said({ title: 'of the view' })] }, schemas: undefined };
    const { presenter } = await compileRules(serverOf({ overrides }), [], view);
    expect(presenter.present(TOOL).definition.value).toMatchObject({
      title: 'of the view',
      annotations: { readOnlyHint: true },
    });
    const others = await compileRules(serverOf({ overrides }, 'search'), [], view);
    expect(others.presenter.present(TOOL).definition.get('title')).toBe('own');
  });

  it.each(['constructor', '__proto__', 'toString'])('are those of a server that is called %s, too', async (name) => {
    const rules = await compileRules(serverOf({}, name), [], { overrides: {}, schemas: undefined });
    expect(rules.presenter.present(TOOL).definition).toBe(TOOL);
    const overrides = Object.fromEntries([[name, [said({ title: 'of the view' })]]]);
    const named = await compileRules(serverOf({}, name), [], { overrides, schemas: undefined });
    expect(named.presenter.present(TOOL).definition.get('title')).toBe('of the view');
  });

  it('mend schemas where the server has it so, unless a view says otherwise', async () => {
    const isMended = async (own: 'strict' | 'original', ofView?: 'strict' | 'original' | 'none') => {
      const view = ofView && { overrides: {}, schemas: ofView === 'none' ? undefined : ofView };
      const { presenter } = await compileRules(serverOf({ schemas: own }), [], view);
      return presenter.present(TOOL).definition !== TOOL;
    };
    expect([await isMended('strict'), await isMended('original')]).toEqual([true, false]);
    expect([await isMended('strict', 'none'), await isMended('original', 'none')]).toEqual([true, false]);
    expect([await isMended('strict', 'original'), await isMended('original', 'strict')]).toEqual([false, true]);
  });

  it('leave output schemas out where results have a largest size, and only there', async () => {
    const shown = async (results: CatalogRules['results']) => {
      const rules = await compileRules(serverOf({ results }), []);
      return [rules.presenter.present(TOOL).definition.has('outputSchema'), rules.results];
    };
    const [cut, stripped] = [
      { maxSize: 1, strip: [] },
      { maxSize: 0, strip: ['image'] as const },
    ];
    expect([await shown(cut), await shown(stripped)]).toEqual([
      [false, cut],
      [true, stripped],
    ]);
  });

  it('have what is said of names, prompts and resources', async () => {
    const rules = await compileRules(
      serverOf({
        overrides: [said({ glob: 'x', name: 'y', aliases: ['z'] })],
        promptOverrides: [{ glob: 'p', origin: 'a test', name: 'q' }],
        resourceOverrides: [{ glob: 'a:*', origin: 'a test', title: 'R' }],
      }),
      [],
    );
    expect([...rules.overrides.names, ...rules.overrides.aliases]).toEqual([
      ['x', 'y'],
      ['z', 'x'],
    ]);
    expect([...rules.prompts.names]).toEqual([['p', 'q']]);
    expect(rules.resources.change(RawJson.of({ uri: 'a:b' })).get('title')).toBe('R');
  });

  it('cannot be had with a glob that cannot be read', async () => {
    const glob = '[a';
    await expect(compileLayer(filterOf({ deny: [glob] }), 'all')).rejects.toThrow(BridgeError);
    for (const rules of [{ tools: filterOf({ allow: [glob] }) }, { overrides: [said({ glob })] }])
      await expect(compileRules(serverOf(rules), [])).rejects.toMatchObject({ code: 'CONFIG' });
    const view = { overrides: { files: [said({ glob })] }, schemas: undefined };
    await expect(compileRules(serverOf(), [], view)).rejects.toMatchObject({ code: 'CONFIG' });
  });
});
