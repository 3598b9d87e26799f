import { accepts } from './accepts.ts';
import { type Core, Never, propertyOf } from './core.ts';
import type { Reading } from './drafts.ts';
import type { Work } from './intersection.ts';
import {
  isObject,
  isOfType,
  listOf,
  memberOf,
  membersOf,
  type Schema,
  TYPES,
  type TypeName,
  typesOf,
  valuesOf,
} from './schema.ts';

/** Reads schemas as their authors wrote them. */
export interface Reader {
  readonly work: Work;
  /** The schema in the words of 2020-12. */
  read(raw: Schema): Reading;
  /** What its references stand for, as far as that is known. */
  targetsOf(raw: Schema): readonly unknown[];
}

/** How far references and combinators are followed to prove something. Most proofs are found at once. */
export const PROOF_DEPTH = 8;

/** Whether it is certain that nothing satisfies both. What is not understood of the second schema is taken to be satisfied. */
export function excludes(core: Core, raw: unknown, reader: Reader, depth: number = PROOF_DEPTH): boolean {
  if (!isObject(raw) || depth === 0) return raw === false;
  reader.work.spend();
  const { schema: node } = reader.read(raw);
  const deeper = (schema: unknown) => excludes(core, schema, reader, depth - 1);
  const alternatives = [listOf(node, 'anyOf'), listOf(node, 'oneOf')].filter((list) => list.length > 0);
  return (
    excludesTypes(core, node) ||
    excludesValues(core, node) ||
    reader.targetsOf(raw).some(deeper) ||
    listOf(node, 'allOf').some(deeper) ||
    alternatives.some((list) => list.every(deeper)) ||
    excludesProperties(core, node, reader, depth - 1) ||
    (core.anyOf?.every((branch) => excludes(branch, raw, reader, depth - 1)) ?? false)
  );
}

/** The types that values of a schema can have. */
export function possibleTypes(schema: Schema): readonly TypeName[] {
  const types = typesOf(schema) ?? TYPES;
  const values = valuesOf(schema);
  return values ? types.filter((type) => values.some((value) => isOfType(value, type))) : types;
}

function excludesTypes(core: Core, node: Schema): boolean {
  const types = possibleTypes(node).map(widest);
  return possibleTypes(core).every((type) => !types.includes(widest(type)));
}

function widest(type: TypeName): TypeName {
  return type === 'integer' ? 'number' : type;
}

function excludesValues(core: Core, node: Schema): boolean {
  return valuesOf(node)?.every((value) => !accepts(core, value)) ?? false;
}

function excludesProperties(core: Core, node: Schema, reader: Reader, depth: number): boolean {
  if (possibleTypes(core).some((type) => type !== 'object')) return false;
  const { required = [] } = core;
  const described = membersOf(node, 'properties');
  const isClosed = node.additionalProperties === false && !isObject(node.patternProperties);
  return (
    listOf(node, 'required').some((name) => propertyOf(core, String(name)) instanceof Never) ||
    required.some((name) => {
      const property = propertyOf(core, name);
      if (property instanceof Never) return true;
      const other = memberOf(described, name);
      return other === undefined ? isClosed : excludes(property, other, reader, depth);
    })
  );
}
