import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { createLog, type Log, type LogLevel } from '../log.ts';
import { Animation } from './animation.ts';
import { isInForeground, listenToOwner, pairingText } from './consent-prompt.ts';
import type { Display, Watched } from './display.ts';
import { LiveBlock, type TerminalStream } from './live-block.ts';
import { createPaint, type Paint } from './paint.ts';
import { type ProgressOptions, progressLines, spinner } from './progress.ts';
import { headline, summary } from './summary.ts';

export interface TerminalDisplayOptions {
  readonly stream: TerminalStream;
  readonly level: LogLevel;
  /** Where the owner types. */
  readonly input: NodeJS.ReadStream;
  /** Whether lines can be redrawn in place; without it they are only shown once all is known. */
  readonly canMoveCursor: boolean;
}

/** For a person at a terminal: the servers while they start, then a table of them and how to connect to them. */
export class TerminalDisplay implements Display {
  readonly log: Log;
  readonly #block: LiveBlock;
  readonly #paint: Paint;
  readonly #animation: Animation;
  readonly #input: NodeJS.ReadStream;
  readonly #canMoveCursor: boolean;
  /** What ends the listening to the owner. One at a time: two would take turns with the lines. */
  #listening = Promise.resolve(() => {});
  #isClosed = false;
  /** What the owner is being asked; nothing is redrawn meanwhile, since that is where the answer is typed. */
  #question: string | undefined;
  /** Where the answer comes from. */
  #answers: Interface | undefined;
  #progress = 'opening it, and waiting until it leads here';

  constructor({ stream, input, level, canMoveCursor }: TerminalDisplayOptions) {
    this.#block = new LiveBlock(stream, { canMoveCursor });
    this.#paint = createPaint(stream.hasColors?.() ?? false);
    this.#animation = new Animation(this.#block, this.#paint);
    this.#input = input;
    this.#canMoveCursor = canMoveCursor;
    this.log = createLog({ level, format: 'text', write: (line) => this.#block.print(line) });
  }

  async follow(bridge: Watched): Promise<void> {
    this.#block.print(headline(bridge.status(), this.#paint));
    await this.#drawUntil(bridge.settled, (options) => progressLines(bridge.status().servers, options));
  }

  async ask(question: string): Promise<boolean> {
    if (!this.#input.isTTY || !(await isInForeground()) || this.#isClosed) return false;
    this.#question = question;
    const prompt = ['', `${this.#paint('bold', question)} [y/N]`];
    if (this.#canMoveCursor) this.#block.show(prompt);
    else this.#block.print(prompt.join('\n'));
    const lines = createInterface({ input: this.#input, terminal: false });
    this.#answers = lines;
    const answer = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
    lines.close();
    this.#question = undefined;
    return /^y(?:es)?$/i.test(String(answer[0] ?? '').trim());
  }

  tellProgress(text: string): void {
    this.#progress = text;
  }

  async awaitTunnel(bridge: Watched): Promise<void> {
    if (bridge.status().tunnel?.kind !== 'opening') return;
    await this.#drawUntil(bridge.reached, ({ elapsed, paint }) => [
      `${paint('cyan', spinner(elapsed))} tunnel  ${Math.floor(elapsed / 1000)} s  ${paint('dim', this.#progress)}`,
    ]);
  }

  report(bridge: Watched): void {
    if (this.#isClosed) return;
    // The owner sees the URLs as they are, secrets and all.
    const status = { ...bridge.status(), urls: bridge.urls };
    const text = summary(status, { columns: this.#block.columns, paint: this.#paint });
    this.#block.print(`\n${text}\n`);
  }

  async letIn(bridge: Watched): Promise<void> {
    const print = this.#print;
    if (bridge.tokenFile !== undefined) print(`  Bearer token  kept in ${bridge.tokenFile}`);
    if (!bridge.pairing || this.#isClosed) return;
    const window = bridge.awaitsClient ? bridge.openPairing() : undefined;
    print(window ? pairingText(window) : `  To link another client, type ${this.#paint('bold', 'pair')}`);
    await this.resume(bridge);
  }

  async resume(bridge: Watched): Promise<void> {
    this.#listening = this.#listening.then((end) => {
      end();
      if (!bridge.pairing || this.#isClosed || !this.#input.isTTY) return () => {};
      return listenToOwner({ input: this.#input, bridge, print: this.#print });
    });
    await this.#listening;
  }

  close(): void {
    this.#isClosed = true;
    // Who has asked waits for a word, and whoever closes waits for them.
    this.#answers?.close();
    void this.#listening.then((end) => end());
    this.#animation.stop();
  }

  readonly #print = (text: string): void => this.#block.print(text);

  async #drawUntil(done: Promise<void>, linesAt: (options: ProgressOptions) => string[]): Promise<void> {
    await this.#animation.run(done, (options) => (this.#question === undefined ? linesAt(options) : undefined));
  }
}
