import { parsed } from '../../protocol/json-scan.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { isPossible, Never, union } from './core.ts';
import { dialectOf } from './drafts.ts';
import { possibleTypes } from './exclusion.ts';
import { expressCore } from './express.ts';
import { exceeds } from './extent.ts';
import { withSoundHeaders } from './headers.ts';
import { intersection, variantsOf } from './intersection.ts';
import { loosenSchema } from './loosen.ts';
import { createNotes } from './notes.ts';
import { isWithinLimits, violationsOf } from './profile.ts';
import { reduceSchema } from './reduce.ts';
import { named } from './reducer.ts';
import { readReferences } from './references.ts';
import { asParameters } from './root.ts';
import { isObject, type Schema, typesOf } from './schema.ts';
import type { Translate } from './translate.ts';
import { createWork, TooMuch } from './work.ts';

/** What became of the schema of a tool's arguments. */
export type InputRepair =
  /** It is in the strict profile: show it as it is, to the byte. */
  | { readonly kind: 'fine' }
  | {
      readonly kind: 'repaired';
      readonly schema: object;
      /** What was changed and where, each in a few words. */
      readonly notes: readonly string[];
      /** Makes the server's arguments of a client's; `undefined` where they are the same. */
      readonly toServer: Translate | undefined;
    }
  /** Nothing that the profile can say is certain to be taken; why stands in the reason. */
  | { readonly kind: 'hopeless'; readonly reason: string };

/**
 * Brings the schema of a tool's arguments into the strict profile (`violationsOf`). The law: whatever satisfies the repaired schema satisfies the
 * original once `toServer` has translated it. So a repair says the same in other words, or allows less, and never more.
 *
 * It takes bounded time and space for any text, and never throws.
 */
export function repairInput(schema: RawJson | undefined): InputRepair {
  const readable = readText(schema);
  if (typeof readable === 'string') return { kind: 'hopeless', reason: readable };
  const { root, hasReferences } = readable;
  if (schema && violationsOf(root).length === 0) return withoutOddHeaders(root);
  for (const attempt of hasReferences ? ATTEMPTS : ATTEMPTS.slice(0, 1)) {
    try {
      return repairWithin(readable, attempt);
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
    }
  }
  return { kind: 'hopeless', reason: 'it grows too large when it is written out' };
}

/** A schema that is in the profile may still ask for headers that cannot be sent. */
function withoutOddHeaders(strict: Schema): InputRepair {
  const { note, list } = createNotes();
  const schema = withSoundHeaders(strict, note);
  const notes = list();
  return notes.length === 0 ? { kind: 'fine' } : { kind: 'repaired', schema, notes, toServer: undefined };
}

interface Readable {
  readonly root: Schema;
  readonly characters: number;
  readonly hasReferences: boolean;
  /** Whether `unevaluatedProperties` or `unevaluatedItems` occur. */
  readonly mindsEvaluation: boolean;
}

/** Beyond that nobody would want to pay for the tool, whatever it is. */
const MAX_CHARACTERS = 1_000_000;
/** Of JSON; a schema takes two for each of its own. */
const MAX_LEVELS = 256;

/** The schema as a value, or why it is none. */
function readText(schema: RawJson | undefined): Readable | string {
  const text = schema?.text ?? 'null';
  if (text.length > MAX_CHARACTERS) return `it has more than ${MAX_CHARACTERS} characters`;
  const root = parsed(text);
  if (root === undefined) return 'it cannot be read';
  const isTooDeep = exceeds(root, { levels: MAX_LEVELS, characters: Infinity });
  if (isTooDeep) return `it is nested deeper than ${MAX_LEVELS} levels`;
  // PHP writes an empty object like that.
  const saysNothing = root === null || root === true || (Array.isArray(root) && root.length === 0);
  if (!isObject(root) && !saysNothing) return `it is ${text.slice(0, 40)}`;
  // As the text may spell its keywords with escapes.
  const respelt = JSON.stringify(root);
  return {
    root: isObject(root) ? root : {},
    characters: text.length,
    hasReferences: /"\$(?:ref|dynamicRef|recursiveRef)"/.test(respelt),
    mindsEvaluation: respelt.includes('"unevaluated'),
  };
}

/** How far references are followed. What is written out in full may be too much, so less and less of it is tried. */
const ATTEMPTS = [
  { unrolled: 3, nested: 64 },
  { unrolled: 1, nested: 64 },
  { unrolled: 1, nested: 3 },
  { unrolled: 1, nested: 1 },
];

function repairWithin(readable: Readable, attempt: (typeof ATTEMPTS)[number]): InputRepair {
  const { root, mindsEvaluation } = readable;
  const { note, list } = createNotes();
  const work = createWork(readable.characters);
  if (root.type !== 'object') note('set the type to object', '');
  const core = reduceSchema(root, { ...attempt, ...readingOf(root), mindsEvaluation, work, note });
  if (isPossible(core) && !possibleTypes(core).includes('object')) {
    return { kind: 'hopeless', reason: 'it takes no objects, which arguments always are' };
  }
  const objects = intersection(core, { type: 'object' }, work);
  const ways = objects instanceof Never ? [objects] : variantsOf(objects, work);
  const expressed = expressCore(union(ways, 'no arguments satisfy it'), { work, note });
  if (expressed instanceof Never) return { kind: 'hopeless', reason: reasonOf(expressed) };
  const { schema, translate } = asParameters(expressed, note);
  checkExtent(schema, readable);
  return { kind: 'repaired', schema: withSoundHeaders(schema, note), notes: list(), toServer: translate };
}

function readingOf(root: Schema) {
  const dialect = dialectOf(root);
  return { dialect, references: readReferences(root, { idKeyword: dialect <= 4 ? 'id' : '$id' }) };
}

/** Every client pays for it with every conversation. What was that large from the start may double. */
const MAX_GROWN = 100_000;

/** @throws TooMuch */
function checkExtent(schema: object, { characters }: Readable): void {
  const limit = Math.max(MAX_GROWN, 2 * characters);
  if (exceeds(schema, { levels: MAX_LEVELS, characters: limit }) || !isWithinLimits(schema)) {
    throw new TooMuch('The schema grows too large');
  }
}

function reasonOf({ reason, at = '' }: Never): string {
  return `${reason}, at ${named(at)}`;
}

/** What became of the schema of a tool's results. */
export type OutputRepair =
  | { readonly kind: 'fine' }
  | { readonly kind: 'repaired'; readonly schema: object; readonly notes: readonly string[] }
  /** The tool is better shown without. */
  | { readonly kind: 'dropped'; readonly reason: string };

/**
 * Brings the schema of a tool's results into the strict profile. Clients refuse results that their schema does not take, and nothing can be
 * translated on the way to them: so here a schema stays what it is in other words, or takes more.
 *
 * It takes bounded time and space for any text, and never throws.
 */
export function repairOutput(schema: RawJson): OutputRepair {
  const readable = readText(schema);
  if (typeof readable === 'string') return { kind: 'dropped', reason: readable };
  if (violationsOf(readable.root, 'results').length === 0) return { kind: 'fine' };
  const { note, list } = createNotes();
  try {
    const loosened = loosenSchema(readable.root, {
      ...readingOf(readable.root),
      work: createWork(readable.characters),
      note,
    });
    const { anyOf, enum: values, const: value, properties = {}, ...rest } = loosened ?? {};
    const isOfObjects = typesOf(rest)?.every((type) => type === 'object') ?? false;
    if (!isOfObjects) return { kind: 'dropped', reason: 'it is not of the type object alone' };
    const repaired = { ...rest, type: 'object', properties };
    checkExtent(repaired, readable);
    return { kind: 'repaired', schema: repaired, notes: list() };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return { kind: 'dropped', reason: 'it grows too large when it is written out' };
  }
}
