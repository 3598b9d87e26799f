import { canonical } from '../../protocol/canonical.ts';
import { type Core, Never, type Part, union } from './core.ts';
import { difference, lacking } from './difference.ts';
import { intersection } from './intersection.ts';
import { beside, type Place, type Reducer } from './reducer.ts';
import { isObject, listOf, membersOf, type Schema, valuesOf } from './schema.ts';

/** A schema and where it is. `node` is it in the words of 2020-12. */
interface Situation {
  readonly node: Schema;
  readonly place: Place;
}

/** Adds to a core what the combinators of a schema say, one after the other. */
export function withCombinators(core: Core, situation: Situation, reducer: Reducer): Part {
  let part: Part = core;
  for (const step of [withAllOf, withAnyOf, withOneOf, withDependents, withCondition, withNot]) {
    if (part instanceof Never) return part;
    part = step(part, situation, reducer);
  }
  return part;
}

type Step = (core: Core, situation: Situation, reducer: Reducer) => Part;

const withAllOf: Step = (core, { node, place }, { conjoin, reduction }) => {
  const schemas = listOf(node, 'allOf');
  if (schemas.length > 0) reduction.note('merged allOf', place.at);
  return schemas.reduce<Part>(
    (part, raw, index) => (part instanceof Never ? part : conjoin(part, raw, beside(place, `allOf.${index}`))),
    core,
  );
};

const withAnyOf: Step = (core, { node, place }, reducer) => {
  const parts = alternatives('anyOf', {}, node, place, reducer);
  return parts.length === 0 ? core : intersection(core, union(parts, dead('anyOf')), reducer.reader.work);
};

function alternatives(keyword: string, shared: Core, node: Schema, place: Place, { conjoin }: Reducer): Part[] {
  return listOf(node, keyword).map((raw, index) => {
    const path = beside(place, `${keyword}.${index}`);
    return conjoin(shared, raw, { ...path, level: path.level + 1 });
  });
}

/** What satisfies just one: each alternative without what satisfies another. Most exclude each other already. */
const withOneOf: Step = (core, { node, place }, reducer) => {
  const { reader, reduction } = reducer;
  const schemas = listOf(node, 'oneOf');
  if (schemas.length === 0) return core;
  // With their common type more alternatives exclude each other.
  const shared = core.type === undefined ? {} : { type: core.type };
  const rivals = rivalsAmong(schemas.map((raw) => (isObject(raw) ? valuesOf(reader.read(raw).schema) : undefined)));
  let isWhole = true;
  const parts = alternatives('oneOf', shared, node, place, reducer).map((part, own) => {
    let left = part;
    for (const index of rivals(own)) {
      if (left instanceof Never) break;
      const { rest, isWhole: isExact } = difference(left, schemas[index], reader);
      isWhole &&= isExact;
      left = rest;
    }
    return left;
  });
  reduction.note(
    isWhole ? 'oneOf became anyOf' : 'narrowed oneOf to what satisfies one alternative for certain',
    place.at,
  );
  return intersection(core, union(parts, dead('oneOf')), reader.work);
};

/** The others that share a value with one. Lists of a thousand constants are common, and too long to compare each with each. */
function rivalsAmong(lists: readonly (readonly unknown[] | undefined)[]): (own: number) => Iterable<number> {
  const owners = new Map<string, number[]>();
  const unlisted = lists.flatMap((values, index) => (values ? [] : [index]));
  for (const [index, values] of lists.entries()) {
    for (const key of new Set(values?.map(canonical))) {
      const known = owners.get(key);
      if (known) known.push(index);
      else owners.set(key, [index]);
    }
  }
  // One by one, as most are not asked for: the first that is equal leaves nothing. One that shares two values comes twice, without harm.
  return function* (own) {
    const values = lists[own];
    const groups = values ? [unlisted, ...values.map((value) => owners.get(canonical(value)) ?? [])] : [lists.keys()];
    for (const group of groups) for (const index of group) if (index !== own) yield index;
  };
}

const withDependents: Step = (core, { node, place }, reducer) => {
  const { reader, reduction, conjoin } = reducer;
  const lists = Object.entries(membersOf(node, 'dependentRequired'));
  const schemas = Object.entries(membersOf(node, 'dependentSchemas'));
  if (lists.length + schemas.length > 0) reduction.note('wrote out what properties depend on', place.at);
  const rules = [
    ...lists.map(([name, needed]) => [name, { required: needed }] as const),
    ...schemas.map(([name, raw]) => [name, raw] as const),
  ];
  return rules.reduce<Part>((part, [name, needed]) => {
    if (part instanceof Never) return part;
    const having = intersection(part, { required: [name] }, reader.work);
    const path = beside(place, `dependentSchemas.${name}`);
    return union(
      [lacking(part, name, reader), having instanceof Never ? having : conjoin(having, needed, path)],
      dead('what depends on its properties'),
    );
  }, core);
};

/**
 * Either the condition holds and `then`, or it does not and `else`. Where it cannot be said that it does not hold, `then` and `else` together serve
 * as well: with them it does not matter. Unless it matters what was evaluated.
 */
const withCondition: Step = (core, { node, place }, reducer) => {
  const { reader, reduction, conjoin } = reducer;
  const { if: condition, then: consequence = true, else: alternative = true } = node;
  if (condition === undefined || (consequence === true && alternative === true)) return core;
  const both = (part: Part, raw: unknown, path: string) =>
    part instanceof Never ? part : conjoin(part, raw, beside(place, path));
  const { rest, isWhole } = difference(core, condition, reader);
  const parts = [both(both(core, condition, 'if'), consequence, 'then'), both(rest, alternative, 'else')];
  if (!isWhole && !reduction.mindsEvaluation) parts.push(both(both(core, consequence, 'then'), alternative, 'else'));
  reduction.note(isWhole ? 'wrote out if' : 'narrowed if', place.at);
  return union(parts, dead('if'));
};

const withNot: Step = (core, { node, place }, { reader, reduction }) => {
  if (node.not === undefined) return core;
  const { rest, isWhole } = difference(core, node.not, reader);
  reduction.note(isWhole ? 'wrote out not' : 'narrowed not', place.at);
  return rest instanceof Never ? new Never(dead('not')) : rest;
};

function dead(keyword: string): string {
  return `nothing that can be said satisfies ${keyword}`;
}
