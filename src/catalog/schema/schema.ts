/** A JSON Schema that is an object, of any draft, as `JSON.parse` made it. What its members are has to be looked at. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'] as const;

export type TypeName = (typeof TYPES)[number];

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of its own: an author may call a property `__proto__` or `constructor`. */
export function memberOf(object: Schema, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A member that is an object; an empty one where it is missing. */
export function membersOf(schema: Schema, key: string): Schema {
  const members = schema[key];
  return isObject(members) ? members : {};
}

/** A member that is an array; an empty one where it is missing. */
export function listOf(schema: Schema, key: string): readonly unknown[] {
  const list = schema[key];
  return Array.isArray(list) ? list : [];
}

/** The same without some members; itself when it has none of them. */
export function without(schema: Schema, ...keys: readonly string[]): Schema {
  if (!keys.some((key) => Object.hasOwn(schema, key))) return schema;
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !gone.has(key)));
}

export function isTypeName(value: unknown): value is TypeName {
  return TYPES.some((type) => type === value);
}

/** The types that `type` allows; `undefined` where it says nothing. */
export function typesOf({ type }: Schema): readonly TypeName[] | undefined {
  if (isTypeName(type)) return [type];
  return Array.isArray(type) ? type.filter(isTypeName) : undefined;
}

/** Whether a schema without further keywords of this type takes the value. A number without fraction is an integer, however it was written. */
export function isOfType(value: unknown, type: TypeName): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  return type === 'object' ? isObject(value) : typeof value === type;
}

/** The values that `enum` and `const` leave; `undefined` where neither says anything. */
export function valuesOf(schema: Schema): readonly unknown[] | undefined {
  const listed = Array.isArray(schema.enum) ? schema.enum : undefined;
  if (!Object.hasOwn(schema, 'const')) return listed;
  return listed?.some((value) => isEqual(value, schema.const)) === false ? [] : [schema.const];
}

/** Whether two JSON values are the same value. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

/** The keywords that each type of value answers to. All others apply to every value, or assert nothing. */
export const KEYWORDS_OF: ReadonlyMap<TypeName, readonly string[]> = new Map([
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems']],
  ['object', ['properties', 'additionalProperties', 'required', 'minProperties', 'maxProperties']],
]);

/** A schema without the keywords that say nothing of these types. */
export function keywordsFor(schema: Schema, types: readonly TypeName[]): Schema {
  const says = (type: TypeName) => types.includes(type) || (type === 'number' && types.includes('integer'));
  const foreign = [...KEYWORDS_OF].filter(([type]) => !says(type));
  return without(schema, ...foreign.flatMap(([, keywords]) => keywords));
}
