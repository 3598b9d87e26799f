import { canonical } from '../../protocol/canonical.ts';
import { ASSERTIONS } from './core.ts';
import { type Dialect, readSchema } from './drafts.ts';
import { possibleTypes } from './exclusion.ts';
import type { Work } from './intersection.ts';
import { isPortable } from './patterns.ts';
import { isStrict } from './profile.ts';
import { pathOf } from './reducer.ts';
import type { References } from './references.ts';
import {
  isObject,
  isOfType,
  keywordsFor,
  listOf,
  membersOf,
  type Schema,
  typesOf,
  valuesOf,
  without,
} from './schema.ts';

export interface Loosening {
  readonly references: References;
  readonly dialect: Dialect;
  readonly work: Work;
  /** Hears of every change, and where it was made. */
  readonly note: (change: string, at: string) => void;
}

/**
 * Brings the schema of results into the strict profile, for which it may take more than the original, and never less: a client refuses results that
 * their schema does not take. `undefined` where it would have to take anything, for which the profile has no word.
 */
export function loosenSchema(root: unknown, loosening: Loosening): Schema | undefined {
  const strict = new WeakMap<Schema, boolean>();
  const loosen: Loosen = (raw, place) => {
    if (!isObject(raw) || place.depth > MAX_DEPTH) return undefined;
    loosening.work.spend();
    return isStrict(raw, strict) ? raw : loosenOdd(raw, place, loosen, loosening);
  };
  return loosen(root, { at: '', depth: 1, open: [] });
}

/** Within the profile's limit of levels, references included. */
const MAX_DEPTH = 24;

interface Place {
  readonly at: string;
  readonly depth: number;
  /** What the references that lead here stand for. */
  readonly open: readonly unknown[];
}

type Loosen = (raw: unknown, place: Place) => Schema | undefined;

function within(place: Place, path: string): Place {
  return { ...place, at: pathOf(place.at, path), depth: place.depth + 1 };
}

/** The schema itself, or else what it refers to, or one of those that it combines: to assert less is to take more. */
function loosenOdd(raw: Schema, place: Place, loosen: Loosen, loosening: Loosening): Schema | undefined {
  const { note, dialect } = loosening;
  const { schema: node, changes } = readSchema(raw, dialect);
  for (const change of changes) note(change, place.at);
  const own = loosenNode(node, place, loosen, (change) => note(change, place.at));
  if (own) return own;
  const { title, description } = node;
  const found = [targetOf(raw, loosening), ...listOf(node, 'allOf')].reduce<Schema | undefined>(
    (loosened, other) => loosened ?? (place.open.includes(other) ? undefined : loosen(other, into(place, other))),
    undefined,
  );
  return (
    found && { ...found, ...(title !== undefined && { title }), ...(description !== undefined && { description }) }
  );
}

function targetOf(raw: Schema, { references }: Loosening): unknown {
  return typeof raw.$ref === 'string' ? references.targetOf(raw, raw.$ref) : undefined;
}

function into(place: Place, target: unknown): Place {
  return { ...place, depth: place.depth + 1, open: [...place.open, target] };
}

function loosenNode(node: Schema, place: Place, loosen: Loosen, note: (change: string) => void): Schema | undefined {
  const types = typesOf(node);
  const alternatives = [...listOf(node, 'anyOf'), ...listOf(node, 'oneOf')];
  if (valuesOf(node)) return loosenValues(node);
  if (types === undefined) return loosenAlternatives(node, alternatives, place, loosen);
  if (types.length === 0) return undefined;
  const given = keywordsFor(node, types);
  const lost = Object.keys(given).filter(
    (keyword) => GIVEN_UP.has(keyword) || (keyword === 'pattern' && !isPortable(String(given.pattern))),
  );
  for (const keyword of lost) note(`gave up ${keyword}`);
  // What patterns describe is not described any more, and so must not be forbidden.
  const open = lost.includes('patternProperties') ? ['additionalProperties'] : [];
  const array = loosenArray(without(given, ...lost, ...open), place, loosen);
  return array && loosenObject(array, place, loosen, note);
}

const GIVEN_UP: ReadonlySet<string> = new Set([
  ...['$ref', '$dynamicRef', '$recursiveRef', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else'],
  ...['dependentRequired', 'dependentSchemas', 'contains', 'minContains', 'maxContains'],
  ...['patternProperties', 'propertyNames', 'unevaluatedItems', 'unevaluatedProperties'],
]);

/** Values without items, which would have to be described. */
function loosenValues(node: Schema): Schema | undefined {
  const types = typesOf(node);
  const values = (valuesOf(node) ?? []).filter((value) => !types || types.some((type) => isOfType(value, type)));
  if (values.length === 0 || values.some(Array.isArray)) return undefined;
  return {
    ...without(node, ...GIVEN_UP, ...ASSERTIONS),
    type: possibleTypes({ enum: values }).filter((type) => type !== 'integer'),
    enum: values,
  };
}

function loosenAlternatives(
  node: Schema,
  alternatives: readonly unknown[],
  place: Place,
  loosen: Loosen,
): Schema | undefined {
  const branches = alternatives.map((branch, index) => loosen(branch, within(place, `anyOf.${index}`)));
  if (branches.length === 0 || branches.some((branch) => branch === undefined)) return undefined;
  return { ...without(node, ...GIVEN_UP, ...ASSERTIONS), anyOf: branches };
}

/** A tuple becomes a list of what its places take. */
function loosenArray(node: Schema, place: Place, loosen: Loosen): Schema | undefined {
  if (!typesOf(node)?.includes('array')) return node;
  const { prefixItems, items = true, ...rest } = node;
  const places = Array.isArray(prefixItems) ? prefixItems : [];
  const parts = items === false ? places : [...places, items];
  const loosened = parts.map((part) => loosen(part, within(place, 'items')));
  if (loosened.length === 0 || loosened.some((part) => part === undefined)) return undefined;
  const [only, ...more] = new Map(loosened.map((part) => [canonical(part), part])).values();
  const most = items === false ? Math.min(places.length, Number(node.maxItems ?? Infinity)) : undefined;
  return {
    ...rest,
    items: more.length === 0 ? only : { anyOf: [only, ...more] },
    ...(most !== undefined && { maxItems: most }),
  };
}

/** A property that may be anything is one that is not mentioned, and then others have to be allowed. */
function loosenObject(node: Schema, place: Place, loosen: Loosen, note: (change: string) => void): Schema {
  if (!typesOf(node)?.includes('object')) return node;
  const { properties, additionalProperties = true, required, ...rest } = node;
  const entries = Object.entries(membersOf(node, 'properties')).map(
    ([name, schema]) => [name, loosen(schema, within(place, `properties.${name}`))] as const,
  );
  const described = entries.filter(([, schema]) => schema !== undefined);
  const known = new Set(described.map(([name]) => name));
  for (const [name] of entries) if (!known.has(name)) note(`does not describe ${name}`);
  const isWhole = described.length === entries.length;
  const others = isObject(additionalProperties)
    ? loosen(additionalProperties, within(place, 'additionalProperties'))
    : additionalProperties;
  return {
    ...rest,
    ...(properties !== undefined && { properties: Object.fromEntries(described) }),
    ...(isWhole && others !== undefined && others !== true && { additionalProperties: others }),
    ...(required !== undefined && { required: listOf(node, 'required').filter((name) => known.has(String(name))) }),
  };
}
