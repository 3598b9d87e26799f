import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

export interface StderrTail {
  write(chunk: Buffer): void;
  /** Takes what is left as a line. */
  end(): void;
  /** The last lines that are not blank, oldest first, fit for a terminal; a question without a newline is one. */
  lines(): readonly string[];
}

/** Keeps the last words of a child, in bounded memory whatever it prints; `onLine` hears each line, after `redact`. */
export function createStderrTail(
  onLine: (line: string) => void = () => {},
  redact: (line: string) => string = (line) => line,
): StderrTail {
  const decoder = new StringDecoder('utf8');
  let tail: readonly string[] = [];
  let unfinished = '';
  // Redacted before it is cut: half a secret would not be recognised.
  const shorten = (raw: string) => cut(redact(clean(raw)));

  const take = (text: string) => {
    // A lone \r rewrites the line, as progress bars do: each state is a line.
    const raw = (unfinished + text).split(/[\r\n]+/);
    unfinished = (raw.pop() ?? '').slice(0, LONGEST_RAW);
    const lines = raw.map(shorten).filter((line) => line !== '');
    tail = lastOf([...tail, ...lines]);
    for (const line of lines) onLine(line);
  };

  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => take(`${decoder.end()}\n`),
    lines: () => lastOf([...tail, shorten(unfinished)].filter((line) => line !== '')),
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
function clean(raw: string): string {
  return stripVTControlCharacters(raw)
    .replace(/\p{Cc}+/gu, ' ')
    .trimEnd();
}

function cut(line: string): string {
  const isLong = line.length > LONGEST_LINE;
  // Never between the two halves of a character.
  return isLong ? `${line.slice(0, LONGEST_LINE - 1).replace(/[\ud800-\udbff]$/, '')}…` : line;
}

function lastOf(lines: readonly string[]): readonly string[] {
  let room = MOST_CHARACTERS;
  const first = lines.findLastIndex((line) => {
    room -= line.length;
    return room < 0;
  });
  return lines.slice(Math.max(first + 1, lines.length - MOST_LINES));
}
