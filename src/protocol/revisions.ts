/** Revisions of the 2025 era, opened by `initialize`, newest first. */
export const REVISIONS_2025 = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export type Revision = (typeof REVISIONS_2025)[number];
export const LATEST_2025: Revision = REVISIONS_2025[0];

/** The stateless revision: no session, all that a server has to know in each request. */
export const STATELESS = '2026-07-28';
/** All that are served, newest first. */
export const REVISIONS: readonly string[] = [STATELESS, ...REVISIONS_2025];

/** The revision that is assumed where a request names none (specification 2025-06-18, transports, "Protocol Version Header"). */
export const ASSUMED_REVISION: Revision = '2025-03-26';

/** The revision to speak with a client that asked for one: its own if it is served, else the newest. */
export function negotiateRevision(requested: unknown): Revision {
  return REVISIONS_2025.find((revision) => revision === requested) ?? LATEST_2025;
}

/** Whether batches may be sent: only the revision of 2025-03-26 has them. */
export function hasBatches(revision: Revision): boolean {
  return revision === '2025-03-26';
}

/** Whether a stream begins with an empty event that only carries an id, to resume from (2025-11-25, SEP-1699). */
export function hasPrimingEvents(revision: Revision): boolean {
  return revision >= '2025-11-25';
}
