import { canonical } from '../../protocol/canonical.ts';
import { type Core, extrasOf, isAnything, isPossible, itemOf, Never, type Part, propertyOf } from './core.ts';
import { type TypeName, typesOf, valuesOf, without } from './schema.ts';

/** Counts what is done for one schema, and throws when it is too much: sizes multiply where schemas are combined, and strangers wrote them. */
export interface Work {
  spend(): void;
}

/** What satisfies both. Where annotations differ, those of the first are kept. */
export function intersection(a: Part, b: Part, work: Work): Part {
  if (a instanceof Never) return a;
  if (b instanceof Never) return b;
  work.spend();
  if (Object.keys(a).length === 0) return b;
  if (isAnything(b)) return { ...b, ...a };
  const types = commonTypes(typesOf(a), typesOf(b));
  if (types?.length === 0) return new Never('it has to be of two types at once');
  const values = commonValues(a, b);
  if (values?.enum?.length === 0) return new Never('it allows no value');
  const merged: Core = {
    ...(values ? without(b, 'enum', 'const') : b),
    ...(values ? without(a, 'enum', 'const') : a),
    ...(types && { type: types.length === 1 ? types[0] : types }),
    ...values,
    ...combined(a, b),
    ...commonProperties(a, b, work),
    ...commonItems(a, b, work),
  };
  return withAlternatives(merged, [a.anyOf, b.anyOf, ...apart(a, b)], work);
}

/** The same as schemas of which each says all by itself. */
export function variantsOf(core: Core, work: Work): Core[] {
  if (!core.anyOf || standsApart(core)) return [core];
  const base = without(core, 'anyOf');
  return core.anyOf.flatMap((branch) => {
    const variant = intersection(base, branch, work);
    return variant instanceof Never ? [] : variantsOf(variant, work);
  });
}

function commonTypes(
  a: readonly TypeName[] | undefined,
  b: readonly TypeName[] | undefined,
): readonly TypeName[] | undefined {
  if (!a || !b) return a ?? b;
  const takes = (types: readonly TypeName[], type: TypeName) =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  return [...new Set([...a.filter((type) => takes(b, type)), ...b.filter((type) => takes(a, type))])].filter(
    (type, _index, all) => type !== 'integer' || !all.includes('number'),
  );
}

function commonValues(a: Core, b: Core): Core | undefined {
  const [listA, listB] = [valuesOf(a), valuesOf(b)];
  if (!listA || !listB) return undefined;
  const known = new Set(listB.map(canonical));
  return { enum: listA.filter((value) => known.has(canonical(value))) };
}

type Combine = (a: number, b: number) => number;

const BOUNDS: readonly (readonly [keyword: string, combine: Combine])[] = [
  ...['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'].map((key) => [key, Math.max] as const),
  ...['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'].map((key) => [key, Math.min] as const),
];

function combined(a: Core, b: Core): Core {
  const bounds = BOUNDS.flatMap(([key, combine]) => {
    const [boundA, boundB] = [a[key], b[key]];
    return typeof boundA === 'number' && typeof boundB === 'number' ? [[key, combine(boundA, boundB)]] : [];
  });
  const required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  return {
    ...Object.fromEntries(bounds),
    ...(required.length > 0 && { required }),
    ...((a.uniqueItems || b.uniqueItems) && { uniqueItems: true }),
  };
}

function commonProperties(a: Core, b: Core, work: Work): Core {
  const describes = ({ properties, additionalProperties }: Core) => (properties ?? additionalProperties) !== undefined;
  if (!describes(a) && !describes(b)) return {};
  const names = new Set([a, b].flatMap(({ properties = {} }) => Object.keys(properties)));
  const properties = [...names].map(
    (name) => [name, intersection(propertyOf(a, name), propertyOf(b, name), work)] as const,
  );
  const extras = intersection(extrasOf(a), extrasOf(b), work);
  return {
    properties: Object.fromEntries(properties),
    ...(extras instanceof Never && { additionalProperties: false }),
    ...(!isAnything(extras) && !(extras instanceof Never) && { additionalProperties: extras }),
  };
}

function commonItems(a: Core, b: Core, work: Work): Core {
  const length = Math.max(a.prefixItems?.length ?? 0, b.prefixItems?.length ?? 0);
  const both = (index: number) => intersection(itemOf(a, index), itemOf(b, index), work);
  return {
    ...(length > 0 && { prefixItems: Array.from({ length }, (_, index) => both(index)) }),
    ...((a.items ?? b.items) && { items: both(length) }),
  };
}

const ONLY_ONCE = ['pattern', 'multipleOf'] as const;

/** Whether the only alternative is none: it is there since a schema has room for one pattern and one factor. */
export function standsApart({ anyOf = [] }: Core): boolean {
  const [only, ...more] = anyOf;
  if (only === undefined || more.length > 0) return false;
  const { anyOf: deeper, ...rest } = only;
  const isLone = Object.keys(rest).every((keyword) => ONLY_ONCE.some((each) => each === keyword));
  return isLone && (deeper === undefined || standsApart(only));
}

/** What of the second schema there is no room for beside the first. */
function apart(a: Core, b: Core): Core[][] {
  const keys = ONLY_ONCE.filter((key) => a[key] !== undefined && b[key] !== undefined && a[key] !== b[key]);
  return keys.map((key) => [{ [key]: b[key] }]);
}

function withAlternatives(core: Core, lists: readonly (readonly Core[] | undefined)[], work: Work): Part {
  const [first, ...more] = lists.filter((list) => list !== undefined);
  if (!first) return core;
  const anyOf = more.reduce(
    (product, list) => product.flatMap((a) => list.map((b) => intersection(a, b, work)).filter(isPossible)),
    first,
  );
  const [only, ...others] = anyOf;
  if (only === undefined) return new Never('no two of its alternatives go together');
  const alternatives = { ...core, anyOf };
  if (others.length > 0 || standsApart(alternatives)) return alternatives;
  return intersection(without(core, 'anyOf'), only, work);
}
