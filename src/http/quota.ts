import type { EventEmitter } from 'node:events';
import { HttpError } from '../downstream/http-error.ts';
import { ANYONE, type Principal } from '../protocol/principal.ts';

export interface QuotaOptions {
  /** Requests of one principal that may be under way at once, open streams included. Default 200. */
  readonly perPrincipal?: number;
  /** The same for all of them together. Default 2000. */
  readonly total?: number;
}

/** Bounds what is under way at once, so that a client that has gone wild leaves room for the others. */
export class Quota {
  readonly #perPrincipal: number;
  readonly #total: number;
  readonly #counts = new Map<string, number>();
  #all = 0;

  constructor({ perPrincipal = 200, total = 2000 }: QuotaOptions = {}) {
    this.#perPrincipal = perPrincipal;
    this.#total = total;
  }

  /** Counts a request until its answer, or what it has become, says `close`. @throws HttpError 429 or 503 when there are too many. */
  enter({ id }: Principal, answer: EventEmitter): void {
    const count = this.#counts.get(id) ?? 0;
    const headers = { 'Retry-After': '1' };
    if (id !== ANYONE.id && count >= this.#perPrincipal)
      throw new HttpError(429, 'Too many requests at once; wait for answers first', { headers });
    if (this.#all >= this.#total) throw new HttpError(503, 'Too many requests at once; try again', { headers });
    this.#all += 1;
    this.#counts.set(id, count + 1);
    answer.once('close', () => this.#leave(id));
  }

  #leave(id: string): void {
    this.#all -= 1;
    const count = (this.#counts.get(id) ?? 1) - 1;
    if (count === 0) this.#counts.delete(id);
    else this.#counts.set(id, count);
  }
}
