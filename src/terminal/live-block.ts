import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './width.ts';

/** What is used of a `tty.WriteStream`. */
export interface TerminalStream {
  /** 0 or absent where the terminal does not tell. */
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  /** Minds NO_COLOR, FORCE_COLOR and TERM. */
  hasColors?(): boolean;
}

/**
 * Lines at the bottom of a terminal that are redrawn in place, while other output goes above them. Each change is a single
 * write, so that nothing flickers, and leaves the terminal as it was, so that nothing is to be restored after a crash.
 */
export class LiveBlock {
  readonly #stream: TerminalStream;
  readonly #canMoveCursor: boolean;
  #lines: readonly string[] = [];
  /** Columns each line took when it was drawn. */
  #widths: readonly number[] = [];

  /** Where the cursor cannot be moved, only what is printed is seen. */
  constructor(stream: TerminalStream, { canMoveCursor }: { canMoveCursor: boolean }) {
    this.#stream = stream;
    this.#canMoveCursor = canMoveCursor;
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Draws these lines in place of those before. What does not fit into the terminal's width is not seen. */
  show(lines: readonly string[]): void {
    if (this.#canMoveCursor) this.#draw('', lines);
  }

  /** Prints a text above the block, for good. */
  print(text: string): void {
    if (this.#canMoveCursor) this.#draw(`${text}\n`, this.#lines);
    else this.#stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.#lines.length > 0) this.#draw('', []);
  }

  #draw(above: string, lines: readonly string[]): void {
    const height = this.#height();
    const { columns } = this;
    this.#lines = lines;
    this.#widths = lines.map((line) => Math.min(columns, widthOf(stripVTControlCharacters(line))));
    this.#stream.write(
      [
        HIDE_CURSOR,
        height > 0 ? cursorUp(height) : '',
        // Also over what was typed meanwhile, such as the ^C.
        above === '' ? '\r' : `\r${ERASE_BELOW}${above}`,
        NO_WRAP,
        ...lines.map((line) => `${ERASE_LINE}${line}\n`),
        WRAP,
        ERASE_BELOW,
        SHOW_CURSOR,
      ].join(''),
    );
  }

  /** Rows the block takes now: terminals break lines anew when they have become narrower. */
  #height(): number {
    const rows = this.#widths.map((width) => Math.max(1, Math.ceil(width / this.columns)));
    return rows.reduce((sum, count) => sum + count, 0);
  }
}

/** ECMA-48 and DEC private modes; https://invisible-island.net/xterm/ctlseqs/ctlseqs.html */
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const ERASE_LINE = '\x1b[2K';
const ERASE_BELOW = '\x1b[J';

function cursorUp(rows: number): string {
  return `\x1b[${rows}A`;
}
