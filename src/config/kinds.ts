import { LOG_LEVELS } from '../log.ts';
import type { Prefix } from './catalog-settings.ts';
import type { AuthChoice } from './defaults.ts';
import type { Isolation, OutputTransport, Protocol } from './settings.ts';

/** A JSON Schema (draft-07), or keywords of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A kind of value that arrives as text or JSON: in a flag, an environment variable or a config file. */
export interface Kind<Value> {
  /** What is accepted, as it follows "expected" in a message. */
  readonly accepts: string;
  /** The value, or `undefined` when the text is not of this kind. */
  readonly parse: (text: string) => Value | undefined;
  /** The same as a JSON Schema, for editors: the spellings that are recommended, and none that is refused but for limits of length. */
  readonly json: JsonSchema;
  /** Set where the value must not be shown, not even a wrong one. */
  readonly isSecret?: true;
}

/** Why a value was refused: what is accepted and what was given. */
export function mismatch(kind: Pick<Kind<unknown>, 'accepts' | 'isSecret'>, given: unknown): string {
  return `expected ${kind.accepts}, got ${kind.isSecret ? 'something else' : describe(given)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value) ?? 'nothing';
}

/** One of the values; case and hyphens do not matter, so `streamable-http` is `streamableHttp`. */
export function oneOf<const Value extends string>(values: readonly Value[]): Kind<Value> {
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '');
  return {
    accepts: `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
    parse: (text) => values.find((value) => plain(value) === plain(text)),
    // A year needs no quotes.
    json: { enum: values.flatMap((value) => (/^\d+$/.test(value) ? [value, Number(value)] : [value])) },
  };
}

/** Texts of this form, as they are. */
export function matching(accepts: string, form: RegExp): Kind<string> {
  return { accepts, parse: (text) => (form.test(text) ? text : undefined), json: textOf(form) };
}

/** The JSON Schema of texts of this form. Patterns there have no flags. */
export function textOf(form: RegExp): JsonSchema {
  return { type: 'string', pattern: form.source };
}

export const PROTOCOL = oneOf<Protocol>(['auto', '2025', '2026']);
export const ISOLATION = oneOf<Isolation>(['auto', 'shared', 'session']);
export const AUTH = oneOf<AuthChoice>(['auto', 'oauth', 'token', 'external', 'none']);
export const PREFIX = oneOf<Prefix>(['auto', 'server', 'none']);
export const OUTPUT_TRANSPORT = oneOf<OutputTransport>(['streamableHttp', 'sse', 'stdio', 'all']);
export const LOG_LEVEL = oneOf(LOG_LEVELS);
export const LOG_FORMAT = oneOf(['text', 'json']);
/** How clients mark a server that is started as a child. */
export const LOCAL = oneOf(['stdio', 'local']);

export const TEXT = matching('a text that is not empty', /\S/);

/** Also empty. */
export const ANY_TEXT: Kind<string> = {
  accepts: 'a text',
  parse: (text) => text,
  json: { type: ['string', 'number', 'boolean'] },
};

export const YES_OR_NO: Kind<boolean> = {
  accepts: 'true or false',
  parse: (text) => {
    if (/^(?:true|yes|1)$/i.test(text)) return true;
    return /^(?:false|no|0)$/i.test(text) ? false : undefined;
  },
  json: { type: 'boolean' },
};

export const PORT = wholeNumber('a port from 0 to 65535', 0, 65_535);

export const COUNT = wholeNumber('a whole number from 1', 1, Number.MAX_SAFE_INTEGER);

function wholeNumber(accepts: string, minimum: number, maximum: number): Kind<number> {
  return {
    accepts,
    parse: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= minimum && value <= maximum ? value : undefined;
    },
    json: { type: 'integer', minimum, maximum },
  };
}

/** What Node's timers can hold; a longer delay would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A number above 0, as part of a JSON Schema's pattern. */
const POSITIVE = '(?=[\\d.]*[1-9])\\d+(?:\\.\\d+)?';

/** Milliseconds, more than 0. */
export const DURATION: Kind<number> = {
  accepts: 'a duration such as 500ms, 90s, 5m or 1h (a plain number is milliseconds), up to 24 days',
  parse: (text) => scaled(text, MILLISECONDS, 'ms', LONGEST_TIMER),
  json: {
    type: ['string', 'integer'],
    pattern: `^${POSITIVE} ?(?:ms|s|m|h)?$`,
    minimum: 1,
    maximum: LONGEST_TIMER,
  },
};

/** Milliseconds, or 0 for "no limit". */
export const DURATION_OR_NONE: Kind<number> = {
  accepts: `${DURATION.accepts}, or 0 for none`,
  parse: (text) => (/^0(?:ms|s|m|h)?$/i.test(text) ? 0 : DURATION.parse(text)),
  json: { ...DURATION.json, pattern: `^(?:0|${POSITIVE} ?)(?:ms|s|m|h)?$`, minimum: 0 },
};

/** Seconds, given as a plain number; becomes milliseconds. */
export const SECONDS: Kind<number> = {
  accepts: 'a number of seconds',
  parse: (text) => (/^[\d.]+$/.test(text) ? DURATION.parse(`${text}s`) : undefined),
  json: { type: 'number', minimum: 0.001, maximum: LONGEST_TIMER / 1000 },
};

/** A longer text fits no JavaScript string, so nobody could read the message. */
const LARGEST_MESSAGE = 512_000_000;
const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Bytes, more than 0. */
export const SIZE: Kind<number> = {
  accepts: 'a size such as 64kb, 10MB or 10MiB (a plain number is bytes), up to 512MB',
  parse: (text) => scaled(text, BYTES, 'b', LARGEST_MESSAGE),
  json: {
    type: ['string', 'integer'],
    pattern: `^${POSITIVE} ?(?:[kKmMgG][iI]?[bB]|[bB])?$`,
    minimum: 1,
    maximum: LARGEST_MESSAGE,
  },
};

function scaled(text: string, units: Readonly<Record<string, number>>, plain: string, most: number) {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const scale = units[unit?.toLowerCase() || plain];
  if (digits === undefined || scale === undefined) return undefined;
  const value = Math.round(Number(digits) * scale);
  return value > 0 && value <= most ? value : undefined;
}

/** Too long to be guessed, and sendable: what follows `Bearer` in a header (RFC 6750, section 2.1). */
export const BEARER_TOKEN = secret(
  matching('a token of at least 16 letters, digits and -._~+/', /^(?=.{16})[\w.~+/-]+=*$/),
);

/** Somebody else's: its form and length are theirs. */
export const ANY_TOKEN = secret(matching('a token without spaces', /^[!-~]+$/));

/** Visible characters and what may stand between them (RFC 9110, section 5.5); often a secret. */
export const HEADER_VALUE = secret({
  ...matching('a text of one line', /^[\t\x20-\x7e\x80-\xff]*$/),
  parse: (text) => (/^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text.trim() : undefined),
});

function secret(kind: Kind<string>): Kind<string> {
  return { ...kind, isSecret: true };
}

/** `KEY=VALUE`; `KEY` alone asks for the variable of the bridge's own environment. */
export interface EnvEntry {
  readonly name: string;
  readonly value: string | undefined;
}

export const ENV_ENTRY: Kind<EnvEntry> = {
  accepts: 'KEY=VALUE, or KEY to pass on a variable',
  parse: (text) => {
    const [, name, value] = /^([^\s=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
    return name === undefined ? undefined : { name, value };
  },
  json: { type: 'string' },
};
