/** A URI template, ready to be asked. */
export interface UriTemplate {
  /** The text before the first expression: every URI of the template begins with it. */
  readonly start: string;
  /** Whether it is too large to be tried, so that it matches nothing. */
  readonly isTooLarge: boolean;
  matches(uri: string): boolean;
}

/** Expressions of one kind: the text each begins with, the characters that end it, and whether it may be absent altogether. */
interface Expression {
  readonly lead: string;
  readonly stops: string;
  readonly optional: boolean;
}

type Part = string | Expression;
/** For each offset of the URI, whether the parts so far can end there. */
type Ends = Uint8Array;

const EXPRESSION = /\{([+#./;?&]?)([^{}]+)\}/g;
/** Templates and URIs come from strangers: together these bound the work of one match to a few milliseconds. */
const MAX_EXPRESSIONS = 16;
const MAX_LENGTH = 2048;

/**
 * Compiles an RFC 6570 template (levels 1 to 3, and the explode modifier as servers use it: `{path*}` spans slashes).
 * It answers which server a URI may belong to, so it is as lenient as the servers' own matching: `{id}` is at least one character and
 * stops at a slash, variable names of a query are not checked. Braces that make no expression are literal text.
 * A match takes time linear in the URI, and in what stands between expressions. A URI or a template over 2048 characters, and a template of
 * over 16 expressions, match nothing.
 */
export function compileTemplate(template: string): UriTemplate {
  const parts = parseParts(template);
  const start = typeof parts[0] === 'string' ? parts[0] : '';
  const isTooLarge =
    template.length > MAX_LENGTH || parts.filter((part) => typeof part !== 'string').length > MAX_EXPRESSIONS;
  return {
    start,
    isTooLarge,
    matches(uri) {
      if (isTooLarge || uri.length > MAX_LENGTH || !uri.startsWith(start)) return false;
      let ends: Ends = new Uint8Array(uri.length + 1);
      ends[0] = 1;
      for (const part of parts) {
        ends = typeof part === 'string' ? pastLiteral(ends, uri, part) : pastExpression(ends, uri, part);
      }
      return ends[uri.length] === 1;
    },
  };
}

/** Whether some URI could come from both. Errs on the side of yes: it compares only what stands before the first expressions. */
export function mayOverlap(one: UriTemplate, other: UriTemplate): boolean {
  return one.start.startsWith(other.start) || other.start.startsWith(one.start);
}

function parseParts(template: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(EXPRESSION)) {
    if (match.index > end) parts.push(template.slice(end, match.index));
    parts.push(parseExpression(match[1] ?? '', match[2] ?? ''));
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push(template.slice(end));
  return parts;
}

function parseExpression(operator: string, variables: string): Expression {
  const exploded = variables.includes('*');
  switch (operator) {
    case '+':
      return { lead: '', stops: '', optional: false };
    case '#':
      return { lead: '#', stops: '', optional: true };
    case '?':
    case '&':
      return { lead: operator, stops: '#', optional: true };
    case '/':
      return { lead: '/', stops: exploded || variables.includes(',') ? '?#' : '/?#', optional: true };
    case '.':
    case ';':
      return { lead: operator, stops: '/?#', optional: true };
    default:
      return { lead: '', stops: exploded ? '' : '/', optional: false };
  }
}

function pastLiteral(ends: Ends, uri: string, literal: string): Ends {
  const next = new Uint8Array(ends.length);
  for (let at = uri.indexOf(literal); at !== -1; at = uri.indexOf(literal, at + 1)) {
    if (ends[at]) next[at + literal.length] = 1;
  }
  return next;
}

/** All ways through an expression at once, in one pass: no backtracking, whatever stands next to what. */
function pastExpression(ends: Ends, uri: string, { lead, stops, optional }: Expression): Ends {
  const next = optional ? ends.slice() : new Uint8Array(ends.length);
  let inside = false;
  for (let at = 0; at < uri.length; at++) {
    const reached = ends[at] === 1;
    if (!reached && !inside) continue;
    const char = uri.charAt(at);
    const opens = reached && lead !== '' && char === lead;
    inside = opens || ((inside || lead === '') && !stops.includes(char));
    if (inside) next[at + 1] = 1;
  }
  return next;
}
