import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../src/catalog/schema/profile.ts';
import { repairOutput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

const TEXT = { type: 'string' };

const repairOf = (schema: unknown) => repairOutput(RawJson.of(schema));

/** What becomes of the schema of results with one property, `a`. */
function resultsOf(schema: unknown, more: object = {}): unknown {
  const repair = repairOf({ type: 'object', properties: { a: schema, b: TEXT }, ...more });
  if (repair.kind !== 'repaired') return repair;
  expect(violationsOf(repair.schema, 'results')).toEqual([]);
  return repair.schema;
}

describe('the schema of results', () => {
  it('stays as it is where it is fine, whatever its properties are called', () => {
    expect(repairOf({ type: 'object', properties: { '@type': TEXT } })).toEqual({ kind: 'fine' });
  });

  it.each([
    [{ type: 'string', format: 'int32' }, TEXT],
    [{ type: 'string', pattern: '^(?!a)' }, TEXT],
    [{ enum: ['a', null] }, { type: ['string', 'null'], enum: ['a', null] }],
    [
      { $ref: '#/$defs/c', description: 'mine' },
      { type: 'null', description: 'mine' },
    ],
    [{ allOf: [{ $ref: '#/$defs/c' }, {}] }, { type: 'null' }],
    [{ oneOf: [TEXT, { type: 'null' }] }, { anyOf: [TEXT, { type: 'null' }] }],
    [
      { type: 'array', prefixItems: [TEXT, { type: 'null' }], items: false },
      { type: 'array', items: { anyOf: [TEXT, { type: 'null' }] }, maxItems: 2 },
    ],
    [
      { type: 'array', prefixItems: [TEXT], items: TEXT, minItems: 1 },
      { type: 'array', items: TEXT, minItems: 1 },
    ],
    [
      { type: 'string', not: { const: 'a' }, minLength: 1 },
      { type: 'string', minLength: 1 },
    ],
    [
      { type: 'object', properties: { c: TEXT }, patternProperties: { '^x': TEXT }, additionalProperties: false },
      { type: 'object', properties: { c: TEXT } },
    ],
  ])('says the same in other words, or takes more: %j', (schema, shown) => {
    const more = { $defs: { c: { type: 'null' } }, additionalProperties: false };
    expect(resultsOf(schema, more)).toEqual({
      type: 'object',
      properties: { a: shown, b: TEXT },
      additionalProperties: false,
    });
  });

  it.each([
    [{}],
    [true],
    [{ type: 'array' }],
    [{ type: 'array', prefixItems: [TEXT] }],
    [{ anyOf: [TEXT, {}] }],
    [{ enum: [['a']] }],
    [{ $ref: 'https://x.example/y' }],
    [{ properties: {} }],
  ])('is silent about what may be anything, which others then may be too: %j', (schema) => {
    expect(resultsOf(schema, { required: ['a', 'b'], additionalProperties: false })).toEqual({
      type: 'object',
      properties: { b: TEXT },
      required: ['b'],
    });
  });

  it('ends where it contains itself', () => {
    const node = { type: 'object', properties: { value: TEXT, next: { $ref: '#/$defs/node' } } };
    expect(resultsOf({ $ref: '#/$defs/node' }, { $defs: { node } })).toEqual({
      type: 'object',
      properties: { a: { type: 'object', properties: { value: TEXT } }, b: TEXT },
    });
  });

  it('loses the combinators of its root', () => {
    const repair = repairOf({ type: 'object', properties: { a: TEXT }, anyOf: [{ required: ['a'] }], oneOf: [{}] });
    expect(repair).toMatchObject({ kind: 'repaired', schema: { type: 'object', properties: { a: TEXT } } });
  });

  it.each([
    [{}],
    [null],
    [{ type: 'array', items: TEXT }],
    [{ type: ['object', 'null'] }],
    [{ anyOf: [{ type: 'object' }, { type: 'null' }] }],
    [false],
  ])('is dropped where results may be other than objects: %j', (schema) => {
    expect(repairOf(schema).kind).toBe('dropped');
  });
});
