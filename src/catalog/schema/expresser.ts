import type { Never, Part } from './core.ts';
import type { Work } from './intersection.ts';
import type { Schema } from './schema.ts';
import type { Translate } from './translate.ts';

/** A schema of the strict profile, and what becomes of values that satisfy it. */
export interface Expressed {
  readonly schema: Schema;
  readonly translate: Translate | undefined;
}

export interface Expresser {
  readonly work: Work;
  /** Hears of every change, and where in the result it was made. */
  readonly note: (change: string, at: string) => void;
  /** Says it in the words of the profile. Whatever satisfies the result satisfies the core, once it is translated. */
  express(part: Part, at: string): Expressed | Never;
}
