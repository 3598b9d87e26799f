/** A class, an escape, the opening of a group, or a character. */
const TOKEN =
  /\[(?:\\.|[^\\\]])*\]|\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\k<[^>]*>|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[A-Za-z]|\\.|\(\?(?:<?[=!]|<[^>]*>|.)|./gsu;
const TOKEN_IN_CLASS = /\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[A-Za-z]|\\.|./gsu;

/** The pieces of a regular expression, in their order; nothing of it is left out. A class is one piece. */
export function tokensOf(pattern: string): string[] {
  return pattern.match(TOKEN) ?? [];
}

export function isClass(token: string): boolean {
  return token.length > 1 && token.startsWith('[');
}

/** What is between the brackets of a class, without a leading `^`. */
export function insideClass(token: string): string[] {
  return token.slice(token.startsWith('[^') ? 2 : 1, -1).match(TOKEN_IN_CLASS) ?? [];
}

function opensGroup(token: string): boolean {
  return token === '(' || token.startsWith('(?');
}

export function looksAround(token: string): boolean {
  return /^\(\?<?[=!]$/.test(token);
}

/** The tokens between the bars that stand in no group. */
export function alternativesOf(tokens: readonly string[]): string[][] {
  const alternatives: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (opensGroup(token)) depth += 1;
    if (token === ')') depth -= 1;
    if (token === '|' && depth === 0) alternatives.push([]);
    else alternatives.at(-1)?.push(token);
  }
  return alternatives;
}

/** Where the group that opens at `start` is closed; -1 where it is not. */
export function endOfGroup(tokens: readonly string[], start: number): number {
  let depth = 0;
  return tokens.findIndex((token, index) => {
    if (index < start) return false;
    if (opensGroup(token)) depth += 1;
    if (token === ')') depth -= 1;
    return depth === 0;
  });
}
