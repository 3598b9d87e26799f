import { RawJson } from '../../protocol/raw-json.ts';
import { accepts } from './accepts.ts';
import type { Schema } from './schema.ts';

/**
 * Turns a value that satisfies the shown schema into one that its author had in mind. What nothing has to be done to keeps its text, and so does
 * what does not satisfy the schema: its server will say so.
 */
export type Translate = (value: RawJson) => RawJson;

/** One way to satisfy `anyOf`. */
export interface Choice {
  readonly schema: Schema;
  readonly translate: Translate | undefined;
}

/** For objects: what is to be done to members, and to those that are not named. */
export function translateMembers(
  members: ReadonlyMap<string, Translate>,
  named: ReadonlySet<string>,
  others: Translate | undefined,
): Translate | undefined {
  if (members.size === 0 && !others) return undefined;
  return (value) => {
    if (!value.isObject) return value;
    const changes = value.keys.flatMap((key) => {
      const translate = named.has(key) ? members.get(key) : others;
      const member = value.raw(key);
      return translate && member ? [[key, translate(member)] as const] : [];
    });
    return value.with(Object.fromEntries(changes));
  };
}

/** For arrays: what is to be done to every item. */
export function translateItems(translate: Translate | undefined): Translate | undefined {
  return translate && ((value) => (value.isArray ? RawJson.of(value.items().map(translate)) : value));
}

/** Objects whose members are the items of an array. */
export function translateTuple(
  items: readonly (readonly [name: string, translate: Translate | undefined])[],
): Translate {
  return (value) => {
    if (!value.isObject) return value;
    const given = items.flatMap(([name, translate]) => {
      const item = value.raw(name);
      return item ? [translate ? translate(item) : item] : [];
    });
    return RawJson.of(given);
  };
}

/** Whichever of the choices the value satisfies first. */
export function translateChoice(choices: readonly Choice[]): Translate | undefined {
  if (choices.every(({ translate }) => !translate)) return undefined;
  return (value) => {
    const given = value.value;
    const choice = choices.find(({ schema }) => accepts(schema, given));
    return choice?.translate?.(value) ?? value;
  };
}

/** Arguments that came under one parameter. */
export function translateWrapped(parameter: string, translate: Translate | undefined): Translate {
  return (value) => {
    const wrapped = value.raw(parameter);
    // Arguments are objects. Anything else its server shall see where the client has put it.
    if (wrapped && !wrapped.isObject) return value;
    const given = wrapped ?? value;
    return translate?.(given) ?? given;
  };
}

/** Objects whose members are called otherwise by their server. */
export function translateNames(names: ReadonlyMap<string, string>, translate: Translate | undefined): Translate {
  return (value) => {
    if (!value.isObject) return value;
    const members = value.keys.map((key) => [names.get(key) ?? key, value.raw(key)] as const);
    const renamed = RawJson.of(Object.fromEntries(members));
    return translate?.(renamed) ?? renamed;
  };
}
