import type { ServerStatus } from '../../bridge/status.ts';
import { reasonOf, SIGNS } from '../../terminal/server-text.ts';

/** A server that has not told its tools. */
export interface Failure {
  readonly server: string;
  /** In one line. */
  readonly reason: string;
}

/** The servers that were asked for their tools and have not told them. */
export function failuresIn(servers: readonly ServerStatus[]): Failure[] {
  return servers
    .filter(({ state, tools }) => state !== 'idle' && tools === undefined)
    .map((status) => ({ server: status.name, reason: reasonOf(status) || 'it does not tell its tools' }));
}

/** A line for each. */
export function failureLines(failures: readonly Failure[]): string[] {
  return failures.map(({ server, reason }) => `${SIGNS.failed} ${server}: ${reason}`);
}
