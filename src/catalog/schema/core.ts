import { type TypeName, without } from './schema.ts';

/**
 * What every schema is reduced to before it is written down again: a few keywords, of which each says one thing, and `anyOf`. Unlike the strict
 * profile it may leave types open, has tuples, and can forbid. Members that are not named here assert nothing and are carried along.
 */
export interface Core {
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Core[];
  readonly pattern?: string;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly prefixItems?: readonly Part[];
  readonly items?: Part;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: Part | boolean;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** What nothing satisfies, and why that is so; or what cannot be said in the strict profile, which then has to forbid it. */
export class Never {
  readonly reason: string;
  /** Where in the original. */
  readonly at: string | undefined;

  constructor(reason: string, at?: string) {
    this.reason = reason;
    this.at = at;
  }

  /** The same, found out there, unless it is known already where. */
  foundAt(at: string): Never {
    return this.at === undefined ? new Never(this.reason, at) : this;
  }
}

export type Part = Core | Never;

const ANNOTATIONS = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'];

export function annotationsOf(core: Core): Core {
  return Object.fromEntries(Object.entries(core).filter(([key]) => ANNOTATIONS.includes(key)));
}

export function withoutAnnotations(core: Core): Core {
  return without(core, ...ANNOTATIONS);
}

/** What a property is that `properties` does not name. */
export function extrasOf({ additionalProperties = true }: Core): Part {
  if (additionalProperties === false) return CLOSED;
  return additionalProperties === true ? {} : additionalProperties;
}

const CLOSED = new Never('it takes no other properties');

/** What holds of a property of this name. */
export function propertyOf(core: Core, name: string): Part {
  const { properties = {} } = core;
  return (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? extrasOf(core);
}

/** What holds of the item at this index. */
export function itemOf({ prefixItems = [], items = {} }: Core, index: number): Part {
  return prefixItems[index] ?? items;
}

/** Whether it takes everything, as far as the profile goes. */
export function isAnything(part: Part): boolean {
  return !(part instanceof Never) && Object.keys(withoutAnnotations(part)).every((key) => !ASSERTIONS.has(key));
}

export const ASSERTIONS: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'minLength', 'maxLength', 'pattern', 'format'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'additionalProperties', 'required', 'minProperties', 'maxProperties'],
]);

export function isPossible<T>(part: T): part is Exclude<T, Never> {
  return !(part instanceof Never);
}

/** What satisfies any of these. */
export function union(parts: readonly Part[], reason: string): Part {
  const possible = parts.filter(isPossible);
  const [only, ...more] = possible;
  if (only === undefined) return parts.find((part) => part instanceof Never) ?? new Never(reason);
  if (more.length === 0) return only;
  return possible.some(isAnything) ? {} : { anyOf: possible };
}
