import * as z from 'zod/mini';

/** As `toISOString` writes it, so that the later one is the greater text. */
const TIME = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/));

const NAME = z.object({
  /** What clients call it. */
  exposed: z.string(),
  server: z.string(),
  /** What its server calls it. */
  name: z.string(),
  /** Tells the program that the server is from others; a server's name is only what it was called. */
  program: z.string(),
  seen: TIME,
});

const READER = z.object({
  /** Tells it from the others. */
  key: z.string(),
  /** What it calls itself, for people. Cut after 100 characters. */
  client: z.string(),
  /** Of the list that it got last. */
  hash: z.string(),
  /** When it got that, or asked for it last; up to a day before. */
  seen: TIME,
});

const CATALOG = z.object({ key: z.string(), seen: TIME, names: z.array(NAME), readers: z.array(READER) });

const STATE = z.object({ version: z.literal(1), catalogs: z.array(CATALOG) });

export type PublishedName = Readonly<z.output<typeof NAME>>;
export type PublishedReader = Readonly<z.output<typeof READER>>;
export type ShownName = Omit<PublishedName, 'seen'>;
export type Reader = Omit<PublishedReader, 'seen'>;

/** What clients were shown of one catalog; the latest come first. Lists, as a tool may be called `__proto__`. */
export interface CatalogState {
  readonly key: string;
  readonly seen: string;
  readonly names: readonly PublishedName[];
  readonly readers: readonly PublishedReader[];
}

export interface PublishedState {
  readonly version: 1;
  readonly catalogs: readonly CatalogState[];
}

export const EMPTY: PublishedState = { version: 1, catalogs: [] };

/** @throws Error that says what is wrong with it. */
export function parseState(data: unknown): PublishedState {
  const result = z.safeParse(STATE, data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'it'} is not what it should be`);
}

/** What was shown just now, as a state of its own. */
export interface News {
  readonly key: string;
  readonly shown: readonly ShownName[];
  readonly reader: Reader | undefined;
}

export function toState({ key, shown, reader }: News, now: number): CatalogState {
  const seen = new Date(now).toISOString();
  const names = shown.slice(0, MAX_NAMES).map((name) => ({ ...name, seen }));
  const readers = reader ? [{ ...reader, client: reader.client.slice(0, LONGEST_CLIENT), seen }] : [];
  return { key, seen, names, readers };
}

/** Whether the same was seen within a day: then it need not be written again. */
export function isKnown({ names, readers }: CatalogState, known: CatalogState | undefined, now: number): boolean {
  const byName = new Map(known?.names.map((name) => [name.exposed, name]));
  const byKey = new Map(known?.readers.map((reader) => [reader.key, reader]));
  return (
    names.every((name) => isSameLately(name, byName.get(name.exposed), now)) &&
    readers.every((reader) => isSameLately(reader, byKey.get(reader.key), now))
  );
}

/** Both together, as far as it is to be remembered; `first` itself when that is all. Of what was seen at the same time, the first counts. */
export function merged(
  first: readonly CatalogState[],
  second: readonly CatalogState[],
  now: number,
): readonly CatalogState[] {
  const catalogs = new Map<string, CatalogState>();
  // Each with itself at first, so that what is too old is forgotten.
  for (const catalog of [...first, ...second])
    catalogs.set(catalog.key, mergedCatalog(catalogs.get(catalog.key) ?? catalog, catalog, now));
  const kept = newest([...catalogs.values()], ({ key }) => key, MAX_CATALOGS, now);
  return isSame(first, kept) ? first : kept;
}

function mergedCatalog(first: CatalogState, second: CatalogState, now: number): CatalogState {
  const names = newest([...first.names, ...second.names], ({ exposed }) => exposed, MAX_NAMES, now);
  const readers = newest([...first.readers, ...second.readers], ({ key }) => key, MAX_READERS, now);
  const [latest = NEVER] = [...names.slice(0, 1), ...readers.slice(0, 1)].sort(latestFirst);
  const { seen } = latest;
  const hasAll = seen === first.seen && isSame(first.names, names) && isSame(first.readers, readers);
  return hasAll ? first : { key: first.key, seen, names, readers };
}

const MAX_CATALOGS = 200;
/** A catalog. */
const MAX_NAMES = 2000;
const MAX_READERS = 100;
/** Characters: strangers choose it. */
const LONGEST_CLIENT = 100;
/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;
const LIFETIME = 180 * DAY;

interface Seen {
  readonly seen: string;
}

const NEVER: Seen = { seen: '' };

/** The latest entry under each key, the latest first, as far as they are to be remembered. */
function newest<Entry extends Seen>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => string,
  max: number,
  now: number,
): Entry[] {
  const latest = new Map<string, Entry>();
  const remembered = entries.filter((entry) => isSeenWithin(LIFETIME, entry, now));
  for (const entry of remembered.sort(latestFirst)) if (!latest.has(keyOf(entry))) latest.set(keyOf(entry), entry);
  return [...latest.values()].slice(0, max);
}

function latestFirst(a: Seen, b: Seen): number {
  if (a.seen === b.seen) return 0;
  return a.seen < b.seen ? 1 : -1;
}

function isSameLately<Entry extends Seen>(entry: Entry, known: Entry | undefined, now: number): boolean {
  if (!known || !isSeenWithin(DAY, known, now)) return false;
  const { seen } = known;
  return Object.entries({ ...entry, seen }).every(([member, value]) => known[member as keyof Entry] === value);
}

/** What is to come was seen while the clock was wrong, and would outlast all else. */
function isSeenWithin(milliseconds: number, { seen }: Seen, now: number): boolean {
  const age = now - Date.parse(seen);
  return age > -DAY && age < milliseconds;
}

function isSame<Entry>(one: readonly Entry[], other: readonly Entry[]): boolean {
  return one.length === other.length && one.every((entry, index) => entry === other[index]);
}
