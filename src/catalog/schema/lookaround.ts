import { alternativesOf, endOfGroup, isClass, looksAround, tokensOf } from './pattern-tokens.ts';

/**
 * Patterns that look around nowhere, and together match nothing but what this one matches. `^(?!A)(?=B)C` is `^C` and `^B`, and whatever says that
 * a text does not begin with A; `C(?<!a)$` is `C$` and `(?:^|[^a])$`. `undefined` where it looks around elsewhere, or A is long.
 */
export function withoutLookaround(pattern: string): readonly string[] | undefined {
  const tokens = tokensOf(pattern);
  if (!tokens.some(looksAround)) return [pattern];
  if (alternativesOf(tokens).length > 1) return undefined;
  const ahead = splitAhead(tokens);
  const behind = ahead && splitBehind(ahead.rest);
  if (!ahead || !behind) return undefined;
  const parts = [behind.rest.join(''), ...ahead.parts, ...behind.parts].filter((part) => part !== '^');
  return tokensOf(parts.join('')).some(looksAround) ? undefined : parts;
}

interface Split {
  readonly parts: readonly string[];
  readonly rest: readonly string[];
}

function splitAhead(tokens: readonly string[]): Split | undefined {
  const parts: string[] = [];
  if (tokens[0] !== '^') return { parts, rest: tokens };
  let start = 1;
  for (let opening = tokens[start]; opening === '(?=' || opening === '(?!'; opening = tokens[start]) {
    const end = endOfGroup(tokens, start);
    const body = tokens.slice(start + 1, end);
    const found = opening === '(?=' ? [`^(?:${body.join('')})`] : notBeginningWith(body);
    if (!found) return undefined;
    parts.push(...found);
    start = end + 1;
  }
  return { parts, rest: ['^', ...tokens.slice(start)] };
}

function splitBehind(tokens: readonly string[]): Split | undefined {
  const [opening, atom, close, end] = tokens.slice(-4);
  if (end !== '$' || close !== ')' || atom === undefined) return { parts: [], rest: tokens };
  const rest = [...tokens.slice(0, -4), '$'];
  if (opening === '(?<=' && isAtom(atom)) return { parts: [`${atom}$`], rest };
  if (opening === '(?<!' && isAtom(atom)) return { parts: [`(?:^|${opposite(atom)})$`], rest };
  return { parts: [], rest: tokens };
}

/** What matches where `body` does not match at the beginning of the text. */
function notBeginningWith(body: readonly string[]): string[] | undefined {
  const parts = alternativesOf(body).map(([first, ...more]) => {
    // At the beginning it says nothing.
    const alternative = first === undefined ? [] : first === '^' ? more : [first, ...more];
    return notBlank(alternative) ?? notContaining(alternative) ?? notStarting(alternative);
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function notBlank(tokens: readonly string[]): string | undefined {
  return tokens.join('') === '\\s*$' ? '\\S' : undefined;
}

/** `.*a`, and `.*ab` of two characters. Of more, the pattern would be beyond what people read. */
function notContaining(tokens: readonly string[]): string | undefined {
  const [any, star, first, second, ...more] = tokens;
  if ((any !== '.' && any !== '[\\s\\S]') || star !== '*' || first === undefined || !isAtom(first)) return undefined;
  if (second === undefined) return `^${opposite(first)}*$`;
  if (more.length > 0 || !isCharacter(first) || !isCharacter(second)) return undefined;
  const others = opposite(first);
  if (first === second) return `^(?:${first}?${others})*${first}?$`;
  return `^(?:${others}|${first}+${others.slice(0, -1)}${inClass(second)}])*${first}*$`;
}

/** A few characters one after another, or these and then the end. Of what goes on otherwise, no text may begin like it at all. */
function notStarting(tokens: readonly string[]): string | undefined {
  const atoms = leadingAtoms(tokens);
  const isWhole = tokens[atoms.length] === '$' && tokens.length === atoms.length + 1;
  if (atoms.length === 0 && !isWhole) return undefined;
  const pattern = atoms.reduceRight(
    (tail, atom) => `(?:$|${opposite(atom)}${tail === '' ? '' : `|${atom}${tail}`})`,
    isWhole ? '[\\s\\S]' : '',
  );
  return `^${pattern}`;
}

/** The characters that whatever matches must begin with. */
function leadingAtoms(tokens: readonly string[]): readonly string[] {
  const end = tokens.findIndex((token, index) => {
    const next = tokens[index + 1] ?? '';
    return !isAtom(token) || ['*', '?', '{'].includes(next);
  });
  return end === -1 ? tokens : tokens.slice(0, end);
}

/** Whether it stands for one character, whatever follows. */
function isAtom(token: string): boolean {
  return isClass(token) || /^\\[dDwWsS]$/.test(token) || token === '.' || isCharacter(token);
}

/** Whether it stands for a certain character. */
function isCharacter(token: string): boolean {
  return /^(?:[^\\^$.*+?()[\]{}|]|\\[^A-Za-z\d]|\\[nrtfv]|\\x..|\\u.{4})$/su.test(token);
}

/** One character that is not that. */
function opposite(atom: string): string {
  if (atom === '.') return '[\\n\\r\\u2028\\u2029]';
  if (isClass(atom)) return atom.startsWith('[^') ? `[${atom.slice(2)}` : `[^${atom.slice(1)}`;
  if (isCharacter(atom)) return `[^${inClass(atom)}]`;
  const letter = atom.slice(1);
  return `\\${letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()}`;
}

function inClass(character: string): string {
  return character === '-' ? '\\-' : character;
}
