import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNameTable } from '../../src/catalog/name-table.ts';
import { violationsOf } from '../../src/catalog/schema/profile.ts';
import { type InputRepair, repairInput, repairOutput } from '../../src/catalog/schema/repair.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';

interface Schema {
  readonly [keyword: string]: unknown;
}

interface Tool {
  readonly name: string;
  readonly inputSchema: Schema;
  readonly outputSchema?: Schema;
}

/** What a public server listed, word for word: see scripts/gather-tool-lists.mjs. */
interface ToolList {
  readonly package: string;
  readonly version: string;
  readonly tools: readonly Tool[];
}

/** Tools that are shown without some of their parameters, and why that cannot be otherwise. No other tool may lose any, and none is hidden. */
const REDUCED: Readonly<Record<string, string>> = {
  '@bnb-chain/mcp get_supported_networks': 'the schema of its only parameter takes no value',
  '@line/line-bot-mcp-server push_flex_message': 'its boxes contain boxes; as deep as all others it would be 160 kB',
  '@line/line-bot-mcp-server broadcast_flex_message': 'likewise',
  '@postman/postman-mcp-server getWorkspace': 'the pattern of an optional one repeats what a lookahead has captured',
};

const FOLDER = new URL('../fixtures/tool-lists/', import.meta.url);
const lists = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as ToolList);

it('are tried of at least 25 public servers', () => {
  expect(new Set(lists.map((list) => list.package)).size).toBeGreaterThanOrEqual(25);
});

describe.each(lists)('the tools of $package $version', (list) => {
  const tools = list.tools.map((tool) => ({ ...tool, repair: repairInput(RawJson.of(tool.inputSchema)) }));

  it('can all be shown', () => {
    const hidden = tools.filter(({ repair }) => repair.kind === 'hopeless');
    expect(hidden).toEqual([]);
  });

  it('are shown within the strict profile', () => {
    const violations = tools.map(({ name, ...tool }) => [name, violationsOf(shownOf(tool))]);
    expect(violations).toEqual(tools.map(({ name }) => [name, []]));
  });

  it('are shown with the results that they have described', () => {
    const results = tools.flatMap(({ name, outputSchema }) => (outputSchema ? [{ name, outputSchema }] : []));
    const judged = results.map(({ name, outputSchema }) => {
      const repair = repairOutput(RawJson.of(outputSchema));
      if (repair.kind === 'dropped') return [name, repair.reason];
      return [name, violationsOf(repair.kind === 'repaired' ? repair.schema : outputSchema, 'results')];
    });
    expect(judged).toEqual(results.map(({ name }) => [name, []]));
  });

  it('keep all their parameters, at every level', () => {
    const lost = tools.flatMap(({ name, ...tool }) => {
      const shown = parametersOf(shownOf(tool));
      const missing = [...parametersOf(tool.inputSchema)].filter((parameter) => !shown.has(parameter));
      return missing.length > 0 ? [[`${list.package} ${name}`, missing]] : [];
    });
    const allowed = Object.keys(REDUCED).filter((key) => key.startsWith(`${list.package} `));
    expect(Object.fromEntries(lost)).toEqual(Object.fromEntries(allowed.map((key) => [key, expect.any(Array)])));
  });

  it('have to be told what they had to be told, and no more', () => {
    const required = ({ required = [] }: Schema) => [...(required as string[])].sort();
    const shown = tools.map(({ name, ...tool }) => [name, required(shownOf(tool))]);
    expect(shown).toEqual(tools.map(({ name, inputSchema }) => [name, required(inputSchema)]));
  });

  it.each(['least', 'most'] as const)('get what they take when the %s is said that their schema takes', (amount) => {
    for (const { name, repair, inputSchema } of tools) {
      const shown = shownOf({ repair, inputSchema });
      const said = exampleOf(shown, amount);
      expect([name, said, faultsOf(shown, said)]).toEqual([name, said, []]);
      const got = toServer(repair, RawJson.of(said)).value;
      expect([name, got, faultsOf(inputSchema, got)]).toEqual([name, got, []]);
    }
  });

  it.each(['auto', 'server'] as const)('have legal names of their own, with the prefix %s', (prefix) => {
    const table = createNameTable({ servers: [list.package], prefix });
    const names = tools.map(({ name }) => name);
    table.learn(list.package, names);
    const exposed = names.map((name) => table.expose(list.package, name));
    expect(exposed.filter((name) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))).toEqual([]);
    expect(exposed.map((name) => table.lookup(name)?.name)).toEqual(names);
  });
});

/** The schema that clients see. */
function shownOf({ repair, inputSchema }: { repair: InputRepair; inputSchema: Schema }): Schema {
  return repair.kind === 'repaired' ? (repair.schema as Schema) : inputSchema;
}

function toServer(repair: InputRepair, said: RawJson): RawJson {
  return (repair.kind === 'repaired' && repair.toServer?.(said)) || said;
}

/** The paths of all that can be said, however it is combined. What contains itself is entered once. */
function parametersOf(root: Schema): Set<string> {
  const found = new Set<string>();
  const visit = (schema: unknown, path: string, followed: readonly string[]): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { $ref, properties, items, additionalProperties, anyOf = [], oneOf = [], allOf = [] } = schema as Schema;
    if (typeof $ref === 'string' && !followed.includes($ref)) visit(targetOf(root, $ref), path, [...followed, $ref]);
    for (const [name, property] of Object.entries((properties ?? {}) as Schema)) {
      found.add(`${path}.${name}`);
      visit(property, `${path}.${name}`, followed);
    }
    visit(items, `${path}.[]`, followed);
    visit(additionalProperties, `${path}.{}`, followed);
    for (const branch of [anyOf, oneOf, allOf].flat()) visit(branch, path, followed);
  };
  visit(root, '', []);
  return found;
}

/** What a JSON pointer in a fragment leads to. */
function targetOf(root: Schema, reference: string): unknown {
  const keys = reference.split('/').slice(1);
  return keys.reduce<unknown>((value, key) => (value as Schema | undefined)?.[key], root);
}

const options = { strict: false, validateFormats: false, logger: false, addUsedSchema: false } as const;
const draft7 = new Ajv(options);
const draft2020 = new Ajv2020(options);

function faultsOf(schema: Schema, value: unknown): unknown[] {
  const ajv = String(schema.$schema).includes('draft-07') ? draft7 : draft2020;
  const validate: ValidateFunction = ajv.compile(schema as AnySchema);
  return validate(value) ? [] : (validate.errors ?? []);
}

type Amount = 'least' | 'most';

/** Some lists describe trees; each level multiplies what there is to say. */
const DEPTH_OF_MOST = 4;

/** A value that a schema of the strict profile takes: with what it requires, or with all that it describes. */
function exampleOf(schema: Schema, amount: Amount, depth = 0): unknown {
  const { anyOf, ...rest } = schema;
  if (Array.isArray(anyOf)) return exampleOf(merged(rest, anyOf.at(amount === 'least' ? 0 : -1)), amount, depth);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum.at(amount === 'least' ? 0 : -1);
  const type = Array.isArray(schema.type) ? schema.type.at(amount === 'least' ? -1 : 0) : schema.type;
  if (type === 'object') return objectOf(schema, amount, depth);
  if (type === 'array') return arrayOf(schema, amount, depth);
  if (type === 'string') return textOf(schema);
  if (type === 'number' || type === 'integer') return numberOf(schema);
  return type === 'boolean' ? true : null;
}

function merged(base: Schema, branch: Schema): Schema {
  const { properties = {}, required = [] } = base;
  return {
    ...base,
    ...branch,
    properties: { ...(properties as Schema), ...(branch.properties as Schema | undefined) },
    required: [...(required as string[]), ...((branch.required ?? []) as string[])],
  };
}

function objectOf({ properties = {}, required = [] }: Schema, amount: Amount, depth: number): object {
  const isSaid = (name: string) =>
    (required as string[]).includes(name) || (amount === 'most' && depth < DEPTH_OF_MOST);
  const said = Object.entries(properties as Record<string, Schema>).filter(([name]) => isSaid(name));
  return Object.fromEntries(said.map(([name, schema]) => [name, exampleOf(schema, amount, depth + 1)]));
}

function arrayOf({ items = {}, minItems = 0, maxItems = 1 }: Schema, amount: Amount, depth: number): unknown[] {
  const wanted = amount === 'most' && depth < DEPTH_OF_MOST ? Math.min(1, Number(maxItems)) : 0;
  const length = Math.max(Number(minItems), wanted);
  return Array.from({ length }, () => exampleOf(items as Schema, amount, depth + 1));
}

function textOf({ pattern, minLength = 0 }: Schema): string {
  if (typeof pattern !== 'string') return 'x'.repeat(Number(minLength));
  const matching = fc.stringMatching(new RegExp(pattern, 'u')).filter(({ length }) => length >= Number(minLength));
  return fc.sample(matching, { seed: 1, numRuns: 1 })[0] ?? '';
}

function numberOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf = 1 }: Schema): number {
  const step = Number(multipleOf);
  const low = Math.max(Number(minimum ?? -Infinity), Number(exclusiveMinimum ?? -Infinity) + step);
  const high = Math.min(Number(maximum ?? Infinity), Number(exclusiveMaximum ?? Infinity) - step);
  return Math.ceil(Math.min(Math.max(0, low), high) / step) * step;
}
