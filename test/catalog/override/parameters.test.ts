import { describe, expect, test } from 'vitest';
import { compileOverrides } from '../../../src/catalog/override/override.ts';
import type { ToolOverride } from '../../../src/config/catalog-settings.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

type Rule = Omit<ToolOverride, 'glob' | 'origin'>;

async function apply(rule: Rule, schema: string | undefined, glob = 'a') {
  const definition = RawJson.verbatim(schema === undefined ? '{"name":"a"}' : `{"name":"a","inputSchema":${schema}}`);
  const change = (await compileOverrides([{ glob, origin: 'mcp.json', ...rule }])).of('a');
  const { definition: changed, notes } = change?.apply(definition) ?? { definition, notes: [] };
  return { schema: changed.raw('inputSchema')?.text, notes, isSame: changed === definition };
}

const KEPT: Rule = { hidden: ['tail'], arguments: { head: 200 } };
const DESCRIBED: Rule = { parameters: { path: { description: { prepend: 'Where.' }, enum: ['a', 'b'] } } };

describe('a parameter', () => {
  test('is described and limited where it is declared, and all else stays as it is written', async () => {
    const schema =
      '{ "type":"object","properties":{"path":{"type":"string","description":"A path.","x":1.0},"y":{}}, "z":1.0}';
    expect(await apply(DESCRIBED, schema)).toEqual({
      schema:
        '{ "type":"object","properties":{"path":{"type":"string","description":"Where.\\n\\nA path.","x":1.0,"enum":["a","b"]},"y":{}}, "z":1.0}',
      notes: [],
      isSame: false,
    });
  });

  test('that takes anything is described as one that does', async () => {
    expect((await apply(DESCRIBED, '{"properties":{"path":true}}')).schema).toBe(
      '{"properties":{"path":{"description":"Where.","enum":["a","b"]}}}',
    );
  });

  test('that is a list has its items limited, unless the values are lists themselves', async () => {
    const list = (more: string) => `{"properties":{"path":{"type":"array"${more}}}}`;
    const only = (...values: unknown[]): Rule => ({ parameters: { path: { enum: values } } });
    expect((await apply(only('a'), list(',"items":{"type":"string"}'))).schema).toBe(
      list(',"items":{"type":"string","enum":["a"]}'),
    );
    expect((await apply(only('a'), list(''))).schema).toBe(list(',"items":{"enum":["a"]}'));
    expect((await apply(only(['a'], []), list(''))).schema).toBe(list(',"enum":[["a"],[]]'));
    // A tuple has no one kind of items.
    expect((await apply(only('a'), list(',"items":[{}]'))).schema).toBe(list(',"items":[{}],"enum":["a"]'));
  });

  test.each(['false', 'null', '7', '[]', '"string"'])('whose schema is %s is left alone', async (odd) => {
    expect(await apply(DESCRIBED, `{"properties":{"path":${odd}}}`)).toMatchObject({ isSame: true, notes: [] });
  });

  test('keeps what several rules add, and the last list of values', async () => {
    const rules = [
      { glob: 'a', origin: '', parameters: { p: { description: { append: '1' }, enum: [1] } } },
      { glob: '*', origin: '', parameters: { p: { description: { append: '2' } } } },
      { glob: '?', origin: '', parameters: { p: { enum: [2] } } },
    ];
    const definition = RawJson.of({ name: 'a', inputSchema: { properties: { p: {} } } });
    const changed = (await compileOverrides(rules)).of('a')?.apply(definition).definition;
    expect(changed?.value).toEqual({
      name: 'a',
      inputSchema: { properties: { p: { description: '1\n\n2', enum: [2] } } },
    });
  });

  test('that the owner keeps is neither declared nor demanded any more', async () => {
    const schema =
      '{"type":"object","properties":{"path":{"n":1.0},"tail":{},"head":{}},"required":["head","path"],"additionalProperties":false}';
    expect(await apply(KEPT, schema)).toEqual({
      schema: '{"type":"object","properties":{"path":{"n":1.0}},"required":["path"],"additionalProperties":false}',
      notes: [],
      isSame: false,
    });
  });

  test('leaves no list behind that demands nothing', async () => {
    expect((await apply(KEPT, '{"properties":{"tail":{},"head":{}},"required":["head"]}')).schema).toBe(
      '{"properties":{}}',
    );
    expect((await apply(KEPT, '{"properties":{"tail":{},"head":{}},"required":[]}')).schema).toBe(
      '{"properties":{},"required":[]}',
    );
  });

  test('is kept together with what a server may take for it', async () => {
    const schema =
      '{"properties":{"Tail":{},"TAIL":{},"tai\\u006c":{},"head":{},"tails":{}},"required":["TAIL","tails"]}';
    expect((await apply(KEPT, schema)).schema).toBe('{"properties":{"tails":{}},"required":["tails"]}');
  });

  test('may be called anything', async () => {
    const rule = { hidden: ['__proto__', ''], parameters: { constructor: { enum: [1] } } };
    const schema = '{"properties":{"__proto__":{},"":{},"constructor":{}},"required":[""]}';
    expect((await apply(rule, schema)).schema).toBe('{"properties":{"constructor":{"enum":[1]}}}');
  });
});

describe('what depends on parameters', () => {
  test('no longer speaks of those that the owner keeps', async () => {
    const schema = {
      properties: { tail: {}, head: {}, a: {} },
      dependentRequired: { tail: ['a'], a: ['head', 'b'] },
      dependencies: { tail: { required: ['a'] }, a: ['tail'], b: { required: ['c'] } },
      dependentSchemas: { HEAD: { required: ['a'] } },
    };
    const { schema: changed, notes } = await apply(KEPT, JSON.stringify(schema));
    expect(JSON.parse(changed ?? '')).toEqual({
      properties: { a: {} },
      dependentRequired: { a: ['b'] },
      dependencies: { a: [], b: { required: ['c'] } },
      dependentSchemas: {},
    });
    expect(notes).toEqual([]);
  });

  test('is changed where it names one that the owner keeps, and all else stays as it is written', async () => {
    const schema = (ofA: string, ofB = '["head"]') =>
      `{"properties":{"a":{}}, "dependentRequired" : {"a" : ${ofA}, "b":${ofB}, "c": [ "d",7, {"tail":1.0} ] ,"\\u0065":"tail"}}`;
    expect((await apply(KEPT, schema('["x", "TAIL"]'))).schema).toBe(schema('["x"]', '[]'));
    expect(await apply(KEPT, schema('["tails"]', '[]'))).toMatchObject({ isSame: true });
  });

  test('is changed for twenty thousand parameters in one go: one by one would take minutes', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `p${index}`);
    const schema = (needed: string[]) =>
      JSON.stringify({ dependentRequired: Object.fromEntries(names.map((name) => [name, needed])) });
    expect((await apply(KEPT, schema(['tail', 'b']))).schema === schema(['b'])).toBe(true);
  });

  test.each(['if', 'then', 'else', 'not'])('under %j stays, and that is noted', async (keyword) => {
    const note = `What "${keyword}" in the input schema says of parameters is left as it is.`;
    const schema = (name: string) => `{"properties":{"tail":{},"head":{}},"${keyword}":{"required":["${name}"]}}`;
    expect(await apply(KEPT, schema('Tail'))).toMatchObject({
      schema: `{"properties":{},"${keyword}":{"required":["Tail"]}}`,
      notes: [note],
    });
    expect((await apply(KEPT, schema('path'))).notes).toEqual([]);
  });

  test('as a whole schema stays, and that is noted', async () => {
    const schema = '{"properties":{"tail":{},"head":{}},"dependentSchemas":{"path":{"required":["tail"]}}}';
    expect((await apply(KEPT, schema)).notes).toEqual([
      'What "dependentSchemas" in the input schema says of parameters is left as it is.',
    ]);
  });
});

describe('what is combined at the root', () => {
  test.each(['allOf', 'anyOf', 'oneOf'])('is changed in each branch of %s', async (keyword) => {
    const rule = { ...KEPT, ...DESCRIBED };
    const schema = {
      [keyword]: [
        { properties: { path: {}, tail: {} }, required: ['tail', 'path'] },
        { anyOf: [{ properties: { path: {} } }, { required: ['head'] }] },
        true,
      ],
    };
    const path = { description: 'Where.', enum: ['a', 'b'] };
    const { schema: changed, notes } = await apply(rule, JSON.stringify(schema));
    expect(JSON.parse(changed ?? '')).toEqual({
      [keyword]: [{ properties: { path }, required: ['path'] }, { anyOf: [{ properties: { path } }, {}] }, true],
    });
    expect(notes).toEqual(['There is no parameter "head"; it is sent all the same.']);
  });

  test('by reference is not followed, and that is noted', async () => {
    const schema = '{"$ref":"#/$defs/A","$defs":{"A":{"properties":{"tail":{},"head":{}}}}}';
    const { isSame, notes } = await apply({ hidden: ['tail'] }, schema);
    expect(isSame).toBe(true);
    expect(notes).toContain('What "$ref" in the input schema says of parameters is left as it is.');
    expect((await apply(KEPT, '{"properties":{"tail":{"$ref":"#"},"head":{}}}')).notes).toEqual([]);
  });
});

describe('a schema that is odd', () => {
  test.each([
    undefined,
    'null',
    'true',
    '7',
    '"x"',
    '[{"properties":{"tail":{}}}]',
    '{}',
    '{"properties":null,"required":null,"dependentRequired":null,"anyOf":null}',
    '{"properties":[],"required":{"tail":1},"dependencies":["tail"],"allOf":{"properties":{"tail":{}}}}',
    '{"properties":"tail","required":"tail","oneOf":"tail","dependentSchemas":7}',
    '{"required":[null,7,["tail"],{"tail":1}],"anyOf":[null,7,[],"tail"]}',
  ])('stays as it is: %s', async (schema) => {
    const rule = { ...KEPT, ...DESCRIBED };
    expect(await apply(rule, schema)).toMatchObject({ schema, isSame: true });
  });

  test('because it repeats keys is changed as most readers see it', async () => {
    const rule = { ...KEPT, ...DESCRIBED };
    for (const schema of [
      '{"properties":{"tail":1,"path":{},"tail":{}}}',
      '{"properties":{"tail":{}},"properties":{"head":{},"path":{}}}',
      '{"required":["tail"],"properties":{"path":{"enum":[1],"enum":[2]}},"required":["head"]}',
    ])
      expect(JSON.stringify([(await apply(rule, schema)).schema])).not.toMatch(/tail|head|\[1\]|\[2\]/);
  });

  test('because its strings are broken is changed where they are sound', async () => {
    const schema =
      '{"properties":{"tail":{"description":"a\nb \\x"},"path":{"description":"a\nb"}},"required":["\\x","tail"]}';
    const { schema: changed } = await apply({ ...KEPT, ...DESCRIBED }, schema);
    expect(changed).toBe(
      '{"properties":{"path":{"description":"Where.\\n\\na\\nb","enum":["a","b"]}},"required":["\\x"]}',
    );
  });
});

describe('the notes', () => {
  const SCHEMA = '{"properties":{"path":{},"tail":{}},"required":["path"]}';

  test('name what is not there, and what it may have been meant to be', async () => {
    const rule = { parameters: { paht: { enum: [1] }, Path: { enum: [1] } }, hidden: ['tial', 'TAIL', 'depth'] };
    expect((await apply(rule, SCHEMA)).notes).toEqual([
      'There is no parameter "paht"; did you mean "path"?',
      'There is no parameter "Path"; did you mean "path"?',
      'There is no parameter "tial"; did you mean "tail"?',
      'There is no parameter "depth".',
    ]);
  });

  test('do not mind that a glob speaks of what other tools have, unless it looks misspelt', async () => {
    expect((await apply({ hidden: ['tial', 'depth'] }, SCHEMA, '*')).notes).toEqual([
      'There is no parameter "tial"; did you mean "tail"?',
    ]);
    expect((await apply({ hidden: ['depth'] }, undefined, '*')).notes).toEqual([]);
  });

  test('tell what is sent although the tool does not know it', async () => {
    expect((await apply({ arguments: { depth: 1 } }, SCHEMA, '*')).notes).toEqual([
      'There is no parameter "depth"; it is sent all the same.',
    ]);
  });

  test('tell what is demanded and never sent', async () => {
    expect((await apply({ hidden: ['PATH'] }, SCHEMA)).notes).toEqual([
      '"path" is required, but hidden and not set: calls may fail.',
    ]);
    expect((await apply({ hidden: ['path'], arguments: { path: '/' } }, SCHEMA)).notes).toEqual([]);
  });
});
