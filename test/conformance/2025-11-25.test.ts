import { beforeAll, describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { type ConformanceOutcome, runConformance } from '../support/conformance.ts';

/** What 2025-11-25 requires of a server, so that a scenario that silently drops out of the suite is missed. */
const REQUIRED = [
  'server-initialize',
  'logging-set-level',
  'ping',
  'completion-complete',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-with-logging',
  'tools-call-error',
  'tools-call-with-progress',
  'tools-call-sampling',
  'tools-call-elicitation',
  'elicitation-sep1034-defaults',
  'server-sse-multiple-streams',
  'elicitation-sep1330-enums',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
  'dns-rebinding-protection',
];
/** Thirty scenarios, one session each. */
const SUITE_LIMIT = 180_000;

describe('the official conformance suite, 2025-11-25, through the bridge', () => {
  let outcome: ConformanceOutcome;

  beforeAll(async () => {
    await using bridge = await startBridge(['--stdio', 'node test/fixtures/conformance-server.mjs']);
    outcome = await runConformance({ url: bridge.url, requirements: '2025-11-25' });
  }, SUITE_LIMIT);

  it('requires exactly these 30 scenarios', () => {
    const scored = [...outcome.passed, ...outcome.failed.map(({ scenario }) => scenario)];
    expect(scored.toSorted()).toEqual(REQUIRED.toSorted());
    expect(REQUIRED).toHaveLength(30);
  });

  it.each(REQUIRED)('passes %s', (scenario) => {
    expect(outcome.failed.find((failed) => failed.scenario === scenario)?.message).toBeUndefined();
    expect(outcome.passed).toContain(scenario);
  });
});
