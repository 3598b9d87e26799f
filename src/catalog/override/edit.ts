import type { TextOverride } from '../../config/catalog-settings.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/**
 * An object with members set, but for those whose value is `undefined`; itself where it has them already, to the letter. Where it repeats keys, each
 * is left once: a reader that takes the first of two would not see what was set.
 */
export function withMembers(json: RawJson, members: Readonly<Record<string, unknown>>): RawJson {
  const wanted = Object.entries(members).filter(([, value]) => value !== undefined);
  const settled = json.repeatedKey === undefined ? json : json.without(...wanted.map(([key]) => key));
  const changes = wanted.filter(([key, value]) => settled.raw(key)?.text !== RawJson.of(value).text);
  return changes.length === 0 ? settled : settled.with(Object.fromEntries(changes));
}

/** An object with one member changed; itself where the change comes to nothing. A missing member is an empty object; `undefined` takes it out. */
export function withMember(json: RawJson, key: string, change: (member: RawJson) => RawJson | undefined): RawJson {
  const member = json.raw(key) ?? RawJson.of({});
  const changed = change(member);
  if (changed === member) return json;
  return changed === undefined ? json.without(key) : withMembers(json, { [key]: changed });
}

/** What an override may say about anything in a catalog. */
export interface TextRule {
  readonly title?: string;
  readonly description?: TextOverride;
}

/** A definition with the title and the description that rules give it. Each rule is applied to what the one before left. */
export function withTexts(definition: RawJson, rules: readonly TextRule[]): RawJson {
  const title = rules.findLast((rule) => rule.title !== undefined)?.title;
  const titled = title === undefined ? definition : withMembers(definition, { title });
  return withDescription(
    titled,
    rules.flatMap(({ description }) => description ?? []),
  );
}

/** A missing description, or one that is no text, is an empty one. What is added is set apart by a blank line. */
export function withDescription(json: RawJson, overrides: readonly TextOverride[]): RawJson {
  const before = json.string('description') ?? '';
  const after = overrides.reduce(
    (text, { replace, prepend, append }) => paragraphs([prepend, replace ?? text, append]),
    before,
  );
  return after === before ? json : withMembers(json, { description: after });
}

function paragraphs(texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== '').join('\n\n');
}
