import type { LiveBlock } from './live-block.ts';
import type { Paint } from './paint.ts';
import type { ProgressOptions } from './progress.ts';

/** Lines at the bottom of a terminal that are drawn anew all the time, below an empty one. One animation at a time. */
export class Animation {
  readonly #block: LiveBlock;
  readonly #paint: Paint;
  #timer: NodeJS.Timeout | undefined;

  constructor(block: LiveBlock, paint: Paint) {
    this.#block = block;
    this.#paint = paint;
  }

  /** Draws until something is done, and passes on what comes of it. Where `linesAt` gives no lines, those that are there stay. */
  async run<Value>(
    done: Promise<Value>,
    linesAt: (options: ProgressOptions) => readonly string[] | undefined,
  ): Promise<Value> {
    const since = performance.now();
    const draw = () => {
      const { columns, rows } = this.#block;
      const lines = linesAt({ elapsed: performance.now() - since, columns, rows: rows - 1, paint: this.#paint });
      if (lines) this.#block.show(['', ...lines]);
    };
    draw();
    this.#timer = setInterval(draw, FRAME_TIME);
    try {
      return await done;
    } finally {
      this.stop();
    }
  }

  /** Leaves no trace. Twice without harm. */
  stop(): void {
    clearInterval(this.#timer);
    this.#block.clear();
  }
}

/** Milliseconds. Fast enough for a spinner to turn, and for a line of stderr to be seen. */
const FRAME_TIME = 100;
