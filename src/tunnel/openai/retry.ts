import { pause } from '../../process/deadline.ts';
import { retryAfterOf } from './refusal.ts';

export interface RetryOptions {
  /** Ends the waiting, and with it the attempts. */
  readonly signal: AbortSignal;
  /** Default: no limit. */
  readonly attempts?: number;
  isWorthIt(error: unknown): boolean;
  /** Hears of each failure that is followed by another attempt. */
  onFailure?(error: unknown, failures: number): void;
}

/** Repeats `work` until it succeeds, with growing pauses. Throws the error of the last attempt. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = Number.POSITIVE_INFINITY, isWorthIt, onFailure } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || failures >= attempts || !isWorthIt(error)) throw error;
      onFailure?.(error, failures);
      await pause(backoff(failures) + retryAfterOf(error), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** At random between half and all of it, so that those who were cut off together do not come back together. */
function backoff(failures: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (failures - 1), LAST_DELAY);
  return delay * (0.5 + Math.random() / 2);
}

/** Milliseconds. */
const FIRST_DELAY = 200;
const LAST_DELAY = 10_000;
