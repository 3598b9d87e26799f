import { BridgeError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Splits one line into a command and its arguments, for a start without a shell. Quotes group, `$NAME` and `${NAME}` outside of single
 * quotes are replaced (a value is never split), a leading `~/` is the home folder. On Windows a backslash is only a path separator.
 * Everything else stays as it is: globs, `#`, `=`, `%NAME%`.
 * Throws `USAGE` for an empty line, an open quote, an unset variable, and for what only a shell can do.
 *
 * Own code: shell-quote takes `#` for a comment, passes over unset variables and open quotes, and eats the backslashes of Windows paths.
 */
export function splitCommand(
  line: string,
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): { command: string; args: string[] } {
  const [command, ...args] = platform === 'win32' ? splitWindows(line, env) : splitPosix(line, env);
  if (!command) throw usage('the command is empty; name the program to start');
  if (ASSIGNMENT.test(command))
    throw usage('NAME=value before the command needs a shell; add --shell, or set it with --env');
  return { command, args };
}

function splitPosix(line: string, env: Environment): string[] {
  return collectWords(line, POSIX_PIECE, ({ verbatim, escaped, quoted, bare }, isStart) => {
    if (quoted !== undefined) return unescapeQuoted(quoted, (text) => expand(text, env, OPERATOR_IN_QUOTES));
    if (bare !== undefined) return expand(isStart ? bare.replace(HOME, '$HOME') : bare, env, OPERATOR);
    return verbatim ?? escaped ?? '';
  });
}

function splitWindows(line: string, env: Environment): string[] {
  return collectWords(line, WINDOWS_PIECE, ({ verbatim, quoted, bare }) => {
    if (quoted !== undefined) return expand(quoted, env, OPERATOR_IN_QUOTES);
    return verbatim ?? expand(bare ?? '', env, OPERATOR);
  });
}

/** What words are made of. Only quotes make an empty word: as in a shell, an empty variable alone is none. */
const POSIX_PIECE =
  /(?<gap>[ \t\r\n]+)|'(?<verbatim>[^']*)'|"(?<quoted>(?:[^"\\]|\\.)*)"|\\\n|\\(?<escaped>.)|(?<bare>[^ \t\r\n'"\\]+)/gsy;
const WINDOWS_PIECE = /(?<gap>[ \t\r\n]+)|'(?<verbatim>[^']*)'|"(?<quoted>[^"]*)"|(?<bare>[^ \t\r\n'"]+)/gy;
const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g;
const OPERATOR = /[`|&;<>()]+|\$[({]/;
const OPERATOR_IN_QUOTES = /`|\$[({]/;
/** What a backslash escapes in double quotes; before anything else it is a backslash. */
const ESCAPE_IN_QUOTES = /\\([$`"\\\n])/;
const HOME = /^~(?=\/|$)/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

type Pieces = Readonly<Record<string, string | undefined>>;

function collectWords(line: string, pattern: RegExp, read: (piece: Pieces, isStart: boolean) => string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { 0: piece, groups = {} } of line.matchAll(pattern)) {
    end += piece.length;
    if (groups.gap !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const text = read(groups, word === undefined);
    const isQuoted = groups.verbatim !== undefined || groups.quoted !== undefined;
    if (text !== '' || isQuoted) word = (word ?? '') + text;
  }
  if (end < line.length) throw usage(`the ${line[end]} at character ${end + 1} is left open; close it, or quote it`);
  return word === undefined ? words : [...words, word];
}

function unescapeQuoted(quoted: string, expandText: (text: string) => string): string {
  const escapedAtOdd = quoted.split(ESCAPE_IN_QUOTES);
  return escapedAtOdd.map((part, index) => (index % 2 === 0 ? expandText(part) : part.replace('\n', ''))).join('');
}

function expand(text: string, env: Environment, operators: RegExp): string {
  const operator = operators.exec(text.replace(VARIABLE, ' '));
  if (operator) throw usage(`"${operator[0]}" needs a shell; add --shell, or put it in single quotes`);
  return text.replace(VARIABLE, (_found, plain?: string, braced?: string) => {
    const name = plain ?? braced ?? '';
    const value = env[name];
    if (typeof value === 'string') return value;
    throw usage(`the variable ${name} is not set; set it, or put $${name} in single quotes to pass it as it is`);
  });
}

function usage(problem: string): BridgeError {
  return new BridgeError('USAGE', `Cannot read the command line: ${problem}.`);
}
