import { describe, expect, it } from 'vitest';
import { parametersIn } from '../../../src/commands/tools/parameters.ts';

describe('parameters', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{ type: ['string', 'null'] }, 'string or null'],
    [{ type: 'string', enum: ['a', 'b'] }, 'one of "a", "b"'],
    [{ const: null }, 'null'],
    [{ type: 'array' }, 'array'],
    [{ type: 'array', items: { type: 'array', items: { type: 'number' } } }, 'array of array of number'],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'string' }] }, 'string or number'],
    [{ oneOf: [{ const: 1 }, { type: 'string' }] }, '1 or string'],
    [{ $ref: '#/$defs/a' }, '#/$defs/a'],
    [{ type: 'integer', default: 0 }, 'integer, default 0'],
    [{}, 'anything'],
    [true, 'anything'],
  ])('of %j are said to be: %s', (property, type) => {
    expect(parametersIn({ properties: { p: property } })).toEqual([{ name: 'p', type, description: '' }]);
  });

  it('keep their order, with what they are for and whether they have to be there', () => {
    const properties = { b: { type: 'string', description: 'B' }, a: { type: 'string', description: 1 } };
    expect(parametersIn({ properties, required: ['b'] })).toEqual([
      { name: 'b', type: 'string, required', description: 'B' },
      { name: 'a', type: 'string', description: '' },
    ]);
  });

  it.each([undefined, null, true, [], {}, { properties: 1 }, { properties: {}, required: 'a' }])(
    'are none where a schema is %j',
    (schema) => {
      expect(parametersIn(schema)).toEqual([]);
    },
  );
});
