import { describe, expect, test } from 'vitest';
import { compileOverrides } from '../../../src/catalog/override/override.ts';
import type { ToolOverride } from '../../../src/config/catalog-settings.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

type Rules = Record<string, Omit<ToolOverride, 'glob' | 'origin'>>;

const rulesOf = (rules: Rules): ToolOverride[] =>
  Object.entries(rules).map(([glob, rule]) => ({ glob, origin: `mcp.json: ${glob}`, ...rule }));

/** What becomes of a definition under these rules, as text. */
async function changed(rules: Rules, definition: string): Promise<string> {
  const json = RawJson.verbatim(definition);
  const change = (await compileOverrides(rulesOf(rules))).of(json.string('name') ?? '');
  return change?.apply(json).definition.text ?? definition;
}

describe('names', () => {
  test('and former names are told by the own one', async () => {
    const { names, aliases } = await compileOverrides(
      rulesOf({ read_file: { name: 'read', aliases: ['cat', 'type'] }, write_file: { aliases: ['save'] }, '*': {} }),
    );
    expect([...names]).toEqual([['read_file', 'read']]);
    expect([...aliases]).toEqual([
      ['cat', 'read_file'],
      ['type', 'read_file'],
      ['save', 'write_file'],
    ]);
  });

  test('may be given anew by a later rule, and swapped', async () => {
    const [a, b] = [{ a: { name: 'b' } }, { b: { name: 'x' } }];
    const swapped = await compileOverrides([...rulesOf(a), ...rulesOf(b), ...rulesOf({ b: { name: 'a' } })]);
    expect(Object.fromEntries(swapped.names)).toEqual({ a: 'b', b: 'a' });
  });

  test('stay as they are in the definition', async () => {
    expect(await changed({ a: { name: 'b', aliases: ['c'] } }, '{"name":"a"}')).toBe('{"name":"a"}');
  });
});

describe('a rule', () => {
  test('speaks of the tools that its glob matches, in their case', async () => {
    const overrides = await compileOverrides(rulesOf({ 'read_*': { title: 'x' }, list: { title: 'y' } }));
    const known = ['read_file', 'read_a/b.c', 'list', 'Read_file', 'lists', 'LIST', 'x'.repeat(300)];
    expect(known.filter((own) => overrides.of(own))).toEqual(['read_file', 'read_a/b.c', 'list']);
  });

  test('that matches nothing is reported with its origin', async () => {
    const overrides = await compileOverrides(rulesOf({ 'read_*': {}, 'raed_*': {}, List: {} }));
    expect(overrides.unmatched(['read_file', 'list'])).toEqual([
      { glob: 'raed_*', origin: 'mcp.json: raed_*' },
      { glob: 'List', origin: 'mcp.json: List' },
    ]);
    expect((await compileOverrides([])).unmatched([])).toEqual([]);
  });

  test('with a glob that cannot be read is refused', async () => {
    await expect(compileOverrides(rulesOf({ '[a': {} }))).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(/^mcp\.json: \[a: the glob "\[a" cannot be read: /),
    });
  });
});

describe('the title', () => {
  test('takes the place of the server’s, or is added; of several the last', async () => {
    expect(await changed({ a: { title: 'T' } }, '{"name":"a", "title" : "x", "n": 1.0}')).toBe(
      '{"name":"a", "title" : "T", "n": 1.0}',
    );
    expect(await changed({ a: { title: 'T' }, '*': { title: 'U' } }, '{"name":"a"}')).toBe('{"name":"a","title":"U"}');
  });
});

describe('the description', () => {
  test.each<[string, NonNullable<ToolOverride['description']>, string]>([
    ['"Old."', { replace: 'New.' }, 'New.'],
    ['"Old."', { replace: '' }, ''],
    ['"Old."', { prepend: 'Before.' }, 'Before.\n\nOld.'],
    ['"Old."', { append: 'After.' }, 'Old.\n\nAfter.'],
    ['"Old."', { prepend: 'Before.', replace: 'New.', append: 'After.' }, 'Before.\n\nNew.\n\nAfter.'],
    ['""', { prepend: 'Before.' }, 'Before.'],
    ['""', { prepend: 'Before.', append: 'After.' }, 'Before.\n\nAfter.'],
    ['7', { append: 'After.' }, 'After.'],
    ['{"x":1}', { replace: 'New.' }, 'New.'],
    ['"Old."', { append: '' }, 'Old.'],
  ])('%s with %j becomes %j', async (text, description, expected) => {
    const result = await changed({ a: { description } }, `{"name":"a","description":${text}}`);
    expect(JSON.parse(result)).toEqual({ name: 'a', description: expected });
  });

  test('that is missing is an empty one', async () => {
    expect(await changed({ a: { description: { append: 'x' } } }, '{"name":"a"}')).toBe(
      '{"name":"a","description":"x"}',
    );
    expect(await changed({ a: { description: { replace: '' } } }, '{"name":"a"}')).toBe('{"name":"a"}');
  });

  test('is changed by each rule in turn', async () => {
    const rules = {
      a: { description: { prepend: '1', append: '2' } },
      '*': { description: { prepend: '3', append: '4' } },
    };
    const description = async (more: Rules) =>
      JSON.parse(await changed({ ...rules, ...more }, '{"name":"a","description":"0"}')).description;
    expect(await description({})).toBe('3\n\n1\n\n0\n\n2\n\n4');
    expect(await description({ '?': { description: { replace: 'all of it' } } })).toBe('all of it');
  });
});

describe('annotations', () => {
  test('of the owner go over the server’s, whose others stay as they are written', async () => {
    const rules: Rules = {
      'a*': { annotations: { readOnlyHint: true, openWorldHint: false } },
      a: { annotations: { readOnlyHint: false, title: 'T' } },
    };
    expect(await changed(rules, '{"name":"a","annotations":{"x": 1.0,"readOnlyHint":true}}')).toBe(
      '{"name":"a","annotations":{"x": 1.0,"readOnlyHint":false,"openWorldHint":false,"title":"T"}}',
    );
  });

  test.each(['null', '[1]', '"x"', 'true', '7'])('take the place of %s', async (odd) => {
    const rules = { a: { annotations: { readOnlyHint: true } } };
    expect(await changed(rules, `{"name":"a","annotations":${odd}}`)).toBe(
      '{"name":"a","annotations":{"readOnlyHint":true}}',
    );
    expect(await changed({ a: { annotations: {} } }, `{"name":"a","annotations":${odd}}`)).toBe(
      `{"name":"a","annotations":${odd}}`,
    );
  });

  test('are as plain as the owner’s word, whatever the server repeats', async () => {
    const rules = { a: { annotations: { readOnlyHint: true } } };
    for (const text of [
      '{"name":"a","annotations":{"readOnlyHint":false,"readOnlyHint":true}}',
      '{"name":"a","annotations":{"readOnlyHint":true,"readOnlyHint":false}}',
      '{"name":"a","annotations":{"readOnlyHint":false},"annotations":{}}',
    ])
      expect(await changed(rules, text)).toBe('{"name":"a","annotations":{"readOnlyHint":true}}');
  });
});

describe('members of _meta', () => {
  test('are set, and taken out by null, each as the last rule has it', async () => {
    const rules = {
      a: { meta: { set: 1, gone: null, back: null, late: 2 } },
      '*': { meta: { back: { x: [1] }, late: null } },
    };
    expect(await changed(rules, '{"name":"a","_meta":{"gone":0,"kept":1.0,"back":0,"late":0}}')).toBe(
      '{"name":"a","_meta":{"kept":1.0,"back":{"x":[1]},"set":1}}',
    );
  });

  test('may be called anything', async () => {
    const rules = { a: { meta: JSON.parse('{"__proto__":{"x":1},"constructor":2}') } };
    expect(await changed(rules, '{"name":"a"}')).toBe('{"name":"a","_meta":{"__proto__":{"x":1},"constructor":2}}');
  });

  test.each(['null', '[]', '"x"'])('of %s are the owner’s alone', async (odd) => {
    expect(await changed({ a: { meta: { k: 1 } } }, `{"name":"a","_meta":${odd}}`)).toBe(
      '{"name":"a","_meta":{"k":1}}',
    );
    expect(await changed({ a: { meta: { k: null } } }, `{"name":"a","_meta":${odd}}`)).toBe(
      `{"name":"a","_meta":${odd}}`,
    );
  });
});

test('a definition that nothing changes is the very same', async () => {
  const rules: Rules = {
    a: {
      name: 'b',
      title: 'T',
      description: { replace: 'D' },
      annotations: { readOnlyHint: true },
      meta: { k: [1, { x: null }], gone: null },
      parameters: { p: { description: { replace: 'P' }, enum: ['x', 1] }, q: { description: { append: '' } } },
      hidden: ['tail'],
      arguments: { head: 1 },
    },
  };
  const definition = RawJson.verbatim(
    `{"title":"T","name":"a","description":"D","annotations":{"readOnlyHint":true},"_meta":{"k":[1,{"x":null}]},
      "inputSchema":{"properties":{"p":{"description":"P","enum":["x",1]},"q":true},"required":["p"]}}`,
  );
  const change = (await compileOverrides(rulesOf(rules))).of('a');
  expect(change?.apply(definition).definition).toBe(definition);
});

test('what the owner has said is told as paths, but for what nobody sees', async () => {
  const rules: Rules = {
    'a*': { title: 'T', parameters: { path: { enum: [1] }, tail: { enum: [1] } } },
    a: {
      name: 'b',
      description: { append: 'x' },
      annotations: { readOnlyHint: true },
      parameters: { path: { description: { append: 'x' } } },
      hidden: ['tail'],
      arguments: { head: 1 },
      meta: { k: 1, l: null },
    },
  };
  const overrides = await compileOverrides(rulesOf(rules));
  expect(overrides.of('a')?.owned).toEqual([
    'name',
    'title',
    'description',
    'annotations.readOnlyHint',
    'inputSchema.properties.path.description',
    'inputSchema.properties.path.enum',
    '_meta.k',
    '_meta.l',
  ]);
  expect(overrides.of('ab')?.owned).toEqual([
    'title',
    'inputSchema.properties.path.enum',
    'inputSchema.properties.tail.enum',
  ]);
});

describe('presets and hidden parameters', () => {
  test('of several rules add up, and of presets the last counts', async () => {
    const rules = {
      a: { arguments: { x: 1, y: { a: 1, b: 2 } }, hidden: ['h'] },
      '*': { arguments: { y: { c: 3 } }, hidden: ['i'] },
    };
    const toServer = (await compileOverrides(rulesOf(rules))).of('a')?.toServer;
    expect(toServer?.(RawJson.of({ h: 1, i: 1, p: 1 })).value).toEqual({ p: 1, x: 1, y: { c: 3 } });
  });

  test('hold in whatever case the tool is called, as nothing else does', async () => {
    const rules = {
      Read_File: { title: 'T', arguments: { x: 1 }, hidden: ['h'] },
      'list*': { title: 'T', hidden: ['h'] },
    };
    const overrides = await compileOverrides(rulesOf(rules));
    for (const own of ['read_file', 'READ_FILE', 'LISTS']) {
      const change = overrides.of(own);
      expect(change?.toServer?.(RawJson.of({ h: 1 })).has('h')).toBe(false);
      const definition = RawJson.of({ name: own, inputSchema: { properties: { h: {} } } });
      expect(change?.apply(definition).definition.value).toEqual({ name: own, inputSchema: { properties: {} } });
      expect(change?.owned).toEqual([]);
    }
  });
});
