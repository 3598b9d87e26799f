import fc from 'fast-check';
import { exposedName } from '../../src/catalog/names.ts';

/** Names as servers could call their tools: ordinary, unicode with lone surrogates, long, and made of what the scheme itself uses. */
export const trickyName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('echo', 'read_file', 'files.read', 'a/b', 'Ünïcode', '日本', '__proto__', '', ' ', '_', '__', 'a\nb'),
  fc.string({ unit: fc.constantFrom('a', 'b', '_', '-', '.', '0'), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('a', '_', '.'), minLength: 40, maxLength: 90 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.integer({ min: 0xd800, max: 0xdfff }), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
  fc.stringMatching(/^[a-z]{0,3}_[0-9a-f]{16}$/),
);

/** As `trickyName`, and sometimes the very name that another tool is exposed under. */
export const imitatingName: fc.Arbitrary<string> = fc.oneof(
  trickyName,
  fc.tuple(trickyName, fc.option(trickyName, { nil: undefined })).map(([name, server]) => exposedName(name, server)),
);

export interface Listing {
  server: string;
  names: string[];
}

export const listings: fc.Arbitrary<Listing[]> = fc.uniqueArray(
  fc.record({ server: imitatingName, names: fc.uniqueArray(imitatingName, { maxLength: 6 }) }),
  { selector: ({ server }) => server, minLength: 1, maxLength: 5 },
);

/** What servers list, and what the owner says of names. */
export interface World {
  readonly lists: Listing[];
  readonly given: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly reserved: readonly string[];
}

/** Names that the owner may give: legal, and each for one tool of a server. Some are what another tool is called already. */
function givenNames(names: readonly string[]): fc.Arbitrary<ReadonlyMap<string, string>> {
  const legal = names.map((name) => exposedName(name));
  const wanted = fc.oneof(
    fc.constantFrom('read', 'search', 'a__b', ...legal),
    fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  );
  const tool = fc.oneof(fc.constantFrom('gone', ...names), trickyName);
  return (
    fc
      .uniqueArray(fc.tuple(tool, wanted), { selector: ([, name]) => name, maxLength: 4 })
      .map((pairs) => new Map(pairs))
      // Of two for one tool the later counts, as in the configuration.
      .map((map) => new Map([...new Map([...map].map(([own, name]) => [name, own]))].map(([name, own]) => [own, name])))
  );
}

export const worlds: fc.Arbitrary<World> = listings.chain((lists) =>
  fc.record({
    lists: fc.constant(lists),
    given: fc
      .tuple(...lists.map(({ names }) => givenNames(names)))
      .map((maps) => new Map(lists.map(({ server }, index) => [server, maps[index] ?? new Map<string, string>()]))),
    reserved: fc.subarray(['search', 'fetch']),
  }),
);
