import { CHECKS } from './profile.ts';
import { isObject, isTypeName, listOf, membersOf, type Schema, type TypeName, without } from './schema.ts';

/** A year, or for the older drafts their number. */
export type Dialect = number;

/** Which draft a whole schema is written in, by its `$schema`. MCP takes what does not say for 2020-12. */
export function dialectOf(root: unknown): Dialect {
  const tag = isObject(root) && typeof root.$schema === 'string' ? root.$schema : '';
  const [, year, draft] = /draft\/(\d{4})|draft-0?(\d)/.exec(tag) ?? [];
  return Number(year ?? draft ?? 2020);
}

/** A schema in the words of 2020-12, and what was changed for that. */
export interface Reading {
  readonly schema: Schema;
  readonly changes: readonly string[];
}

/**
 * Says a schema in the words of 2020-12, however old its own are; the schemas in it are left as they are. It takes what the original takes.
 * References must have been resolved before: what only they need is gone. So is what has no meaning (`"enum": null`, `"minLength": "3"`).
 */
export function readSchema(raw: Schema, dialect: Dialect): Reading {
  const changes: string[] = [];
  const note = (change: string) => changes.push(change);
  const steps = [withoutTags, withTypes, withBounds, withDependencies, withTuple, withRequired, withoutNonsense];
  return { schema: steps.reduce((schema, step) => step(schema, note, dialect), raw), changes };
}

type Step = (schema: Schema, note: (change: string) => unknown, dialect: Dialect) => Schema;

const TAGS = [
  ...['$schema', '$id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', '$vocabulary', '$comment'],
  ...['$defs', 'definitions'],
  // OpenAPI's, whose mapping leads to definitions.
  'discriminator',
  // About the inside of a string; it asserts nothing, and may refer to definitions.
  'contentSchema',
];

const withoutTags: Step = (schema, note, dialect) => {
  const tags = TAGS.filter((tag) => Object.hasOwn(schema, tag));
  for (const tag of tags) note(`removed ${tag}`);
  if (dialect <= 4 && typeof schema.id === 'string') tags.push('id');
  return tags.length === 0 ? schema : without(schema, ...tags);
};

/** What people write who think in their programming language. */
const TYPE_ALIASES: ReadonlyMap<string, TypeName> = new Map([
  ['str', 'string'],
  ['text', 'string'],
  ['int', 'integer'],
  ['long', 'integer'],
  ['float', 'number'],
  ['double', 'number'],
  ['bool', 'boolean'],
  ['list', 'array'],
  ['dict', 'object'],
  ['map', 'object'],
  ['none', 'null'],
]);

const withTypes: Step = (schema, note) => {
  const { type, nullable } = schema;
  if (type === undefined || type === null) return without(schema, 'type', ...(nullable === true ? ['nullable'] : []));
  const given = Array.isArray(type) ? type : [type];
  // Draft 3.
  if (given.includes('any')) return without(schema, 'type', 'nullable');
  const types = new Set(given.flatMap(typeNamed));
  // OpenAPI 3.0, and Ajv.
  if (nullable === true) types.add('null');
  if (nullable !== true && types.size === given.length && given.every(isTypeName)) return schema;
  note(`respelt the type ${JSON.stringify(type)}`);
  const [only = type, ...more] = types;
  return { ...without(schema, 'nullable'), type: types.size === 0 ? [] : more.length === 0 ? only : [...types] };
};

function typeNamed(name: unknown): TypeName[] {
  if (isTypeName(name)) return [name];
  const lower = typeof name === 'string' ? name.toLowerCase() : '';
  const type = isTypeName(lower) ? lower : TYPE_ALIASES.get(lower);
  return type ? [type] : [];
}

/** Draft 4: `exclusiveMinimum` says how `minimum` is meant. */
const withBounds: Step = (schema, note) => {
  const flags = [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const;
  return flags.reduce((changed, [bound, flag]) => {
    if (typeof changed[flag] !== 'boolean') return changed;
    note(`respelt ${flag}`);
    if (!changed[flag] || typeof changed[bound] !== 'number') return without(changed, flag);
    return { ...without(changed, bound), [flag]: changed[bound] };
  }, schema);
};

/** Up to draft 7: lists of names and schemas under one keyword. */
const withDependencies: Step = (schema) => {
  if (!isObject(schema.dependencies)) return schema;
  const entries = Object.entries(schema.dependencies).map(
    ([name, needed]) => [name, typeof needed === 'string' ? [needed] : needed] as const,
  );
  const lists = entries.filter(([, needed]) => Array.isArray(needed));
  const schemas = entries.filter(([, needed]) => !Array.isArray(needed));
  return {
    ...without(schema, 'dependencies'),
    dependentRequired: { ...membersOf(schema, 'dependentRequired'), ...Object.fromEntries(lists) },
    dependentSchemas: { ...membersOf(schema, 'dependentSchemas'), ...Object.fromEntries(schemas) },
  };
};

/** Before 2020-12 a tuple is an array under `items`, and `prefixItems` means nothing. */
const withTuple: Step = (schema, _note, dialect) => {
  const { items, additionalItems = true } = schema;
  const current = dialect < 2020 ? without(schema, 'prefixItems') : schema;
  if (!Array.isArray(items)) return without(current, 'additionalItems');
  const tuple = { prefixItems: items, items: additionalItems };
  const rest = without(current, 'items', 'additionalItems');
  return rest.prefixItems === undefined ? { ...rest, ...tuple } : { ...rest, allOf: [...listOf(rest, 'allOf'), tuple] };
};

/** Draft 3: a property says of itself that it is required. */
const withRequired: Step = (schema, note) => {
  const flagged = Object.entries(membersOf(schema, 'properties'))
    .filter(([, property]) => isObject(property) && property.required === true)
    .map(([name]) => name);
  const named = listOf(schema, 'required').filter((name) => typeof name === 'string');
  const required = [...new Set([...named, ...flagged])];
  if (Array.isArray(schema.required) && required.length === schema.required.length) return schema;
  if (required.length === 0) return without(schema, 'required');
  note('respelt required');
  return { ...schema, required };
};

const isSchema = (value: unknown) => typeof value === 'boolean' || isObject(value);
const isSchemaList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isSchema);

/** Keywords whose values are checked differently here than in the profile, which has no place for them, or for all that they may be. */
const MEANINGS: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ...['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains'].map((key) => [key, isSchema] as const),
  ...['propertyNames', 'unevaluatedItems', 'unevaluatedProperties'].map((key) => [key, isSchema] as const),
  ...['allOf', 'anyOf', 'oneOf'].map((key) => [key, isSchemaList] as const),
  ...['patternProperties', 'dependentRequired', 'dependentSchemas'].map((key) => [key, isObject] as const),
  ...['$ref', '$dynamicRef', '$recursiveRef', 'pattern'].map(
    (key) => [key, (value: unknown) => typeof value === 'string'] as const,
  ),
  ['prefixItems', (value) => Array.isArray(value) && value.every(isSchema)],
  ['enum', Array.isArray],
  ['type', () => true],
]);

const withoutNonsense: Step = (schema, note) => {
  const nonsense = Object.keys(schema).filter((key) => {
    const check = MEANINGS.get(key) ?? CHECKS.get(key);
    return check !== undefined && !check(schema[key]);
  });
  for (const key of nonsense) note(`removed ${key}, which is ${excerpt(schema[key])}`);
  const rest = nonsense.length === 0 ? schema : without(schema, ...nonsense);
  const properties = Object.entries(membersOf(rest, 'properties'));
  const sound = properties.filter(([, property]) => isSchema(property));
  if (sound.length === properties.length) return rest;
  for (const [name, property] of properties)
    if (!isSchema(property)) note(`removed the property ${name}, which is no schema`);
  return { ...rest, properties: Object.fromEntries(sound) };
};

function excerpt(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? 'nothing';
}
