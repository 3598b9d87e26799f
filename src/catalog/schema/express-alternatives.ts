import { ASSERTIONS, annotationsOf, type Core, isPossible, Never, withoutAnnotations } from './core.ts';
import { excludes, type Reader } from './exclusion.ts';
import { isStructured, type Typed, withTypes } from './express-types.ts';
import type { Expressed, Expresser } from './expresser.ts';
import { intersection, standsApart, type Work } from './intersection.ts';
import { pathOf } from './reducer.ts';
import { keywordsFor, type Schema } from './schema.ts';
import { translateChoice } from './translate.ts';

/**
 * A schema with `anyOf`. The alternatives say all that stands beside it, unless that is about values without parts: then they only take over its
 * type.
 */
export function expressAlternatives(core: Core, at: string, expresser: Expresser): Expressed | Never {
  const { anyOf = [], ...rest } = core;
  const annotations = annotationsOf(core);
  const base = withoutAnnotations(rest);
  const typed = Object.keys(base).some((keyword) => ASSERTIONS.has(keyword)) ? withTypes(base) : undefined;
  if (typed instanceof Never) return typed;
  if (typed?.types.some(isStructured) && standsApart(core)) return expresser.express(split(core, typed), at);
  const kept = typed?.types.some(isStructured) ? undefined : typed;
  const shared = kept ? { type: kept.core.type ?? [] } : base;
  const choices = anyOf.map((branch, index) =>
    expresser.express(intersection(shared, branch, expresser.work), pathOf(at, `anyOf.${index}`)),
  );
  const told = certain(choices.filter(isPossible), at, expresser);
  const [first, ...more] = told;
  if (first === undefined) return choices.find((choice) => choice instanceof Never) ?? NO_ALTERNATIVE;
  const only = more.length === 0 ? alone(first, kept, annotations, at, expresser) : undefined;
  if (only) return only;

  const schema = { ...annotations, ...kept?.core, anyOf: told.flatMap(({ schema: each }) => flat(each)) };
  return { schema, translate: translateChoice(told) };
}

const NO_ALTERNATIVE = new Never('it has no alternative');

/** An alternative that is none. It still stands apart where it repeats a keyword that can be there only once. */
function alone(
  choice: Expressed,
  kept: Typed | undefined,
  annotations: Core,
  at: string,
  { work, express }: Expresser,
): Expressed | Never | undefined {
  if (!kept) return { ...choice, schema: { ...annotations, ...choice.schema, ...annotations } };
  const merged = intersection({ ...annotations, ...kept.core }, choice.schema, work);
  return merged instanceof Never || !merged.anyOf ? express(merged, at) : undefined;
}

/** Alternatives of an alternative that says nothing else. */
function flat(schema: Schema): readonly unknown[] {
  const { anyOf, ...rest } = schema;
  return Array.isArray(anyOf) && Object.keys(rest).length === 0 ? anyOf : [schema];
}

/** What stands apart, a pattern or a factor, is about values without parts; those with parts go without it. */
function split(core: Core, { core: base, types }: Typed): Core {
  const [plain, whole] = [types.filter((type) => !isStructured(type)), types.filter(isStructured)];
  const lists = { ...keywordsFor(withoutAnnotations(base), whole), type: whole };
  if (plain.length === 0) return { ...annotationsOf(core), ...lists };
  const values = { ...keywordsFor(withoutAnnotations(base), plain), type: plain, anyOf: core.anyOf ?? [] };
  return { ...annotationsOf(core), anyOf: [values, lists] };
}

/**
 * The choices in an order in which the first that a value seems to satisfy, as nobody tries patterns, is one that it does satisfy. That is for
 * the sake of translation alone. Where only patterns tell two apart of which one is to be translated, the latter is left out.
 */
function certain(choices: readonly Expressed[], at: string, { work, note }: Expresser): readonly Expressed[] {
  if (choices.every(({ translate }) => !translate)) return choices;
  const plain = choices.filter(({ schema }) => !hasPattern(schema));
  const matching = choices.filter(({ schema }) => hasPattern(schema));
  if (matching.every(({ translate }) => !translate)) return [...plain, ...matching];
  const apart = matching.filter(({ schema }, index) =>
    matching.slice(0, index).every((other) => excludes(schema, other.schema, plainReader(work))),
  );
  if (apart.length < matching.length) note('left out what only a pattern tells from the rest', at);
  return [...plain, ...apart];
}

export function hasPattern(schema: Schema): boolean {
  return JSON.stringify(schema).includes('"pattern":"');
}

/** Schemas of the profile are what they say. */
function plainReader(work: Work): Reader {
  return { work, read: (schema) => ({ schema, changes: [] }), targetsOf: () => [] };
}
