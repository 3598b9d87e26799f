import { describe, expect, it } from 'vitest';
import { repairInput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { parameterOf, reasonOf, repaired, repairOf, sent, withParameter } from './support.ts';

const LISTS = { type: ['string', 'number', 'boolean', 'null', 'object'] };
const ANYTHING = { type: ['string', 'number', 'boolean', 'null', 'array', 'object'], items: LISTS };

describe('a schema that is not there', () => {
  it.each([[undefined], ['null'], ['true'], ['[]'], ['{}']])('is one that takes any arguments: %s', (text) => {
    const repair = repairInput(text === undefined ? undefined : RawJson.parse(text));
    expect(repair).toMatchObject({ kind: 'repaired', schema: { type: 'object', properties: {} }, toServer: undefined });
  });

  it.each([
    [false, 'it is false'],
    ['string', 'it is "string"'],
    [7, 'it is 7'],
    [[{}], 'it is [{}]'],
    [{ type: 'string' }, 'it takes no objects, which arguments always are'],
    [{ type: 'file' }, 'its type is none, at the root'],
  ])('or is none is hopeless: %j', (schema, reason) => {
    expect(reasonOf(schema)).toBe(reason);
  });
});

describe('the root', () => {
  it.each([
    [{ type: 'object' }],
    [{ properties: {} }],
    [{ type: ['object', 'null'], properties: {} }],
    [{ type: 'object', properties: [] }],
    [{ type: 'object', properties: null, required: null }],
    [{ type: 'object', properties: {}, $schema: 'http://json-schema.org/draft-07/schema#', $id: 'a', $comment: 'c' }],
    [{ type: 'object', properties: {}, definitions: { a: { type: 'string' } }, $defs: {} }],
  ])('is made an object with properties: %j', (schema) => {
    expect(repaired(schema).schema).toEqual({ type: 'object', properties: {} });
  });

  it('keeps everything that is fine, and its order', () => {
    const fine = withParameter(
      { description: 'D', default: 1, type: 'number', 'x-more': { $ref: 'a' } },
      { title: 'T' },
    );
    const { schema, notes } = repaired({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...fine });
    expect(JSON.stringify(schema)).toBe(JSON.stringify(fine));
    expect(notes).toEqual(['removed $schema']);
  });

  it('describes what it requires', () => {
    const { schema } = repaired(withParameter({ type: 'string' }, { required: ['a', 'b'] }));
    expect(schema).toMatchObject({ properties: { a: { type: 'string' }, b: ANYTHING }, required: ['a', 'b'] });
    const closed = withParameter({ type: 'string' }, { required: ['b'], additionalProperties: false });
    expect(reasonOf(closed)).toBe('it takes no other properties, at properties.b');
  });

  it('has parameters that Anthropic takes, under the names that the server knows', () => {
    const schema = {
      type: 'object',
      properties: {
        'filter[id]': { type: 'string' },
        filter_id: { type: 'string' },
        $top: { type: 'integer' },
        日: {},
      },
      required: ['filter[id]', '日'],
    };
    const { schema: shown } = repaired(schema);
    expect(shown).toMatchObject({
      properties: { filter_id_2: { type: 'string' }, filter_id: { type: 'string' }, top: { type: 'integer' } },
      required: ['filter_id_2', 'parameter'],
      additionalProperties: false,
    });
    const args = { filter_id_2: 'a', filter_id: 'b', top: RawJson.parse('1.0'), parameter: 'c' };
    expect(sent(schema, args)).toBe('{"filter[id]":"a","filter_id":"b","$top":1.0,"日":"c"}');
  });
});

describe('a parameter', () => {
  it.each([
    [{}, ANYTHING],
    [true, ANYTHING],
    [
      { type: 'any', description: 'D' },
      { ...ANYTHING, description: 'D' },
    ],
    [{ type: 'str' }, { type: 'string' }],
    [{ type: 'Integer' }, { type: 'integer' }],
    [{ type: ['dict', 'None'] }, { type: ['object', 'null'] }],
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [{ enum: ['a', 1, null] }, { type: ['string', 'integer', 'null'], enum: ['a', 1, null] }],
    [{ const: 1.5 }, { type: 'number', const: 1.5 }],
    [
      { type: 'string', enum: ['a', null] },
      { type: 'string', enum: ['a'] },
    ],
    [{ minLength: 2 }, { type: 'string', minLength: 2 }],
    [
      { minLength: 2, minimum: 1 },
      { type: ['string', 'number'], minLength: 2, minimum: 1 },
    ],
    [{ properties: { b: { type: 'null' } } }, { type: 'object', properties: { b: { type: 'null' } } }],
    [{ anyOf: [{ type: 'string' }, {}] }, ANYTHING],
    [{ type: ['string', 'array'] }, { type: ['string', 'array'], items: ANYTHING }],
    [
      { type: 'array', items: true },
      { type: 'array', items: ANYTHING },
    ],
    [
      { type: 'array', items: false },
      { type: 'array', items: { type: 'string' }, maxItems: 0 },
    ],
  ])('gets a type, and its lists get items: %j', (schema, shown) => {
    expect(parameterOf(schema)).toEqual(shown);
  });

  it.each([
    [
      { type: 'number', minimum: 0, exclusiveMinimum: true },
      { type: 'number', exclusiveMinimum: 0 },
    ],
    [
      { type: 'number', maximum: 0, exclusiveMaximum: false },
      { type: 'number', maximum: 0 },
    ],
    [{ type: 'number', exclusiveMinimum: true }, { type: 'number' }],
    [{ type: 'string', required: false }, { type: 'string' }],
    [{ type: 'string', format: 'int64', contentSchema: { $ref: '#' } }, { type: 'string' }],
    [{ type: 'string', enum: null, minLength: '3', pattern: null, title: 7 }, { type: 'string' }],
    [
      { type: 'object', properties: { b: 'object', c: { type: 'null' } } },
      { type: 'object', properties: { c: { type: 'null' } } },
    ],
    [
      { type: 'object', properties: {}, required: ['a', 7] },
      { type: 'object', properties: { a: ANYTHING }, required: ['a'] },
    ],
  ])('loses what belongs to other drafts, or means nothing: %j', (schema, shown) => {
    expect(parameterOf(schema)).toEqual(shown);
  });

  it('that says of itself that it is required is (draft 3)', () => {
    expect(repaired(withParameter({ type: 'string', required: true })).schema).toEqual({
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
    });
  });

  it('that can be nothing is not shown, and cannot come back as another one', () => {
    for (const schema of [false, { type: 'file' }, { type: 'string', enum: [] }, { type: 'null', const: 1 }]) {
      expect(repaired(withParameter(schema)).schema).toEqual({
        type: 'object',
        properties: {},
        additionalProperties: false,
      });
    }
    expect(reasonOf(withParameter(false, { required: ['a'] }))).toBe('nothing is allowed, at properties.a');
  });

  it('keeps its other types when one of them is impossible', () => {
    const schema = { type: ['array', 'string'], items: false, minItems: 1 };
    expect(parameterOf(schema)).toEqual({ type: ['string'] });
  });

  it('may be a map', () => {
    const map = { type: 'object', additionalProperties: { type: 'number' } };
    expect(parameterOf({ ...map, propertyNames: { type: 'string' } })).toEqual(map);
    expect(
      parameterOf({ type: 'object', patternProperties: { '': { type: 'number' } }, additionalProperties: false }),
    ).toEqual({ ...map, properties: {} });
    expect(parameterOf({ ...map, propertyNames: { enum: ['b', 'c'] } })).toEqual({
      type: 'object',
      properties: { b: { type: 'number' }, c: { type: 'number' } },
      additionalProperties: false,
    });
    // Nobody can say a pattern for the names of others, so there are none.
    expect(parameterOf({ ...map, properties: { ab: {} }, propertyNames: { pattern: '^a' } })).toEqual({
      type: 'object',
      properties: { ab: ANYTHING },
      additionalProperties: false,
    });
    // What a pattern says of some holds of all others.
    expect(
      parameterOf({
        type: 'object',
        properties: { ab: { type: 'null' } },
        patternProperties: { '^x': { type: 'number' } },
      }),
    ).toEqual({
      type: 'object',
      properties: { ab: { type: 'null' } },
      additionalProperties: { type: 'number' },
    });
  });

  it('has a pattern that all can read, or several, and none where that cannot be', () => {
    expect(parameterOf({ type: 'string', pattern: '^(?!a)b+$' })).toEqual({
      type: 'string',
      pattern: '^b+$',
      anyOf: [{ type: 'string', pattern: '^(?:$|[^a])' }],
    });
    expect(parameterOf({ type: ['string', 'null'], pattern: '(a)\\1' })).toEqual({ type: 'null' });
    expect(repaired(withParameter({ type: 'string', pattern: '(a)\\1' })).notes).toContain(
      'left out texts, as nobody can read their pattern at properties.a',
    );
  });
});

describe('the notes', () => {
  it('say what was changed and where, and not more than one wants to read', () => {
    const { notes } = repaired(withParameter({ allOf: [{ $ref: '#/$defs/b' }] }, { $defs: { b: {} } }));
    expect(notes).toEqual([
      'removed $defs',
      'merged allOf at properties.a',
      'inlined $ref at properties.a.allOf.0',
      'spelt out that anything is taken at properties.a',
    ]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, {}]));
    expect(repaired({ type: 'object', properties: many }).notes).toHaveLength(21);
    expect(repaired({ type: 'object', properties: many }).notes.at(-1)).toBe('and 10 more');
  });
});

describe('a repaired schema', () => {
  it('needs no repair', () => {
    expect(repairOf(repaired(withParameter({ prefixItems: [{}, { type: 'null' }] })).schema)).toEqual({ kind: 'fine' });
  });
});
