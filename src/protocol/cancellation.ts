/**
 * Tells that a request was given up. It does what an AbortSignal does for a tenth of the time; one is needed for every
 * request, and signals would be a tenth of a call's cost.
 */
export class Cancellation {
  #reason: Error | undefined;
  #listeners: Set<(reason: Error) => void> | undefined;

  /** Why it was given up; `undefined` while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Gives the request up. Twice without harm: the first reason counts. */
  cancel(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener(reason);
  }

  /** Calls the listener when the request is given up, unless that has happened already. */
  add(listener: (reason: Error) => void): void {
    if (this.#reason) return;
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  delete(listener: (reason: Error) => void): void {
    this.#listeners?.delete(listener);
  }
}
