import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

export interface StderrTail {
  write(chunk: Buffer): void;
  /** Takes what came without a newline as the last line. */
  end(): void;
  /** The last lines that are not blank, oldest first, fit for a terminal. */
  lines(): readonly string[];
}

/** Keeps the last words of a child, in bounded memory whatever it prints; `onLine` hears each line. */
export function createStderrTail(onLine: (line: string) => void = () => {}): StderrTail {
  const decoder = new StringDecoder('utf8');
  let tail: readonly string[] = [];
  let unfinished = '';

  const add = (raw: string) => {
    const line = cut(clean(raw));
    if (line === '') return;
    tail = lastOf([...tail, line]);
    onLine(line);
  };

  const take = (text: string) => {
    // A lone \r rewrites the line, as progress bars do: each state is a line.
    const lines = (unfinished + text).split(/[\r\n]+/);
    unfinished = (lines.pop() ?? '').slice(0, LONGEST_RAW);
    for (const line of lines) add(line);
  };

  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => take(`${decoder.end()}\n`),
    lines: () => tail,
  };
}

/** Characters of one line that are kept: enough for any error message, and a bundle's minified source line does not push the rest out. */
const LONGEST_LINE = 500;
/** Colours and cursor moves may take more room than the text itself. */
const LONGEST_RAW = 4 * LONGEST_LINE;
/** A stack trace fits. */
const MOST_LINES = 20;
const MOST_CHARACTERS = 4096;

/** A child's words end up in messages and on the terminal: they must neither drive it nor forge lines. */
function clean(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/\p{Cc}+/gu, ' ')
    .trimEnd();
}

/** Never between the two halves of a character. */
function cut(line: string): string {
  return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function lastOf(lines: readonly string[]): readonly string[] {
  let room = MOST_CHARACTERS;
  const first = lines.findLastIndex((line) => {
    room -= line.length;
    return room < 0;
  });
  return lines.slice(Math.max(first + 1, lines.length - MOST_LINES));
}
