import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../src/protocol/canonical.ts';

/** The same value with the members of all its objects in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('the canonical text of a value', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is the same whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
        expect(canonical(reversed(value))).toBe(canonical(value));
      }),
    );
  });

  it('is another one for another value', () => {
    const values = [
      {},
      [],
      null,
      '',
      '{}',
      0,
      '0',
      false,
      { a: 1 },
      { a: '1' },
      { a: [1] },
      [{ a: 1 }],
      { a: { b: 1 } },
      { b: { a: 1 } },
    ];
    expect(new Set(values.map(canonical)).size).toBe(values.length);
  });

  it('keeps the order of lists', () => {
    expect(canonical([{ b: 1, a: [2, 1] }, null])).toBe('[{"a":[2,1],"b":1},null]');
  });

  it('of nothing is that of null', () => {
    expect(canonical(undefined)).toBe('null');
  });
});
