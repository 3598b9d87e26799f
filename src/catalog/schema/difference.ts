import { canonical } from '../../protocol/canonical.ts';
import { type Core, Never, type Part, union } from './core.ts';
import { excludes, PROOF_DEPTH, possibleTypes, type Reader } from './exclusion.ts';
import { intersection, standsApart, variantsOf } from './intersection.ts';
import { isObject, isOfType, listOf, membersOf, type Schema, type TypeName, valuesOf, without } from './schema.ts';

/** What satisfies one schema and certainly not another. */
export interface Difference {
  readonly rest: Part;
  /** Whether that is all there is. Not every negation can be said. */
  readonly isWhole: boolean;
}

/**
 * What is left of a schema without what satisfies the other one. To fail a schema is to fail one of its keywords, so the rest is the union of
 * what fails each; keywords whose failure cannot be said are left out, which makes the rest smaller and never wrong.
 */
export function difference(core: Core, raw: unknown, reader: Reader, depth: number = PROOF_DEPTH): Difference {
  if (raw === false) return { rest: core, isWhole: true };
  if (!isObject(raw) || depth === 0) return { rest: NOTHING, isWhole: raw === true };
  if (excludes(core, raw, reader)) return { rest: core, isWhole: true };
  if (core.anyOf && !standsApart(core)) {
    return unionOf(variantsOf(core, reader.work).map((variant) => difference(variant, raw, reader, depth - 1)));
  }
  const { schema: node } = reader.read(raw);
  const deeper = (schema: unknown) => difference(core, schema, reader, depth - 1);
  const isUnderstood = Object.keys(node).every((keyword) => !UNDENIABLE.has(keyword));
  return unionOf([
    ...(isUnderstood ? [] : [{ rest: NOTHING, isWhole: false }]),
    ...[...reader.targetsOf(raw), ...listOf(node, 'allOf')].map(deeper),
    ...withoutTypes(core, node),
    ...withoutValues(core, node),
    ...beyondBounds(core, node, reader),
    ...listOf(node, 'required').map((name) => ({ rest: lacking(core, String(name), reader), isWhole: true })),
    ...withOtherProperties(core, node, reader, depth),
    ...failingAll(core, listOf(node, 'anyOf'), reader, depth),
  ]);
}

const NOTHING = new Never('nothing is left of it');
const ABSENT = new Never('what is beside it excludes it');

/** Keywords that assert something whose opposite cannot be said. */
const UNDENIABLE: ReadonlySet<string> = new Set([
  ...['pattern', 'multipleOf', 'items', 'prefixItems', 'uniqueItems', 'contains', 'minContains', 'maxContains'],
  ...['additionalProperties', 'patternProperties', 'propertyNames', 'dependentRequired', 'dependentSchemas'],
  ...['oneOf', 'not', 'if', 'unevaluatedItems', 'unevaluatedProperties'],
]);

function unionOf(differences: readonly Difference[]): Difference {
  return {
    rest: union(
      differences.map(({ rest }) => rest),
      NOTHING.reason,
    ),
    isWhole: differences.every(({ isWhole }) => isWhole),
  };
}

function withoutTypes(core: Core, node: Schema): Difference[] {
  if (node.type === undefined) return [];
  const taken = possibleTypes({ type: node.type });
  const types = possibleTypes(core);
  const left = types.filter((type) => !taken.includes(type) && !(type === 'integer' && taken.includes('number')));
  // There is no word for a number with a fraction.
  const sayable = left.filter((type) => type !== 'number' || !taken.includes('integer'));
  return [{ rest: withTypes(core, sayable), isWhole: sayable.length === left.length }];
}

function withTypes(core: Core, types: readonly TypeName[]): Part {
  if (types.length === 0) return NOTHING;
  const needed = types.filter((type) => type !== 'integer' || !types.includes('number'));
  const [only = needed, ...more] = needed;
  return { ...core, type: more.length === 0 ? only : needed };
}

function withoutValues(core: Core, node: Schema): Difference[] {
  const taken = valuesOf(node);
  if (!taken) return [];
  const known = new Set(taken.map(canonical));
  const values = valuesOf(core);
  const left = values?.filter((value) => !known.has(canonical(value)));
  if (left) {
    const rest = left.length === 0 ? NOTHING : { ...without(core, 'const'), enum: left };
    return [{ rest, isWhole: true }];
  }
  const types = possibleTypes(core);
  const touched = types.filter((type) => taken.some((value) => isOfType(value, type)));
  const untouched = types.filter(
    (type) => !touched.includes(type) && !(type === 'integer' && touched.includes('number')),
  );
  const other = [true, false].filter((flag) => touched.includes('boolean') && !known.has(String(flag)));
  return [
    { rest: withTypes(core, untouched), isWhole: touched.every((type) => type === 'boolean' || type === 'null') },
    ...other.map((flag) => ({ rest: { ...core, type: 'boolean', enum: [flag] } as const, isWhole: true })),
  ];
}

/** Each bound, the type that it is about, and the schema of what is beyond it. */
const BEYOND: readonly (readonly [keyword: string, type: TypeName, beyond: (bound: number) => Core])[] = [
  ['minimum', 'number', (bound) => ({ exclusiveMaximum: bound })],
  ['maximum', 'number', (bound) => ({ exclusiveMinimum: bound })],
  ['exclusiveMinimum', 'number', (bound) => ({ maximum: bound })],
  ['exclusiveMaximum', 'number', (bound) => ({ minimum: bound })],
  ['minLength', 'string', (bound) => ({ maxLength: bound - 1 })],
  ['maxLength', 'string', (bound) => ({ minLength: bound + 1 })],
  ['minItems', 'array', (bound) => ({ maxItems: bound - 1 })],
  ['maxItems', 'array', (bound) => ({ minItems: bound + 1 })],
  ['minProperties', 'object', (bound) => ({ maxProperties: bound - 1 })],
  ['maxProperties', 'object', (bound) => ({ minProperties: bound + 1 })],
];

function beyondBounds(core: Core, node: Schema, { work }: Reader): Difference[] {
  return BEYOND.flatMap(([keyword, type, beyond]) => {
    const bound = node[keyword];
    if (typeof bound !== 'number') return [];
    const isPossible = !keyword.startsWith('min') || keyword === 'minimum' || bound > 0;
    return [{ rest: isPossible ? intersection(core, { type, ...beyond(bound) }, work) : NOTHING, isWhole: true }];
  });
}

/** Objects that satisfy a schema and lack a property. */
export function lacking(core: Core, name: string, { work }: Reader): Part {
  if (core.required?.includes(name)) return NOTHING;
  return intersection(core, { type: 'object', properties: { [name]: ABSENT } }, work);
}

/** Objects that have a property, and have it otherwise. Only one that is described already: to describe it would also be to evaluate it. */
function withOtherProperties(core: Core, node: Schema, reader: Reader, depth: number): Difference[] {
  return Object.entries(membersOf(node, 'properties')).map(([name, schema]) => {
    const { properties = {}, additionalProperties } = core;
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) return { rest: NOTHING, isWhole: additionalProperties === false };
    if (property instanceof Never) return { rest: NOTHING, isWhole: true };
    const { rest, isWhole } = difference(property, schema, reader, depth - 1);
    if (rest instanceof Never) return { rest, isWhole };
    const narrowed = { type: 'object', properties: { [name]: rest }, required: [name] } as const;
    return {
      rest: intersection({ ...core, properties: { ...properties, [name]: {} } }, narrowed, reader.work),
      isWhole,
    };
  });
}

/** To fail `anyOf` is to fail all of it. */
function failingAll(core: Core, schemas: readonly unknown[], reader: Reader, depth: number): Difference[] {
  if (schemas.length === 0) return [];
  let left: Difference = { rest: core, isWhole: true };
  for (const schema of schemas) {
    if (left.rest instanceof Never) break;
    const { rest, isWhole } = difference(left.rest, schema, reader, depth - 1);
    left = { rest, isWhole: isWhole && left.isWhole };
  }
  return [left];
}
