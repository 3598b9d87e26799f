import { describe, expect, it } from 'vitest';
import { judgeInputSchema, judgeOutputSchema } from '../../src/doctor/schema.ts';

/** Of a tool with one argument. */
function withArgument(schema: object, more: object = {}): object {
  return { type: 'object', properties: { arg: schema }, ...more };
}

describe('the schema of arguments', () => {
  it.each([
    [{ type: 'object' }],
    [withArgument({ type: 'array', items: { type: 'string' } })],
    [withArgument({ anyOf: [{ type: 'string' }, { type: 'number' }] })],
    [withArgument({ $ref: '#/$defs/a' }, { $defs: { a: { type: 'string' } } })],
    [withArgument({ type: 'array', prefixItems: [{}] })],
    // These only look like keywords.
    [{ type: 'object', properties: { anyOf: {}, items: { type: 'string' }, $ref: { type: 'string' } } }],
    [withArgument({ default: { items: [1, 2], $ref: 'https://a.example' }, enum: [{ items: [] }] })],
  ])('is fine: %j', (schema) => {
    expect(judgeInputSchema(schema)).toEqual({ refused: [], disliked: [] });
  });

  it.each([
    [undefined, 'no inputSchema'],
    [[], 'no inputSchema'],
    [{}, 'its root has the type of nothing'],
    [{ type: 'string' }, 'its root has the type "string"'],
    [{ type: ['object', 'null'] }, 'its root has the type ["object","null"]'],
    [{ type: 'object', oneOf: [{}] }, 'oneOf at its root'],
    [withArgument({ type: 'array', items: [{}] }), 'a tuple in items at /properties/arg'],
    [{ type: 'object', properties: { default: { items: [{}] } } }, 'a tuple in items at /properties/default'],
    [withArgument({ not: { items: [{}] } }), 'a tuple in items at /properties/arg/not'],
    [withArgument({ $ref: 'https://a.example/b.json' }), 'a $ref to https://a.example/b.json'],
    [withArgument({ items: { $ref: '#' } }), 'a $ref that contains itself'],
    [withArgument({ $ref: '#/properties/arg' }), 'a $ref that contains itself'],
    [
      withArgument({ $ref: '#/$defs/a' }, { $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { $ref: '#/$defs/a' } } }),
      'a $ref that contains itself',
    ],
  ])('is refused: %j', (schema, fault) => {
    expect(judgeInputSchema(schema).refused).toEqual([fault]);
  });

  it('is disliked where an array has no items', () => {
    expect(judgeInputSchema(withArgument({ type: 'array' })).disliked).toEqual([
      'an array without items at /properties/arg',
    ]);
  });

  it('may refer as often as it likes', () => {
    const arguments_ = Array.from({ length: 20_000 }, (_, index) => [
      `a${index}`,
      { $ref: `#/properties/a${index + 1}` },
    ]);
    const schema = { type: 'object', properties: Object.fromEntries(arguments_) };
    expect(judgeInputSchema(schema).refused).toEqual([]);
  });

  it('may be as deep as it likes', () => {
    let schema: object = { items: [{}] };
    for (let depth = 0; depth < 20_000; depth++) schema = { not: schema };
    expect(judgeInputSchema({ type: 'object', not: schema }).refused).toHaveLength(1);
  });
});

describe('the schema of a result', () => {
  it.each([[undefined], [{ type: 'object' }]])('is fine: %j', (schema) => {
    expect(judgeOutputSchema(schema).refused).toEqual([]);
  });

  it.each([[null], [true], [{}], [{ type: 'array' }]])('is refused: %j', (schema) => {
    expect(judgeOutputSchema(schema).refused).toEqual(['an outputSchema that is no object']);
  });
});
