import { createHash } from 'node:crypto';

/** The first `length` hex digits (4 bits each) of the SHA-256 over the parts; the same on every machine and in every release. */
export function shortHash(parts: readonly string[], length: number): string {
  // JSON keeps the parts apart, and lone surrogates too, which all become U+FFFD in UTF-8.
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, length);
}
