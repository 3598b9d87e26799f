export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check has found out. All texts fit a line of a terminal, whoever they quote. */
export interface Finding {
  /** The check's name, the same in every version. */
  readonly check: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
  /** How long the answer took that it is about. Milliseconds. */
  readonly ms?: number;
}

/** A finding before it is said which check it is of. */
export type Outcome = Omit<Finding, 'check' | 'title'>;

export function ok(detail: string, ms?: number): Outcome {
  return { verdict: 'ok', detail, ...(ms !== undefined && { ms: Math.round(ms) }) };
}

/** It works, but not with everybody, or not for long. */
export function warning(detail: string, advice: string): Outcome {
  return { verdict: 'warning', detail, advice };
}

export function failed(detail: string, advice: string): Outcome {
  return { verdict: 'failed', detail, advice };
}

export function skipped(detail: string, advice?: string): Outcome {
  return { verdict: 'skipped', detail, ...(advice !== undefined && { advice }) };
}

/** The outcome as a finding. Strangers' words are in it: they must neither drive the terminal nor fill it. */
export function findingOf(check: string, title: string, { detail, advice, ...outcome }: Outcome): Finding {
  return {
    check,
    title: shown(title),
    ...outcome,
    detail: shown(detail),
    ...(advice !== undefined && { advice: shown(advice) }),
  };
}

function shown(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** Characters; the longest sentence of ours with the longest URL that somebody would paste. */
const LONGEST = 600;

/** The first few of a list, as it stands in a sentence. */
export function listed(items: readonly string[], most = 5): string {
  const rest = items.length - most;
  return items.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
