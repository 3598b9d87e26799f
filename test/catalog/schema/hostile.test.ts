import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../src/catalog/schema/profile.ts';
import { repairInput, repairOutput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { withParameter } from './support.ts';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const members = <T>(count: number, make: (index: number) => [string, T]) => Object.fromEntries(many(count, make));
const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}{}${close.repeat(levels)}`;
const repeat = <T>(times: number, value: T, wrap: (value: T) => T): T =>
  times === 0 ? value : repeat(times - 1, wrap(value), wrap);
const text = (schema: unknown) => JSON.stringify(schema);

/** Schemas that want to exhaust time, memory or the stack. */
const SCHEMAS: Readonly<Record<string, () => string>> = {
  'ten megabytes of description': () => text(withParameter({ description: 'x'.repeat(1e7) })),
  'ten thousand levels of properties': () => nested(10_000, '{"properties":{"a":', '}}'),
  'ten thousand negations': () => nested(10_000, '{"not":', '}'),
  'ten thousand levels of data': () => `{"type":"object","properties":{"a":{"enum":[${nested(10_000, '[', ']')}]}}}`,
  'as many levels as are read': () => nested(120, '{"type":"object","title":7,"properties":{"a":', '}}'),
  'as many combinators as are read': () => nested(120, '{"oneOf":[', ',true]}'),
  'references that double sixty times': () =>
    text(
      withParameter(
        { $ref: '#/$defs/d0' },
        {
          $defs: members(60, (i) => [
            `d${i}`,
            { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
          ]),
        },
      ),
    ),
  'thirty types that all contain all': () =>
    text(
      withParameter(
        { $ref: '#/$defs/d0' },
        { $defs: members(30, (i) => [`d${i}`, { anyOf: many(30, (j) => withParameter({ $ref: `#/$defs/d${j}` })) }]) },
      ),
    ),
  'a chain of five thousand references': () =>
    text(
      withParameter({ $ref: '#/$defs/d0' }, { $defs: members(5_000, (i) => [`d${i}`, { $ref: `#/$defs/d${i + 1}` }]) }),
    ),
  'half a megabyte, in a thousand places': () =>
    text({
      type: 'object',
      properties: members(1_000, (i) => [`p${i}`, { $ref: '#/$defs/d' }]),
      $defs: { d: { type: 'string', default: 'x'.repeat(500_000) } },
    }),
  'alternatives that multiply': () =>
    text(withParameter({ allOf: many(12, (i) => ({ anyOf: many(12, (j) => withParameter({ const: i * j })) })) })),
  'conditions that multiply': () => {
    const condition = (i: number) => `{"if":{"required":["p${i}"]},"then":{"required":["q${i}"]}}`;
    return `{"type":"object","allOf":[${many(30, condition).join(',')}]}`;
  },
  'dependencies that multiply': () =>
    text({ type: 'object', dependentRequired: members(40, (i) => [`p${i}`, [`q${i}`]]) }),
  'negations of negations': () => text(withParameter(repeat<object>(100, { type: 'string' }, (not) => ({ not })))),
  'alternatives that are alike': () =>
    text(withParameter({ oneOf: many(400, (i) => ({ type: 'object', required: [`p${i}`] })) })),
  'eighty thousand values': () =>
    text(withParameter({ allOf: [{ enum: many(40_000, (i) => i) }, { enum: many(40_000, (i) => i + 1) }] })),
  'fifty thousand names': () =>
    text(withParameter({ type: 'object', propertyNames: { enum: many(50_000, (i) => `n${i}`) } })),
  'twenty thousand places': () =>
    text(withParameter({ prefixItems: many(20_000, (i) => ({ const: i })), minItems: 20_000 })),
  'a list of a billion items': () =>
    text(withParameter({ prefixItems: [{ type: 'string' }, { type: 'null' }], minItems: 1e9 })),
  'thirty thousand parameters that are cleaned to one name': () =>
    text({ type: 'object', properties: members(30_000, (i) => [String.fromCharCode(0x3000 + i), { type: 'null' }]) }),
  'twenty thousand alternatives that are equal': () =>
    text(withParameter({ oneOf: many(20_000, () => ({ const: 1 })) })),
  // As arguments of one call they would not fit on the stack.
  'a hundred and forty thousand properties that are no schemas': () =>
    text({ type: 'object', properties: members(140_000, (i) => [String.fromCodePoint(0x10000 + i), 1]) }),
  'three hundred thousand alternatives': () => text(withParameter({ anyOf: many(300_000, () => ({})) })),
  'patterns that backtrack': () =>
    text(
      withParameter({
        type: 'object',
        properties: { [`${'a'.repeat(60)}!`]: { type: 'string', pattern: '(a+)+$', enum: [`${'a'.repeat(60)}!`] } },
        patternProperties: { '(a+)+$': {}, '(a|a)*b': { type: 'string' } },
        propertyNames: { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' },
      }),
    ),
  'a pattern of alternatives that are alike': () =>
    text({
      type: 'object',
      properties: { [`${'a'.repeat(34)}c`]: { type: 'string' } },
      patternProperties: { [`^${'(?:a|a)'.repeat(34)}b$`]: { type: 'string' } },
    }),
  'a pattern that looks around a thousand times': () =>
    text(
      withParameter({ type: 'string', pattern: `^${'(?!a)'.repeat(200)}b`, allOf: [{ pattern: '(?!'.repeat(300) }] }),
    ),
  'names of methods': () =>
    [
      '{"__proto__":{"type":"array"},"toString":7,"type":{"toString":1,"valueOf":2},"toJSON":1,"required":["__proto__","toString"],',
      '"properties":{"__proto__":{"prefixItems":[{},{"type":"null"}]},"constructor":{"$ref":"#/constructor"},"hasOwnProperty":true}}',
    ].join(''),
  'nonsense under every keyword': () =>
    text(
      withParameter(
        Object.fromEntries(
          [
            ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'items', 'prefixItems', 'contains'],
            ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'dependencies'],
            ...['$ref', '$dynamicRef', '$defs', '$id', '$anchor', 'pattern', 'format', 'minimum', 'minLength'],
          ].map((keyword, index) => [keyword, [7, 'x', null, [[]], { a: 1 }, -1, [null], {}][index % 8]]),
        ),
        { $id: 'http://[no', $schema: {}, required: 'a' },
      ),
    ),
  'a number that no one can hold': () => '{"type":"object","properties":{"a":{"type":"number","maximum":1e400}}}',
  'no JSON': () => '{"type":',
  'a broken escape': () => '{"type":"\\x"}',
};

describe.each(Object.entries(SCHEMAS))('a schema with %s', (_title, write) => {
  it('ends, in a repair or in a reason', () => {
    const schema = RawJson.verbatim(write());
    const input = repairInput(schema);
    const output = repairOutput(schema);
    if (input.kind === 'repaired') expect(violationsOf(input.schema)).toEqual([]);
    if (input.kind === 'hopeless') expect(input.reason.length).toBeLessThan(500);
    if (output.kind === 'repaired') expect(violationsOf(output.schema, 'results')).toEqual([]);
    expect(input.kind).not.toBe('fine');
  });
});

describe('a property with the name of a method', () => {
  it('is one like any other', () => {
    const schema = RawJson.parse(
      '{"properties":{"__proto__":{"type":["array"],"items":[{"type":"null"},{"type":"string"}]}},"required":["__proto__"]}',
    );
    const repair = repairInput(schema);
    if (repair.kind !== 'repaired') throw new Error(repair.kind);
    expect(JSON.stringify(repair.schema)).toContain(
      '"properties":{"__proto__":{"type":"object","properties":{"item1":{"type":"null"}',
    );
    expect(repair.toServer?.(RawJson.parse('{"__proto__":{"item1":null,"item2":"a"}}')).text).toBe(
      '{"__proto__":[null,"a"]}',
    );
  });
});
