import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileOverrides } from '../../../src/catalog/override/override.ts';
import type { ParameterOverride, ToolOverride } from '../../../src/config/catalog-settings.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { space } from '../../protocol/arbitraries.ts';

type Json = Record<string, unknown>;

const NAMES = ['path', 'tail', 'Tail', 'head', '__proto__', 'required'];
const name = fc.constantFrom(...NAMES);
const BRANCHES = ['allOf', 'anyOf', 'oneOf'];
const DEPENDENCIES = ['dependentRequired', 'dependentSchemas', 'dependencies'];

/** Values as text, among them what has no place where it stands. */
const anything = fc.constantFrom(
  'null',
  'true',
  'false',
  '1.0',
  '"tail"',
  '""',
  '[]',
  '["tail",7]',
  '{}',
  '{"tail" : {"x":1.0}}',
);

/** An object as text, of members that may be missing, or be anything. */
function objectOf(members: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  const member = fc.constantFrom(...Object.keys(members)).chain((key) => {
    const value = fc.oneof({ weight: 5, arbitrary: members[key] ?? anything }, { weight: 1, arbitrary: anything });
    return fc.tuple(space, fc.constant(JSON.stringify(key)), space, value, space);
  });
  // Some of the keys are repeated.
  return fc
    .array(member, { maxLength: 8 })
    .map((all) => `{${all.map(([a, key, b, value, c]) => `${a}${key}${b}:${value}${c}`)}}`);
}

const text = fc.string().map((each) => JSON.stringify(each));
const names = fc.array(name).map((all) => JSON.stringify(all));
const parameter = objectOf({ type: fc.constant('"string"'), description: text, enum: anything, minLength: anything });
const parameters = objectOf(Object.fromEntries(NAMES.map((each) => [each, fc.oneof(parameter, fc.constant('true'))])));
const dependencies = objectOf(Object.fromEntries(NAMES.map((each) => [each, names])));
const { schema } = fc.letrec<{ schema: string }>((tie) => {
  const branches = fc.array(tie('schema'), { maxLength: 2 }).map((all) => `[${all}]`);
  return {
    schema: fc.oneof(
      { maxDepth: 3 },
      anything,
      objectOf({
        type: fc.constant('"object"'),
        properties: parameters,
        required: names,
        additionalProperties: anything,
        ...Object.fromEntries(DEPENDENCIES.map((keyword) => [keyword, dependencies])),
        ...Object.fromEntries(BRANCHES.map((keyword) => [keyword, branches])),
      }),
    ),
  };
});
const definition = objectOf({
  name: fc.constant('"a"'),
  title: text,
  description: text,
  annotations: objectOf({ readOnlyHint: fc.constant('true'), title: text, own: anything }),
  _meta: objectOf({ k: anything, l: anything }),
  inputSchema: schema,
  outputSchema: anything,
  own: anything,
});

const optional = { requiredKeys: [] };
const textOverride = fc.record({ replace: fc.string(), prepend: fc.string(), append: fc.string() }, optional);
const rule: fc.Arbitrary<Partial<ToolOverride>> = fc.record(
  {
    title: fc.string(),
    description: textOverride,
    annotations: fc.record({ readOnlyHint: fc.boolean(), title: fc.string() }, optional),
    parameters: fc.dictionary(name, fc.record({ description: textOverride, enum: fc.array(fc.jsonValue()) }, optional)),
    arguments: fc.dictionary(name, fc.jsonValue(), { maxKeys: 1 }),
    hidden: fc.array(name, { maxLength: 1 }),
    meta: fc.dictionary(fc.constantFrom('k', 'm'), fc.jsonValue()),
  },
  optional,
);
const rules = fc.array(
  fc.tuple(fc.constantFrom('a', '*'), rule).map(([glob, rest]) => ({ glob, origin: '', ...rest })),
  { maxLength: 3 },
);

test('overrides touch nothing that no rule speaks of, and leave nothing that is kept', async () => {
  await fc.assert(
    fc.asyncProperty(definition, rules, async (before, all) => {
      const original = RawJson.verbatim(before);
      // What matches no tool must not matter.
      const others = all.map((each) => ({ ...each, glob: 'b' }));
      const change = (await compileOverrides([...all, ...others])).of('a');
      const after = change?.apply(original).definition ?? original;

      const [valueBefore, valueAfter] = [JSON.parse(before) as Json, JSON.parse(after.text) as Json];
      expect(unspoken(valueAfter, all)).toEqual(unspoken(valueBefore, all));
      expect(withoutKept(valueAfter.inputSchema, keptBy(all))).toEqual(valueAfter.inputSchema);
      for (const key of ['name', 'outputSchema', 'own']) expect(after.raw(key)?.text).toBe(original.raw(key)?.text);
    }),
    { numRuns: 150 },
  );
});

function keptBy(all: readonly ToolOverride[]): string[] {
  const kept = all.flatMap((each) => [...Object.keys(each.arguments ?? {}), ...(each.hidden ?? [])]);
  return kept.map((each) => each.toLowerCase());
}

/** What is left of a definition without everything that rules may have changed. */
function unspoken(tool: Json, all: readonly ToolOverride[]): Json {
  const spoken = new Set(all.flatMap((each) => Object.keys(each)));
  const changed = new Map(all.flatMap((each) => Object.entries(each.parameters ?? {})));
  const rest: [string, unknown][] = Object.entries(tool).flatMap(([key, value]) => {
    if (['title', 'description'].includes(key) && spoken.has(key)) return [];
    if (key === 'inputSchema') return [[key, withoutChanged(withoutKept(value, keptBy(all)), changed)]];
    if (key !== 'annotations' && key !== '_meta') return [[key, value]];
    const said = all.flatMap((each) => Object.keys((key === '_meta' ? each.meta : each.annotations) ?? {}));
    const members = isObject(value) ? Object.entries(value).filter(([member]) => !said.includes(member)) : [];
    if (said.length === 0) return [[key, value]];
    return members.length === 0 ? [] : [[key, Object.fromEntries(members)]];
  });
  return Object.fromEntries(rest);
}

function withoutKept(schema: unknown, kept: readonly string[]): unknown {
  const isKept = (each: unknown) => typeof each === 'string' && kept.includes(each.toLowerCase());
  return mapSchema(schema, (keyword, value) => {
    if (Array.isArray(value) && keyword === 'required') {
      const left = value.filter((each) => !isKept(each));
      return left.length === 0 && value.length > 0 ? undefined : left;
    }
    if (!isObject(value) || !['properties', ...DEPENDENCIES].includes(keyword)) return value;
    const left = Object.entries(value).filter(([each]) => !isKept(each));
    const shorten = (each: unknown) => (Array.isArray(each) ? each.filter((needed) => !isKept(needed)) : each);
    return Object.fromEntries(left.map(([each, of]) => [each, keyword === 'properties' ? of : shorten(of)]));
  });
}

function withoutChanged(schema: unknown, changed: ReadonlyMap<string, ParameterOverride>): unknown {
  return mapSchema(schema, (keyword, value) => {
    if (keyword !== 'properties' || !isObject(value)) return value;
    const strip = (each: string, of: unknown) => {
      const said = changed.get(each);
      if (said === undefined || !(isObject(of) || of === true)) return of;
      return Object.fromEntries(Object.entries(of).filter(([member]) => member !== 'description' && member !== 'enum'));
    };
    return Object.fromEntries(Object.entries(value).map(([each, of]) => [each, strip(each, of)]));
  });
}

/** Maps the members of a schema, and of those that are combined in it; those that become `undefined` are left out. */
function mapSchema(schema: unknown, map: (keyword: string, value: unknown) => unknown): unknown {
  if (!isObject(schema)) return schema;
  const mapped = Object.entries(schema).map(([keyword, value]) => {
    const inner =
      BRANCHES.includes(keyword) && Array.isArray(value) ? value.map((each) => mapSchema(each, map)) : value;
    return [keyword, map(keyword, inner)] as const;
  });
  return Object.fromEntries(mapped.filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
