import type { Work } from './intersection.ts';

/** What one attempt may take: half a second or so. The largest schemas of real servers take a few thousand. */
const MAX_STEPS = 30_000;

/** That a schema takes too many steps, or grows too large. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

export function createWork(): Work {
  let steps = 0;
  return {
    spend() {
      steps += 1;
      if (steps > MAX_STEPS) throw new TooMuch('The schema takes too many steps');
    },
  };
}
