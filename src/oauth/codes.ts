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
  /** The codes that forms were answered with, by the hashes of the forms. */
  readonly #answers = new Map<string, string>();

  /** @param now milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  issue(grant: CodeGrant): string {
    const code = createSecret();
    makeRoom(this.#codes);
    this.#codes.set(hashOf(code), { grant, expiresAt: this.#now() + LIFETIME });
    return code;
  }

  /** Notes which form a code was the answer to. */
  noteAnswer(form: string, code: string): void {
    makeRoom(this.#answers);
    this.#answers.set(hashOf(form), code);
  }

  /** The code that this very form was answered with, and whether the client may still come for it. */
  answerTo(form: string): { readonly code: string; readonly isWaiting: boolean } | undefined {
    const code = this.#answers.get(hashOf(form));
    if (code === undefined) return undefined;
    const found = this.#codes.get(hashOf(code));
    return { code, isWaiting: found !== undefined && found.expiresAt > this.#now() };
  }

  /** What it stands for: once, and whatever comes of it. */
  take(code: string): CodeGrant | undefined {
    const hash = hashOf(code);
    const found = this.#codes.get(hash);
    this.#codes.delete(hash);
    return found && found.expiresAt > this.#now() ? found.grant : undefined;
  }
}

/** The oldest goes. */
function makeRoom(codes: Map<string, unknown>): void {
  const [oldest] = codes.keys();
  if (codes.size >= MAX && oldest !== undefined) codes.delete(oldest);
}
