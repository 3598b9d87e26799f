import { expect } from 'vitest';
import { violationsOf } from '../../../src/catalog/schema/profile.ts';
import { type InputRepair, repairInput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

export function repairOf(schema: unknown): InputRepair {
  return repairInput(RawJson.of(schema));
}

type Repaired = InputRepair & { kind: 'repaired' };

/** The repair of a schema that needs one; what it becomes has to be in the profile. */
export function repaired(schema: unknown): Repaired {
  const repair = repairOf(schema);
  expect(repair).toMatchObject({ kind: 'repaired' });
  expect(violationsOf((repair as Repaired).schema)).toEqual([]);
  return repair as Repaired;
}

/** The schema of a tool with one optional parameter, `a`. */
export function withParameter(schema: unknown, more: object = {}): object {
  return { type: 'object', properties: { a: schema }, ...more };
}

/** What becomes of that parameter; `undefined` when it is not shown any more. */
export function parameterOf(schema: unknown, more: object = {}): unknown {
  const shown = repaired(withParameter(schema, more)).schema as { properties: Record<string, unknown> };
  return shown.properties.a;
}

/** Why there is no way to show a schema. */
export function reasonOf(schema: unknown): string {
  const repair = repairOf(schema);
  return repair.kind === 'hopeless' ? repair.reason : `it is ${repair.kind}`;
}

/** What a server gets when a client sends these arguments, as text. */
export function sent(schema: unknown, args: unknown): string {
  const { toServer } = repaired(schema);
  const text = RawJson.of(args);
  return (toServer?.(text) ?? text).text;
}
