import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isPlainName, loadGlobCompiler } from '../../src/catalog/glob.ts';
import { trickyName } from './arbitraries.ts';

const OPTIONS = { what: 'The glob', nocase: false };
const character = fc.oneof(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }), fc.constant('/'));
const plainName = fc.oneof(fc.string({ unit: character, maxLength: 4 }), trickyName).filter(isPlainName);
const resembling = plainName.chain((name) =>
  fc.record({
    name: fc.constant(name),
    other: fc.constantFrom(
      name,
      name.toUpperCase(),
      name.toLowerCase(),
      `${name}x`,
      `x${name}`,
      name.slice(1),
      'x',
      '',
    ),
  }),
);

describe('a plain name', () => {
  test.each(['read', 'a.b', './a', 'a/b', '!a', 'a+b', '^a$', 'a,b', '@', "'", '日本', 'a\nb'])('is %j', (name) => {
    expect(isPlainName(name)).toBe(true);
  });

  test.each(['', '*', 'a?', '[a]', '{a}', '(a)', 'a\\', 'a|b'])('is not %j', (glob) => {
    expect(isPlainName(glob)).toBe(false);
  });

  test('means itself and nothing else, whatever stands beside it', async () => {
    const [alone, besides] = [await loadGlobCompiler(['a']), await loadGlobCompiler(['*'])];
    fc.assert(
      fc.property(resembling, ({ name, other }) => {
        for (const compile of [alone, besides]) expect(compile(name, OPTIONS)(other)).toBe(name === other);
      }),
      { numRuns: 400, examples: [[{ name: '$$', other: '$' }], [{ name: '$$', other: '$$' }]] },
    );
  });

  test('means itself in any case, where case does not count', async () => {
    const compile = await loadGlobCompiler(['a']);
    fc.assert(
      fc.property(resembling, ({ name, other }) => {
        const matches = compile(name, { ...OPTIONS, nocase: true });
        expect(matches(name)).toBe(true);
        // What languages do with letters beyond ASCII is not decided here.
        if (isAscii(name)) expect(matches(other)).toBe(name.toLowerCase() === other.toLowerCase());
      }),
      { numRuns: 400 },
    );
  });
});

test('a glob that cannot be read is named in the words of whoever compiles it', async () => {
  const compile = await loadGlobCompiler(['[a']);
  expect(() => compile('[a', { ...OPTIONS, what: 'mcp.json, files: the glob' })).toThrow(
    /^mcp\.json, files: the glob "\[a" cannot be read: .+\. Correct it or take it out\.$/,
  );
});

test('one glob among plain names leaves these as plain as they are', async () => {
  const compile = await loadGlobCompiler(['a+b', 'c*']);
  const [plain, glob] = [compile('a+b', OPTIONS), compile('c*', OPTIONS)];
  expect(['a+b', 'aab', 'c', 'c/d'].map((name) => [plain(name), glob(name)])).toEqual([
    [true, false],
    [false, false],
    [false, true],
    [false, true],
  ]);
});

test('the glob library is loaded for a glob, and for nothing else', async () => {
  vi.resetModules();
  vi.doMock('picomatch', () => {
    throw new Error('loaded');
  });
  const fresh = await import('../../src/catalog/glob.ts');
  await expect(fresh.loadGlobCompiler(['a', 'b.c'])).resolves.toBeTypeOf('function');
  await expect(fresh.loadGlobCompiler(['a', 'b*'])).rejects.toThrow();
  vi.doUnmock('picomatch');
});

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
