import { describe, expect, it } from 'vitest';
import { createAnnotationFilter } from '../../src/catalog/annotation-filter.ts';
import { compileOverrides } from '../../src/catalog/override/override.ts';
import { Presenter, type PresenterOptions } from '../../src/catalog/presentation.ts';
import type { ToolFilter, ToolOverride } from '../../src/config/catalog-settings.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';

/** Within the strict profile. */
const FINE = { type: 'object', properties: { path: { type: 'string' }, head: { type: 'number' } }, required: ['path'] };
/** Its parameter has a name that clients refuse, so that it gets another one. */
const RENAMED = { type: 'object', properties: { $top: { type: 'number' } } };

interface Said extends Partial<Omit<PresenterOptions, 'overrides' | 'filter'>> {
  readonly overrides?: readonly Partial<ToolOverride>[];
  readonly filter?: Partial<ToolFilter>;
}

async function createPresenter({ overrides = [], filter = {}, ...options }: Said = {}): Promise<Presenter> {
  return new Presenter({
    overrides: await compileOverrides(overrides.map((rule) => ({ glob: '*', origin: 'a test', ...rule }))),
    filter: createAnnotationFilter([{ allow: [], deny: [], ...filter }]),
    schemas: 'strict',
    withoutOutputSchema: false,
    ...options,
  });
}

/** A tool with alternatives at the root of its schema, so that its arguments are asked for as one. */
async function presentWrapped() {
  const inputSchema = {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'string' }, secret: { type: 'number' } },
    anyOf: [{ required: ['a'] }, { required: ['b'] }],
  };
  const presenter = await createPresenter({ overrides: [{ arguments: { own: 1 }, hidden: ['secret'] }] });
  return presenter.present(tool({ inputSchema }));
}

const tool = (members: object) => RawJson.of({ name: 'x', inputSchema: FINE, ...members });

describe('a tool', () => {
  it('is shown as it is, to the byte, where there is nothing to be said of it', async () => {
    const presenter = await createPresenter();
    const definition = RawJson.parse(
      '{ "name":"x", "own":1.0, "inputSchema" : {"type":"object","properties":{"a":{"type":"string"}}} }',
    );
    const presented = presenter.present(definition);
    expect(presented.definition).toBe(definition);
    expect(presented).toMatchObject({ flaw: undefined, isAllowed: true, owned: [], repairs: [], doubts: [] });
    expect(presented.toServer).toBeUndefined();
  });

  it('is shown without members of another type than the specification wants, for which clients refuse all tools', async () => {
    const odd = tool({
      title: 7,
      description: null,
      annotations: { title: 'X', readOnlyHint: 'true', openWorldHint: null, idempotentHint: true, own: 1 },
      _meta: [],
    });
    const { definition, repairs, flaw } = (await createPresenter()).present(odd);
    const annotations = { title: 'X', idempotentHint: true, own: 1 };
    expect(definition.value).toEqual({ name: 'x', inputSchema: FINE, annotations });
    expect(repairs.map((repair) => repair.replace('left out ', ''))).toEqual([
      ...['title', 'description', '_meta'],
      ...['annotations.readOnlyHint', 'annotations.openWorldHint'],
    ]);
    expect(flaw).toBeUndefined();
    const bare = (await createPresenter()).present(tool({ annotations: 'none' }));
    expect(bare.definition.value).toEqual({ name: 'x', inputSchema: FINE });
    expect((await createPresenter({ schemas: 'original' })).present(odd).definition).toBe(odd);
  });

  it.each([
    ['icons', 'null'],
    ['icons', '{}'],
    ['icons', '"icon.png"'],
    ['icons', '[{"src":5}]'],
    ['icons', '[null]'],
    ['execution', '{"taskSupport":true}'],
    ['execution', '{"taskSupport":"perhaps"}'],
    ['execution', 'null'],
    ['execution', '[]'],
    ['execution', '"task"'],
  ])('is shown without %s that are %s, and with those that are what they should be', async (member, odd) => {
    const good = { icons: [{ src: 'https://x.example/i.png' }], execution: { taskSupport: 'optional' } };
    const presenter = await createPresenter();
    const definition = tool(good);
    expect(presenter.present(definition).definition).toBe(definition);
    const presented = presenter.present(definition.with({ [member]: RawJson.parse(odd) }));
    expect(presented.definition.text).toBe(definition.without(member).text);
    expect(presented.repairs).toEqual([`left out ${member}`]);
  });

  it('is shown with the schema that its server has where the owner wants that, whatever it is', async () => {
    const presenter = await createPresenter({ schemas: 'original' });
    for (const inputSchema of [RENAMED, { type: 'string' }, 7]) {
      const definition = tool({ inputSchema, outputSchema: { type: 'array' } });
      const presented = presenter.present(definition);
      expect(presented.definition).toBe(definition);
      expect(presented).toMatchObject({ flaw: undefined, isAllowed: true, repairs: [] });
      expect(presented.toServer).toBeUndefined();
    }
    expect(presenter.needsDefinitions).toBe(false);
  });

  it('is shown with a mended schema, and its calls are put back into the words of its server', async () => {
    const presenter = await createPresenter();
    const { definition, toServer, repairs, owned } = presenter.present(tool({ inputSchema: RENAMED }));
    expect(definition.value).toEqual({
      name: 'x',
      inputSchema: { type: 'object', properties: { top: { type: 'number' } }, additionalProperties: false },
    });
    expect(toServer?.(RawJson.parse('{"top":1.0}')).text).toBe('{"$top":1.0}');
    expect([repairs.length, owned]).toEqual([1, []]);
    expect(presenter.needsDefinitions).toBe(true);
  });

  it('has a flaw where no schema can be made of its own, and says which', async () => {
    const presenter = await createPresenter();
    const definition = tool({ inputSchema: { type: 'string' } });
    const presented = presenter.present(definition);
    expect(presented.flaw).toContain('objects');
    expect([presented.definition, presented.toServer, presented.repairs]).toEqual([definition, undefined, []]);
  });

  it('is mended as the owner wants it, not as its server made it', async () => {
    const presenter = await createPresenter({ overrides: [{ arguments: { $top: 5 } }] });
    const hopeless = { type: 'object', properties: { $top: false, path: { type: 'string' } }, required: ['$top'] };
    const { flaw, definition, repairs, toServer } = presenter.present(tool({ inputSchema: hopeless }));
    expect([flaw, repairs]).toEqual([undefined, []]);
    expect(definition.get('inputSchema')).toEqual({ type: 'object', properties: { path: { type: 'string' } } });
    expect(toServer?.(RawJson.of({ path: 'a' })).value).toEqual({ path: 'a', $top: 5 });
  });

  it('gets what the owner presets and nothing that is hidden, even where the mended schema leads to it', async () => {
    const inputSchema = { type: 'object', properties: { $top: { type: 'number' }, $skip: {}, free: {} } };
    const presenter = await createPresenter({ overrides: [{ hidden: ['$SKIP'] }, { arguments: { own: 1 } }] });
    const { toServer } = presenter.present(tool({ inputSchema }));
    const sent = RawJson.of({ top: 3, skip: 4, $skip: 5, own: 6, free: 7 });
    expect(toServer?.(sent).value).toEqual({ $top: 3, skip: 4, own: 1, free: 7 });
  });

  it('gets nothing that is hidden even where its schema has it in a place that overrides do not follow', async () => {
    const $defs = { all: { properties: { $top: { type: 'number' } } } };
    const presenter = await createPresenter({ overrides: [{ hidden: ['$top'] }] });
    const { definition, toServer } = presenter.present(
      tool({ inputSchema: { type: 'object', $ref: '#/$defs/all', $defs } }),
    );
    expect(definition.raw('inputSchema')?.raw('properties')?.keys).toEqual(['top']);
    expect(toServer?.(RawJson.of({ top: 9 })).value).toEqual({});
  });

  it.each([
    '"text"',
    '[1]',
    'null',
    // What a text says is no argument, so nothing that is hidden comes in by it.
    String.raw`"{\"secret\":1,\"own\":2}"`,
  ])('that asks for its arguments as one gets what is no object where the client has put it: %s', async (input) => {
    const { toServer } = await presentWrapped();
    const got = `{"input":${input},"own":1}`;
    expect(toServer?.(RawJson.parse(`{"input":${input}}`)).text).toBe(got);
    expect(toServer?.(RawJson.parse(`{"input":${input},"SECRET":2,"own":3}`)).text).toBe(got);
  });

  it('that asks for its arguments as one gets them without what is hidden, wherever the client has put it', async () => {
    const { definition, toServer } = await presentWrapped();
    expect(definition.raw('inputSchema')?.raw('properties')?.keys).toEqual(['input']);
    for (const args of ['{"input":{"a":1.0,"Secret":2,"own":3}}', '{"a":1.0,"secret":2}']) {
      expect(toServer?.(RawJson.parse(args)).text).toBe('{"a":1.0,"own":1}');
    }
  });

  it('is judged by the annotations that clients see', async () => {
    const marked = tool({ annotations: { readOnlyHint: true } });
    const plain = await createPresenter({ filter: { readOnly: true } });
    expect([plain.present(tool({})).isAllowed, plain.present(marked).isAllowed]).toEqual([false, true]);
    const annotations = { readOnlyHint: true };
    const raised = await createPresenter({ filter: { readOnly: true }, overrides: [{ annotations }] });
    expect(raised.present(tool({}))).toMatchObject({ isAllowed: true, owned: ['annotations.readOnlyHint'] });
    const lowered = await createPresenter({
      filter: { readOnly: true },
      overrides: [{ annotations: { readOnlyHint: false } }],
    });
    expect(lowered.present(marked).isAllowed).toBe(false);
  });

  it('is judged by its annotations even if it has a flaw: one of the same name may have none', async () => {
    const presenter = await createPresenter({ filter: { readOnly: true } });
    expect(presenter.present(tool({ inputSchema: { type: 'string' } }))).toMatchObject({ isAllowed: false });
  });

  it('comes with what the owner said in vain', async () => {
    const presenter = await createPresenter({ overrides: [{ parameters: { pth: { enum: ['a'] } } }] });
    const { doubts, definition } = presenter.present(tool({}));
    expect(doubts).toEqual([expect.stringContaining('"path"')]);
    expect(definition.text).toBe(tool({}).text);
  });

  it('without a name is taken for what it is', async () => {
    const presenter = await createPresenter();
    expect(presenter.present(RawJson.parse('{}')).definition.has('inputSchema')).toBe(true);
    expect(presenter.present(RawJson.parse('7')).flaw).toBeUndefined();
  });
});

describe('an output schema', () => {
  const output = (outputSchema: object, inputSchema: object = FINE) => tool({ inputSchema, outputSchema });

  it.each([FINE, RENAMED])('is mended, also where the input schema is not: %j', async (inputSchema) => {
    const presenter = await createPresenter();
    const odd = { type: 'object', properties: { a: { $ref: '#/nowhere' } } };
    const { definition, repairs, flaw } = presenter.present(output(odd, inputSchema));
    expect(definition.get('outputSchema')).toEqual({ type: 'object', properties: {} });
    expect([repairs.at(-1), flaw]).toEqual([expect.stringMatching(/^outputSchema: /), undefined]);
  });

  it.each([FINE, RENAMED])('is left out where it cannot be, and the tool stays: %j', async (inputSchema) => {
    const presenter = await createPresenter();
    const { definition, repairs, flaw } = presenter.present(output({ type: 'array' }, inputSchema));
    expect(definition.has('outputSchema')).toBe(false);
    expect([repairs.at(-1), flaw]).toEqual([expect.stringMatching(/^left out outputSchema: /), undefined]);
  });

  it.each(['strict', 'original'] as const)(
    'is not shown where results may lack what it promises: %s',
    async (schemas) => {
      const presenter = await createPresenter({ schemas, withoutOutputSchema: true });
      const { definition, repairs } = presenter.present(output(FINE));
      expect([definition.has('outputSchema'), definition.get('inputSchema'), repairs]).toEqual([false, FINE, []]);
    },
  );
});

describe('what becomes of a tool', () => {
  it('is worked out once for as long as its server says the same of it', async () => {
    const presenter = await createPresenter();
    const first = presenter.present(tool({ inputSchema: RENAMED }));
    expect(presenter.present(tool({ inputSchema: RENAMED }))).toBe(first);
    const changed = presenter.present(tool({ inputSchema: FINE }));
    expect(changed.definition.get('inputSchema')).toEqual(FINE);
    expect(presenter.present(tool({ inputSchema: FINE }))).toBe(changed);
    const other = presenter.present(RawJson.of({ name: 'y', inputSchema: RENAMED }));
    expect([other.definition.get('name'), presenter.present(tool({ inputSchema: FINE }))]).toEqual(['y', changed]);
  });

  it('is remembered of 10,000 tools, and the oldest is forgotten first', async () => {
    const presenter = await createPresenter({ schemas: 'original' });
    const named = (name: number) => RawJson.of({ name: String(name) });
    const presented = Array.from({ length: 10_000 }, (_, index) => presenter.present(named(index)));
    expect(presenter.present(named(0))).toBe(presented[0]);
    // What has changed is the newest.
    presenter.present(RawJson.of({ name: '0', title: 'new' }));
    presenter.present(named(10_000));
    expect(presenter.present(named(9_999))).toBe(presented[9_999]);
    expect(presenter.present(named(2))).toBe(presented[2]);
    expect(presenter.present(named(1))).not.toBe(presented[1]);
  });
});

describe("the owner's word on a call", () => {
  it('is known without any definition', async () => {
    const presenter = await createPresenter({ overrides: [{ glob: 'x*', arguments: { own: 1 }, hidden: ['b'] }] });
    expect(presenter.ownersWord('x1')?.(RawJson.of({ a: 1, B: 2 })).value).toEqual({ a: 1, own: 1 });
    expect(presenter.ownersWord('y')).toBeUndefined();
  });

  it('is nothing where nothing was said of arguments', async () => {
    const presenter = await createPresenter({ overrides: [{ title: 'T' }] });
    expect(presenter.ownersWord('x')).toBeUndefined();
    expect(presenter.present(tool({}))).toMatchObject({ owned: ['title'], toServer: undefined });
  });
});
