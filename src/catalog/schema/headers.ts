import { isFieldName } from '../../protocol/standard-headers.ts';
import type { Notes } from './notes.ts';
import { isObject, type Schema, without } from './schema.ts';

const HEADER = 'x-mcp-header';
const PRIMITIVE: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/**
 * A schema of the profile without the annotations that clients refuse a tool for (2026-07-28, basic/transports/streamable-http, "Schema Extension"):
 * what stands in an alternative, or takes two types, is not to be repeated in a header, and each header is called differently.
 */
export function withSoundHeaders(schema: Schema, note: Notes['note']): Schema {
  if (!JSON.stringify(schema).includes(`"${HEADER}"`)) return schema;
  return visit(schema, '', { isReachable: true, taken: new Set(), note });
}

interface Visit {
  /** Whether only properties of properties lead here. */
  readonly isReachable: boolean;
  /** The headers so far, in lower case. */
  readonly taken: Set<string>;
  readonly note: Notes['note'];
}

function visit(schema: Schema, at: string, visited: Visit): Schema {
  const { isReachable, taken, note } = visited;
  const part = (value: unknown, path: string, reachable = false) =>
    isObject(value) ? visit(value, at === '' ? path : `${at}.${path}`, { ...visited, isReachable: reachable }) : value;
  const member = (keyword: string, value: unknown): unknown => {
    if (keyword === 'properties' && isObject(value))
      return mapMembers(value, (name, each) => part(each, `properties.${name}`, isReachable));
    if (keyword === 'anyOf' && Array.isArray(value)) return value.map((each, index) => part(each, `anyOf.${index}`));
    return keyword === 'items' || keyword === 'additionalProperties' ? part(value, keyword) : value;
  };
  if (!Object.hasOwn(schema, HEADER)) return mapMembers(schema, member);
  const isSound = isReachable && at !== '' && PRIMITIVE.has(schema.type) && take(schema[HEADER], taken);
  if (!isSound) note(`left out ${HEADER}`, at);
  return mapMembers(isSound ? schema : without(schema, HEADER), member);
}

/** Whether it can be a header, and none before it is called like that. */
function take(name: unknown, taken: Set<string>): boolean {
  if (typeof name !== 'string' || !isFieldName(name) || taken.has(name.toLowerCase())) return false;
  taken.add(name.toLowerCase());
  return true;
}

function mapMembers(members: Schema, change: (key: string, value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, change(key, value)]));
}
