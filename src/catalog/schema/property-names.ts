import { accepts } from './accepts.ts';
import { type Core, extrasOf, Never, type Part, propertyOf } from './core.ts';
import { intersection, type Work } from './intersection.ts';
import { matchesName } from './patterns.ts';
import { isObject, membersOf, type Schema, typesOf, valuesOf, without } from './schema.ts';

/** Reduces a schema in the place of a property or of the others. */
export type ReduceProperty = (raw: unknown, keyword: string) => Part;

/**
 * What `patternProperties` asserts, said by `properties` and `additionalProperties`: whatever is not described has to satisfy all of its schemas.
 * A described property has to satisfy those whose patterns match its name, or might.
 */
export function withPatternProperties(core: Core, node: Schema, reduce: ReduceProperty, work: Work): Core {
  const rules = Object.entries(membersOf(node, 'patternProperties')).map(
    ([pattern, raw]) => ({ pattern, part: reduce(raw, `patternProperties.${pattern}`) }) as const,
  );
  if (rules.length === 0) return core;
  const names = Object.keys(core.properties ?? {});
  const properties = names.map((name) => {
    const applying = rules.filter(({ pattern }) => matchesName(pattern, name) !== false);
    return [name, all(propertyOf(core, name), applying, work)] as const;
  });
  const others: Part = rules.some(({ pattern }) => MATCHES_ALL.has(pattern)) ? {} : extrasOf(core);
  return { ...core, properties: Object.fromEntries(properties), ...extras(all(others, rules, work)) };
}

/** Patterns that every name matches, so that `additionalProperties` has nothing left to say. */
const MATCHES_ALL: ReadonlySet<string> = new Set(['', '^', '$', '.*', '^.*', '^(.*)', '[\\s\\S]*']);

function all(part: Part, rules: readonly { readonly part: Part }[], work: Work): Part {
  return rules.reduce((both, rule) => intersection(both, rule.part, work), part);
}

function extras(part: Part): Core {
  return { additionalProperties: part instanceof Never ? false : part };
}

/**
 * What `propertyNames` asserts, said in the same way. Names that it lists become properties; a pattern for names nobody here has a word for, so
 * that only described properties are left, as far as their names are certainly allowed.
 */
export function withPropertyNames(core: Core, node: Schema, rule: unknown): Core {
  if (node.propertyNames === undefined || saysNothing(rule)) return core;
  const listed = isObject(rule) ? valuesOf(rule) : undefined;
  const rest = isObject(rule) ? without(rule, 'enum', 'const') : rule;
  const allowed = new Set(listed);
  const partOf = (name: string): Part =>
    (!listed || allowed.has(name)) && allowsName(rest, name)
      ? propertyOf(core, name)
      : new Never(`the name ${name} is not allowed`);
  const names = [...Object.keys(core.properties ?? {}), ...(listed ?? []).filter((name) => typeof name === 'string')];
  const properties = Object.fromEntries(names.map((name) => [name, partOf(name)]));
  return { ...core, properties, additionalProperties: false };
}

/** All names are strings. */
function saysNothing(rule: unknown): boolean {
  if (!isObject(rule)) return rule === true;
  const asserting = Object.keys(rule).filter((keyword) => keyword !== 'type' && !HARMLESS.has(keyword));
  return asserting.length === 0 && (typesOf(rule)?.includes('string') ?? true);
}

const HARMLESS: ReadonlySet<string> = new Set(['title', 'description', 'format', 'default', 'examples']);

function allowsName(rule: unknown, name: string): boolean {
  if (!isObject(rule)) return rule === true;
  const isUnderstood = Object.keys(rule).every((keyword) => HARMLESS.has(keyword) || UNDERSTOOD.has(keyword));
  const { pattern } = rule;
  return isUnderstood && accepts(rule, name) && (typeof pattern !== 'string' || matchesName(pattern, name) === true);
}

const UNDERSTOOD: ReadonlySet<string> = new Set(['type', 'minLength', 'maxLength', 'pattern']);
