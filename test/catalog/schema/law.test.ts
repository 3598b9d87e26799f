import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../src/catalog/schema/profile.ts';
import { repairInput, repairOutput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { anyArguments, everyValue, type Given, given, strictSchema } from './arbitraries.ts';
import { judgeOf } from './judge.ts';
import { satisfying } from './satisfying.ts';
import { repairOf } from './support.ts';

/** Schemas that each law is tried on, and values for each of them besides those that are tried on all. */
const SCHEMAS = 400;
const VALUES = 4;

interface Shown extends Given {
  /** What clients see. */
  readonly shown: Record<string, unknown>;
  readonly toServer: (args: RawJson) => RawJson;
}

/** The schemas of an arbitrary that can be shown, as they are shown. */
function shownOf({ draft, schema }: Given): Shown | undefined {
  const repair = repairOf(schema);
  if (repair.kind === 'hopeless') return undefined;
  if (repair.kind === 'fine') return { draft, schema, shown: schema as Shown['shown'], toServer: (args) => args };
  const { schema: shown, toServer = (args) => args } = repair;
  return { draft, schema, shown: shown as Shown['shown'], toServer };
}

/** Values that mostly satisfy what is shown, and others, as they come out of JSON. */
function valuesFor(shown: Shown['shown'], seed: number): unknown[] {
  const sampled = [satisfying(shown), anyArguments].flatMap((values) => fc.sample(values, { numRuns: VALUES, seed }));
  return [...sampled, ...everyValue].map((value) => JSON.parse(JSON.stringify(value)));
}

describe('a schema of any draft', () => {
  it('is shown within the strict profile, or not at all', () => {
    let hopeless = 0;
    fc.assert(
      fc.property(given, (each) => {
        const shown = shownOf(each)?.shown;
        if (shown) expect(violationsOf(shown)).toEqual([]);
        else hopeless += 1;
      }),
      { numRuns: SCHEMAS },
    );
    // Not by hiding everything.
    expect(hopeless).toBeLessThan(SCHEMAS / 3);
  });

  it('takes whatever satisfies what is shown of it, once that is translated', () => {
    let taken = 0;
    fc.assert(
      fc.property(given, fc.nat(), (each, seed) => {
        const tool = shownOf(each);
        if (!tool) return;
        const { shown, toServer, draft, schema } = tool;
        const [isShown, isTaken] = [judgeOf(shown, '2020'), judgeOf(schema, draft)];
        for (const value of valuesFor(shown, seed)) {
          if (isShown(value) !== true) continue;
          const got = toServer(RawJson.of(value)).value;
          const verdict = isTaken(got);
          taken += verdict === true ? 1 : 0;
          if (verdict === false) expect({ draft, schema, shown, value, got }).toBe('taken');
        }
      }),
      { numRuns: SCHEMAS, endOnFailure: true },
    );
    expect(taken).toBeGreaterThan(SCHEMAS);
  });

  it('needs no second repair', () => {
    fc.assert(
      fc.property(given, (each) => {
        const shown = shownOf(each)?.shown;
        if (shown) expect(repairOf(shown)).toEqual({ kind: 'fine' });
      }),
      { numRuns: SCHEMAS },
    );
  });

  it('that describes results takes no less than before', () => {
    let taken = 0;
    fc.assert(
      fc.property(given, fc.nat(), ({ draft, schema }, seed) => {
        const repair = repairOutput(RawJson.of(schema));
        if (repair.kind === 'dropped') return;
        const shown = (repair.kind === 'fine' ? schema : repair.schema) as Record<string, unknown>;
        expect(violationsOf(shown, 'results')).toEqual([]);
        const [isShown, isTaken] = [judgeOf(shown, '2020'), judgeOf(schema, draft)];
        for (const value of valuesFor(shown, seed)) {
          if (isTaken(value) !== true) continue;
          taken += 1;
          if (isShown(value) === false) expect({ draft, schema, shown, value }).toBe('taken');
        }
      }),
      { numRuns: SCHEMAS, endOnFailure: true },
    );
    expect(taken).toBeGreaterThan(SCHEMAS);
  });
});

describe('a schema of the strict profile', () => {
  it('is fine', () => {
    fc.assert(
      fc.property(strictSchema, (schema) => {
        expect(violationsOf(schema)).toEqual([]);
        expect(repairOf(schema)).toEqual({ kind: 'fine' });
      }),
    );
  });

  it('loses nothing but what is odd', () => {
    fc.assert(
      fc.property(strictSchema, (schema) => {
        const repair = repairInput(RawJson.of({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema }));
        expect(repair).toEqual({ kind: 'repaired', schema, notes: ['removed $schema'], toServer: undefined });
      }),
    );
  });
});
