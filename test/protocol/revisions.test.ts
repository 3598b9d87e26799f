import { expect, it } from 'vitest';
import { hasBatches, hasPrimingEvents, negotiateRevision, REVISIONS_2025 } from '../../src/protocol/revisions.ts';

it('speaks the revision that was asked for, and the newest when it does not know it', () => {
  for (const revision of REVISIONS_2025) expect(negotiateRevision(revision)).toBe(revision);
  for (const unknown of ['2024-10-07', '2099-01-01', '', 20251125, null, undefined, {}])
    expect(negotiateRevision(unknown)).toBe('2025-11-25');
});

it('knows which revisions have batches and priming events', () => {
  expect(REVISIONS_2025.filter(hasBatches)).toEqual(['2025-03-26']);
  expect(REVISIONS_2025.filter(hasPrimingEvents)).toEqual(['2025-11-25']);
});
