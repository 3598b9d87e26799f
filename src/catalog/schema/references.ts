import { isObject, memberOf, type Schema } from './schema.ts';

/** Where the references of a schema lead, as long as it is to the schema itself. Nothing is ever fetched. */
export interface References {
  /** What the reference in a schema stands for, a schema or `true` or `false`; `undefined` when that is elsewhere, or nowhere. */
  targetOf(schema: Schema, reference: string): unknown;
  /** The same for `$dynamicRef` and `$recursiveRef`, where it does not depend on who refers to them. */
  dynamicTargetOf(schema: Schema, reference: string): unknown;
}

/** Reads what a schema and those in it are called (`$id`, `$anchor`, and what drafts before 2019-09 had for it). */
export function readReferences(root: unknown, { idKeyword }: { idKeyword: '$id' | 'id' }): References {
  const homes = new Map<Schema, string>();
  const resources = new Map<string, unknown>([[NOWHERE, root]]);
  const anchors = new Map<string, unknown>();
  const dynamic = new Map<string, Schema[]>();

  for (const { schema, base } of placesIn(root, idKeyword)) {
    const id = textOf(schema, idKeyword);
    if (id && !id.startsWith('#') && !resources.has(base)) resources.set(base, schema);
    if (id?.startsWith('#')) anchors.set(base + id, schema);
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const name = textOf(schema, keyword);
      if (name !== undefined) anchors.set(`${base}#${name}`, schema);
    }
    const name = textOf(schema, '$dynamicAnchor');
    if (name !== undefined) dynamic.set(name, [...(dynamic.get(name) ?? []), schema]);
    homes.set(schema, base);
  }

  const targetOf = (schema: Schema, reference: string): unknown => {
    const { resource, fragment } = splitReference(reference, homes.get(schema) ?? NOWHERE);
    if (fragment !== '' && !fragment.startsWith('/')) return anchors.get(`${resource}#${fragment}`);
    return fragment
      .split('/')
      .slice(1)
      .reduce<unknown>((value, key) => step(value, key), resources.get(resource));
  };

  return {
    targetOf,
    dynamicTargetOf(schema, reference) {
      const target = targetOf(schema, reference);
      const name = isObject(target) ? textOf(target, '$dynamicAnchor') : undefined;
      const isCertain = name === undefined ? new Set(resources.values()).size === 1 : dynamic.get(name)?.length === 1;
      return isCertain ? target : undefined;
    },
  };
}

/** The base of a schema that does not say what it is called. */
const NOWHERE = 'schema:/';

interface Located {
  readonly schema: Schema;
  readonly base: string;
}

/** All that may be schemas, outer ones first. Not by recursion: strangers decide how deep it goes. Data is left out, as it may look like anything. */
function* placesIn(root: unknown, idKeyword: string): Generator<Located> {
  const rest: { value: unknown; base: string; isMap: boolean }[] = [{ value: root, base: NOWHERE, isMap: false }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { value, isMap } = next;
    let { base } = next;
    if (isObject(value) && !isMap) {
      const id = textOf(value, idKeyword);
      if (id) base = splitReference(id, base).resource;
      yield { schema: value, base };
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries(value)) {
      if (typeof member !== 'object' || (!isMap && DATA.has(key))) continue;
      rest.push({ value: member, base, isMap: !isMap && MAPS.has(key) });
    }
  }
}

/** Keywords whose members are schemas under names of the author's. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);
/** Keywords that hold data. */
const DATA = new Set(['default', 'const', 'enum', 'examples', 'example']);

function textOf(schema: Schema, keyword: string): string | undefined {
  const text = memberOf(schema, keyword);
  return typeof text === 'string' ? text : undefined;
}

/** A URI without its fragment, resolved, and the fragment, decoded. What is no URI is one that nothing is called. */
function splitReference(reference: string, base: string): { resource: string; fragment: string } {
  const hash = reference.indexOf('#');
  const uri = hash === -1 ? reference : reference.slice(0, hash);
  const fragment = hash === -1 ? '' : reference.slice(hash + 1);
  if (uri === '') return { resource: base, fragment: decoded(fragment) };
  return { resource: URL.canParse(uri, base) ? new URL(uri, base).href : uri, fragment: decoded(fragment) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone `%` in the name of a definition.
    return text;
  }
}

/** One step of a JSON pointer (RFC 6901). */
function step(value: unknown, key: string): unknown {
  const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) ? memberOf(value, name) : undefined;
}
