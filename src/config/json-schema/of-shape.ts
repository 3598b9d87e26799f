import type * as z from 'zod/mini';
import type { JsonSchema } from '../kinds.ts';
import { formOf } from '../shape.ts';
import type { About, AboutKey } from './about.ts';

/** Shapes that are defined apart, and how the definitions are called. */
export type Names = ReadonlyMap<z.core.$ZodType, string>;

/** The JSON Schema of what a shape takes. */
export function schemaOf(shape: z.core.$ZodType, names: Names): JsonSchema {
  const name = names.get(shape);
  return name === undefined ? spell(shape, names) : { $ref: `#/definitions/${name}` };
}

/** The definition that others refer to, with what is told about its keys. */
export function define({ shape, keys }: About, names: Names): JsonSchema {
  const { properties, ...rest } = spell(shape, names);
  const members = Object.entries(properties ?? {}).map(([key, member]: [string, JsonSchema]) => {
    const { text: description, ...told } = wordsOf(keys[key]);
    // In this draft nothing counts that stands beside a reference.
    return [key, { description, ...told, ...('$ref' in member ? { allOf: [member] } : member) }];
  });
  return { ...rest, properties: Object.fromEntries(members) };
}

function wordsOf(about: AboutKey = '') {
  return typeof about === 'string' ? { text: about } : about;
}

function spell(shape: z.core.$ZodType, names: Names): JsonSchema {
  const { keywords, given } = formOf(shape);
  if (given !== undefined) return { anyOf: given.map((each) => schemaOf(each, names)) };
  return { ...spellType(shape, (inner) => schemaOf(inner, names)), ...keywords };
}

/** Knows the types that shapes are made of. */
function spellType(shape: z.core.$ZodType, inner: (shape: z.core.$ZodType) => JsonSchema): JsonSchema {
  // The one way that zod has to tell types of schemas apart.
  const { def } = (shape as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
      return inner(def.innerType);
    case 'nullable':
      return { anyOf: [inner(def.innerType), { type: 'null' }] };
    case 'pipe':
      return inner(def.out);
    case 'array':
      return { type: 'array', items: inner(def.element) };
    case 'record':
      return { type: 'object', additionalProperties: inner(def.valueType) };
    case 'literal':
      return { enum: def.values };
    case 'object': {
      const members = Object.entries(def.shape);
      const required = members.filter(([, { _zod }]) => _zod.def.type !== 'optional').map(([key]) => key);
      return {
        type: 'object',
        ...(required.length > 0 && { required }),
        properties: Object.fromEntries(members.map(([key, member]) => [key, inner(member)])),
      };
    }
    default:
      // A transform takes what its form says, and anything where it says nothing.
      return {};
  }
}
