import { decodeString } from '../../protocol/json-scan.ts';
import type { RawJson } from '../../protocol/raw-json.ts';

/** What stands at a path such as `data.items[0].name`; the empty path is the value itself. `undefined` when there is nothing. */
export function valueAt(json: RawJson, path: string): RawJson | undefined {
  let value: RawJson | undefined = json;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== ''))
    value = value?.isArray ? value.items()[Number(step)] : value?.raw(step);
  return value;
}

/** A string, or a number to its last digit. `undefined` for anything else, and where nothing is written. */
export function scalarOf(value: RawJson): string | undefined {
  const text = value.text.trim();
  const scalar = text.startsWith('"') ? decodeString(text) : /^[-\d]/.test(text) ? text : '';
  return /\S/.test(scalar) ? scalar : undefined;
}

/** A value as text: of a list all that is text, of an object (rich text, of one kind or another) the member that holds it. */
export function textOf(value: RawJson, separator: string, depth = 0): string | undefined {
  if (depth === DEEPEST) return undefined;
  const inner = (each: RawJson) => textOf(each, separator, depth + 1);
  if (value.isArray)
    return (
      value
        .items()
        .flatMap((item) => inner(item) ?? [])
        .join(separator) || undefined
    );
  if (!value.isObject) return scalarOf(value);
  const index = indexOf(value);
  for (const name of RICH_TEXT) {
    const member = index.get(name);
    const text = member && inner(member);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The value itself, then the objects in it, level by level. */
export function* levelsOf(value: RawJson): Generator<readonly RawJson[], void> {
  let level = value.isObject ? [value] : [];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    yield level;
    level = level.flatMap((object) => membersOf(object).filter((member) => member.isObject)).slice(0, WIDEST);
  }
}

export function membersOf(object: RawJson): RawJson[] {
  return object.keys.flatMap((key) => object.raw(key) ?? []);
}

/** The members of an object by what their names come down to. Of several that come down to one, the first counts. */
export function indexOf(object: RawJson): ReadonlyMap<string, RawJson> {
  const index = new Map<string, RawJson>();
  for (const key of object.keys) {
    const member = object.raw(key);
    if (member && !index.has(plain(key))) index.set(plain(key), member);
  }
  return index;
}

/** What `page_id`, `pageId` and `Page ID` have in common. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** How far down anything is looked for. Each level is read once, so that the time is that of the text's length. */
const DEEPEST = 4;
/** Objects of one level that are looked at. What describes a list has few, and the list itself is none of them. */
const WIDEST = 1000;
/** Rich text of Notion, WordPress and others, and the properties it is wrapped in. */
const RICH_TEXT = ['plaintext', 'text', 'content', 'rendered', 'value', 'title', 'name'];
