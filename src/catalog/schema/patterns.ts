import { withoutLookaround } from './lookaround.ts';
import { insideClass, isClass, tokensOf } from './pattern-tokens.ts';

/**
 * Whether the readers of a tool's schema can all compile the pattern: JavaScript with the `u` flag, which is how JSON Schema reads it, Python's
 * `re` (pleaseai/shunt#488), Rust's engine (Dokploy/mcp#72), and OpenAI, which refuses to look around (can1357/oh-my-pi#2784, Dokploy/mcp#45).
 * The text is compiled but never run: a stranger's pattern may take forever.
 */
export function isPortable(pattern: string): boolean {
  return compiles(pattern) && tokensOf(pattern).every(isPortableToken);
}

/**
 * Patterns for these readers that together match nothing but what the pattern matches: itself, where it is portable. What it looks ahead to from
 * its beginning, and behind to from its end, becomes a pattern of its own; classes by Unicode property keep only their Latin letters.
 * `undefined` where no such patterns are known.
 */
export function portablePatterns(pattern: string): readonly string[] | undefined {
  if (isPortable(pattern)) return [pattern];
  if (pattern.length > MAX_LENGTH) return undefined;
  const respelt = tokensOf(pattern).map(respell).join('');
  const parts = compiles(respelt) ? withoutLookaround(respelt) : undefined;
  const narrowed = parts?.map((part) => tokensOf(part).map(inLatin).join(''));
  return narrowed?.every(isPortable) ? narrowed : undefined;
}

/**
 * Whether a name matches a pattern; `undefined` where that is not tried, since it could take long. With two repetitions at most, none of them of a
 * group, a name of 200 characters takes no more than a few million steps.
 */
export function matchesName(pattern: string, name: string): boolean | undefined {
  if (pattern.length > MAX_LENGTH || name.length > 200 || !isPortable(pattern)) return undefined;
  const tokens = tokensOf(pattern);
  const choices = tokens.filter((token) => CHOICES.includes(token)).length;
  const repeatsGroup = tokens.some((token, index) => token === ')' && REPETITIONS.includes(tokens[index + 1] ?? ''));
  if (choices > 2 || repeatsGroup) return undefined;
  return new RegExp(pattern, 'u').test(name);
}

const REPETITIONS = ['*', '+', '{'];
/** Where there is more than one way to go on. What may be there or not, and alternatives, double them as well. */
const CHOICES = [...REPETITIONS, '?', '|'];

/** Longer ones were written by programs, for programs. */
const MAX_LENGTH = 1_000;

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').unicode;
  } catch {
    // That it is none is an answer.
    return false;
  }
}

/** No letters that only JavaScript escapes, and no references back. */
const PORTABLE_ESCAPE = /^\\(?:[dDwWsSbBnrtfv]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|[^A-Za-z\d])$/u;

function isPortableToken(token: string): boolean {
  if (token.startsWith('\\')) return PORTABLE_ESCAPE.test(token);
  if (token.startsWith('(?')) return token === '(?:';
  if (!isClass(token)) return true;
  const inside = insideClass(token);
  return inside.length > 0 && inside.every((part) => part !== '[' && isPortableToken(part));
}

/** The same in the letters of all. What has none stays. */
function respell(token: string): string {
  if (token.startsWith('(?<') && token.endsWith('>')) return '(';
  if (token.startsWith('\\')) return respellEscape(token);
  if (!isClass(token)) return token;
  const negation = token.startsWith('[^') ? '^' : '';
  const inside = insideClass(token).map((part) => (part === '[' ? '\\[' : part === '\\-' ? part : respellEscape(part)));
  return inside.length === 0 && negation !== '' ? '[\\s\\S]' : `[${negation}${inside.join('')}]`;
}

function respellEscape(token: string): string {
  const [, point] = /^\\u\{([\da-fA-F]+)\}$/.exec(token) ?? [];
  if (point !== undefined) return character(Number.parseInt(point, 16));
  const [, control] = /^\\c([A-Za-z])$/.exec(token) ?? [];
  if (control !== undefined) return character(control.charCodeAt(0) % 32);
  if (token === '\\0') return character(0);
  // JavaScript's `u` flag refuses to escape what needs none.
  return /^\\[^A-Za-z\d^$\\.*+?()[\]{}|/]$/u.test(token) ? token.slice(1) : token;
}

/** A character as an escape, or as it is where no escape of four digits holds it. */
function character(point: number): string {
  return point > 0xffff ? String.fromCodePoint(point) : `\\u${point.toString(16).padStart(4, '0')}`;
}

/** Latin, with its supplements and both extensions. */
const LATIN_END = 0x24f;

/**
 * A class that goes by Unicode properties, as the Latin characters that are in it. Without lookaround a pattern that takes fewer characters
 * somewhere matches fewer texts, so this never matches what the original does not.
 */
function inLatin(token: string): string {
  if (!/\\p\{/i.test(token)) return token;
  const matcher = new RegExp(`^${token}$`, 'u');
  let ranges = '';
  for (let first = 0; first <= LATIN_END; first += 1) {
    if (!matcher.test(String.fromCodePoint(first))) continue;
    let last = first;
    while (last < LATIN_END && matcher.test(String.fromCodePoint(last + 1))) last += 1;
    ranges += first === last ? character(first) : `${character(first)}-${character(last)}`;
    first = last;
  }
  return `[${ranges}]`;
}
