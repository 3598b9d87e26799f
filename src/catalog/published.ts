import { canonical } from '../protocol/canonical.ts';
import { parsed } from '../protocol/json-scan.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { shortHash } from './short-hash.ts';

/** Tells a list of tools from any other: 64 bits as hex digits, the same in whatever order the tools and their members come. */
export function hashOfCatalog(tools: readonly RawJson[]): string {
  // Of a single server's tools, some may hold a string that cannot be read.
  return shortHash(tools.map(({ text }) => canonical(parsed(text) ?? text)).sort(), HASH_LENGTH);
}

const HASH_LENGTH = 16;

/** For people, how the names of one list differ from those of the list before: `2 new, 1 gone`. */
export function describeChange(before: readonly string[], after: readonly string[]): string {
  const added = countMissing(after, before);
  const gone = countMissing(before, after);
  if (added + gone === 0) return 'the same names';
  return [added > 0 && `${added} new`, gone > 0 && `${gone} gone`].filter(Boolean).join(', ');
}

/** How many of the names are not among the others. */
function countMissing(names: readonly string[], others: readonly string[]): number {
  const known = new Set(others);
  return [...new Set(names)].filter((name) => !known.has(name)).length;
}
