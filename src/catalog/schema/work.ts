import type { Work } from './intersection.ts';

/** What one attempt may take, a tenth of a second or so. Where alternatives are compared, each with each, a short schema takes many. */
const STEPS = 8_000;
/** Few schemas take more than a step for that many characters of theirs. */
const CHARACTERS_PER_STEP = 8;

/** That a schema takes too many steps, or grows too large. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

/** For a schema of that many characters. */
export function createWork(characters: number): Work {
  let left = STEPS + characters / CHARACTERS_PER_STEP;
  return {
    spend() {
      left -= 1;
      if (left < 0) throw new TooMuch('The schema takes too many steps');
    },
  };
}
