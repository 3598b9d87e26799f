import { randomUUID } from 'node:crypto';
import { BridgeError } from '../errors.ts';

/** What lives under a session id. */
export interface Expirable {
  /** Whether it is in use: a call in flight, or an open stream. */
  readonly isBusy: boolean;
  close(): void;
}

/** Sessions by their unguessable ids. Those that are idle for too long end. */
export class Sessions<T extends Expirable> {
  readonly #timeout: number;
  readonly #max: number;
  readonly #entries = new Map<string, Entry<T>>();

  /** @param timeout idle time after which a session ends, in milliseconds. @param max most sessions at once. */
  constructor({ timeout, max }: { timeout: number; max: number }) {
    this.#timeout = timeout;
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds a session under a new id (122 random bits), or under the given one. At the limit, the session that was idle
   * longest has to go.
   * @throws BridgeError when all are busy.
   */
  add(create: (id: string) => T, id: string = randomUUID()): T {
    if (this.#entries.size >= this.#max) this.#evict();
    const session = create(id);
    const timer = setTimeout(() => this.#expire(id), this.#timeout).unref();
    this.#entries.set(id, { session, timer });
    return session;
  }

  /** The session with this id, whose idle time begins anew. */
  get(id: string): T | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    entry.timer.refresh();
    // Kept in the order of their last use.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.session;
  }

  /** Lets its idle time begin anew: a call or a stream has ended. */
  touch(id: string): void {
    this.get(id);
  }

  /** Ends a session; `false` when there is none with this id. */
  close(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    clearTimeout(entry.timer);
    this.#entries.delete(id);
    entry.session.close();
    return true;
  }

  closeAll(): void {
    for (const id of [...this.#entries.keys()]) this.close(id);
  }

  #expire(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.session.isBusy) entry.timer.refresh();
    else this.close(id);
  }

  #evict(): void {
    for (const [id, { session }] of this.#entries) {
      if (!session.isBusy) return void this.close(id);
    }
    throw new BridgeError('BUSY', `There are ${this.#max} sessions already; close one, or raise --max-sessions`);
  }
}

interface Entry<T> {
  readonly session: T;
  readonly timer: NodeJS.Timeout;
}
