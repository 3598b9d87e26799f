import { Seal } from '../protocol/seal.ts';

/** What a client asked for at `/authorize`, once it was found to be in order. */
export interface Transaction {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | undefined;
  /** `code_challenge`, of the method S256. */
  readonly challenge: string;
  readonly resource: string;
  /** Whether no more than reading was asked for. */
  readonly readOnly: boolean;
}

/** For how long a page may be looked at before it is sent. Milliseconds. */
const LIFETIME = 30 * 60_000;

/** Carries transactions through the consent page and back: nothing is stored that strangers could fill up, and nothing can be changed on the way. */
export class TransactionSeal {
  readonly #seal = new Seal();
  readonly #now: () => number;

  /** @param now milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  seal(transaction: Transaction): string {
    return this.#seal.seal({ ...transaction, expires: this.#now() + LIFETIME });
  }

  /** `undefined` when it was not made here, or not lately. */
  open(sealed: string): Transaction | undefined {
    const payload = this.#seal.open<Transaction & { expires: number }>(sealed);
    if (!payload || payload.expires <= this.#now()) return undefined;
    const { expires: _, ...transaction } = payload;
    return transaction;
  }
}
