import { withCombinators } from './combinators.ts';
import { annotationsOf, type Core, extrasOf, itemOf, Never, type Part, union, withoutAnnotations } from './core.ts';
import { type Reading, readSchema } from './drafts.ts';
import type { Reader } from './exclusion.ts';
import { intersection, variantsOf } from './intersection.ts';
import { portablePatterns } from './patterns.ts';
import { isStrict } from './profile.ts';
import { withPatternProperties, withPropertyNames } from './property-names.ts';
import { beside, type Place, type Reducer, type Reduction, timesIn, within } from './reducer.ts';
import { isObject, memberOf, type Schema, TYPES, typesOf, without } from './schema.ts';

/** Says a whole schema in the few keywords of {@link Core}. Whatever satisfies the result satisfies the schema, and not always the other way round. */
export function reduceSchema(root: unknown, reduction: Reduction): Part {
  const reducer = createReducer(reduction);
  return reducer.conjoin({}, root, { at: '', level: 1, depth: 1, followed: 0, outer: undefined });
}

/** Leaves room in the profile's limit for what is wrapped. */
const MAX_LEVEL = 26;
/** Well before the stack ends. */
const MAX_DEPTH = 150;

function createReducer(reduction: Reduction): Reducer {
  const strict = new WeakMap<Schema, boolean>();
  const reducer: Reducer = {
    reader: createReader(reduction),
    reduction,
    conjoin(core, raw, place) {
      if (raw === true) return core;
      if (!isObject(raw)) return new Never('nothing is allowed', place.at);
      if (place.level > MAX_LEVEL || place.depth > MAX_DEPTH) return new Never('it is too deep', place.at);
      reduction.work.spend();
      const part = isStrict(raw, strict)
        ? intersection(core, raw, reduction.work)
        : conjoinOdd(core, raw, { ...place, outer: { raw, outer: place.outer } }, reducer);
      return part instanceof Never ? part.foundAt(place.at) : part;
    },
  };
  return reducer;
}

function createReader(reduction: Reduction): Reader {
  const { dialect, work } = reduction;
  const known = new WeakMap<Schema, Reading>();
  return {
    work,
    read(raw) {
      const reading = known.get(raw) ?? readSchema(raw, dialect);
      known.set(raw, reading);
      return reading;
    },
    targetsOf: (raw) => referencesIn(raw).map((reference) => targetOf(raw, reference, reduction)),
  };
}

/** A schema outside of the profile. */
function conjoinOdd(core: Core, raw: Schema, place: Place, reducer: Reducer): Part {
  const { note, work } = reducer.reduction;
  const { schema, changes } = reducer.reader.read(raw);
  for (const change of changes) note(change, place.at);
  const { unevaluatedProperties = true, unevaluatedItems = true, ...evaluated } = schema;
  if (unevaluatedProperties === true && unevaluatedItems === true) {
    return conjoinNode(core, evaluated, raw, place, reducer);
  }

  // What is evaluated is what this schema describes, and not what holds beside it.
  const alone = conjoinNode({}, evaluated, raw, place, reducer);
  if (alone instanceof Never) return alone;
  note('wrote out unevaluated', place.at);
  const mindsProperties = unevaluatedProperties !== true && evaluated.additionalProperties === undefined;
  const mindsItems = unevaluatedItems !== true && evaluated.items === undefined;
  const others = reducer.conjoin({}, unevaluatedProperties, within(place, 'unevaluatedProperties'));
  const rest = reducer.conjoin({}, unevaluatedItems, within(place, 'unevaluatedItems'));
  const restricted = variantsOf(alone, work).map((variant) => ({
    ...variant,
    ...(mindsProperties && closed(intersection(extrasOf(variant), others, work))),
    ...(mindsItems && { items: intersection(itemOf(variant, Infinity), rest, work) }),
  }));
  const part = union(restricted, 'nothing is left that is evaluated');
  return part instanceof Never ? part : intersection(core, part, work);
}

function conjoinNode(core: Core, node: Schema, raw: Schema, place: Place, reducer: Reducer): Part {
  const plain = plainly(node, place, reducer);
  const own = intersection(core, plain, reducer.reduction.work);
  if (own instanceof Never) return own;
  const bare = withoutAnnotations(own);
  const referred = withReferences(bare, raw, place, reducer);
  if (referred instanceof Never) return referred;
  const part = withCombinators(referred, { node, place }, reducer);
  if (part instanceof Never) return part;
  if (part === bare) return own;
  // Those of a schema come before those of what it refers to.
  const annotations = annotationsOf(own);
  return { ...annotations, ...part, ...annotations };
}

/** What is said in other words, or elsewhere. */
const COMBINATORS = [
  ...['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
  ...['dependentRequired', 'dependentSchemas', 'contains', 'minContains', 'maxContains'],
  ...['patternProperties', 'propertyNames'],
];

/** What a schema says without combinators. */
function plainly(node: Schema, place: Place, reducer: Reducer): Part {
  const { work, note } = reducer.reduction;
  if (typesOf(node)?.length === 0) return new Never('its type is none', place.at);
  const reduce = (raw: unknown, path: string) => reducer.conjoin({}, raw, within(place, path));
  const core = withParts(without(node, ...COMBINATORS), reduce);
  const keyed = withPatternProperties(core, node, reduce, work);
  const rule = isObject(node.propertyNames) ? reducer.reader.read(node.propertyNames).schema : node.propertyNames;
  const described = withPropertyNames(keyed, node, rule);
  for (const keyword of ['patternProperties', 'propertyNames', 'contains']) {
    if (node[keyword] !== undefined) note(`wrote out ${keyword}`, place.at);
  }
  return withPattern(withContains(described, node, reduce, reducer), place, reducer);
}

/** Reduces what is in a schema: properties, items and so on. */
function withParts(node: Schema, reduce: (raw: unknown, path: string) => Part): Core {
  const { properties, additionalProperties, prefixItems, items } = node;
  return {
    ...node,
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, raw]) => [name, reduce(raw, `properties.${name}`)]),
      ),
    }),
    ...(isObject(additionalProperties) && closed(reduce(additionalProperties, 'additionalProperties'))),
    ...(Array.isArray(prefixItems) && {
      prefixItems: prefixItems.map((raw, index) => reduce(raw, `prefixItems.${index}`)),
    }),
    ...(items !== undefined && { items: reduce(items, 'items') }),
  };
}

function closed(extras: Part): Core {
  return { additionalProperties: extras instanceof Never ? false : extras };
}

/** All items are what one of them has to be; that there is one, and not too many, are lengths then. */
function withContains(core: Core, node: Schema, reduce: (raw: unknown, path: string) => Part, reducer: Reducer): Part {
  const { contains, minContains = 1, maxContains } = node;
  if (contains === undefined) return core;
  const most = typeof maxContains === 'number' ? { maxItems: maxContains } : {};
  const least = typeof minContains === 'number' ? minContains : 1;
  const items = least === 0 ? {} : { items: reduce(contains, 'contains'), minItems: least };
  return intersection(core, { ...items, ...most }, reducer.reduction.work);
}

/** Without readable patterns no text is certain to match. */
function withPattern(part: Part, place: Place, { reduction: { work, note } }: Reducer): Part {
  if (part instanceof Never || part.pattern === undefined) return part;
  const patterns = portablePatterns(part.pattern);
  const rest = without(part, 'pattern');
  if (patterns?.length === 1 && patterns[0] === part.pattern) return part;
  note(patterns ? 'respelt pattern' : 'left out texts, as nobody can read their pattern', place.at);
  if (!patterns) return intersection(rest, { type: TYPES.filter((type) => type !== 'string') }, work);
  return patterns.reduce<Part>((both, pattern) => intersection(both, { pattern }, work), rest);
}

interface Reference {
  readonly keyword: string;
  readonly to: string;
}

function referencesIn(raw: Schema): Reference[] {
  return ['$ref', '$dynamicRef', '$recursiveRef'].flatMap((keyword) => {
    const to = memberOf(raw, keyword);
    return typeof to === 'string' ? [{ keyword, to }] : [];
  });
}

function targetOf(raw: Schema, { keyword, to }: Reference, { references }: Reduction): unknown {
  return keyword === '$ref' ? references.targetOf(raw, to) : references.dynamicTargetOf(raw, to);
}

/** What is referred to takes the place of the reference, as deep as that may go. */
function withReferences(core: Core, raw: Schema, place: Place, { reduction, conjoin }: Reducer): Part {
  return referencesIn(raw).reduce<Part>((part, reference) => {
    if (part instanceof Never) return part;
    const { keyword, to } = reference;
    const target = targetOf(raw, reference, reduction);
    if (target === undefined) return new Never(`its ${keyword} leads to ${JSON.stringify(to)}`, place.at);
    const isRepeated = timesIn(target, place) >= reduction.unrolled;
    if (isRepeated || place.followed >= reduction.nested) {
      reduction.note(`cut ${keyword}`, place.at);
      return new Never(isRepeated ? 'it contains itself without end' : 'it leads too far', place.at);
    }
    reduction.note(`inlined ${keyword}`, place.at);
    return conjoin(part, target, { ...beside(place, keyword), at: place.at, followed: place.followed + 1 });
  }, core);
}
