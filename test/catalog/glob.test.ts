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

  test.each([false, true])(
    'means itself, and the same with and without the glob library (any case: %s)',
    async (nocase) => {
      const plain = await loadGlobCompiler(['a']);
      const full = await loadGlobCompiler(['*']);
      fc.assert(
        fc.property(resembling, ({ name, other }) => {
          const options = { what: 'The glob', nocase };
          expect(plain(name, options)(name)).toBe(true);
          expect(plain(name, options)(other)).toBe(full(name, options)(other));
          if (!nocase) expect(plain(name, options)(other)).toBe(name === other);
        }),
        { numRuns: 1000 },
      );
    },
  );
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
