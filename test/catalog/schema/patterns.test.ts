import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPortable, matchesName, portablePatterns } from '../../../src/catalog/schema/patterns.ts';

describe('a pattern', () => {
  it.each([
    ['^[a-z]+$'],
    ['^(?:a|b){1,3}$'],
    [String.raw`^\d{4}-\d{2}\w\s\S\b\n\x41\u00e9\.\/$`],
    [String.raw`[\w.\-\[\]]`],
    ['😀'],
  ])('that all can read stays as it is: %s', (pattern) => {
    expect(isPortable(pattern)).toBe(true);
    expect(portablePatterns(pattern)).toEqual([pattern]);
  });

  it.each([
    // What is written for one reader alone.
    [String.raw`^(?<year>\d{4})$`, [String.raw`^(\d{4})$`]],
    [String.raw`\u{e9}\u{1F600}\cA\0`, [String.raw`\u00e9😀\u0001\u0000`]],
    [String.raw`^[\w\@\.\-]+\_$`, [String.raw`^[\w@\.\-]+_$`]],
    ['^[a-z=[;]*$', [String.raw`^[a-z=\[;]*$`]],
    ['[^]', [String.raw`[\s\S]`]],
    [String.raw`^[\p{Lu}_]$`, [String.raw`^[\u0041-\u005a\u005f`]],
    // What looks around.
    ['^(?=.*b)a', ['^a', '^(?:.*b)']],
    ['^(?!-)[a-z-]+(?<!-)$', ['^[a-z-]+$', String.raw`^(?:$|[^\-])`, String.raw`(?:^|[^\-])$`]],
    [String.raw`^(?!\s*$).+`, ['^.+', String.raw`\S`]],
    [String.raw`^(?!.*\.\.)[a-z.]+$`, ['^[a-z.]+$', String.raw`^(?:\.?[^\.])*\.?$`]],
    ['^(?!.*b)a', ['^a', '^[^b]*$']],
    ['^(?!no$)', ['^(?:$|[^n]|n(?:$|[^o]|o[\\s\\S]))']],
    ['^(?!__.*__$)_', ['^_', '^(?:$|[^_]|_(?:$|[^_]))']],
  ])('that not all can read is told otherwise: %s', (pattern, parts) => {
    const portable = portablePatterns(pattern) ?? [];
    expect(portable.map((part, index) => part.slice(0, parts[index]?.length))).toEqual(parts);
  });

  it.each([
    [String.raw`^(a|b)\1$`],
    ['(?i)abc'],
    [String.raw`\Aabc\Z`],
    ['a(?=b)c'],
    ['^(?!a)b|c'],
    ['^(?!(?:ab)*c)d'],
    ['(unclosed'],
    [`^(?!a)${'b'.repeat(1_000)}`],
  ])('that cannot be told otherwise is given up: %s', (pattern) => {
    expect(portablePatterns(pattern)).toBeUndefined();
  });

  const atom = fc.constantFrom('a', 'b', '-', '.', '[ab]', '[^b]', String.raw`\.`, String.raw`\d`, '');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}'))
    .map(([first, quantifier]) => first && first + quantifier);
  const body = fc.array(piece, { maxLength: 2 }).map((pieces) => pieces.join(''));
  const ahead = fc
    .tuple(fc.constantFrom('(?=', '(?!'), fc.constantFrom('', '.*'), body, fc.constantFrom('', '$', '|a$', '|^b'))
    .map((pieces) => `${pieces.join('')})`);
  const looking = fc
    .tuple(fc.array(ahead, { minLength: 1, maxLength: 2 }), body, fc.constantFrom('', '$', '(?<!a)$', '(?<=[ab])$'))
    .map(([aheads, rest, end]) => `^${aheads.join('')}${rest}${end}`);

  it('matches whatever its parts match', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '1', '\n'), maxLength: 6 });
    let told = 0;
    fc.assert(
      fc.property(looking, fc.array(text, { minLength: 30, maxLength: 30 }), (pattern, texts) => {
        const parts = portablePatterns(pattern);
        if (!parts) return;
        told += 1;
        expect(parts.every(isPortable)).toBe(true);
        for (const each of texts) {
          if (parts.every((part) => new RegExp(part, 'u').test(each))) expect(each).toMatch(new RegExp(pattern, 'u'));
        }
      }),
      { numRuns: 500 },
    );
    expect(told).toBeGreaterThan(100);
  });
});

describe('a name', () => {
  it('is tried on simple patterns only, since others may take forever', () => {
    expect(matchesName('^x-', 'x-a')).toBe(true);
    expect(matchesName('^x-', 'a')).toBe(false);
    expect(matchesName('(a+)+$', `${'a'.repeat(50)}!`)).toBeUndefined();
    expect(matchesName('a*a*a*b', 'a'.repeat(50))).toBeUndefined();
    expect(matchesName('(unclosed', 'a')).toBeUndefined();
  });

  it.each([
    ['^x-?a$', 'xa', true],
    ['^x-?a$', 'x--a', false],
    ['^(?:x|y)-', 'y-a', true],
    ['^(?:x|y)-', 'z-a', false],
    ['^(?:x-)?a$', 'a', true],
    ['^(x)|(y)$', 'ay', true],
    [String.raw`^\??\|`, '|', true],
    ['^[?|*+{][?|*+{]$', '{|', true],
  ])('is tried where there are few ways to go on: %s on %s', (pattern, name, answer) => {
    expect(matchesName(pattern, name)).toBe(answer);
  });

  // Each more would double the time that it took.
  it.each([
    ['parts that may be there or not', 'a?'],
    ['parts that may be there or not, at a length', 'a{0,1}'],
    ['alternatives', '(?:a|a)'],
  ])('is not tried on many %s', (_title, part) => {
    for (const count of [20, 40]) {
      expect(matchesName(`^${part.repeat(count)}b$`, `${'a'.repeat(count)}c`)).toBeUndefined();
    }
  });

  it('is not tried on a pattern of which even the pieces are too many', () => {
    expect(matchesName('['.repeat(200_000), 'a')).toBeUndefined();
  });
});
