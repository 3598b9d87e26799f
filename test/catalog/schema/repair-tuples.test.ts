import { describe, expect, it } from 'vitest';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { parameterOf, repaired, sent, withParameter } from './support.ts';

const TEXT = { type: 'string' };
const NUMBER = { type: 'number' };
const DRAFT_7 = { $schema: 'http://json-schema.org/draft-07/schema#' };

/** What a tuple becomes whose first `least` places have to be filled. */
function places(items: readonly object[], least = items.length): object {
  const names = items.map((_, index) => `item${index + 1}`);
  return {
    type: 'object',
    properties: Object.fromEntries(items.map((item, index) => [`item${index + 1}`, item])),
    required: names.slice(0, least),
    additionalProperties: false,
  };
}

describe('a tuple', () => {
  it.each([
    [
      { type: 'array', items: [NUMBER, NUMBER], minItems: 2, maxItems: 2 },
      { type: 'array', items: NUMBER, minItems: 2, maxItems: 2 },
    ],
    [
      { type: 'array', items: [NUMBER, NUMBER], additionalItems: false },
      { type: 'array', items: NUMBER, maxItems: 2 },
    ],
    [
      { type: 'array', items: [NUMBER, NUMBER] },
      { type: 'array', items: NUMBER },
    ],
    [
      { type: 'array', prefixItems: [NUMBER], items: NUMBER },
      { type: 'array', items: NUMBER },
    ],
    [
      { type: 'array', prefixItems: [], items: NUMBER },
      { type: 'array', items: NUMBER },
    ],
    [
      { type: 'array', prefixItems: [NUMBER, TEXT], maxItems: 1 },
      { type: 'array', items: NUMBER, maxItems: 1 },
    ],
    [
      { type: 'array', prefixItems: [false], items: NUMBER },
      { type: 'array', items: TEXT, maxItems: 0 },
    ],
  ])('of items that are alike is a list: %j', (schema, shown) => {
    expect(parameterOf(schema, 'prefixItems' in schema ? {} : DRAFT_7)).toEqual(shown);
  });

  it.each([
    [{ prefixItems: [TEXT, NUMBER], items: false, minItems: 2 }, places([TEXT, NUMBER])],
    [
      { type: 'array', prefixItems: [TEXT, NUMBER], description: 'D', default: ['a', 1] },
      { description: 'D', ...places([TEXT, NUMBER], 1) },
    ],
    [{ type: 'array', prefixItems: [TEXT], items: NUMBER, minItems: 3 }, places([TEXT, NUMBER, NUMBER])],
    [
      { type: 'array', prefixItems: [TEXT, false, NUMBER] },
      { type: 'array', items: TEXT, maxItems: 1 },
    ],
    [{ type: 'array', prefixItems: [TEXT, NUMBER, { $ref: 'https://x.example/y' }] }, places([TEXT, NUMBER], 1)],
    [
      { type: ['array', 'null'], prefixItems: [TEXT, NUMBER] },
      { anyOf: [{ type: ['null'] }, places([TEXT, NUMBER], 1)] },
    ],
    [{ type: 'array', prefixItems: [TEXT, NUMBER], uniqueItems: true }, places([TEXT, NUMBER], 1)],
  ])('of others is an object with a name for each place: %j', (schema, shown) => {
    expect(parameterOf(schema)).toEqual(shown);
  });

  it.each([
    [{ type: 'array', prefixItems: [TEXT, { ...TEXT, minLength: 1 }], uniqueItems: true }],
    [{ type: 'array', prefixItems: [TEXT, NUMBER], minItems: 100 }],
    [{ type: 'array', prefixItems: [TEXT, { $ref: 'https://x.example/y' }], minItems: 2 }],
    [{ type: 'array', prefixItems: [TEXT, NUMBER], minItems: 3, maxItems: 2 }],
  ])('that no object can stand for is left out: %j', (schema) => {
    expect(parameterOf(schema)).toBeUndefined();
  });

  it('is none where its draft does not know the word', () => {
    const schema = { type: 'array', prefixItems: [TEXT, NUMBER], items: NUMBER };
    expect(parameterOf(schema, DRAFT_7)).toEqual({ type: 'array', items: NUMBER });
  });

  it('contains what one of its items had to be', () => {
    expect(parameterOf({ type: 'array', items: TEXT, contains: { minLength: 2 }, minContains: 0 })).toEqual({
      type: 'array',
      items: TEXT,
    });
    expect(parameterOf({ type: 'array', items: TEXT, contains: { minLength: 2 }, maxContains: 4 })).toEqual({
      type: 'array',
      items: { type: 'string', minLength: 2 },
      minItems: 1,
      maxItems: 4,
    });
  });
});

describe('the arguments that reach the server', () => {
  const TUPLE = { type: 'array', prefixItems: [TEXT, NUMBER], items: false };

  it('have arrays where tuples were, and numbers as the client wrote them', () => {
    const schema = withParameter(
      { type: 'array', items: { anyOf: [TUPLE, { type: 'null' }] } },
      { properties: { a: { type: 'array', items: TUPLE }, b: NUMBER } },
    );
    const text = '{ "b": 1.0, "a": [{"item2":9007199254740993,"item1":"x"}, {"item1":"\\u0079"}] }';
    expect(sent(schema, RawJson.parse(text))).toBe('{ "b": 1.0, "a": [["x",9007199254740993],["\\u0079"]] }');
  });

  it('have them in properties, in other properties, and inside of each other', () => {
    const schema = {
      type: 'object',
      properties: { __proto__: TEXT, deep: { type: 'array', prefixItems: [TUPLE, TEXT] } },
      additionalProperties: TUPLE,
    };
    const own = JSON.parse(
      JSON.stringify(schema).replace(
        '"properties":{',
        '"properties":{"__proto__":{"type":"array","prefixItems":[{"type":"null"},{"type":"string"}]},',
      ),
    );
    const args = RawJson.parse(
      '{"__proto__":{"item1":null},"deep":{"item1":{"item1":"a","item2":1},"item2":"b"},"other":{"item1":"c"}}',
    );
    expect(sent(own, args)).toBe('{"__proto__":[null],"deep":[["a",1],"b"],"other":["c"]}');
  });

  it('are those of the alternative that was chosen', () => {
    const anyOf = [
      { type: 'object', properties: { kind: { const: 'at' }, at: TUPLE }, required: ['kind', 'at'] },
      { type: 'object', properties: { kind: { const: 'in' }, at: { type: 'object' } }, required: ['kind'] },
      TUPLE,
    ];
    const schema = withParameter({ anyOf });
    expect(sent(schema, { a: { kind: 'at', at: { item1: 'x' } } })).toBe('{"a":{"kind":"at","at":["x"]}}');
    expect(sent(schema, { a: { kind: 'in', at: { item1: 'x' } } })).toBe('{"a":{"kind":"in","at":{"item1":"x"}}}');
    expect(sent(schema, { a: { item1: 'x', item2: 2 } })).toBe('{"a":["x",2]}');
  });

  it('are never told apart by patterns alone, which nobody runs', () => {
    const named = (pattern: string, at: object) => ({
      type: 'object',
      properties: { name: { type: 'string', pattern }, at },
      required: ['name', 'at'],
    });
    const { schema, notes } = repaired(
      withParameter({ anyOf: [named('(a+)+$', TUPLE), named('^b', { type: 'object' })] }),
    );
    expect(schema).not.toHaveProperty('properties.a.anyOf');
    expect(notes).toContain('left out what only a pattern tells from the rest at properties.a');
  });

  it('are left as they are where they are wrong anyway', () => {
    const schema = withParameter({ anyOf: [TUPLE, { type: 'null' }] });
    for (const text of ['{"a":7}', '{"a":{"item3":1}}', '[]', '{"a":["x",1]}']) {
      expect(sent(schema, RawJson.parse(text))).toBe(text);
    }
  });
});
