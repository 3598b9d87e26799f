import { randomUUID } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { belongsTo } from '../protocol/exchange.ts';
import type { Principal } from '../protocol/principal.ts';
import { fairShare } from './fair-share.ts';

/** What lives under a session id. */
export interface Expirable {
  /** Whose it is. */
  readonly principal: Principal;
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
   * Adds a session of a principal's under a new id (122 random bits), or under the given one. At the limit, the session that was
   * idle longest has to go: one of the principal's own if there is one, and always when it holds a quarter of all.
   * @throws BridgeError when all of these are busy.
   */
  add(create: (id: string) => T, principal: Principal, id: string = randomUUID()): T {
    this.#makeRoom(principal);
    const session = create(id);
    const timer = setTimeout(() => this.#expire(id), this.#timeout).unref();
    this.#entries.set(id, { session, timer });
    return session;
  }

  /** The principal's session with this id, whose idle time begins anew. */
  get(id: string, principal: Principal): T | undefined {
    const session = this.#entries.get(id)?.session;
    if (!session || !belongsTo(session, principal)) return undefined;
    this.touch(id);
    return session;
  }

  /** Whether there is a session with this id, whosever it is. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Lets its idle time begin anew: a call or a stream has ended. */
  touch(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.timer.refresh();
    // Kept in the order of their last use.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
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

  /** Ends all sessions of a principal. */
  closeOf(principalId: string): void {
    this.closeWhere(({ principal }) => principal.id === principalId);
  }

  /** Ends all sessions of which something holds. */
  closeWhere(holds: (session: T) => boolean): void {
    for (const [id, { session }] of [...this.#entries]) if (holds(session)) this.close(id);
  }

  closeAll(): void {
    for (const id of [...this.#entries.keys()]) this.close(id);
  }

  #expire(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.session.isBusy) entry.timer.refresh();
    else this.close(id);
  }

  #makeRoom(principal: Principal): void {
    const own = this.#of(principal.id);
    const quota = fairShare(principal, this.#max);
    const isFull = this.#entries.size >= this.#max;
    if (own.length < quota && !isFull) return;
    const candidates = own.length < quota ? [...own, ...this.#entries] : own;
    const idle = candidates.find(([, { session }]) => !session.isBusy);
    if (idle) return void this.close(idle[0]);
    const count = isFull ? this.#max : quota;
    throw new BridgeError('BUSY', `There are ${count} sessions already; close one, or raise --max-sessions`);
  }

  #of(principalId: string): [id: string, entry: Entry<T>][] {
    return [...this.#entries].filter(([, { session }]) => session.principal.id === principalId);
  }
}

interface Entry<T> {
  readonly session: T;
  readonly timer: NodeJS.Timeout;
}
