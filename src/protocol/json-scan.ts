/**
 * Whether the insides of strings are checked. Unchecked, only their ends are found: enough for text that was checked
 * before, and for a server's, whose clients would meet a broken string just as they do without a bridge.
 */
export type Strings = 'checked' | 'unchecked';

/** Takes up the members of an object, in the order of the text. */
export interface MemberSink {
  /** The value stands from `start` up to, and without, `end`. */
  add(key: string, start: number, end: number): void;
}

/** Deepest nesting that is taken: far beyond any message, and well before a receiver's parser runs out of stack. */
export const MAX_DEPTH = 512;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings (RFC 8259, section 7)
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** Reads the object at `start` into `members` and returns where it ends. */
export function readMembers(text: string, start: number, members: MemberSink, strings: Strings): number {
  let position = skipSpace(text, start + 1);
  if (text.charCodeAt(position) === CLOSE_BRACE) return position + 1;
  for (;;) {
    const keyEnd = skipString(text, position, strings);
    const key = decodeString(text.slice(position, keyEnd));
    const valueStart = skipSpace(text, skipColon(text, keyEnd));
    const valueEnd = skipValue(text, valueStart, strings);
    members.add(key, valueStart, valueEnd);
    position = skipSpace(text, valueEnd);
    const separator = text.charCodeAt(position);
    if (separator === CLOSE_BRACE) return position + 1;
    if (separator !== COMMA) failAt(text, position);
    position = skipSpace(text, position + 1);
  }
}

/** Checks the value at `start` and returns where it ends. Without recursion, so that no depth can exhaust the stack. */
export function skipValue(text: string, start: number, strings: Strings): number {
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
        if (closer === CLOSE_BRACE) position = skipKey(text, position, strings);
        continue;
      }
      position += 1;
    } else {
      position = skipScalar(text, position, code, strings);
    }
    position = skipClosers(text, position, closers, strings);
    if (closers.length === 0) return position;
  }
}

/** After a value: leaves the containers that end here, and stops where the next value begins. */
function skipClosers(text: string, start: number, closers: number[], strings: Strings): number {
  let position = start;
  while (closers.length > 0) {
    position = skipSpace(text, position);
    const closer = closers[closers.length - 1];
    const code = text.charCodeAt(position);
    if (code === COMMA) {
      return closer === CLOSE_BRACE ? skipKey(text, skipSpace(text, position + 1), strings) : position + 1;
    }
    if (code !== closer) failAt(text, position);
    closers.pop();
    position += 1;
  }
  return position;
}

function skipScalar(text: string, position: number, code: number, strings: Strings): number {
  if (code === QUOTE) return skipString(text, position, strings);
  if (text.startsWith('true', position) || text.startsWith('null', position)) return position + 4;
  if (text.startsWith('false', position)) return position + 5;
  NUMBER.lastIndex = position;
  return NUMBER.test(text) ? NUMBER.lastIndex : failAt(text, position);
}

/** The string that a JSON string stands for. Most hold no escapes and need no parser. One that is broken, as it was not checked, stays as it is. */
export function decodeString(json: string): string {
  const decoded = json.includes('\\') ? parsed(json) : undefined;
  return typeof decoded === 'string' ? decoded : json.slice(1, -1);
}

/** The value that JSON text stands for; `undefined` when a string in it is broken, as it was not checked. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function skipKey(text: string, position: number, strings: Strings): number {
  return skipColon(text, skipString(text, position, strings));
}

function skipColon(text: string, position: number): number {
  const colon = skipSpace(text, position);
  return text.charCodeAt(colon) === COLON ? colon + 1 : failAt(text, colon);
}

function skipString(text: string, start: number, strings: Strings): number {
  if (text.charCodeAt(start) !== QUOTE) failAt(text, start);
  if (strings === 'unchecked') return skipUnchecked(text, start);
  let position = start + 1;
  for (;;) {
    position = skipPlain(text, position);
    const code = text.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code !== BACKSLASH) failAt(text, position);
    position = skipEscape(text, position);
  }
}

/** Goes from quote to quote, natively: a megabyte takes a hundredth of a checked one's time. */
function skipUnchecked(text: string, start: number): number {
  let quote = start;
  do {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) failAt(text, text.length);
  } while (isEscaped(text, quote));
  return quote + 1;
}

function isEscaped(text: string, position: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(position - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
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
  return ESCAPE.test(text) ? ESCAPE.lastIndex : failAt(text, position);
}

export function skipSpace(text: string, start: number): number {
  let position = start;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return position;
    position += 1;
  }
}

export function failAt(text: string, position: number): never {
  const what = position < text.length ? `Unexpected character at position ${position}` : 'Unexpected end';
  throw new SyntaxError(`${what} of JSON text`);
}
