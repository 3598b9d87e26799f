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
