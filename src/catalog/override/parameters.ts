import type { TextOverride } from '../../config/catalog-settings.ts';
import { decodeString } from '../../protocol/json-scan.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { withDescription, withMember, withMembers } from './edit.ts';

/** What the owner says of a tool's parameters. */
export interface ParameterRules {
  readonly changes: ReadonlyMap<string, ParameterChange>;
  /** Whether clients are not to see a parameter. */
  isKept(name: string): boolean;
}

export interface ParameterChange {
  readonly descriptions: readonly TextOverride[];
  readonly enum: readonly unknown[] | undefined;
}

export interface ChangedParameters {
  readonly schema: RawJson;
  /** The parameters that the server's schema has, as far as it was followed. */
  readonly found: ReadonlySet<string>;
  /** Those that it demands, whatever else is sent. */
  readonly required: ReadonlySet<string>;
  /** Keywords that were left as they are although they speak, or may speak, of the parameters. */
  readonly unfollowed: ReadonlySet<string>;
}

/** Schemas that are about the same object, so that what they say of its properties is changed as well. */
const BRANCHES = ['allOf', 'anyOf', 'oneOf'];
/** What depends on which property is sent (2020-12; `dependencies` up to draft 7). */
const DEPENDENCIES = ['dependentRequired', 'dependentSchemas', 'dependencies'];
/** What a change there would mean for the whole is no plain matter. */
const CONDITIONS = ['if', 'then', 'else', 'not', 'dependentSchemas', 'dependencies'];
/** What they lead to may be used for something else, too. */
const REFERENCES = ['$ref', '$dynamicRef'];

/**
 * Changes parameters where an input schema declares and demands them: at its root, and in what is combined there. It is itself where that
 * changes nothing, and whatever is odd about it stays. A branch that demanded what clients do not see demands less then.
 */
export function changeParameters(schema: RawJson, rules: ParameterRules): ChangedParameters {
  const found = new Set<string>();
  const unfollowed = new Set<string>();
  const changeLevel = (level: RawJson): RawJson => {
    for (const name of level.raw('properties')?.keys ?? []) found.add(name);
    const own = changeOwn(level, rules);
    for (const keyword of unfollowedIn(own, rules)) unfollowed.add(keyword);
    return BRANCHES.reduce(
      (changed, keyword) => withMember(changed, keyword, (all) => mapItems(all, changeLevel)),
      own,
    );
  };
  const changed = changeLevel(schema);
  return { schema: changed, found, required: new Set(schema.raw('required')?.items().flatMap(textsIn)), unfollowed };
}

function changeOwn(level: RawJson, rules: ParameterRules): RawJson {
  const declared = withMember(level, 'properties', (properties) => changeProperties(properties, rules));
  // Up to draft 4 the list must not be empty.
  const demanded = withMember(declared, 'required', (names) => {
    const left = withoutKept(names, rules);
    return left !== names && left.items().length === 0 ? undefined : left;
  });
  return DEPENDENCIES.reduce(
    (changed, keyword) => withMember(changed, keyword, (dependencies) => changeDependencies(dependencies, rules)),
    demanded,
  );
}

function changeProperties(properties: RawJson, { changes, isKept }: ParameterRules): RawJson {
  const shown = properties.without(...properties.keys.filter(isKept));
  return [...changes]
    .filter(([name]) => shown.has(name))
    .reduce((changed, [name, change]) => withMember(changed, name, (schema) => changeParameter(schema, change)), shown);
}

function changeParameter(schema: RawJson, { descriptions, enum: values }: ParameterChange): RawJson {
  // A schema that allows anything has a short form.
  const long = schema.text === 'true' ? RawJson.of({}) : schema;
  if (!long.isObject) return schema;
  const described = withDescription(long, descriptions);
  const changed = isListOf(long, values)
    ? withMember(described, 'items', (items) => withMembers(items, { enum: values }))
    : withMembers(described, { enum: values });
  return changed === long ? schema : changed;
}

/** Whether values to choose from are meant for what a list holds. */
function isListOf(schema: RawJson, values: readonly unknown[] = []): boolean {
  const items = schema.raw('items');
  return schema.string('type') === 'array' && (items?.isObject ?? true) && !values.some(Array.isArray);
}

function changeDependencies(dependencies: RawJson, rules: ParameterRules): RawJson {
  const left = dependencies.without(...dependencies.keys.filter(rules.isKept));
  // All at once: one by one would take the square of the time.
  const changes = left.keys.flatMap((name) => {
    const needed = left.raw(name);
    const changed = needed && withoutKept(needed, rules);
    return changed === needed ? [] : [[name, changed] as const];
  });
  return changes.length === 0 ? left : left.with(Object.fromEntries(changes));
}

/** A list of names without those that clients do not see. */
function withoutKept(names: RawJson, { isKept }: ParameterRules): RawJson {
  const items = names.items();
  const left = items.filter((item) => !textsIn(item).some(isKept));
  return left.length === items.length ? names : RawJson.of(left);
}

function unfollowedIn(level: RawJson, { isKept }: ParameterRules): string[] {
  const speaks = (keyword: string) => stringsIn(level.raw(keyword)).some(isKept);
  return [...REFERENCES.filter((keyword) => level.has(keyword)), ...CONDITIONS.filter(speaks)];
}

/** All strings in a value, keys included, as they are written. */
function stringsIn(json: RawJson | undefined): string[] {
  return (json?.text.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((quoted) => quoted.slice(1, -1));
}

function mapItems(array: RawJson, change: (item: RawJson) => RawJson): RawJson {
  const items = array.items();
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? array : RawJson.of(changed);
}

/** The string that an item is, if it is one. */
function textsIn({ text }: RawJson): string[] {
  return text.startsWith('"') ? [decodeString(text)] : [];
}
