import { createHash, randomInt } from 'node:crypto';
import type { Log } from '../log.ts';
import { isSame } from './secret.ts';

/** A time in which clients may ask to be linked. */
export interface Window {
  /** What the owner types to allow one: `K7QM-3XWP`. */
  readonly code: string;
  readonly expiresAt: Date;
}

/** What is asked of the owner. */
export interface PairingRequest {
  /** The same for the same question, however often it is asked. */
  readonly id: string;
  /** Who asks, as people are shown it. */
  readonly client: string;
}

/** What an attempt came to. `triesLeft` are those of its request. */
export type Attempt = { readonly isRight: true } | { readonly isRight: false; readonly triesLeft: number };

/** Milliseconds. */
const WINDOW_LENGTH = 10 * 60_000;
const TRIES_PER_REQUEST = 5;
/** Among more than 10^12 codes. All count together: behind a tunnel everybody has the same address. */
const TRIES_PER_WINDOW = 15;
const REGISTRATIONS_PER_WINDOW = 20;
/** Requests that have a number; with more at once, somebody tries to be mistaken for somebody else. */
const MAX_NUMBERED = 8;

/** The owner's consent: given by a code that only their terminal shows, or in that terminal itself. One window, one client. */
export class Pairing {
  readonly #log: Log;
  readonly #now: () => number;
  #window: OpenWindow | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Requests that the owner has allowed in the terminal, and until when they may go on. */
  readonly #approved = new Map<string, number>();

  /** @param now milliseconds since 1970. */
  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** Opens a window in place of the one before, whose code is no good any more. */
  open(): Window {
    clearTimeout(this.#timer);
    const code = createCode();
    const expiresAt = new Date(this.#now() + WINDOW_LENGTH);
    this.#window = { code, expiresAt, wrong: 0, wrongByRequest: new Map(), registrations: 0, numbers: new Map() };
    this.#timer = setTimeout(() => this.#end('Pairing has timed out'), WINDOW_LENGTH).unref();
    return { code: `${code.slice(0, 4)}-${code.slice(4)}`, expiresAt };
  }

  /** Ends the window; linked clients are not touched. Twice without harm. */
  close(): void {
    clearTimeout(this.#timer);
    this.#window = undefined;
  }

  /** Counts a registration. Returns whether there may be one more. */
  register(): boolean {
    const window = this.#current;
    if (!window || window.registrations >= REGISTRATIONS_PER_WINDOW) return false;
    window.registrations += 1;
    return true;
  }

  /** Tells the owner of a request. Returns the number by which it can be allowed in the terminal; `undefined` with too many at once. */
  ask({ id, client }: PairingRequest): string | undefined {
    const window = this.#current;
    if (!window) return undefined;
    const known = [...window.numbers].find(([, request]) => request.id === id)?.[0];
    if (known !== undefined || window.numbers.size >= MAX_NUMBERED) return known;
    const number = freeNumber(window.numbers);
    window.numbers.set(number, { id, client });
    this.#log.info(`${client} asks for access, request ${number}`);
    return number;
  }

  /** Takes a code that was typed for a request. One that is right closes the window. */
  enter(id: string, given: string): Attempt {
    const window = this.#current;
    if (!window) return { isRight: false, triesLeft: 0 };
    const wrong = window.wrongByRequest.get(id) ?? 0;
    if (wrong >= TRIES_PER_REQUEST) return { isRight: false, triesLeft: 0 };
    if (isSame(normalized(given), window.code)) {
      this.close();
      return { isRight: true };
    }
    window.wrongByRequest.set(id, wrong + 1);
    window.wrong += 1;
    if (window.wrong < TRIES_PER_WINDOW) return { isRight: false, triesLeft: TRIES_PER_REQUEST - wrong - 1 };
    this.#end('Too many wrong codes: pairing is closed');
    return { isRight: false, triesLeft: 0 };
  }

  /** Allows a request by its number, as the owner does in the terminal. Returns who asked; `undefined` when nobody has that number. */
  approve(number: string): string | undefined {
    const window = this.#current;
    const request = window?.numbers.get(number.trim().toUpperCase());
    if (!window || !request) return undefined;
    this.#approved.set(request.id, window.expiresAt.getTime());
    this.close();
    return request.client;
  }

  /** Whether the owner has allowed the request in the terminal. Once. */
  takeApproval(id: string): boolean {
    const until = this.#approved.get(id);
    this.#approved.delete(id);
    return until !== undefined && until > this.#now();
  }

  get #current(): OpenWindow | undefined {
    return this.#window && this.#window.expiresAt.getTime() > this.#now() ? this.#window : undefined;
  }

  #end(why: string): void {
    this.close();
    this.#log.warn(`${why}. To open it again: mcp-bridge pair`);
  }
}

interface OpenWindow extends Window {
  /** Without its hyphen. */
  readonly code: string;
  wrong: number;
  readonly wrongByRequest: Map<string, number>;
  registrations: number;
  /** By what the owner types. */
  readonly numbers: Map<string, PairingRequest>;
}

/** Crockford's: without the letters that are taken for digits, or make words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 8;
/** Two characters that cannot be mixed up when they are read out. */
const NUMBER_DIGITS = '23456789ACDEFHJKMNPRTVWXY';

function createCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/** The code as it was meant: people type what they read. */
function normalized(given: string): string {
  const plain = given.toUpperCase().replace(/[\s-]/g, '');
  return plain.replaceAll('O', '0').replace(/[IL]/g, '1');
}

function freeNumber(taken: ReadonlyMap<string, unknown>): string {
  const digit = () => NUMBER_DIGITS.charAt(randomInt(NUMBER_DIGITS.length));
  for (;;) {
    const number = digit() + digit();
    if (!taken.has(number)) return number;
  }
}

/** The same id for the same question. */
export function requestIdOf(parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
