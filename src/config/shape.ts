import * as z from 'zod/mini';
import { type Kind, mismatch } from './kinds.ts';
import { nearest } from './nearest.ts';

/** Why a value was refused, and where in it. */
export interface Refusal {
  /** As in JavaScript: `tools.allow[0]`; empty for the value itself. */
  readonly path: string;
  readonly reason: string;
}

/** The checked value, or the first thing that is wrong with it. */
export function check<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
): { readonly value: z.output<Schema> } | { readonly refusal: Refusal } {
  const result = z.safeParse(schema, value, { reportInput: true });
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues;
  return { refusal: { path: pathOf(issue?.path ?? []), reason: reasonOf(issue) } };
}

/** Says which key of an object is not known, and which one may have been meant. People's comments (`_note`, `//`, `x-...`) pass. */
export function unknownKey(value: object, known: readonly string[]): Refusal | undefined {
  const key = Object.keys(value).find((each) => !known.includes(each) && !/^(?:_|\/\/|\$|x-)/.test(each));
  if (key === undefined) return undefined;
  const meant = nearest(key, known);
  return { path: key, reason: meant === undefined ? 'unknown key' : `unknown key; did you mean ${meant}?` };
}

/** An object that has no keys but these; `ignored` ones are dropped. */
export function strict<Shape extends z.core.$ZodShape>(shape: Shape, ignored: readonly string[] = []) {
  const known = [...Object.keys(shape), ...ignored];
  const checkKeys = z.transform((value: unknown, { issues }) => {
    const unknown = typeof value === 'object' && value !== null ? unknownKey(value, known) : undefined;
    if (unknown) issues.push({ code: 'custom', input: value, path: [unknown.path], message: unknown.reason });
    return value;
  });
  return z.pipe(checkKeys, z.object(shape));
}

export function of<Value>(kind: Kind<Value>) {
  return z.transform((given: unknown, { issues }): Value => {
    const parsed = /^(?:string|number|boolean)$/.test(typeof given) ? kind.parse(String(given)) : undefined;
    if (parsed !== undefined) return parsed;
    const message = given === undefined ? `missing; expected ${kind.accepts}` : mismatch(kind, given);
    issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  });
}

export function optional<Value>(kind: Kind<Value>) {
  return z.exactOptional(of(kind));
}

export function optionalList<Value>(kind: Kind<Value>) {
  return z.exactOptional(z.array(of(kind)));
}

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== 'invalid_type') return issue?.message ?? 'not valid';
  const accepts = issue.expected === 'array' ? 'a list' : 'an object';
  return mismatch({ accepts, parse: () => undefined }, issue.input);
}
