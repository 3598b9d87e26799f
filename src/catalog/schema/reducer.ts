import type { Core, Part } from './core.ts';
import type { Dialect } from './drafts.ts';
import type { Reader } from './exclusion.ts';
import type { Work } from './intersection.ts';
import type { References } from './references.ts';

/** How one schema is reduced. */
export interface Reduction {
  readonly references: References;
  readonly dialect: Dialect;
  /** How often a schema that contains itself is written out in itself, the first time included. */
  readonly unrolled: number;
  /** How many references are followed inside of one another. */
  readonly nested: number;
  /** Whether `unevaluatedProperties` or `unevaluatedItems` are anywhere: then it matters which of several true things is said. */
  readonly mindsEvaluation: boolean;
  readonly work: Work;
  /** Hears of every change, and where it was made. */
  readonly note: (change: string, at: string) => void;
}

/** Where in the original a schema is. */
export interface Place {
  /** Keywords and names with dots between them. */
  readonly at: string;
  /** Levels of schemas down to this one. */
  readonly level: number;
  /** Calls inside of one another; combinators and references add to these as well. */
  readonly depth: number;
  /** How many references were followed down to this one. */
  readonly followed: number;
  readonly outer: Outer | undefined;
}

/** The schemas that a schema is in, by whatever reference. */
export interface Outer {
  readonly raw: unknown;
  readonly outer: Outer | undefined;
}

/** How often a schema is among those. */
export function timesIn(raw: unknown, { outer }: Place): number {
  let times = 0;
  for (let each = outer; each !== undefined; each = each.outer) if (each.raw === raw) times += 1;
  return times;
}

export interface Reducer {
  readonly reader: Reader;
  readonly reduction: Reduction;
  /** What satisfies both. That schemas are reduced in the light of what holds beside them lets `not` and `if` say more. */
  conjoin(core: Core, raw: unknown, place: Place): Part;
}

/** The place of a schema in a schema. */
export function within(place: Place, path: string): Place {
  return { ...place, at: pathOf(place.at, path), level: place.level + 1, depth: place.depth + 1 };
}

/** The place of a schema that speaks of the same value. */
export function beside(place: Place, path: string): Place {
  return { ...place, at: pathOf(place.at, path), depth: place.depth + 1 };
}

export function pathOf(at: string, path: string): string {
  return at === '' ? path : `${at}.${path}`;
}

/** Words for a place. */
export function named(at: string): string {
  return at === '' ? 'the root' : at;
}
