import type { StateFile } from '../state/state-file.ts';
import type { Grant, OAuthState } from './state.ts';

/** What a change makes of the state, and what it tells whoever asked for it. */
export interface Changed<Result> {
  readonly state: Omit<OAuthState, 'version' | 'revision'>;
  readonly result: Result;
}

/** The state that is kept on disk, at hand: several bridges and commands may change it. */
export class OAuthStore {
  readonly #file: StateFile<OAuthState>;
  readonly #endWatch: () => void;
  #state: OAuthState;
  /** Hears of grants that are no more, whoever ended them. */
  readonly listeners = new Set<(ended: Grant) => void>();

  /** @throws BridgeError when the file cannot be used. */
  static async open(file: StateFile<OAuthState>): Promise<OAuthStore> {
    return new OAuthStore(file, await file.read());
  }

  private constructor(file: StateFile<OAuthState>, state: OAuthState) {
    this.#file = file;
    this.#state = state;
    this.#endWatch = file.watch((written) => this.#adopt(written));
  }

  get state(): OAuthState {
    return this.#state;
  }

  /**
   * Makes a change on what is on disk at that moment. One that returns the very state it was given writes nothing.
   * Resolves once it is durable. @throws BridgeError when it cannot be written.
   */
  async change<Result>(change: (state: OAuthState) => Changed<Result>): Promise<Result> {
    const { written, result } = await this.#file.update((before) => {
      const changed = change(before);
      const isSame = changed.state === before;
      const state = isSame ? before : { ...before, ...changed.state, revision: before.revision + 1 };
      return { state, result: { written: state, result: changed.result } };
    });
    this.#adopt(written);
    return result;
  }

  /** Looks whether somebody else has changed it. @throws BridgeError when the file cannot be used any more. */
  async reload(): Promise<void> {
    this.#adopt(await this.#file.read());
  }

  /** Twice without harm. */
  close(): void {
    this.#endWatch();
  }

  #adopt(state: OAuthState): void {
    const ids = new Set(state.grants.map(({ id }) => id));
    const ended = this.#state.grants.filter(({ id }) => !ids.has(id));
    this.#state = state;
    for (const grant of ended) for (const listener of this.listeners) listener(grant);
  }
}
