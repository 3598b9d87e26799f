import { BridgeError, messageOf } from '../errors.ts';
import { type Reading, readPrivate } from './private-file.ts';
import { rewriteFile } from './rewrite.ts';

export interface StateFileOptions<State> {
  readonly path: string;
  /** What it holds, in the plural, for messages: "the linked clients". */
  readonly what: string;
  /** The state while there is no file. */
  readonly empty: State;
  /** Checks what was read. Throws an Error that says what is wrong. */
  parse(data: unknown): State;
}

/** A state that is kept in a JSON file, which several bridges may share. A file that is refused is never overwritten. */
export class StateFile<State> {
  readonly #options: StateFileOptions<State>;
  readonly #listeners = new Set<(state: State) => void>();
  /** Reads and updates take turns, so that none brings back what another one has replaced. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  #reading: Reading | undefined;
  #known: { readonly text: string | undefined; readonly state: State } | undefined;

  constructor(options: StateFileOptions<State>) {
    this.#options = options;
  }

  /** The state as it is on disk now: the same object as long as it is the same. @throws BridgeError `STATE` when the file is refused. */
  read(): Promise<State> {
    return this.#inTurn(async () => {
      this.#reading = await readPrivate(this.#options.path, this.#reading);
      return this.#take(this.#reading.text);
    });
  }

  /**
   * Changes the state as it is on disk at that moment. `change` is pure, and may be called again; where it returns the very state it
   * was given, nothing is written. Resolves with its result once the new state is durable.
   * @throws BridgeError `STATE` when the file is refused, or cannot be written.
   */
  update<Result>(change: (state: State) => { state: State; result: Result }): Promise<Result> {
    return this.#inTurn(async () => {
      const { known, result } = await rewriteFile(this.#options.path, (before) => {
        const old = this.#take(before);
        const { state, result } = change(old);
        const text = state === old ? undefined : `${JSON.stringify(state, undefined, 2)}\n`;
        return { text, result: { known: { text: text ?? before, state }, result } };
      });
      this.#known = known;
      return result;
    });
  }

  /** Tells of each new state that somebody else wrote, within a second or so. Returns what ends it. Keeps no process alive. */
  watch(listener: (state: State) => void): () => void {
    this.#listeners.add(listener);
    const refusedAgain = () => {}; // The next to read or update hears why.
    const timer = setInterval(() => this.read().catch(refusedAgain), LOOK_INTERVAL).unref();
    return () => {
      clearInterval(timer);
      this.#listeners.delete(listener);
    };
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(task);
    this.#lastTurn = turn.catch(() => {}); // Whoever asked for it hears of it.
    return turn;
  }

  /** The state that the text says, which is news where somebody else wrote it. */
  #take(text: string | undefined): State {
    if (this.#known && this.#known.text === text) return this.#known.state;
    const state = this.#parse(text);
    const isNews = this.#known !== undefined;
    this.#known = { text, state };
    if (isNews) for (const listener of this.#listeners) listener(state);
    return state;
  }

  #parse(text: string | undefined): State {
    const { path, what, empty, parse } = this.#options;
    if (text === undefined) return empty;
    try {
      return parse(JSON.parse(text));
    } catch (error) {
      const message = `${path} cannot be used: ${messageOf(error)}. Move it away to start anew; ${what} are lost then.`;
      throw new BridgeError('STATE', message, { cause: error });
    }
  }
}

/** Milliseconds. */
const LOOK_INTERVAL = 1000;
