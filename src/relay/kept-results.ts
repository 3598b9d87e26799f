import { randomUUID } from 'node:crypto';
import { belongsTo } from '../protocol/exchange.ts';
import type { Principal } from '../protocol/principal.ts';
import { RawJson } from '../protocol/raw-json.ts';

/** What did not fit into a result. */
export interface KeptContent {
  readonly mimeType: 'text/plain' | 'application/json';
  readonly text: string;
}

/**
 * Keeps what did not fit into results, so that it can be read as a resource by whose result it was: for an hour, in 64 MiB of memory.
 * Where there is no more room, whoever has most of it loses the oldest.
 */
export class KeptResults {
  /** By the principal's id. */
  readonly #shares = new Map<string, Share>();

  /** Returns the URI that {@link read} knows it by; `undefined` when it is too large to be kept. */
  keep(principal: Principal, { mimeType, text }: KeptContent): string | undefined {
    const bytes = text.length * BYTES_PER_UNIT;
    if (bytes > LARGEST) return undefined;
    while (this.#bytes + bytes > MAX_BYTES) this.#forgetOldestOfHeaviest();
    const uri = `mcp-bridge://results/${randomUUID()}`;
    const timer = setTimeout(() => this.#forget(principal.id, uri), LIFETIME).unref();
    const share = this.#shares.get(principal.id) ?? { bytes: 0, kept: new Map() };
    // A copy: a part of a string holds the whole message in memory that it was cut from.
    share.kept.set(uri, { principal, mimeType, units: Buffer.from(text, 'utf16le'), timer });
    share.bytes += bytes;
    this.#shares.set(principal.id, share);
    return uri;
  }

  /** The `contents` of a resources/read result; `undefined` when nothing is kept for the principal under that URI, or not any more. */
  read(principal: Principal, uri: string): readonly RawJson[] | undefined {
    const kept = this.#shares.get(principal.id)?.kept.get(uri);
    if (!kept || !belongsTo(kept, principal)) return undefined;
    return [RawJson.of({ uri, mimeType: kept.mimeType, text: kept.units.toString('utf16le') })];
  }

  /** Forgets what is kept for a principal that is none any more. */
  end(principalId: string): void {
    for (const uri of this.#shares.get(principalId)?.kept.keys() ?? []) this.#forget(principalId, uri);
  }

  /** Forgets everything. */
  close(): void {
    for (const principalId of this.#shares.keys()) this.end(principalId);
  }

  get #bytes(): number {
    return [...this.#shares.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #forgetOldestOfHeaviest(): void {
    const [heaviest] = [...this.#shares].sort(([, a], [, b]) => b.bytes - a.bytes);
    const [oldest] = heaviest?.[1].kept.keys() ?? [];
    if (heaviest && oldest !== undefined) this.#forget(heaviest[0], oldest);
  }

  #forget(principalId: string, uri: string): void {
    const share = this.#shares.get(principalId);
    const kept = share?.kept.get(uri);
    if (!share || !kept) return;
    clearTimeout(kept.timer);
    share.kept.delete(uri);
    share.bytes -= kept.units.length;
    if (share.kept.size === 0) this.#shares.delete(principalId);
  }
}

/** What is kept for one principal, oldest first. */
interface Share {
  bytes: number;
  readonly kept: Map<string, Kept>;
}

interface Kept {
  readonly principal: Principal;
  readonly mimeType: string;
  /** UTF-16, in which any string is kept as it is: also one with half a character, as servers may send. */
  readonly units: Buffer;
  readonly timer: NodeJS.Timeout;
}

/** Milliseconds. */
const LIFETIME = 60 * 60 * 1000;
const MAX_BYTES = 64 * 2 ** 20;
/** So that one result takes the place of few. */
const LARGEST = MAX_BYTES / 4;
const BYTES_PER_UNIT = 2;
