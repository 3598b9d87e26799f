import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createToolFilter } from '../../src/catalog/filter.ts';
import { exposedName } from '../../src/catalog/names.ts';
import { BridgeError } from '../../src/errors.ts';
import { trickyName } from './arbitraries.ts';

const tool = (own: string, server = 'files') => ({ own, exposed: exposedName(own, server) });

async function allowed(lists: { allow?: string[]; deny?: string[] }, name: string): Promise<boolean> {
  const filter = await createToolFilter([{ allow: lists.allow ?? [], deny: lists.deny ?? [] }]);
  return filter.allows(tool(name));
}

describe('a filter', () => {
  test('without globs allows everything', async () => {
    const filter = await createToolFilter([{ allow: [], deny: [] }]);
    expect(filter.allows(tool('x'.repeat(1000)))).toBe(true);
    expect([filter.unmatched([]), filter.isOpen]).toEqual([[], true]);
  });

  test('with any glob may hide something', async () => {
    for (const lists of [
      { allow: ['*'], deny: [] },
      { allow: [], deny: ['x'] },
    ])
      expect((await createToolFilter([{ allow: [], deny: [] }, lists])).isOpen).toBe(false);
  });

  test('with an allow list hides the rest', async () => {
    expect(await allowed({ allow: ['read_*', 'list_*'] }, 'list_directory')).toBe(true);
    expect(await allowed({ allow: ['read_*', 'list_*'] }, 'write_file')).toBe(false);
  });

  test('denies what is both allowed and denied', async () => {
    expect(await allowed({ allow: ['read_*'], deny: ['*_media_*'] }, 'read_media_file')).toBe(false);
  });

  test.each(['read', 'rea*'])('minds the case where %j allows, not where it denies', async (glob) => {
    expect(await allowed({ allow: [glob] }, 'Read')).toBe(false);
    expect(await allowed({ deny: [glob] }, 'rEAD')).toBe(false);
    expect(await allowed({ deny: [glob] }, 'write')).toBe(true);
  });

  test('knows a tool by its own and by its exposed name', async () => {
    expect(await allowed({ allow: ['files__*'] }, 'read_file')).toBe(true);
    expect(await allowed({ allow: ['memory__*'] }, 'read_file')).toBe(false);
    expect(await allowed({ deny: ['files__read_file'] }, 'read_file')).toBe(false);
  });

  test('allows only what every one of several filters allows', async () => {
    const bridge = { allow: [], deny: ['*delete*'] };
    const server = { allow: ['file_*'], deny: [] };
    const filter = await createToolFilter([bridge, server]);
    expect(filter.allows(tool('file_read'))).toBe(true);
    expect(filter.allows(tool('file_delete'))).toBe(false);
    expect(filter.allows(tool('copy'))).toBe(false);
  });

  test('gives the same verdict again, also to another tool under the same exposed name', async () => {
    const filter = await createToolFilter([{ allow: ['a'], deny: [] }]);
    expect(filter.allows({ own: 'a', exposed: 'x' })).toBe(true);
    expect(filter.allows({ own: 'a', exposed: 'x' })).toBe(true);
    expect(filter.allows({ own: 'b', exposed: 'x' })).toBe(false);
  });

  test('refuses names of endless length instead of backtracking over them', async () => {
    const filter = await createToolFilter([{ allow: ['*a*a*a*a*b'], deny: ['*a*a*c'] }]);
    const name = { own: 'a'.repeat(1_000_000), exposed: 'a' };
    const started = performance.now();
    expect(filter.allows(name)).toBe(false);
    expect(filter.unmatched([name])).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('keeps giving right verdicts when more tools come by than it remembers', async () => {
    const filter = await createToolFilter([{ allow: ['*0'], deny: [] }]);
    for (let i = 0; i < 10_100; i++) expect(filter.allows(tool(`tool${i}`))).toBe(i % 10 === 0);
  });
});

describe('a glob', () => {
  test.each([
    ['*', 'a/b'],
    ['*', '.hidden'],
    ['*', '\nline\nbreak'],
    ['**', 'line\nbreak'],
    ['admin*', 'admin/users/../delete'],
    ['*delete', './delete'],
    ['./a', './a'],
    ['a?c', 'a/c'],
    ['{read,list}_*', 'list_x'],
    ['{1..3}', '2'],
    ['[a-c]x', 'bx'],
    ['[!a]x', 'bx'],
    ['[^a]x', '/x'],
    ['!(write|delete)_*', 'read_x'],
    ['a.b+$', 'a.b+$'],
    ['a\\*', 'a*'],
    ['"a"', '"a"'],
    ['!read', '!read'],
    ['日*', '日本'],
  ])('%j matches %j', async (glob, name) => {
    const filter = await createToolFilter([{ allow: [glob], deny: [] }]);
    expect(filter.allows({ own: name, exposed: name })).toBe(true);
  });

  test.each([
    ['read', 'Read'],
    ['a.b', 'axb'],
    ['read', 'read_file'],
    ['./a', 'a'],
    ['a?c', 'ac'],
    ['[!a]x', 'ax'],
    ['!(write|delete)_*', 'write_x'],
    ['!read', 'write'],
    ['a\\*', 'ab'],
  ])('%j does not match %j', async (glob, name) => {
    const filter = await createToolFilter([{ allow: [glob], deny: [] }]);
    expect(filter.allows({ own: name, exposed: name })).toBe(false);
  });

  test('of stars, question marks and letters means what it says, for any name', async () => {
    const globArbitrary = fc.string({
      unit: fc.constantFrom('*', '?', 'a', 'b', '.', '/', '_'),
      minLength: 1,
      maxLength: 6,
    });
    const nameArbitrary = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '_'), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(globArbitrary, nameArbitrary, async (glob, name) => {
        const filter = await createToolFilter([{ allow: [glob], deny: [] }]);
        expect(filter.allows({ own: name, exposed: name })).toBe(meansWhatItSays(glob, name));
      }),
      {
        numRuns: 500,
        examples: [
          ['***b.', 'ba'],
          ['*.*', 'a.'],
          ['*', '..'],
        ],
      },
    );
  });

  test.each(['[a', '{a,b', '(a', 'a)', '[z-a]', 'a\\', ''])(
    '%j cannot be read, and the error says which',
    async (glob) => {
      const broken = createToolFilter([{ allow: ['fine'], deny: [glob] }]);
      await expect(broken).rejects.toThrow(BridgeError);
      await expect(broken).rejects.toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining(`deny glob ${JSON.stringify(glob)}`),
      });
    },
  );
});

test('`*` denies every tool there can be', async () => {
  const filter = await createToolFilter([{ allow: [], deny: ['*'] }]);
  fc.assert(fc.property(trickyName, trickyName, (own, server) => !filter.allows(tool(own, server))));
});

test('what a deny glob names is refused, whatever else is allowed', async () => {
  const filter = await createToolFilter([{ allow: ['*'], deny: ['*a*'] }]);
  fc.assert(fc.property(trickyName, (own) => !own.includes('a') || !filter.allows({ own, exposed: exposedName(own) })));
});

test('globs that match no tool are reported, each once', async () => {
  const filter = await createToolFilter([
    { allow: ['read_*', 'raed_*'], deny: ['*_media_*'] },
    { allow: ['raed_*'], deny: ['files__write*', 'raed_*'] },
  ]);
  expect(filter.unmatched([tool('read_file'), tool('write_file')])).toEqual([
    { glob: 'raed_*', kind: 'allow' },
    { glob: '*_media_*', kind: 'deny' },
    { glob: 'raed_*', kind: 'deny' },
  ]);
});

/** The plain meaning, by trying every length for each star. */
function meansWhatItSays(glob: string, name: string): boolean {
  if (glob === '') return name === '';
  const rest = glob.slice(1);
  if (glob[0] === '*')
    return Array.from({ length: name.length + 1 }, (_, i) => i).some((i) => meansWhatItSays(rest, name.slice(i)));
  return name !== '' && (glob[0] === '?' || glob[0] === name[0]) && meansWhatItSays(rest, name.slice(1));
}
