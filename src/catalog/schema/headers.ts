import { isObject, type Schema, without } from './schema.ts';

const HEADER = 'x-mcp-header';
const PRIMITIVE: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/**
 * A schema of the profile without the annotations that clients refuse a tool for (2026-07-28, basic/transports/streamable-http, "Schema Extension"):
 * what stands in an alternative, or takes two types, is not to be repeated in a header.
 */
export function withSoundHeaders(schema: Schema): Schema {
  return JSON.stringify(schema).includes(`"${HEADER}"`) ? visit(schema, true, true) : schema;
}

function visit(schema: Schema, isReachable: boolean, isRoot = false): Schema {
  const isSound = isReachable && !isRoot && PRIMITIVE.has(schema.type);
  const part = (value: unknown, reachable = false) => (isObject(value) ? visit(value, reachable) : value);
  const member = (keyword: string, value: unknown): unknown => {
    if (keyword === 'properties' && isObject(value)) return mapMembers(value, (_name, each) => part(each, isReachable));
    if (keyword === 'anyOf' && Array.isArray(value)) return value.map((each) => part(each));
    return keyword === 'items' || keyword === 'additionalProperties' ? part(value) : value;
  };
  return mapMembers(isSound ? schema : without(schema, HEADER), member);
}

function mapMembers(members: Schema, change: (key: string, value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, change(key, value)]));
}
