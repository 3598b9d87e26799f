import { accepts } from './accepts.ts';
import { type Core, Never } from './core.ts';
import { possibleTypes } from './exclusion.ts';
import { KEYWORDS_OF, keywordsFor, type TypeName, typesOf, valuesOf, without } from './schema.ts';

/** What stands for any value at all. In a list in a list it leaves out further lists, which would need a word for their items again. */
export const ANYTHING: Core = {
  type: ['string', 'number', 'boolean', 'null', 'array', 'object'],
  items: { type: ['string', 'number', 'boolean', 'null', 'object'] },
};

/** A core that says its types. */
export interface Typed {
  readonly core: Core;
  readonly types: readonly TypeName[];
}

/**
 * With a type, and without values or keywords that make no difference. A type that is not said is one that the values have, or that the keywords
 * speak of.
 */
export function withTypes(core: Core): Typed | Never {
  const given = valuesOf(core);
  const values = given?.filter((value) => accepts(without(core, 'enum', 'const', 'anyOf'), value));
  if (values?.length === 0) return new Never('none of its values is allowed');
  const types = values ? typesOfValues(values, typesOf(core)) : (typesOf(core) ?? typesSpokenOf(core));
  const [only = types, ...more] = types;
  const type = types.length === typesOf(core)?.length ? core.type : more.length === 0 ? only : types;
  const relevant = keywordsFor({ type, ...without(core, 'type') }, types);
  const isTwofold = core.enum !== undefined && Object.hasOwn(core, 'const');
  if (!values || (values.length === given?.length && !isTwofold)) return { core: relevant, types };
  return { core: { ...without(relevant, 'const'), enum: values }, types };
}

function typesOfValues(values: readonly unknown[], allowed: readonly TypeName[] | undefined): readonly TypeName[] {
  const types = possibleTypes({ enum: values });
  if (allowed) return allowed.filter((type) => types.includes(type));
  const hasFraction = values.some((value) => typeof value === 'number' && !Number.isInteger(value));
  return types.filter((type) => type !== (hasFraction ? 'integer' : 'number'));
}

function typesSpokenOf(core: Core): TypeName[] {
  return [...KEYWORDS_OF]
    .filter(([, keywords]) => keywords.some((keyword) => Object.hasOwn(core, keyword)))
    .map(([type]) => type);
}

/** Whether values of the type have parts. */
export function isStructured(type: TypeName): boolean {
  return type === 'array' || type === 'object';
}
