import { createHmac, randomBytes } from 'node:crypto';
import { isSame } from './secret.ts';

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
  readonly #key = randomBytes(32);
  readonly #now: () => number;

  /** @param now milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  seal(transaction: Transaction): string {
    const text = JSON.stringify({ ...transaction, expires: this.#now() + LIFETIME });
    return this.#signed(Buffer.from(text).toString('base64url'));
  }

  /** `undefined` when it was not made here, or not lately. */
  open(sealed: string): Transaction | undefined {
    const [text = ''] = sealed.split('.', 1);
    if (!isSame(sealed, this.#signed(text))) return undefined;
    const { expires, ...transaction } = JSON.parse(Buffer.from(text, 'base64url').toString());
    return expires > this.#now() ? transaction : undefined;
  }

  #signed(text: string): string {
    return `${text}.${createHmac('sha256', this.#key).update(text).digest('base64url')}`;
  }
}
