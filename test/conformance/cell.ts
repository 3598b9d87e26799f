import { beforeAll, describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { type Requirements, runConformance, type ScenarioOutcome } from '../support/conformance.ts';
import { createStatelessClient } from '../support/stateless.ts';
import { SCENARIOS } from './scenarios.ts';

/** Milliseconds. More than the suite is given, so that its own words are in the report. */
const SUITE_LIMIT = 180_000;

/** A client's revision, and the servers behind the bridge. */
export interface Cell {
  readonly title: string;
  readonly requirements: Requirements;
  /** The entries of `mcpServers`. */
  readonly servers: object;
  /** By scenario, what does not pass without a word. */
  readonly exceptions?: Exceptions;
}

/** A part of what the suite says about it, and the reason. */
export type Exceptions = Readonly<Record<string, ({ fails: string } | { warns: string }) & { because: string }>>;

/** Starts one bridge, runs the suite once, and makes a test of each scenario. */
export function describeCell({ title, requirements, servers, exceptions = {} }: Cell): void {
  const { required, unscored } = SCENARIOS[requirements];

  describe(`the official conformance suite, ${requirements}, of ${title}`, () => {
    let outcomes: ScenarioOutcome[];

    beforeAll(async () => {
      // The suite asks for exact names.
      // The suite looks for its server's own schemas.
      const config = { mcpServers: servers, bridge: { schemas: 'original' } };
      await using bridge = await startBridge(['--prefix', 'none'], { config });
      if (requirements === '2026-07-28') await warmUp(bridge.url);
      outcomes = await runConformance({ url: bridge.url, requirements });
    }, SUITE_LIMIT);

    it(`requires exactly these ${required.length} scenarios and runs ${unscored.length} more`, () => {
      const namesOf = (scored: boolean) =>
        outcomes.filter((outcome) => outcome.required === scored).map(({ scenario }) => scenario);
      expect(namesOf(true).toSorted()).toEqual(required.toSorted());
      expect(namesOf(false).toSorted()).toEqual(unscored.toSorted());
    });

    const outcomeOf = (scenario: string) => outcomes.find((outcome) => outcome.scenario === scenario);

    const plain = [...required, ...unscored].filter((scenario) => !Object.hasOwn(exceptions, scenario));
    it.each(plain)('passes %s', (scenario) => {
      expect(outcomeOf(scenario)).toMatchObject({ failures: '', warnings: '' });
    });

    for (const [scenario, exception] of Object.entries(exceptions)) {
      const verb = 'fails' in exception ? 'fails' : 'is warned about';
      it(`${verb} ${scenario}: ${exception.because}`, () => {
        if ('fails' in exception) expect(outcomeOf(scenario)?.failures).toContain(exception.fails);
        else
          expect(outcomeOf(scenario)).toMatchObject({
            failures: '',
            warnings: expect.stringContaining(exception.warns),
          });
      });
    }
  });
}

/** One scenario wants its call answered within 600 ms, and a server of 2025 is started for the first client of each kind. */
async function warmUp(url: string): Promise<void> {
  const client = createStatelessClient(url, { capabilities: { elicitation: {} } });
  await client.call('greet', { name: 'suite' });
}
