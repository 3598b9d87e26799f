import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../src/catalog/schema/profile.ts';
import { parameterOf, repairOf, withParameter } from './support.ts';

describe('the strict profile', () => {
  it.each([
    [{ type: 'object', properties: {} }],
    [{ type: 'object', properties: {}, additionalProperties: false, title: 'T', description: 'D' }],
    [withParameter({ type: 'string', format: 'uri', pattern: '^a+$', minLength: 1, maxLength: 2, default: null })],
    [withParameter({ type: ['integer', 'null'], minimum: 0, exclusiveMaximum: 5, multipleOf: 2 })],
    [withParameter({ type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2, uniqueItems: true })],
    [withParameter({ type: ['string', 'array'], items: { type: 'string' } })],
    [withParameter({ type: 'object' })],
    [withParameter({ type: 'object', additionalProperties: { type: 'string' }, minProperties: 1, maxProperties: 2 })],
    [withParameter({ anyOf: [{ type: 'string' }, { type: 'null' }] }, { required: ['a'] })],
    [withParameter({ enum: ['a', 1], type: ['string', 'integer'] })],
    [withParameter({ const: 'a', type: 'string' })],
    [withParameter({ type: 'object', properties: { 'odd name[]': { type: 'string' } } })],
    // What is no keyword is nobody's business, and data may look like anything.
    [
      withParameter({
        type: 'string',
        'x-mcp-header': 'H',
        nullable: false,
        deprecated: true,
        examples: [{ $ref: 1 }],
      }),
    ],
    [withParameter({ type: 'object', properties: { $ref: { type: 'string' }, oneOf: { type: 'null' } } })],
  ])('takes %j', (schema) => {
    expect(violationsOf(schema)).toEqual([]);
    expect(repairOf(schema)).toEqual({ kind: 'fine' });
  });

  it.each([
    [undefined, '', 'what is no object'],
    [[], '', 'what is no object'],
    [{ properties: {} }, '', 'another type than object'],
    [{ type: ['object', 'null'], properties: {} }, '', 'another type than object'],
    [{ type: 'object' }, '', 'no properties'],
    [{ type: 'object', properties: [] }, '', 'no properties'],
    [{ type: 'object', properties: {}, anyOf: [{ type: 'object' }] }, '', 'anyOf'],
    [{ type: 'object', properties: {}, enum: [{}] }, '', 'enum'],
    [{ type: 'object', properties: {}, $schema: 'https://json-schema.org/draft/2020-12/schema' }, '', '$schema'],
    [{ type: 'object', properties: {}, $defs: {} }, '', '$defs'],
    [{ type: 'object', properties: { 'a[]': { type: 'string' } } }, '', 'a parameter called "a[]"'],
    [{ type: 'object', properties: {}, required: ['b'] }, '', 'a required "b" that it does not describe'],
    [
      { type: 'object', properties: {}, required: ['__proto__'] },
      '',
      'a required "__proto__" that it does not describe',
    ],
    [withParameter(true), 'properties.a', 'what is no object'],
    [withParameter({}), 'properties.a', 'no type'],
    [withParameter({ type: 'any' }), 'properties.a', 'an odd type'],
    [withParameter({ type: ['string', 'string'] }), 'properties.a', 'an odd type'],
    [withParameter({ type: 'string', required: true }), 'properties.a', 'an odd required'],
    [withParameter({ type: 'number', exclusiveMinimum: true }), 'properties.a', 'an odd exclusiveMinimum'],
    [withParameter({ type: 'string', minLength: -1 }), 'properties.a', 'an odd minLength'],
    [withParameter({ type: 'string', format: 'int64' }), 'properties.a', 'an odd format'],
    [withParameter({ type: 'string', pattern: '^(?!a)' }), 'properties.a', 'an odd pattern'],
    [withParameter({ type: 'string', nullable: true }), 'properties.a', 'nullable'],
    [withParameter({ type: 'string', enum: [] }), 'properties.a', 'an odd enum'],
    [withParameter({ type: 'string', contentSchema: { type: 'object' } }), 'properties.a', 'contentSchema'],
    [withParameter({ type: 'string', enum: ['a', null] }), 'properties.a', 'values of another type'],
    [withParameter({ type: 'array' }), 'properties.a', 'an array without items'],
    [withParameter({ type: ['array', 'null'] }), 'properties.a', 'an array without items'],
    [withParameter({ type: 'array', items: [{ type: 'string' }] }), 'properties.a', 'an odd items'],
    [withParameter({ anyOf: [{ type: 'string' }, { $ref: '#' }] }), 'properties.a.anyOf.1', '$ref'],
    [withParameter({ type: 'array', items: { not: {} } }), 'properties.a.items', 'not'],
    [
      withParameter({ type: 'object', additionalProperties: { oneOf: [] } }),
      'properties.a.additionalProperties',
      'oneOf',
    ],
  ])('does not take %j', (schema, at, fault) => {
    expect(violationsOf(schema)).toContainEqual({ at, fault });
  });

  it.each([
    ['examples', 'text'],
    ['examples', { a: 1 }],
    ['deprecated', 'yes'],
    ['readOnly', 'true'],
    ['writeOnly', 1],
    ['contentMediaType', 7],
    ['contentEncoding', null],
  ])('takes no notes of a type that the meta-schema has not: %s %j', (keyword, value) => {
    const schema = withParameter({ type: 'string', description: 'D', [keyword]: value });
    expect(violationsOf(schema)).toEqual([{ at: 'properties.a', fault: `an odd ${keyword}` }]);
    expect(parameterOf({ type: 'string', description: 'D', [keyword]: value })).toEqual({
      type: 'string',
      description: 'D',
    });
  });

  it('takes what texts hold, but not a schema of it, which may refer to what is gone', () => {
    const held = { type: 'string', contentMediaType: 'application/json', contentEncoding: 'base64' };
    expect(violationsOf(withParameter(held))).toEqual([]);
    const more = { $defs: { b: { type: 'object' } } };
    expect(parameterOf({ ...held, contentSchema: { $ref: '#/$defs/b' } }, more)).toEqual(held);
    expect(parameterOf({ ...held, contentSchema: { type: 'object' } })).toEqual(held);
  });

  it('does not take more levels or properties than readers are sure to take', () => {
    let deep: object = { type: 'string' };
    for (let level = 0; level < 40; level += 1) deep = withParameter(deep);
    const wide = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`p${index}`, { type: 'string' }]));
    for (const schema of [deep, { type: 'object', properties: wide }]) {
      expect(violationsOf(schema)).toEqual([{ at: '', fault: 'more than 32 levels or 5000 properties' }]);
    }
  });

  it('lets results call their properties what they like', () => {
    const schema = { type: 'object', properties: { '@type': { type: 'string' } } };
    expect(violationsOf(schema, 'results')).toEqual([]);
    expect(violationsOf(schema)).toHaveLength(1);
  });

  it('is judged in bounded time, and tells no more than 100 faults', () => {
    const odd = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`p${index}`, {}]));
    expect(violationsOf({ type: 'object', properties: odd })).toHaveLength(100);
  });
});
