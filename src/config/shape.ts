import * as z from 'zod/mini';
import { type JsonSchema, type Kind, mismatch } from './kinds.ts';
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

/** How people mark their comments. */
export const COMMENT = /^(?:_|\/\/|\$|x-)/;

/** Says which key of an object is not known, and which one may have been meant. People's comments (`_note`, `//`, `x-...`) pass. */
export function unknownKey(value: object, known: readonly string[]): Refusal | undefined {
  const key = Object.keys(value).find((each) => !known.includes(each) && !COMMENT.test(each));
  if (key === undefined) return undefined;
  const meant = nearest(key, known);
  return { path: key, reason: meant === undefined ? 'unknown key' : `unknown key; did you mean ${meant}?` };
}

/** What of a shape's JSON Schema does not follow from its type. */
export interface Form {
  /** Keywords that come on top. */
  readonly keywords?: JsonSchema;
  /** Instead of what the shape makes of it: what is given, the usual first. */
  readonly given?: readonly z.core.$ZodType[];
}

const forms = new WeakMap<z.core.$ZodType, Form>();

/** Has a shape carry its form; nothing but the JSON Schema is made of it. */
export function formed<Schema extends z.core.$ZodType>(schema: Schema, form: Form): Schema {
  forms.set(schema, form);
  return schema;
}

export function formOf(schema: z.core.$ZodType): Form {
  return forms.get(schema) ?? {};
}

/** An object that has no keys but these; `ignored` ones are dropped. */
export function strict<Shape extends z.core.$ZodShape>(shape: Shape, ignored: readonly string[] = []) {
  const known = [...Object.keys(shape), ...ignored];
  const checkKeys = z.transform((value: unknown, { issues }) => {
    const unknown = typeof value === 'object' && value !== null ? unknownKey(value, known) : undefined;
    if (unknown) issues.push({ code: 'custom', input: value, path: [unknown.path], message: unknown.reason });
    return value;
  });
  const others = ignored.length === 0 ? COMMENT.source : `${COMMENT.source}|^(?:${ignored.join('|')})$`;
  const keywords = { additionalProperties: false, patternProperties: { [others]: {} } };
  return formed(z.pipe(checkKeys, z.object(shape)), { keywords });
}

/** An object whose keys are names of this kind; they stay as they are given. */
export function keyed<Schema extends z.ZodMiniType>(kind: Kind<string>, schema: Schema, keywords: JsonSchema = {}) {
  const checkKeys = z.transform((value: unknown, { issues }) => {
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const wrong = keys.find((key) => kind.parse(key) === undefined);
    if (wrong !== undefined) issues.push({ code: 'custom', input: value, message: mismatch(kind, wrong) });
    return value;
  });
  const record = z.pipe(checkKeys, z.record(z.string(), schema));
  return formed(record, { keywords: { propertyNames: kind.json, ...keywords } });
}

/** A list that says something. */
export function someOf<Schema extends z.ZodMiniType>(schema: Schema) {
  const list = z.array(schema).check(z.minLength(1, 'expected a list that is not empty'));
  return formed(list, { keywords: { minItems: 1 } });
}

/** What is brought into a shape before it is checked. `given` says for its JSON Schema which forms there are, the usual one first. */
export function brought<Schema extends z.ZodMiniType>(
  bring: (value: unknown) => unknown,
  schema: Schema,
  given: readonly z.ZodMiniType[],
) {
  return formed(z.pipe(z.transform(bring), schema), { given });
}

export function of<Value>(kind: Kind<Value>) {
  const read = z.transform((given: unknown, { issues }): Value => {
    const parsed = /^(?:string|number|boolean)$/.test(typeof given) ? kind.parse(String(given)) : undefined;
    if (parsed !== undefined) return parsed;
    const message = given === undefined ? `missing; expected ${kind.accepts}` : mismatch(kind, given);
    issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  });
  return formed(read, { keywords: kind.json });
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
  return mismatch({ accepts }, issue.input);
}
