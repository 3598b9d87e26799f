import { setTimeout } from 'node:timers/promises';

/** How long a provider's server has for an answer. Milliseconds. */
export const PATIENCE = 30_000;

/**
 * Waits for a tunnel that is opened by code which takes no signal, until somebody waits for it no more or patience is at its end.
 * One that is opened after that would lead here all the same: it is given to `discard`.
 */
export async function inTime<Opened>(
  opening: Promise<Opened>,
  signal: AbortSignal,
  discard: (opened: Opened) => unknown,
): Promise<Opened> {
  try {
    return await Promise.race([opening, giveUp(signal)]);
  } catch (error) {
    opening.then(discard).catch(() => {}); // What becomes of it is of no interest any more, or is thrown here.
    throw error;
  }
}

async function giveUp(signal: AbortSignal): Promise<never> {
  await setTimeout(PATIENCE, undefined, { signal, ref: false });
  throw new Error(`no answer in ${PATIENCE / 1000} s`);
}
