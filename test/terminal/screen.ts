import type { TerminalStream } from '../../src/terminal/live-block.ts';

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly hasColors?: boolean;
}

/** A terminal that shows what is written to it, as far as this project needs one; unknown sequences are an error. */
export class Screen implements TerminalStream {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Each write as it came. */
  readonly writes: string[] = [];
  /** Whether it is as it was found. */
  cursorIsVisible = true;
  wraps = true;
  readonly #hasColors: boolean;
  /** All rows ever, those that have scrolled away too. */
  readonly #cells: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor({ columns = 80, rows = 24, hasColors = false }: ScreenOptions = {}) {
    this.columns = columns;
    this.rows = rows;
    this.#hasColors = hasColors;
  }

  hasColors(): boolean {
    return this.#hasColors;
  }

  write(text: string): void {
    this.writes.push(text);
    for (const [token] of text.matchAll(TOKEN)) this.#take(token);
  }

  /** What stands in its rows, without spaces at their ends and without empty rows at the bottom. */
  text(): string {
    return this.#cells
      .map((cells) =>
        Array.from(cells, (cell) => cell ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  #take(token: string): void {
    if (token === '\n') this.#lineFeed();
    else if (token === '\r') this.#column = 0;
    else if (token.startsWith('\x1b')) this.#obey(token.slice(2));
    else this.#show(token);
  }

  #obey(sequence: string): void {
    const count = Number.parseInt(sequence, 10) || 1;
    if (/^[\d;]*m$/.test(sequence)) return;
    if (/^\d*A$/.test(sequence)) this.#row = Math.max(this.#row - count, this.#cells.length - this.rows, 0);
    else if (sequence === 'J') this.#eraseBelow();
    else if (sequence === '2K') this.#cells[this.#row] = [];
    else if (/^\?25[hl]$/.test(sequence)) this.cursorIsVisible = sequence.endsWith('h');
    else if (/^\?7[hl]$/.test(sequence)) this.wraps = sequence.endsWith('h');
    else throw new Error(`This screen does not know ${JSON.stringify(sequence)}`);
  }

  #show(character: string): void {
    const width = WIDE.test(character) ? 2 : 1;
    if (this.#column + width > this.columns) {
      if (this.wraps) this.#lineFeed();
      else this.#column = this.columns - width;
    }
    const cells = this.#cells[this.#row] as string[];
    cells[this.#column] = character;
    if (width === 2) cells[this.#column + 1] = '';
    this.#column += width;
  }

  /** With a return, as the terminal's driver adds it. */
  #lineFeed(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#cells.length) this.#cells.push([]);
  }

  #eraseBelow(): void {
    this.#cells[this.#row]?.splice(this.#column);
    this.#cells.splice(this.#row + 1);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal takes
const TOKEN = /\x1b\[[?\d;]*[A-Za-z]|./gsu;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u;
