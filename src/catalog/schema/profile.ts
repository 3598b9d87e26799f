import { isPortable } from './patterns.ts';
import { isObject, isOfType, isTypeName, listOf, memberOf, type Schema, typesOf } from './schema.ts';

/** What a schema has that remote clients do not take. */
export interface Violation {
  /** Where, as keywords and names with dots between them; empty at the root. */
  readonly at: string;
  /** What it has there that it should not have. */
  readonly fault: string;
}

/**
 * Judges the schema of a tool's arguments, or of its results, by the strict profile: the JSON Schema that ChatGPT and Claude, and by them the APIs
 * of OpenAI and Anthropic, are known to take. One tool outside of it costs the whole connector. Empty means it may be shown as it is.
 *
 * It knows nothing of the repair, so that it can judge it. At most 100 violations are told. Every rule names the thread that it was learnt from.
 */
export function violationsOf(schema: unknown, of: 'arguments' | 'results' = 'arguments'): Violation[] {
  const violations: Violation[] = isWithinLimits(schema) ? [] : [{ at: '', fault: TOO_LARGE }];
  for (const { at, value } of placesIn(schema)) {
    if (violations.length >= MAX_VIOLATIONS) break;
    for (const fault of faultsAt(value, at, of)) violations.push({ at, fault });
  }
  return violations.slice(0, MAX_VIOLATIONS);
}

/** Whether a schema has no more levels and properties than readers are sure to take. */
export function isWithinLimits(schema: unknown): boolean {
  let properties = 0;
  for (const { value, level } of placesIn(schema)) {
    properties += isObject(value) && isObject(value.properties) ? Object.keys(value.properties).length : 0;
    if (level > LIMITS.nesting || properties > LIMITS.properties) return false;
  }
  return true;
}

const MAX_VIOLATIONS = 100;

/** Whether a schema may stay as it is, somewhere below the root and not too deep. What was found out is kept in `known`. */
export function isStrict(schema: unknown, known: WeakMap<Schema, boolean>): boolean {
  if (!isObject(schema)) return false;
  const verdict =
    known.get(schema) ??
    (faultsIn(schema).length === 0 && partsOf(schema, '', 0).every(({ value }) => isStrict(value, known)));
  known.set(schema, verdict);
  return verdict;
}

/**
 * OpenAI documents 5,000 properties (and 10 levels, which it does not enforce for tools: gonka-ai/gonka#1187 found 12 in use). The limit of levels
 * is ours: no tool that was met comes near, and every reader may recurse that far.
 */
const LIMITS = { nesting: 32, properties: 5_000 };
const TOO_LARGE = `more than ${LIMITS.nesting} levels or ${LIMITS.properties} properties`;

/** What Anthropic takes as the name of a parameter, at the root only: ComposioHQ/composio#3500, decocms/studio#6874. */
export const PARAMETER_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * JSON Schema's own formats. Of others (`int64`, `path`) nobody can know what they assert. OpenAI's strict mode takes even fewer, which MCP tools
 * are not held to: cyanheads/git-mcp-server#47, posit-dev/chatlas#255.
 */
const FORMATS: ReadonlySet<unknown> = new Set([
  ...['date-time', 'date', 'time', 'duration', 'email', 'idn-email', 'hostname', 'idn-hostname', 'ipv4', 'ipv6'],
  ...['uri', 'uri-reference', 'iri', 'iri-reference', 'uri-template', 'uuid'],
  ...['json-pointer', 'relative-json-pointer', 'regex'],
]);

const REFUSED: ReadonlySet<string> = new Set([
  // Clients lose the definitions on the way (anthropics/claude-ai-mcp#591, n8n-io/n8n#25964, zed-industries/zed#60165), or refuse what is
  // recursive (Softeria/ms-365-mcp-server#571).
  ...['$ref', '$defs', 'definitions', '$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor', '$anchor'],
  // Draft tags. Anthropic reads all as 2020-12 (kintone/mcp-server#553), some cannot store a `$` (labring/FastGPT#5332).
  ...['$id', '$schema', '$vocabulary', '$comment'],
  // Tuples. ChatGPT: oomkapwn/enquire-mcp#354. Anthropic: kintone/mcp-server#553. OpenAI: PrefectHQ/fastmcp#2464.
  ...['prefixItems', 'additionalItems', 'unevaluatedItems', 'contains', 'minContains', 'maxContains'],
  // OpenAI, outside of strict mode too: can1357/oh-my-pi#920 (`oneOf`), makenotion/notion-mcp-server#102 (`allOf`). Its guide to Structured Outputs
  // names the rest.
  ...['oneOf', 'allOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'dependencies'],
  // It may refer to definitions, which are gone.
  'contentSchema',
  // OpenAI: vercel/ai#20621 (`propertyNames`). Anthropic: openclaw/openclaw#29416 (`patternProperties`).
  ...['propertyNames', 'patternProperties', 'unevaluatedProperties'],
]);

/** Combinators that are fine deeper down. OpenAI: langchain-ai/langchainjs#9804. Anthropic: marianfoo/mcp-sap-docs#51. */
const REFUSED_AT_ROOT = ['anyOf', 'enum', 'const'];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isFlag: Check = (value) => typeof value === 'boolean';
const isList: Check = (value) => Array.isArray(value) && value.length > 0;

/**
 * What must hold of a keyword's value, wherever it is. Both APIs check tools against the meta-schema: shopware/shopware#18713,
 * CherryHQ/cherry-studio#4188, Dokploy/mcp#74.
 */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['title', isText],
  ['description', isText],
  ['examples', Array.isArray],
  ...['deprecated', 'readOnly', 'writeOnly'].map((key) => [key, isFlag] as const),
  ...['contentEncoding', 'contentMediaType'].map((key) => [key, isText] as const),
  ['type', (type) => isTypeName(type) || (isList(type) && isUniqueList(type, isTypeName))],
  ['enum', isList],
  ['anyOf', isList],
  ['format', (format) => FORMATS.has(format)],
  ['pattern', (pattern) => typeof pattern === 'string' && isPortable(pattern)],
  ['minLength', isCount],
  ['maxLength', isCount],
  ['minimum', isNumber],
  ['maximum', isNumber],
  ['exclusiveMinimum', isNumber],
  ['exclusiveMaximum', isNumber],
  ['multipleOf', (factor) => isNumber(factor) && Number(factor) > 0],
  ['items', isObject],
  ['minItems', isCount],
  ['maxItems', isCount],
  ['uniqueItems', isFlag],
  ['properties', isObject],
  ['additionalProperties', (value) => typeof value === 'boolean' || isObject(value)],
  ['required', (names) => isUniqueList(names, isText)],
  ['minProperties', isCount],
  ['maxProperties', isCount],
]);

function isUniqueList(value: unknown, isItem: Check): boolean {
  return Array.isArray(value) && value.every(isItem) && new Set(value).size === value.length;
}

function faultsAt(schema: unknown, at: string, of: 'arguments' | 'results'): string[] {
  // `true`, for anything: anomalyco/opencode#49464, inngest/inngest#3305. `"object"`, from a `type` that is a level too deep:
  // smallmain/vscode-unify-chat-provider#162.
  if (!isObject(schema)) return ['what is no object'];
  return at === '' ? [...faultsIn(schema), ...faultsOfRoot(schema, of)] : faultsIn(schema);
}

function faultsIn(schema: Schema): string[] {
  const keys = Object.keys(schema);
  const malformed = keys.filter((key) => CHECKS.get(key)?.(schema[key]) === false);
  return [
    ...keys.filter((key) => REFUSED.has(key)),
    // OpenAPI's word, which readers of JSON Schema pass over.
    ...(schema.nullable === true ? ['nullable'] : []),
    ...malformed.map((key) => `an odd ${key}`),
    ...faultsOfKind(schema),
  ];
}

function faultsOfRoot(schema: Schema, of: 'arguments' | 'results'): string[] {
  const { type, properties } = schema;
  const names = of === 'arguments' && isObject(properties) ? Object.keys(properties) : [];
  return [
    ...REFUSED_AT_ROOT.filter((key) => Object.hasOwn(schema, key)),
    // Anthropic: lidge-jun/opencodex#75.
    ...(type === 'object' ? [] : ['another type than object']),
    // OpenAI: openai/openai-agents-python#449, containers/kubernetes-mcp-server#717.
    ...(isObject(properties) ? [] : ['no properties']),
    ...names.filter((name) => !PARAMETER_NAME.test(name)).map((name) => `a parameter called ${JSON.stringify(name)}`),
  ];
}

function faultsOfKind(schema: Schema): string[] {
  const types = typesOf(schema);
  const values = [...listOf(schema, 'enum'), ...(Object.hasOwn(schema, 'const') ? [schema.const] : [])];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const known = isObject(schema.properties) ? schema.properties : {};
  return [
    // Claude writes the argument as a string: anthropics/claude-code#82652. Others refuse it: cyanheads/mcp-ts-core#141.
    ...(types || isList(schema.anyOf) ? [] : ['no type']),
    // OpenAI, where a type is one of several too: zed-industries/zed#47578, campfirein/byterover-cli#42.
    ...(types?.includes('array') && !isObject(schema.items) ? ['an array without items'] : []),
    // OpenAI: eric-tramel/moraine#369.
    ...(types && values.some((value) => !types.some((type) => isOfType(value, type)))
      ? ['values of another type']
      : []),
    ...required
      .filter((name) => typeof name === 'string' && memberOf(known, name) === undefined)
      .map((name) => `a required ${JSON.stringify(name)} that it does not describe`),
  ];
}

interface Place {
  readonly at: string;
  readonly value: unknown;
  readonly level: number;
}

/** A schema and all that are in it, one level further than is allowed. Not by recursion: strangers decide how deep it goes. */
function* placesIn(schema: unknown): Generator<Place> {
  const rest: Place[] = [{ at: '', value: schema, level: 1 }];
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    yield place;
    const { at, value, level } = place;
    if (!isObject(value) || level > LIMITS.nesting) continue;
    for (const part of partsOf(value, at, level + 1)) rest.push(part);
  }
}

/** The schemas right in a schema. */
function partsOf({ properties, additionalProperties, items, anyOf }: Schema, at: string, level: number): Place[] {
  const members = isObject(properties) ? entriesUnder('properties', properties) : [];
  const branches = Array.isArray(anyOf) ? entriesUnder('anyOf', anyOf) : [];
  // Not by `push`: a hundred thousand would not fit on the stack as arguments of a call.
  const parts = [...members, ...branches];
  if (isObject(additionalProperties)) parts.push(['additionalProperties', additionalProperties]);
  if (isObject(items)) parts.push(['items', items]);
  return parts.map(([path, value]) => ({ at: at === '' ? path : `${at}.${path}`, value, level }));
}

function entriesUnder(keyword: string, members: object): [path: string, value: unknown][] {
  return Object.entries(members).map(([name, value]) => [`${keyword}.${name}`, value]);
}
