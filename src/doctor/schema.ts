import { isObject, type Json } from './json.ts';

/** What is wrong with a JSON Schema of a tool, in the eyes of clients that take less than all of JSON Schema. */
export interface SchemaFaults {
  /** What makes clients refuse the tool, and some the whole server. */
  readonly refused: readonly string[];
  /** What some clients stumble over. */
  readonly disliked: readonly string[];
}

/** Judges the schema of a tool's arguments. */
export function judgeInputSchema(schema: unknown): SchemaFaults {
  if (!isObject(schema)) return { refused: ['no inputSchema'], disliked: [] };
  const parts = [...schemasIn(schema)];
  const references = parts.flatMap(({ at, schema: { $ref } }) => (typeof $ref === 'string' ? [{ at, to: $ref }] : []));
  const remote = references.filter(({ to }) => !to.startsWith('#'));
  return {
    refused: [
      ...faultsOfRoot(schema),
      ...parts
        .filter(({ schema: { items } }) => Array.isArray(items))
        .map(({ at }) => `a tuple in items at ${place(at)}`),
      ...remote.map(({ to }) => `a $ref to ${to}`),
      ...(isRecursive(references) ? ['a $ref that contains itself'] : []),
    ],
    disliked: parts
      .filter(({ schema }) => isBareArray(schema))
      .map(({ at }) => `an array without items at ${place(at)}`),
  };
}

/** Judges the schema of a tool's result; `undefined` is fine. */
export function judgeOutputSchema(schema: unknown): SchemaFaults {
  const isFine = schema === undefined || (isObject(schema) && schema.type === 'object');
  return { refused: isFine ? [] : ['an outputSchema that is no object'], disliked: [] };
}

function faultsOfRoot(schema: Json): string[] {
  const combined = ['anyOf', 'oneOf', 'allOf'].filter((word) => word in schema);
  return [
    ...(schema.type === 'object' ? [] : [`its root has the type ${JSON.stringify(schema.type) ?? 'of nothing'}`]),
    ...combined.map((word) => `${word} at its root`),
  ];
}

function isBareArray({ type, items, prefixItems }: Json): boolean {
  return type === 'array' && items === undefined && prefixItems === undefined;
}

function place(pointer: string): string {
  return pointer === '' ? 'its root' : pointer;
}

interface Part {
  /** JSON pointer (RFC 6901). */
  readonly at: string;
  readonly schema: Json;
}

/** Keywords whose members are schemas under names of the author's. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
/** Keywords that hold examples of data. */
const DATA = new Set(['default', 'const', 'enum', 'examples']);

/** The schema and all that are in it. Not by recursion: strangers decide how deep it goes. */
function* schemasIn(root: Json): Generator<Part> {
  const rest: { at: string; value: unknown; isMap: boolean }[] = [{ at: '', value: root, isMap: false }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { at, value, isMap } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (!isMap && isObject(value)) yield { at, schema: value };
    for (const [key, member] of Object.entries(value)) {
      if (!isMap && DATA.has(key)) continue;
      rest.push({ at: `${at}/${escaped(key)}`, value: member, isMap: !isMap && MAPS.has(key) });
    }
  }
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Whether what a reference leads to leads back there: what is left when those are taken away, again and again, to which nothing leads. */
function isRecursive(references: readonly { at: string; to: string }[]): boolean {
  const targets = new Map(references.map(({ to }) => [to.slice('#'.length), { next: [] as string[], ways: 0 }]));
  for (const { at, to } of references) {
    const next = to.slice('#'.length);
    for (const above of pointersTo(at)) targets.get(above)?.next.push(next);
  }
  for (const { next } of targets.values()) for (const each of next) count(each, 1);
  const free = [...targets.keys()].filter((pointer) => targets.get(pointer)?.ways === 0);
  let taken = 0;
  for (let pointer = free.pop(); pointer !== undefined; pointer = free.pop()) {
    taken += 1;
    for (const each of targets.get(pointer)?.next ?? []) if (count(each, -1) === 0) free.push(each);
  }
  return taken < targets.size;

  function count(pointer: string, change: number): number {
    const target = targets.get(pointer);
    if (target) target.ways += change;
    return target?.ways ?? -1;
  }
}

/** The pointer, and all those to what it is in. */
function* pointersTo(pointer: string): Generator<string> {
  yield pointer;
  for (let end = pointer.lastIndexOf('/'); end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
    yield pointer.slice(0, end);
    if (end === 0) return;
  }
}
