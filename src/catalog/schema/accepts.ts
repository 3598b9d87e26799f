import { canonical } from '../../protocol/canonical.ts';
import { type Core, itemOf, Never, type Part, propertyOf } from './core.ts';
import { isEqual, isObject, isOfType, type Schema, typesOf, valuesOf } from './schema.ts';

/**
 * Whether a value satisfies a schema, but for its patterns and formats: a pattern is a stranger's, and one that backtracks could go on for years.
 * So what is refused here is refused, and what is accepted is accepted by a schema without patterns.
 */
export function accepts(part: Part, value: unknown): boolean {
  if (part instanceof Never) return false;
  const types = typesOf(part);
  return (
    (!types || types.some((type) => isOfType(value, type))) &&
    (valuesOf(part)?.some((allowed) => isEqual(allowed, value)) ?? true) &&
    (part.anyOf?.some((branch) => accepts(branch, value)) ?? true) &&
    acceptsKind(part, value)
  );
}

function acceptsKind(core: Core, value: unknown): boolean {
  if (typeof value === 'number') return acceptsNumber(core, value);
  if (typeof value === 'string') return isWithin(core, 'Length', [...value].length);
  if (Array.isArray(value)) return acceptsArray(core, value);
  return !isObject(value) || acceptsObject(core, value);
}

function acceptsNumber(core: Core, value: number): boolean {
  const { multipleOf = 0 } = core;
  const quotient = value / multipleOf;
  // Not exactly: 0.3 is a multiple of 0.1, whatever their quotient is.
  const isMultiple = multipleOf === 0 || Math.abs(quotient - Math.round(quotient)) <= Math.abs(quotient) * 1e-9;
  return (
    isMultiple &&
    value >= boundOf(core, 'minimum', -Infinity) &&
    value <= boundOf(core, 'maximum', Infinity) &&
    !(value <= boundOf(core, 'exclusiveMinimum', -Infinity)) &&
    !(value >= boundOf(core, 'exclusiveMaximum', Infinity))
  );
}

function acceptsArray(core: Core, items: readonly unknown[]): boolean {
  return (
    isWithin(core, 'Items', items.length) &&
    (!core.uniqueItems || new Set(items.map(canonical)).size === items.length) &&
    items.every((item, index) => accepts(itemOf(core, index), item))
  );
}

function acceptsObject(core: Core, object: Schema): boolean {
  const names = Object.keys(object);
  return (
    isWithin(core, 'Properties', names.length) &&
    (core.required ?? []).every((name) => Object.hasOwn(object, name)) &&
    names.every((name) => accepts(propertyOf(core, name), object[name]))
  );
}

function isWithin(core: Core, what: 'Length' | 'Items' | 'Properties', count: number): boolean {
  return count >= boundOf(core, `min${what}`, 0) && count <= boundOf(core, `max${what}`, Infinity);
}

function boundOf(core: Core, keyword: string, otherwise: number): number {
  const bound = core[keyword];
  return typeof bound === 'number' ? bound : otherwise;
}
