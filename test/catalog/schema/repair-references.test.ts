import { describe, expect, it } from 'vitest';
import { repairInput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { parameterOf, reasonOf, repaired, withParameter } from './support.ts';

const TEXT = { type: 'string' };

describe('a reference', () => {
  it.each([
    ['#/$defs/b', {}],
    ['#/definitions/b', {}],
    ['#/properties/c', {}],
    ['#/$defs/with~1slash%20and~0', {}],
    ['#mark', {}],
    ['#old', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['https://x.example/root.json#/$defs/b', { $id: 'https://x.example/root.json' }],
    ['other.json', { $id: 'https://x.example/root.json' }],
    ['other.json#/items', { $id: 'https://x.example/root.json' }],
    ['four.json', { $schema: 'http://json-schema.org/draft-04/schema#', id: 'https://x.example/root.json' }],
  ])('to %s is replaced by what it stands for', ($ref, more) => {
    const b = { type: 'string', minLength: 1 };
    const shown = parameterOf(
      { $ref },
      {
        properties: { a: { $ref }, c: b },
        $defs: {
          b,
          'with/slash and~': b,
          mark: { $anchor: 'mark', ...b },
          old: { $id: '#old', ...b },
          other: { $id: 'other.json', ...b, items: b },
          four: { id: 'four.json', ...b },
        },
        definitions: { b },
        ...more,
      },
    );
    expect(shown).toMatchObject(b);
    expect(shown).not.toHaveProperty('$id');
  });

  it('in a schema with a name of its own is meant in that one', () => {
    const inner = { $id: 'https://x.example/inner', $ref: '#/$defs/b', $defs: { b: { type: 'null' } } };
    expect(parameterOf(inner, { $defs: { b: TEXT } })).toEqual({ type: 'null' });
  });

  it('is one however it is spelt', () => {
    const text = '{"type":"object","properties":{"self":{"\\u0024ref":"#"},"b":{}}}';
    const repair = repairInput(RawJson.parse(text));
    expect(JSON.stringify(repair).match(/"self"/g)).toHaveLength(2);
  });

  it('says what stands beside it as well', () => {
    const shown = parameterOf(
      { $ref: '#/$defs/b', description: 'mine', maxLength: 3 },
      { $defs: { b: { ...TEXT, description: 'theirs' } } },
    );
    expect(shown).toEqual({ type: 'string', description: 'mine', maxLength: 3 });
  });

  it.each([['$dynamicRef', '$dynamicAnchor'] as const])(
    'may be a %s, where it is certain what is meant',
    (keyword, anchor) => {
      const schema = { [keyword]: '#b' };
      expect(parameterOf(schema, { $defs: { b: { [anchor]: 'b', ...TEXT } } })).toEqual(TEXT);
      expect(parameterOf(schema, { $defs: { b: { [anchor]: 'b', ...TEXT }, c: { [anchor]: 'b' } } })).toBeUndefined();
    },
  );

  it.each([
    ['https://x.example/y', 'its $ref leads to "https://x.example/y", at properties.a'],
    ['#/$defs/missing', 'its $ref leads to "#/$defs/missing", at properties.a'],
    ['#/$defs/__proto__', 'its $ref leads to "#/$defs/__proto__", at properties.a'],
    ['#/properties/a', 'it contains itself without end, at properties.a'],
    ['#%E0%A4%A', 'its $ref leads to "#%E0%A4%A", at properties.a'],
  ])('to %s hides the tool, or the parameter alone', ($ref, reason) => {
    expect(reasonOf(withParameter({ $ref }, { required: ['a'] }))).toBe(reason);
    expect(repaired(withParameter({ $ref })).schema).toEqual({
      type: 'object',
      properties: {},
      additionalProperties: false,
    });
  });
});

describe('a schema that contains itself', () => {
  /** How often `key` occurs inside of itself. */
  const depthOf = (value: unknown, key: string): number => {
    if (typeof value !== 'object' || value === null) return 0;
    return Math.max(0, ...Object.entries(value).map(([name, member]) => (name === key ? 1 : 0) + depthOf(member, key)));
  };

  it('is written out three times, and forbidden to go on', () => {
    const node = { type: 'object', properties: { value: TEXT, next: { $ref: '#/$defs/node' } }, required: ['value'] };
    const shown = parameterOf({ $ref: '#/$defs/node' }, { $defs: { node } });
    expect(depthOf(shown, 'next')).toBe(2);
    expect(shown).toMatchObject({
      properties: { next: { properties: { next: { properties: { value: TEXT }, additionalProperties: false } } } },
    });
  });

  it('ends with lists that are empty, or with the alternative that does not go on', () => {
    const tree = { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#/$defs/tree' } } } };
    expect(JSON.stringify(parameterOf({ $ref: '#/$defs/tree' }, { $defs: { tree } }))).toContain('"maxItems":0');
    const link = { type: 'object', properties: { next: { $ref: '#/$defs/chain' } }, required: ['next'] };
    const chain = { anyOf: [{ type: 'null' }, link] };
    expect(JSON.stringify(parameterOf({ $ref: '#/$defs/chain' }, { $defs: { chain } }))).toContain(
      '"next":{"type":"null"}',
    );
  });

  it('by its own place is not written out again and again', () => {
    const schema = { type: 'object', properties: { a: TEXT, self: { $ref: '#' } } };
    expect(depthOf(repaired(schema).schema, 'self')).toBe(2);
  });

  it('and has to go on is hopeless', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['next'] };
    expect(reasonOf(withParameter({ $ref: '#/$defs/node' }, { $defs: { node }, required: ['a'] }))).toMatch(
      /^it contains itself without end, at properties\.a\.properties\.next/,
    );
  });

  it('in many ways is written out less far, rather than too large', () => {
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }]));
    const $defs = Object.fromEntries(
      names.map((name) => [name, { type: 'object', properties: { ...properties, name: TEXT } }]),
    );
    const { schema } = repaired(withParameter({ $ref: '#/$defs/t0' }, { $defs }));
    expect(schema).toHaveProperty('properties.a.properties.name', TEXT);
    expect(JSON.stringify(schema).length).toBeLessThan(100_000);
  });
});
