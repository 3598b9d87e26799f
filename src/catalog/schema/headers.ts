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
  const { properties, items, additionalProperties, anyOf, ...rest } = isSound ? schema : without(schema, HEADER);
  const hidden = (part: unknown) => (isObject(part) ? visit(part, false) : part);
  return {
    ...rest,
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, part]) => [name, isObject(part) ? visit(part, isReachable) : part]),
      ),
    }),
    ...(items !== undefined && { items: hidden(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: hidden(additionalProperties) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map(hidden) }),
  };
}
