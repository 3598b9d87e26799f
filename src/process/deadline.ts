import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for `event` to settle, for `limit` milliseconds at most, and returns whether it did; `hurry` ends the wait at once.
 * Never rejects, leaves no timer behind.
 */
export async function waitAtMost(limit: number, event: Promise<unknown>, hurry?: AbortSignal): Promise<boolean> {
  const done = new AbortController();
  const settled = event.then(
    () => true,
    () => true,
  );
  const signal = hurry ? AbortSignal.any([hurry, done.signal]) : done.signal;
  const isSettled = await Promise.race([settled, pause(limit, signal).then(() => false)]);
  done.abort();
  return isSettled;
}

/** Waits `milliseconds`, or until `hurry`. Never rejects. */
export async function pause(milliseconds: number, hurry?: AbortSignal): Promise<void> {
  const ignored = () => {}; // Being woken is not a failure.
  await delay(milliseconds, undefined, hurry && { signal: hurry }).catch(ignored);
}
