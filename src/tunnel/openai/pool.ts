import { setMaxListeners } from 'node:events';
import { waitAtMost } from '../../process/deadline.ts';

/** Work under way, as much of it as there is room for. */
export class Pool {
  readonly #size: number;
  readonly #running = new Set<Promise<void>>();
  readonly #abandon = new AbortController();
  readonly #stop: AbortSignal;
  readonly #stopped: Promise<void>;

  /** @param stop ends the waiting for room. */
  constructor(size: number, stop: AbortSignal) {
    this.#size = size;
    setMaxListeners(size * LISTENERS, this.#abandon.signal);
    this.#stop = stop;
    this.#stopped = new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  }

  get free(): number {
    return this.#size - this.#running.size;
  }

  /** Resolves when there is room for one more. Rejects when nothing more is to be started. */
  async room(): Promise<void> {
    while (this.free <= 0 && !this.#stop.aborted) await Promise.race([...this.#running, this.#stopped]);
    this.#stop.throwIfAborted();
  }

  /** Starts work that never rejects. Its signal tells when nobody wants it any more. */
  add(work: (abandoned: AbortSignal) => Promise<void>): void {
    const running = work(this.#abandon.signal).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits until all has ended; what has not within `limit` milliseconds is abandoned. */
  async drain(limit: number): Promise<void> {
    const all = Promise.all(this.#running);
    await waitAtMost(limit, all);
    this.#abandon.abort(new Error('the tunnel was closed'));
    await all;
  }
}

/** That each work may add to its signal before Node takes it for a leak. */
const LISTENERS = 2;
