/** Levels of MCP's log messages, most verbose first (RFC 5424, section 6.2.1). */
export const SEVERITIES = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** Whether a log message is wanted by a client that asked for `least`. A level nobody knows is wanted. */
export function isSevereEnough(level: unknown, least: string | undefined): boolean {
  const known: readonly unknown[] = SEVERITIES;
  const rank = known.indexOf(level);
  return least === undefined || rank === -1 || rank >= known.indexOf(least);
}
