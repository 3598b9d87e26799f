import fc from 'fast-check';
import { anyValue } from './arbitraries.ts';

interface Schema {
  readonly [keyword: string]: unknown;
}

/** Values that most likely satisfy a schema of the strict profile; its judge has to say whether they do. */
export function satisfying(schema: Schema): fc.Arbitrary<unknown> {
  const { anyOf, ...rest } = schema;
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((branch) => satisfying(merged(rest, branch))));
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...types.map((type) => ofType(String(type), schema)));
}

/** What stands beside alternatives, in one of them. Where both have a pattern, one has to do. */
function merged(base: Schema, branch: Schema): Schema {
  return { ...base, ...branch };
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return texts(schema);
    case 'number':
    case 'integer':
      return numbers(schema, type);
    case 'array':
      return lists(schema);
    case 'object':
      return objects(schema);
    default:
      return type === 'boolean' ? fc.boolean() : fc.constant(null);
  }
}

function texts({ minLength = 0, pattern }: Schema): fc.Arbitrary<string> {
  const plain = fc.string({
    unit: fc.constantFrom('a', 'b'),
    minLength: Number(minLength),
    maxLength: Number(minLength) + 2,
  });
  return typeof pattern === 'string' ? fc.oneof(plain, fc.stringMatching(new RegExp(pattern, 'u'))) : plain;
}

function numbers({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema, type: string): fc.Arbitrary<number> {
  const bounds = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((bound) => typeof bound === 'number');
  const near = bounds.flatMap((bound) => [bound, bound + 1, bound - 1]);
  return fc.constantFrom(0, 1, 2, ...near, ...(type === 'number' ? [1.5, ...near.map((bound) => bound + 0.5)] : []));
}

function lists({ items, minItems = 0, maxItems = 3 }: Schema): fc.Arbitrary<unknown[]> {
  const [least, most] = [Number(minItems), Math.min(Number(maxItems), Number(minItems) + 2)];
  return fc.array(satisfying(items as Schema), { minLength: Math.min(least, most), maxLength: Math.max(0, most) });
}

function objects({ properties = {}, required = [], additionalProperties = true }: Schema): fc.Arbitrary<object> {
  const described = Object.entries(properties as Record<string, Schema>).map(
    ([name, property]) => [name, satisfying(property)] as const,
  );
  const own = fc.record(Object.fromEntries(described), { requiredKeys: required as never[] });
  if (additionalProperties === false) return own;
  const other = typeof additionalProperties === 'object' ? satisfying(additionalProperties as Schema) : anyValue;
  const others = fc.dictionary(fc.constantFrom('a', 'b', 'kind', 'other'), other, { maxKeys: 2 });
  return fc.tuple(others, own).map(([more, members]) => ({ ...more, ...members }));
}
