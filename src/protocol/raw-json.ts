import {
  CLOSE_BRACKET,
  COMMA,
  decodeString,
  failAt,
  type MemberSink,
  OPEN_BRACE,
  OPEN_BRACKET,
  parsed,
  QUOTE,
  readMembers,
  type Strings,
  skipSpace,
  skipValue,
} from './json-scan.ts';

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
   * Takes unknown text. The whole of it is checked against RFC 8259, or its structure alone when strings are `unchecked`.
   * @throws SyntaxError when it is not JSON, is nested deeper than {@link MAX_DEPTH}, or repeats a key at its top level
   *   (receivers disagree on which of the two counts, and a filter must see what the receiver will see).
   */
  static parse(text: string, strings: Strings = 'checked'): RawJson {
    const start = skipSpace(text, 0);
    const members = text.charCodeAt(start) === OPEN_BRACE ? new Members() : undefined;
    const end = members ? readMembers(text, start, members, strings) : skipValue(text, start, strings);
    if (skipSpace(text, end) !== text.length) failAt(text, end);
    if (members?.repeatedKey !== undefined) throw new SyntaxError(`The key ${members.repeatedKey} occurs twice`);
    return new RawJson(text, members);
  }

  /** Takes text that was cut out of checked JSON: an id, say. */
  static verbatim(text: string): RawJson {
    return new RawJson(text);
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

  /** The keys of an object, in the order of the text. */
  get keys(): string[] {
    return this.#spans().list.map(({ key }) => key);
  }

  /** Whether this is an object that has the member. */
  has(key: string): boolean {
    return this.#spans().get(key) !== undefined;
  }

  /** A member's parsed value; `undefined` when this is no object or has no such member, or a string in it is broken. */
  get(key: string): unknown {
    const span = this.#spans().get(key);
    return span && parsed(this.text.slice(span.start, span.end));
  }

  /** A member as text; `undefined` when this is no object or has no such member. */
  raw(key: string): RawJson | undefined {
    const span = this.#spans().get(key);
    if (span) span.json ??= new RawJson(this.text.slice(span.start, span.end));
    return span?.json;
  }

  /** A member when it is a string. */
  string(key: string): string | undefined {
    const span = this.#spans().get(key);
    if (!span || this.text.charCodeAt(span.start) !== QUOTE) return undefined;
    return decodeString(this.text.slice(span.start, span.end));
  }

  /** The elements of an array; empty when this is none. */
  items(): RawJson[] {
    const items: RawJson[] = [];
    if (!this.isArray) return items;
    let position = skipSpace(this.text, skipSpace(this.text, 0) + 1);
    while (this.text.charCodeAt(position) !== CLOSE_BRACKET) {
      const end = skipValue(this.text, position, 'unchecked');
      items.push(new RawJson(this.text.slice(position, end)));
      position = skipSpace(this.text, end);
      if (this.text.charCodeAt(position) === COMMA) position = skipSpace(this.text, position + 1);
    }
    return items;
  }

  /**
   * The same object with members set, but for those whose new value is `undefined`. All else keeps its text and order.
   * Where this is no object, which peers may send in the place of one, it is one of these members alone.
   */
  with(changes: Readonly<Record<string, unknown>>): RawJson {
    const members = this.#spans();
    const keys = new Set(Object.keys(changes).filter((key) => changes[key] !== undefined));
    if (!this.isObject && keys.size > 0) return RawJson.of(changes);
    let text = '';
    let cursor = 0;
    for (const { key, start, end } of members.list) {
      if (!keys.has(key)) continue;
      text += this.text.slice(cursor, start) + encode(changes[key]);
      cursor = end;
    }
    const added = [...keys].filter((key) => !members.get(key));
    if (added.length === 0) return new RawJson(text + this.text.slice(cursor));
    const close = this.text.lastIndexOf('}');
    const separator = members.list.length > 0 ? ',' : '';
    const addedText = encodeMembers(added.map((key) => [key, changes[key]]));
    return new RawJson(text + this.text.slice(cursor, close) + separator + addedText + this.text.slice(close));
  }

  /** The same object with members taken out; itself when it has none of them. */
  without(...keys: readonly string[]): RawJson {
    const { list } = this.#spans();
    const unwanted = new Set(keys);
    const kept = list.filter(({ key }) => !unwanted.has(key));
    if (kept.length === list.length) return this;
    const texts = kept.map(({ key, start, end }) => `${JSON.stringify(key)}:${this.text.slice(start, end)}`);
    return new RawJson(`{${texts.join(',')}}`);
  }

  /** The same object with a string member translated; itself when there is none, or nothing changes. */
  translated(key: string, translate: (text: string) => string): RawJson {
    const text = this.string(key);
    const translation = text === undefined ? undefined : translate(text);
    return translation === text ? this : this.with({ [key]: translation });
  }

  #spans(): Members {
    if (!this.#members) {
      this.#members = new Members();
      if (this.isObject) readMembers(this.text, skipSpace(this.text, 0), this.#members, 'unchecked');
    }
    return this.#members;
  }
}

interface Member {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Kept once asked for, so that its own members are looked for only once. */
  json: RawJson | undefined;
}

/** Where the members of an object stand, in the order of the text. Messages have few, for which a list beats an index. */
class Members implements MemberSink {
  #list: Member[] = [];
  /** Whether the list still holds some that do not count. */
  #hasObsolete = false;
  /** A key that occurs more than once, as JSON text. Its last member counts. */
  repeatedKey: string | undefined;
  #index: Map<string, Member> | undefined;

  get list(): readonly Member[] {
    if (this.#hasObsolete) this.#list = this.#list.filter((member) => this.get(member.key) === member);
    this.#hasObsolete = false;
    return this.#list;
  }

  get(key: string): Member | undefined {
    if (this.#index) return this.#index.get(key);
    for (const member of this.#list) if (member.key === key) return member;
    return undefined;
  }

  add(key: string, start: number, end: number): void {
    const member = { key, start, end, json: undefined };
    const earlier = this.get(key);
    if (earlier) {
      this.repeatedKey = JSON.stringify(key);
      // Where there are many, one by one would take the square of the time.
      if (this.#index) this.#hasObsolete = true;
      else this.#list.splice(this.#list.indexOf(earlier), 1);
    }
    this.#list.push(member);
    if (this.#list.length === FEW) this.#index ??= new Map(this.#list.map((each) => [each.key, each]));
    this.#index?.set(key, member);
  }
}

/** Members from which on an index pays. */
const FEW = 16;

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
