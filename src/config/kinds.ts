import { isIP } from 'node:net';
import { LOG_LEVELS } from '../log.ts';
import type { AuthChoice } from './defaults.ts';
import { isLoopbackUrl } from './loopback.ts';
import type { Isolation, OutputTransport, Prefix, Protocol } from './settings.ts';

/** A kind of value that arrives as text or JSON: in a flag, an environment variable or a config file. */
export interface Kind<Value> {
  /** What is accepted, as it follows "expected" in a message. */
  readonly accepts: string;
  /** The value, or `undefined` when the text is not of this kind. */
  readonly parse: (text: string) => Value | undefined;
  /** Set where the value must not be shown, not even a wrong one. */
  readonly isSecret?: true;
}

/** Why a value was refused: what is accepted and what was given. */
export function mismatch(kind: Kind<unknown>, given: unknown): string {
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
  };
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

export const TEXT: Kind<string> = {
  accepts: 'a text that is not empty',
  parse: (text) => (text.trim() === '' ? undefined : text),
};

/** Also empty. */
export const ANY_TEXT: Kind<string> = { accepts: 'a text', parse: (text) => text };

export const YES_OR_NO: Kind<boolean> = {
  accepts: 'true or false',
  parse: (text) => {
    if (/^(?:true|yes|1)$/i.test(text)) return true;
    return /^(?:false|no|0)$/i.test(text) ? false : undefined;
  },
};

export const PORT: Kind<number> = {
  accepts: 'a port from 0 to 65535',
  parse: (text) => wholeNumber(text, 0, 65_535),
};

export const COUNT: Kind<number> = {
  accepts: 'a whole number from 1',
  parse: (text) => wholeNumber(text, 1, Number.MAX_SAFE_INTEGER),
};

function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** What Node's timers can hold; a longer delay would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds, more than 0. */
export const DURATION: Kind<number> = {
  accepts: 'a duration such as 500ms, 90s, 5m or 1h (a plain number is milliseconds), up to 24 days',
  parse: (text) => scaled(text, MILLISECONDS, 'ms', LONGEST_TIMER),
};

/** Milliseconds, or 0 for "no limit". */
export const DURATION_OR_NONE: Kind<number> = {
  accepts: `${DURATION.accepts}, or 0 for none`,
  parse: (text) => (/^0(?:ms|s|m|h)?$/i.test(text) ? 0 : DURATION.parse(text)),
};

/** Seconds, given as a plain number; becomes milliseconds. */
export const SECONDS: Kind<number> = {
  accepts: 'a number of seconds',
  parse: (text) => (/^[\d.]+$/.test(text) ? DURATION.parse(`${text}s`) : undefined),
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
};

function scaled(text: string, units: Readonly<Record<string, number>>, plain: string, most: number) {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const scale = units[unit?.toLowerCase() || plain];
  if (digits === undefined || scale === undefined) return undefined;
  const value = Math.round(Number(digits) * scale);
  return value > 0 && value <= most ? value : undefined;
}

export const URL_PATH: Kind<string> = {
  accepts: 'a path that starts with /',
  parse: (text) => (/^\/[^\s?#]*$/.test(text) ? text : undefined),
};

/** Segments of letters, digits and `._~-`, none of them empty or made of dots; loses a slash at its end. */
export const PLAIN_PATH: Kind<string> = {
  accepts: 'a path such as /widget, of letters, digits and ._~-',
  parse: (text) => (/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+\/?$/.test(text) ? text.replace(/\/$/, '') : undefined),
};

/** A name or address without a port; an IPv6 address may stand in brackets, and loses them. */
export const HOST: Kind<string> = {
  accepts: 'a host name or IP address without a port',
  parse: (text) => {
    const host = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    return isIP(host) !== 0 || /^[a-z0-9._-]+$/.test(host) ? host : undefined;
  },
};

/** A browser origin as browsers send it, or one of the words `*` and `loopback`. */
export const ORIGIN: Kind<string> = {
  accepts: 'an origin such as https://app.example.com, * for any or loopback',
  parse: (text) => {
    if (text === '*' || text === 'loopback') return text;
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
    const { origin } = new URL(text);
    // Only web schemes have an origin for URL; browser extensions have theirs as it is written.
    return origin === 'null' ? text.toLowerCase().replace(/\/$/, '') : origin;
  },
};

/** The origin by which the bridge is reached from outside, without a slash at its end. */
export const PUBLIC_URL: Kind<string> = {
  accepts: 'an address without a path, such as https://bridge.example.com',
  parse: (text) => {
    const url = parseUrl(text);
    return url?.pathname === '/' && !/[?#]/.test(text) ? url.origin : undefined;
  },
};

/** An URL whose answers are trusted, as it was written: issuers are compared byte for byte (RFC 8414, section 3.3). */
export const TRUSTED_URL: Kind<string> = {
  accepts: 'an https URL (http only on this machine) without a fragment',
  parse: (text) => {
    const url = parseUrl(text);
    if (url === undefined || text.includes('#')) return undefined;
    return url.protocol === 'https:' || isLoopbackUrl(url) ? text : undefined;
  },
};

/** A web address without a query or fragment, and without a slash at its end. */
export const WEB_URL: Kind<string> = {
  accepts: 'an address such as http://127.0.0.1:5173',
  parse: (text) => (/[?#]/.test(text) ? undefined : parseUrl(text)?.href.replace(/\/+$/, '')),
};

/** A web address without a user's name in it. */
function parseUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s/?#@\\]+(?:[/?#]\S*)?$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

/** Too long to be guessed, and sendable: what follows `Bearer` in a header (RFC 6750, section 2.1). */
export const BEARER_TOKEN: Kind<string> = {
  accepts: 'a token of at least 16 letters, digits and -._~+/',
  parse: (text) => (/^(?=.{16})[\w.~+/-]+=*$/.test(text) ? text : undefined),
  isSecret: true,
};

/** Somebody else's: its form and length are theirs. */
export const ANY_TOKEN: Kind<string> = {
  accepts: 'a token without spaces',
  parse: (text) => (/^[!-~]+$/.test(text) ? text : undefined),
  isSecret: true,
};

/** Visible characters and what may stand between them (RFC 9110, section 5.5); often a secret. */
export const HEADER_VALUE: Kind<string> = {
  accepts: 'a text of one line',
  parse: (text) => (/^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text.trim() : undefined),
  isSecret: true,
};

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
};
