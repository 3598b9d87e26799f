import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNameTable, type NameTable } from '../../src/catalog/name-table.ts';
import { exposedName } from '../../src/catalog/names.ts';
import type { Prefix } from '../../src/config/catalog-settings.ts';
import { type Listing, listings, type World, worlds } from './arbitraries.ts';

describe('with several servers', () => {
  const table = createNameTable({ servers: ['files', 'memory'], prefix: 'auto' });

  test('names carry their server', () => {
    expect(table.expose('files', 'read_file')).toBe('files__read_file');
    expect(table.prefixOf('files')).toBe('files__');
  });

  test('a plain name is found before any list was seen', () => {
    expect(table.lookup('memory__read_graph')).toEqual({ server: 'memory', name: 'read_graph' });
  });

  test('a hashed name is found once its list was seen', () => {
    const exposed = exposedName('graph.read', 'memory');
    expect(table.lookup(exposed)).toBeUndefined();
    table.learn('memory', ['graph.read']);
    expect(table.lookup(exposed)).toEqual({ server: 'memory', name: 'graph.read' });
  });

  test.each(['other__tool', 'read_file', 'files__', 'files__a b', '', '__', 'x'.repeat(1000)])(
    '%j is nobody’s, or its own server’s empty name',
    (exposed) => {
      expect(table.lookup(exposed)).toEqual(exposed === 'files__' ? { server: 'files', name: '' } : undefined);
    },
  );
});

describe('with one server', () => {
  test('names stay as they are', () => {
    const table = createNameTable({ servers: ['files'], prefix: 'auto' });
    expect(table.expose('files', 'read_file')).toBe('read_file');
    expect(table.lookup('read_file')).toEqual({ server: 'files', name: 'read_file' });
    expect(table.prefixOf('files')).toBe('');
  });

  test('the prefix can be asked for', () => {
    const table = createNameTable({ servers: ['files'], prefix: 'server' });
    expect(table.expose('files', 'read_file')).toBe('files__read_file');
    expect(table.lookup('read_file')).toBeUndefined();
  });
});

describe('with several servers and no prefixes', () => {
  const learned = (lists: Record<string, string[]>) => learnedTable({ lists: toListings(lists) }, 'none');

  test('names that are one server’s alone stay as they are', () => {
    const table = learned({ files: ['read_file'], memory: ['read_graph'] });
    expect(table.expose('files', 'read_file')).toBe('read_file');
    expect(table.lookup('read_graph')).toEqual({ server: 'memory', name: 'read_graph' });
  });

  test('each of two tools with the same name takes its prefix, and the bare name is nobody’s', () => {
    const table = learned({ files: ['search', 'stat'], web: ['search'] });
    expect(table.expose('files', 'search')).toBe('files__search');
    expect(table.expose('web', 'search')).toBe('web__search');
    expect(table.expose('files', 'stat')).toBe('stat');
    expect(table.lookup('search')).toBeUndefined();
  });

  test('a tool that is called like another’s prefixed form takes its prefix too', () => {
    const table = learned({ a: ['x'], b: ['x'], c: ['a__x'] });
    expect(table.expose('a', 'x')).toBe('a__x');
    expect(table.expose('c', 'a__x')).toBe('c__a__x');
  });

  test('a name never comes to mean another server’s tool while the table lives', () => {
    const table = learned({ files: ['search'], web: [] });
    table.learn('files', []);
    table.learn('web', ['search']);
    expect(table.lookup('search')).toBeUndefined();
    expect(table.lookup('web__search')).toEqual({ server: 'web', name: 'search' });
  });
});

describe('a tool that the owner gives a name', () => {
  const given = new Map([['files', new Map([['read_file', 'read']])]]);
  const table = createNameTable({ servers: ['files', 'memory'], prefix: 'auto', given });

  test('is known by that, and by that only', () => {
    expect(table.expose('files', 'read_file')).toBe('files__read');
    expect(table.lookup('files__read')).toEqual({ server: 'files', name: 'read_file' });
    expect(table.lookup('files__read_file')).toBeUndefined();
    expect(table.lookup('memory__read')).toEqual({ server: 'memory', name: 'read' });
  });

  test('has it to itself: the server’s own tool of that name evades, listed or not', () => {
    const evading = table.expose('files', 'read');
    expect(evading).toMatch(/^files__read_[0-9a-f]{16}$/);
    expect(table.lookup(evading)).toBeUndefined();
    table.learn('files', ['read', 'read_file']);
    expect(table.lookup(evading)).toEqual({ server: 'files', name: 'read' });
    expect(table.lookup('files__read')).toEqual({ server: 'files', name: 'read_file' });
  });

  test('can change places with another one', () => {
    const swapped = createNameTable({
      servers: ['files'],
      prefix: 'none',
      given: new Map([['files', new Map(Object.entries({ a: 'b', b: 'a' }))]]),
    });
    expect([swapped.expose('files', 'a'), swapped.expose('files', 'b')]).toEqual(['b', 'a']);
    expect(swapped.lookup('a')).toEqual({ server: 'files', name: 'b' });
  });
});

test('a reserved name is no tool’s of a server', () => {
  const table = createNameTable({ servers: ['files'], prefix: 'none', reserved: ['search'] });
  table.learn('files', ['search', 'stat']);
  expect(table.lookup('search')).toBeUndefined();
  expect(table.lookup(table.expose('files', 'search'))).toEqual({ server: 'files', name: 'search' });
  expect(table.expose('files', 'stat')).toBe('stat');
});

describe.each<Prefix>(['auto', 'server', 'none'])(
  'whatever servers list and the owner says, with prefix %s',
  (prefix) => {
    test('names are legal, unique and lead back', () => {
      fc.assert(
        fc.property(worlds, (world) => {
          const table = learnedTable(world, prefix);
          const seen = new Set<string>(world.reserved);
          for (const [server, name] of pairs(world.lists)) {
            const exposed = table.expose(server, name);
            expect(exposed).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
            expect(seen.has(exposed)).toBe(false);
            seen.add(exposed);
            expect(table.lookup(exposed)).toEqual({ server, name });
          }
        }),
      );
    });

    test('names are the same in any order of servers and lists, and after a restart', () => {
      const shuffled = worlds.chain((world) =>
        fc.tuple(
          fc.constant(world),
          fc
            .tuple(...world.lists.map(({ names }) => fc.shuffledSubarray(names, { minLength: names.length })))
            .map((orders) => world.lists.map(({ server }, i) => ({ server, names: orders[i] ?? [] })))
            .chain((reordered) => fc.shuffledSubarray(reordered, { minLength: world.lists.length })),
        ),
      );
      fc.assert(
        fc.property(shuffled, ([world, reordered]) => {
          const one = learnedTable(world, prefix);
          const other = learnedTable({ ...world, lists: reordered }, prefix);
          for (const [server, name] of pairs(world.lists))
            expect(other.expose(server, name)).toBe(one.expose(server, name));
        }),
      );
    });

    test('a name is found only if it is what its tool is exposed as', () => {
      fc.assert(
        fc.property(worlds, worlds, (world, { lists, given }) => {
          const table = learnedTable(world, prefix);
          const strange = [...given.values(), ...world.given.values()].flatMap((names) => [
            ...names.keys(),
            ...names.values(),
          ]);
          const names = [
            ...pairs(lists),
            ...strange.map((name): [string, string] => [world.lists[0]?.server ?? '', name]),
          ];
          const guesses = names.flatMap(([server, name]) => [name, exposedName(name), exposedName(name, server)]);
          for (const guess of guesses) {
            const target = table.lookup(guess);
            if (target) expect(table.expose(target.server, target.name)).toBe(guess);
          }
        }),
      );
    });
  },
);

test('a prefixed name does not depend on what else there is', () => {
  fc.assert(
    fc.property(listings, (lists) => {
      const table = learnedTable({ lists }, 'server');
      for (const [server, name] of pairs(lists)) expect(table.expose(server, name)).toBe(exposedName(name, server));
    }),
  );
});

test('a server that lists without end forgets its own oldest names and nobody else’s', () => {
  const table = createNameTable({ servers: ['endless', 'memory'], prefix: 'auto' });
  table.learn('memory', ['graph.read']);
  table.learn('endless', ['first.tool', ...Array.from({ length: 10_000 }, (_, i) => `tool.${i}`)]);
  expect(table.lookup(exposedName('first.tool', 'endless'))).toBeUndefined();
  expect(table.lookup(exposedName('tool.9999', 'endless'))).toEqual({ server: 'endless', name: 'tool.9999' });
  expect(table.lookup(exposedName('graph.read', 'memory'))).toEqual({ server: 'memory', name: 'graph.read' });
});

test('what is listed again counts as new', () => {
  const table = createNameTable({ servers: ['endless', 'memory'], prefix: 'auto' });
  table.learn('endless', ['first.tool', ...Array.from({ length: 9_999 }, (_, i) => `tool.${i}`)]);
  table.learn('endless', ['first.tool', 'one.more']);
  expect(table.lookup(exposedName('first.tool', 'endless'))).toEqual({ server: 'endless', name: 'first.tool' });
});

test('a server that the table was not made for is ignored', () => {
  const table = createNameTable({ servers: ['files', 'memory'], prefix: 'none' });
  table.learn('gone', ['read_file']);
  expect(table.lookup('read_file')).toBeUndefined();
});

function toListings(lists: Record<string, string[]>): Listing[] {
  return Object.entries(lists).map(([server, names]) => ({ server, names }));
}

function learnedTable({ lists, ...words }: Pick<World, 'lists'> & Partial<World>, prefix: Prefix): NameTable {
  const table = createNameTable({ servers: lists.map(({ server }) => server), prefix, ...words });
  for (const { server, names } of lists) table.learn(server, names);
  return table;
}

function pairs(lists: readonly Listing[]): [string, string][] {
  return lists.flatMap(({ server, names }) => names.map((name): [string, string] => [server, name]));
}
