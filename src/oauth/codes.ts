import type { Consent } from './grants.ts';
import { createSecret, hashOf } from './secret.ts';

/** What an authorization code stands for. */
export interface CodeGrant extends Consent {
  /** `code_challenge`, of the method S256. */
  readonly challenge: string;
}

/** Clients redeem them at once. Milliseconds. */
const LIFETIME = 60_000;
const MAX = 100;

/** Authorization codes on their way to the clients. They are not kept on disk: whoever loses one asks again. */
export class Codes {
  readonly #now: () => number;
  readonly #codes = new Map<string, { readonly grant: CodeGrant; readonly expiresAt: number }>();

  /** @param now milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  issue(grant: CodeGrant): string {
    const code = createSecret();
    const [oldest] = this.#codes.keys();
    if (this.#codes.size >= MAX && oldest !== undefined) this.#codes.delete(oldest);
    this.#codes.set(hashOf(code), { grant, expiresAt: this.#now() + LIFETIME });
    return code;
  }

  /** What it stands for: once, and whatever comes of it. */
  take(code: string): CodeGrant | undefined {
    const hash = hashOf(code);
    const found = this.#codes.get(hash);
    this.#codes.delete(hash);
    return found && found.expiresAt > this.#now() ? found.grant : undefined;
  }
}
