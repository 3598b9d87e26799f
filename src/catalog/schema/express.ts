import { ASSERTIONS, annotationsOf, type Core, Never, type Part, withoutAnnotations } from './core.ts';
import { expressAlternatives, hasPattern } from './express-alternatives.ts';
import { expressArray } from './express-array.ts';
import { expressObject } from './express-object.ts';
import { ANYTHING, isStructured, withTypes } from './express-types.ts';
import type { Expressed, Expresser } from './expresser.ts';
import { isStrict } from './profile.ts';
import { KEYWORDS_OF, keywordsFor, type Schema, type TypeName, valuesOf, without } from './schema.ts';
import type { Translate } from './translate.ts';

/** Says a core in the words of the strict profile. `Never` where nothing would be left. */
export function expressCore(core: Part, { work, note }: Pick<Expresser, 'work' | 'note'>): Expressed | Never {
  const strict = new WeakMap<Schema, boolean>();
  const expresser: Expresser = {
    work,
    note,
    express(part, at) {
      if (part instanceof Never) return part;
      work.spend();
      if (isStrict(part, strict)) return { schema: part, translate: undefined };
      const expressed = expressKind(part, at, expresser);
      return expressed instanceof Never ? expressed.foundAt(at) : expressed;
    },
  };
  return expresser.express(core, '');
}

function expressKind(core: Core, at: string, expresser: Expresser): Expressed | Never {
  if (core.anyOf) return expressAlternatives(core, at, expresser);
  if (!Object.keys(core).some((keyword) => ASSERTIONS.has(keyword))) {
    expresser.note('spelt out that anything is taken', at);
    return { schema: { ...ANYTHING, ...core }, translate: undefined };
  }
  const typed = withTypes(core);
  if (typed instanceof Never) return typed;
  const { types } = typed;
  if (typed.core.enum !== core.enum) expresser.note('left out values that are not allowed', at);
  if (core.type === undefined) expresser.note(`added the type ${types.join(', ')}`, at);
  if (valuesOf(typed.core)) return expressValues(typed.core, types);
  const isTupleOrElse = typed.core.prefixItems !== undefined && types.length > 1;
  if (isTupleOrElse) return expressAlternatives(splitAtTuple(typed.core, types), at, expresser);
  return expressParts(typed.core, types, at, expresser);
}

const STRUCTURED = [
  ['array', expressArray],
  ['object', expressObject],
] as const;

/** What has items or properties. A type that turns out to be impossible is not offered. */
function expressParts(core: Core, types: readonly TypeName[], at: string, expresser: Expresser): Expressed | Never {
  let schema: Schema = core;
  let possible = types;
  const translations: (Translate | undefined)[] = [];
  for (const [type, expressType] of STRUCTURED.filter(([each]) => types.includes(each))) {
    const expressed = expressType(schema, at, expresser);
    if (!(expressed instanceof Never)) {
      schema = expressed.schema;
      translations.push(expressed.translate);
      continue;
    }
    possible = possible.filter((other) => other !== type);
    if (possible.length === 0) return expressed;
    expresser.note(`takes no ${type}: ${expressed.reason}`, at);
    schema = { ...keywordsFor(schema, possible), type: possible };
  }
  return { schema, translate: inTurn(translations) };
}

function inTurn(translations: readonly (Translate | undefined)[]): Translate | undefined {
  const [first, second] = translations.filter((translate) => translate !== undefined);
  return first && second ? (value) => second(first(value)) : first;
}

/** A tuple is going to be an object, which it must not be mistaken for. */
function splitAtTuple(core: Core, types: readonly TypeName[]): Core {
  const others = types.filter((type) => type !== 'array');
  const branches = [others, ['array'] as const].map((some) => ({
    ...withoutAnnotations(keywordsFor(core, some)),
    type: some,
  }));
  return { ...annotationsOf(core), anyOf: branches };
}

/** Values say all there is to say, unless there is a pattern: it was passed over when they were chosen. */
function expressValues(core: Core, types: readonly TypeName[]): Expressed | Never {
  if (!types.some(isStructured)) return { schema: core, translate: undefined };
  if (hasPattern(core)) return new Never('its values may not match their patterns');
  const rest = without(core, ...['array', 'object'].flatMap((type) => KEYWORDS_OF.get(type as TypeName) ?? []));
  return { schema: { ...rest, ...(types.includes('array') && { items: ANYTHING.items }) }, translate: undefined };
}
