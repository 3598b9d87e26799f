/**
 * A JSON value kept as the text it arrived in.
 *
 * A bridge must hand on what it does not understand exactly as it came: unknown members, integers beyond 2^53, `1.0`.
 * So nothing is parsed but the members that are asked for, and edits are spliced into the text. This is also what makes
 * large messages cheap: a result of a megabyte is checked once and never rebuilt.
 */
export class RawJson {
  readonly text: string;
  #members: Members | undefined;

  private constructor(text: string, members?: Members) {
    this.text = text;
    this.#members = members;
  }

  /**
   * Takes unknown text. The whole of it is checked against RFC 8259.
   * @throws SyntaxError when it is not JSON, is nested deeper than {@link MAX_DEPTH}, or repeats a key at its top level
   *   (receivers disagree on which of the two counts, and a filter must see what the receiver will see).
   */
  static parse(text: string): RawJson {
    const start = skipSpace(text, 0);
    const members = text.charCodeAt(start) === OPEN_BRACE ? new Members() : undefined;
    const end = members ? readMembers(text, start, members) : skipValue(text, start);
    if (skipSpace(text, end) !== text.length) fail(text, end);
    if (members?.repeatedKey !== undefined) throw new SyntaxError(`The key ${members.repeatedKey} occurs twice`);
    return new RawJson(text, members);
  }

  /** Writes a value of ours as JSON. Values of this class may stand anywhere inside it; `undefined` members are left out. */
  static of(value: unknown): RawJson {
    return value instanceof RawJson ? value : new RawJson(encode(value));
  }

  /** Whether this is an object. */
  get isObject(): boolean {
    return this.text.charCodeAt(skipSpace(this.text, 0)) === OPEN_BRACE;
  }

  /** Whether this is an array. */
  get isArray(): boolean {
    return this.text.charCodeAt(skipSpace(this.text, 0)) === OPEN_BRACKET;
  }

  /** The whole value, parsed. */
  get value(): unknown {
    return JSON.parse(this.text);
  }

  /** A key, as JSON text, that this object has more than once. Here the last one counts, as it does for most receivers. */
  get repeatedKey(): string | undefined {
    return this.#spans().repeatedKey;
  }

  /** Whether this is an object that has the member. */
  has(key: string): boolean {
    return this.#spans().has(key);
  }

  /** A member's parsed value; `undefined` when this is no object or has no such member. */
  get(key: string): unknown {
    const span = this.#spans().get(key);
    return span && JSON.parse(this.text.slice(span.start, span.end));
  }

  /** A member as text; `undefined` when this is no object or has no such member. */
  raw(key: string): RawJson | undefined {
    const span = this.#spans().get(key);
    if (span) span.json ??= new RawJson(this.text.slice(span.start, span.end));
    return span?.json;
  }

  /** A member when it is a string. */
  string(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  /** The elements of an array; empty when this is none. */
  items(): RawJson[] {
    const items: RawJson[] = [];
    if (!this.isArray) return items;
    let position = skipSpace(this.text, skipSpace(this.text, 0) + 1);
    while (this.text.charCodeAt(position) !== CLOSE_BRACKET) {
      const end = skipValue(this.text, position);
      items.push(new RawJson(this.text.slice(position, end)));
      position = skipSpace(this.text, end);
      if (this.text.charCodeAt(position) === COMMA) position = skipSpace(this.text, position + 1);
    }
    return items;
  }

  /** The same object with members set, or removed where the new value is `undefined`. All else keeps its text and order. */
  with(changes: Readonly<Record<string, unknown>>): RawJson {
    const members = this.#spans();
    // A map, since peers may call a member `constructor`, which every object inherits.
    const edits = new Map(Object.entries(changes));
    if ([...edits].some(([key, value]) => value === undefined && members.has(key))) return this.#rebuilt(edits);
    let text = '';
    let cursor = 0;
    for (const [key, span] of members) {
      const value = edits.get(key);
      if (value === undefined) continue;
      text += this.text.slice(cursor, span.start) + encode(value);
      cursor = span.end;
    }
    const added = [...edits].filter(([key, value]) => value !== undefined && !members.has(key));
    if (added.length === 0) return new RawJson(text + this.text.slice(cursor));
    const close = this.text.lastIndexOf('}');
    const separator = members.size > 0 ? ',' : '';
    return new RawJson(
      text + this.text.slice(cursor, close) + separator + encodeMembers(added) + this.text.slice(close),
    );
  }

  #rebuilt(edits: ReadonlyMap<string, unknown>): RawJson {
    const merged = new Map<string, unknown>();
    for (const [key, span] of this.#spans()) merged.set(key, new RawJson(this.text.slice(span.start, span.end)));
    for (const [key, value] of edits) merged.set(key, value);
    return new RawJson(`{${encodeMembers([...merged])}}`);
  }

  #spans(): Members {
    if (!this.#members) {
      this.#members = new Members();
      if (this.isObject) readMembers(this.text, skipSpace(this.text, 0), this.#members);
    }
    return this.#members;
  }
}

/** Deepest nesting that is taken: far beyond any message, and well before a receiver's parser runs out of stack. */
export const MAX_DEPTH = 512;

interface Span {
  readonly start: number;
  readonly end: number;
  /** Kept once asked for, so that its own members are looked for only once. */
  json?: RawJson;
}

/** Where the members of an object stand, in the order of the text. */
class Members extends Map<string, Span> {
  repeatedKey: string | undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings (RFC 8259, section 7)
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

function encode(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  return `{${encodeMembers(Object.entries(value))}}`;
}

function encodeMembers(members: readonly (readonly [key: string, value: unknown])[]): string {
  const present = members.filter(([, value]) => value !== undefined);
  return present.map(([key, value]) => `${JSON.stringify(key)}:${encode(value)}`).join(',');
}

/** Reads the object at `start` into `members` and returns where it ends. */
function readMembers(text: string, start: number, members: Members): number {
  let position = skipSpace(text, start + 1);
  if (text.charCodeAt(position) === CLOSE_BRACE) return position + 1;
  for (;;) {
    const keyEnd = skipString(text, position);
    const key = JSON.parse(text.slice(position, keyEnd)) as string;
    if (members.delete(key)) members.repeatedKey = text.slice(position, keyEnd);
    const valueStart = skipSpace(text, skipColon(text, keyEnd));
    const valueEnd = skipValue(text, valueStart);
    members.set(key, { start: valueStart, end: valueEnd });
    position = skipSpace(text, valueEnd);
    const separator = text.charCodeAt(position);
    if (separator === CLOSE_BRACE) return position + 1;
    if (separator !== COMMA) fail(text, position);
    position = skipSpace(text, position + 1);
  }
}

/** Checks the value at `start` and returns where it ends. Without recursion, so that no depth can exhaust the stack. */
function skipValue(text: string, start: number): number {
  const closers: number[] = [];
  let position = start;
  for (;;) {
    position = skipSpace(text, position);
    const code = text.charCodeAt(position);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const closer = code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      position = skipSpace(text, position + 1);
      if (text.charCodeAt(position) !== closer) {
        if (closers.push(closer) > MAX_DEPTH) throw new SyntaxError(`Nested deeper than ${MAX_DEPTH} levels`);
        if (closer === CLOSE_BRACE) position = skipKey(text, position);
        continue;
      }
      position += 1;
    } else {
      position = skipScalar(text, position, code);
    }
    position = skipClosers(text, position, closers);
    if (closers.length === 0) return position;
  }
}

/** After a value: leaves the containers that end here, and stops where the next value begins. */
function skipClosers(text: string, start: number, closers: number[]): number {
  let position = start;
  while (closers.length > 0) {
    position = skipSpace(text, position);
    const closer = closers[closers.length - 1];
    const code = text.charCodeAt(position);
    if (code === COMMA) return closer === CLOSE_BRACE ? skipKey(text, skipSpace(text, position + 1)) : position + 1;
    if (code !== closer) fail(text, position);
    closers.pop();
    position += 1;
  }
  return position;
}

function skipScalar(text: string, position: number, code: number): number {
  if (code === QUOTE) return skipString(text, position);
  if (text.startsWith('true', position) || text.startsWith('null', position)) return position + 4;
  if (text.startsWith('false', position)) return position + 5;
  NUMBER.lastIndex = position;
  return NUMBER.test(text) ? NUMBER.lastIndex : fail(text, position);
}

function skipKey(text: string, position: number): number {
  return skipColon(text, skipString(text, position));
}

function skipColon(text: string, position: number): number {
  const colon = skipSpace(text, position);
  return text.charCodeAt(colon) === COLON ? colon + 1 : fail(text, colon);
}

function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) fail(text, start);
  let position = start + 1;
  for (;;) {
    position = skipPlain(text, position);
    const code = text.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code !== BACKSLASH) fail(text, position);
    position = skipEscape(text, position);
  }
}

/** Leaves the characters that stand for themselves. Few of them are walked by hand; the regular expression is four times as fast on many. */
function skipPlain(text: string, start: number): number {
  let position = start;
  for (const walked = start + 24; position < walked; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE || code === BACKSLASH || !(code >= 0x20)) return position;
  }
  PLAIN.lastIndex = position;
  PLAIN.test(text);
  return PLAIN.lastIndex;
}

function skipEscape(text: string, position: number): number {
  ESCAPE.lastIndex = position;
  return ESCAPE.test(text) ? ESCAPE.lastIndex : fail(text, position);
}

function skipSpace(text: string, start: number): number {
  let position = start;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return position;
    position += 1;
  }
}

function fail(text: string, position: number): never {
  const what = position < text.length ? `Unexpected character at position ${position}` : 'Unexpected end';
  throw new SyntaxError(`${what} of JSON text`);
}
