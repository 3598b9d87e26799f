import { describe, expect, it } from 'vitest';
import { parameterOf, reasonOf, repaired, sent, withParameter } from './support.ts';

const TEXT = { type: 'string' };

/** From text, since a value with a member called `then` could be taken for a promise. */
function json(text: string): object {
  return JSON.parse(text) as object;
}

describe('allOf', () => {
  it.each([
    [
      [
        { type: 'object', properties: { b: TEXT }, required: ['b'] },
        { properties: { c: TEXT }, required: ['c'] },
      ],
      { type: 'object', properties: { b: TEXT, c: TEXT }, required: ['b', 'c'] },
    ],
    [[{ type: ['string', 'number'] }, { type: ['integer', 'null'] }], { type: 'integer' }],
    [[{ enum: ['a', 'b', 'c'] }, { enum: ['b', 'c', 'd'] }, { const: 'c' }], { type: 'string', enum: ['c'] }],
    [
      [
        { type: 'number', minimum: 1, maximum: 9 },
        { minimum: 2, maximum: 12 },
      ],
      { type: 'number', minimum: 2, maximum: 9 },
    ],
    [
      [{ type: 'string', pattern: 'a' }, { pattern: 'b' }],
      { type: 'string', pattern: 'a', anyOf: [{ type: 'string', pattern: 'b' }] },
    ],
    [[{ anyOf: [TEXT, { type: 'null' }] }, { anyOf: [{ type: 'null' }, { type: 'number' }] }], { type: 'null' }],
    [
      [{ type: 'object', properties: { b: TEXT }, additionalProperties: false }, { properties: { c: TEXT } }],
      { type: 'object', properties: { b: TEXT }, additionalProperties: false },
    ],
  ])('is merged: %j', (allOf, shown) => {
    expect(parameterOf({ allOf })).toEqual(shown);
  });

  it('keeps what its schema says of itself', () => {
    const allOf = [{ type: 'string', description: 'inner', default: 'x' }];
    expect(parameterOf({ description: 'outer', allOf })).toEqual({
      type: 'string',
      description: 'outer',
      default: 'x',
    });
  });

  it('of what contradicts itself is nothing', () => {
    expect(reasonOf(withParameter({ allOf: [TEXT, { type: 'null' }] }, { required: ['a'] }))).toBe(
      'it has to be of two types at once, at properties.a.allOf.1',
    );
  });
});

describe('anyOf', () => {
  it('says in every alternative what holds beside it', () => {
    const schema = {
      type: 'object',
      properties: { b: TEXT, c: TEXT },
      anyOf: [{ required: ['b'] }, { required: ['c'] }],
    };
    const properties = { b: TEXT, c: TEXT };
    expect(parameterOf(schema)).toEqual({
      anyOf: [
        { type: 'object', properties, required: ['b'] },
        { type: 'object', properties, required: ['c'] },
      ],
    });
  });

  it('stays beside what is said of single values', () => {
    const schema = { type: 'string', minLength: 2, anyOf: [{ format: 'email' }, { format: 'uri' }] };
    const anyOf = [
      { type: 'string', format: 'email' },
      { type: 'string', format: 'uri' },
    ];
    expect(parameterOf(schema)).toEqual({ type: 'string', minLength: 2, anyOf });
  });

  it('loses alternatives that are impossible', () => {
    expect(parameterOf({ anyOf: [{ $ref: 'https://x.example/y' }, TEXT, false] })).toEqual(TEXT);
  });

  it('at the root is asked for as one parameter', () => {
    const schema = { anyOf: [withParameter(TEXT, { required: ['a'] }), { type: 'object', required: ['b'] }] };
    expect(repaired(schema).schema).toMatchObject({
      type: 'object',
      properties: { input: { anyOf: [{ required: ['a'] }, { required: ['b'] }] } },
      required: ['input'],
      additionalProperties: false,
    });
    expect(sent(schema, { input: { a: 'x' } })).toBe('{"a":"x"}');
    // Who does not keep to it is understood all the same.
    expect(sent(schema, { a: 'x' })).toBe('{"a":"x"}');
  });

  it('at the root with one way left is no alternative', () => {
    const schema = { type: 'object', anyOf: [withParameter(TEXT), { type: 'string' }] };
    expect(repaired(schema).schema).toEqual(withParameter(TEXT));
  });

  it.each([[{ enum: [{ a: 1 }, { a: 2 }, 'x'] }], [{ type: 'object', const: { a: 1 } }]])(
    'and lists of whole arguments as well: %j',
    (schema) => {
      expect(repaired(schema).schema).toMatchObject({ properties: { input: { type: 'object' } } });
    },
  );
});

describe('oneOf', () => {
  it('becomes anyOf where its alternatives exclude each other', () => {
    const kinds = ['x', 'y'].map((kind) => ({
      type: 'object',
      properties: { kind: { type: 'string', const: kind }, [kind]: TEXT },
      required: ['kind'],
    }));
    expect(parameterOf({ oneOf: kinds, discriminator: { propertyName: 'kind' } })).toEqual({ anyOf: kinds });
    expect(parameterOf({ oneOf: [TEXT, { type: 'array', items: TEXT }] })).toEqual({
      anyOf: [TEXT, { type: 'array', items: TEXT }],
    });
  });

  it('leaves out what satisfies two alternatives', () => {
    const schema = {
      type: 'object',
      properties: { b: TEXT, c: TEXT },
      oneOf: [{ required: ['b'] }, { required: ['c'] }],
    };
    expect(parameterOf(schema)).toEqual({
      anyOf: [
        { type: 'object', properties: { b: TEXT }, required: ['b'], additionalProperties: false },
        { type: 'object', properties: { c: TEXT }, required: ['c'], additionalProperties: false },
      ],
    });
    expect(parameterOf({ type: 'number', oneOf: [{ minimum: 5 }, { maximum: 7 }] })).toEqual({
      type: 'number',
      anyOf: [
        { type: 'number', minimum: 5, exclusiveMinimum: 7 },
        { type: 'number', maximum: 7, exclusiveMaximum: 5 },
      ],
    });
  });

  it('of a thousand constants is no more than that', () => {
    const oneOf = Array.from({ length: 1_000 }, (_, index) => ({ const: `c${index}`, title: `T${index}` }));
    expect(parameterOf({ type: 'string', oneOf })).toMatchObject({
      anyOf: oneOf.map((each) => ({ ...each, type: 'string' })),
    });
  });
});

describe('a negation', () => {
  it.each([
    [
      { type: 'string', enum: ['a', 'b'], not: { const: 'a' } },
      { type: 'string', enum: ['b'] },
    ],
    [{ type: ['string', 'null'], not: { type: 'null' } }, { type: 'string' }],
    [
      { type: 'boolean', not: { const: true } },
      { type: 'boolean', enum: [false] },
    ],
    [
      { type: 'integer', not: { minimum: 3 } },
      { type: 'integer', exclusiveMaximum: 3 },
    ],
    [
      { type: 'string', not: { maxLength: 3 } },
      { type: 'string', minLength: 4 },
    ],
    [
      { type: 'object', properties: { b: TEXT, c: TEXT }, not: { required: ['b'] } },
      { type: 'object', properties: { c: TEXT }, additionalProperties: false },
    ],
    [
      { enum: [1, 'b', 3], not: { anyOf: [{ const: 1 }, { type: 'string' }, { enum: [4] }] } },
      { type: 'number', enum: [3] },
    ],
  ])('says what is left: %j', (schema, shown) => {
    expect(parameterOf(schema)).toEqual(shown);
  });

  it('that cannot be said leaves nothing', () => {
    expect(parameterOf({ type: 'string', not: { pattern: 'a' } })).toBeUndefined();
    expect(parameterOf({ type: 'string', not: {} })).toBeUndefined();
  });
});

describe('a condition', () => {
  const kinds = '"properties":{"kind":{"enum":["x","y"]},"b":{"type":"string"}},"required":["kind"]';
  const properties = (kind: string) => ({ kind: { type: 'string', enum: [kind] }, b: TEXT });

  it('is written out', () => {
    const schema = json(
      `{"type":"object",${kinds},"if":{"properties":{"kind":{"const":"x"}}},"then":{"required":["b"]}}`,
    );
    expect(parameterOf(schema)).toEqual({
      anyOf: [
        { type: 'object', properties: properties('x'), required: ['kind', 'b'] },
        { type: 'object', properties: properties('y'), required: ['kind'] },
      ],
    });
  });

  it('that cannot be denied is avoided by what satisfies both ends', () => {
    const schema = json('{"type":"string","if":{"pattern":"a"},"then":{"minLength":2},"else":{"minLength":1}}');
    expect(parameterOf(schema)).toMatchObject({
      anyOf: [{ pattern: 'a', minLength: 2 }, { minLength: 2 }],
    });
  });

  it('without consequences is none', () => {
    expect(parameterOf({ type: 'string', if: { const: 'a' } })).toEqual(TEXT);
  });

  it.each([
    [{ dependentRequired: { b: ['c'] } }],
    [{ dependencies: { b: ['c'] } }],
    [{ dependentSchemas: { b: { required: ['c'] } } }],
  ])('on a property is one as well: %j', (more) => {
    expect(parameterOf({ type: 'object', properties: { b: TEXT, c: TEXT }, ...more })).toEqual({
      anyOf: [
        { type: 'object', properties: { c: TEXT }, additionalProperties: false },
        { type: 'object', properties: { b: TEXT, c: TEXT }, required: ['b', 'c'] },
      ],
    });
  });
});

describe('what is not evaluated', () => {
  it('is closed for what all parts describe', () => {
    const schema = {
      type: 'object',
      properties: { b: TEXT },
      allOf: [{ properties: { c: TEXT } }],
      unevaluatedProperties: false,
    };
    expect(parameterOf(schema)).toEqual({
      type: 'object',
      properties: { b: TEXT, c: TEXT },
      additionalProperties: false,
    });
  });

  it('does not see what stands beside its schema', () => {
    const schema = { type: 'object', properties: { b: TEXT }, allOf: [{ unevaluatedProperties: false }] };
    expect(parameterOf(schema)).toEqual({ type: 'object', properties: {}, additionalProperties: false });
  });

  it('is not what follows from a condition that may not hold', () => {
    const schema = json(
      '{"type":"object","if":{"additionalProperties":{"pattern":"x"}},"then":{"properties":{"c":{"type":"string"}}},"unevaluatedProperties":false}',
    );
    const c = { type: 'string', pattern: 'x' };
    expect(parameterOf(schema)).toEqual({ type: 'object', properties: { c }, additionalProperties: false });
  });

  it('is the rest of a list', () => {
    expect(parameterOf({ type: 'array', prefixItems: [TEXT, TEXT], unevaluatedItems: false })).toEqual({
      type: 'array',
      items: TEXT,
      maxItems: 2,
    });
  });
});
