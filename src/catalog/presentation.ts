import type { Schemas } from '../config/catalog-settings.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { AnnotationFilter } from './annotation-filter.ts';
import { distinct } from './distinct.ts';
import { NOTHING_UNSEEN, type ToolChange, type ToolOverrides, type UnseenChanges } from './override/override.ts';
import { remember } from './remember.ts';
import { repairInput, repairOutput } from './schema/repair.ts';
import { isObject } from './schema/schema.ts';

/** What becomes of the arguments of a call on their way to the server. */
export type MapArguments = (args: RawJson) => RawJson;

/** A tool as it is shown. */
export interface Presented {
  /** As clients see it, but for its name, which is still its server's. */
  readonly definition: RawJson;
  /** Why it cannot be shown; `undefined` where it can. */
  readonly flaw: string | undefined;
  /** Whether the filters by annotation let it be shown. */
  readonly isAllowed: boolean;
  /** `undefined` where the server gets what the client sends. */
  readonly toServer: MapArguments | undefined;
  /** Which members are the owner's word, as paths: `description`, `annotations.readOnlyHint`. */
  readonly owned: readonly string[];
  readonly unseen: UnseenChanges;
  /** What was mended, in a few words each. */
  readonly repairs: readonly string[];
  /** What the owner said that means nothing to this tool. */
  readonly doubts: readonly string[];
}

export interface PresenterOptions {
  readonly overrides: ToolOverrides;
  readonly filter: AnnotationFilter;
  readonly schemas: Schemas;
  /** Whether results may lack what an output schema promises. */
  readonly withoutOutputSchema: boolean;
}

/** Far more tools than any client takes. */
const MAX_KEPT = 10_000;

/** Shows the tools of one server as the owner wants them, and as clients take them. */
export class Presenter {
  readonly #options: PresenterOptions;
  readonly #kept = new Map<string, { readonly text: string; readonly presented: Presented }>();

  constructor(options: PresenterOptions) {
    this.#options = options;
  }

  /** Whether what becomes of a call hangs on how its tool is defined. */
  get needsDefinitions(): boolean {
    return this.#options.schemas === 'strict';
  }

  /** The tools whose names do not cost clients all others. */
  withSoundNames(tools: readonly RawJson[]): readonly RawJson[] {
    return this.#options.schemas === 'strict' ? distinct(tools) : tools;
  }

  present(definition: RawJson): Presented {
    const name = definition.string('name') ?? '';
    const kept = this.#kept.get(name);
    if (kept?.text === definition.text) return kept.presented;
    const presented = this.#present(definition, name);
    this.#kept.delete(name);
    remember(this.#kept, name, () => ({ text: definition.text, presented }), MAX_KEPT);
    return presented;
  }

  /** What becomes of the arguments as far as the owner alone has a say in it. */
  ownersWord(name: string): MapArguments | undefined {
    return this.#options.overrides.of(name)?.toServer;
  }

  #present(original: RawJson, name: string): Presented {
    const { overrides, filter, schemas, withoutOutputSchema } = this.#options;
    const change = overrides.of(name);
    const changed = change?.apply(original) ?? { definition: original, notes: [] };
    const trimmed = withoutOutputSchema ? changed.definition.without('outputSchema') : changed.definition;
    const mended = schemas === 'strict' ? mend(trimmed) : { ...UNTOUCHED, definition: trimmed };
    return {
      definition: mended.definition,
      flaw: mended.flaw,
      isAllowed: filter.allows(mended.definition),
      toServer: chain(mended.toServer, change),
      owned: change?.owned ?? [],
      unseen: change?.unseen ?? NOTHING_UNSEEN,
      repairs: mended.repairs,
      doubts: changed.notes,
    };
  }
}

type Mended = Pick<Presented, 'definition' | 'flaw' | 'toServer' | 'repairs'>;

const UNTOUCHED = { flaw: undefined, toServer: undefined, repairs: [] };

function mend(told: RawJson): Mended {
  const { definition, repairs: dropped } = withoutOddMembers(told);
  const input = repairInput(definition.raw('inputSchema'));
  if (input.kind === 'hopeless') return { ...UNTOUCHED, definition, flaw: input.reason };
  const { definition: sound, repairs: ofOutput } = mendOutput(definition);
  const repairs = [...dropped, ...ofOutput];
  if (input.kind === 'fine') return { ...UNTOUCHED, definition: sound, repairs };
  return {
    definition: sound.with({ inputSchema: input.schema }),
    flaw: undefined,
    toServer: input.toServer,
    repairs: [...input.notes, ...repairs],
  };
}

/** Takes out what is not of the type that the specification wants (`Tool`): clients refuse the whole list for that. */
function withoutOddMembers(tool: RawJson): Pick<Mended, 'definition' | 'repairs'> {
  const annotations = tool.raw('annotations');
  const odd = oddAmong(tool, TOOL_MEMBERS);
  const oddHints = annotations?.isObject ? oddAmong(annotations, ANNOTATIONS) : [];
  const repairs = [...odd, ...oddHints.map((key) => `annotations.${key}`)].map((path) => `left out ${path}`);
  const kept = tool.without(...odd);
  if (oddHints.length === 0) return { definition: kept, repairs };
  return { definition: kept.with({ annotations: annotations?.without(...oddHints) }), repairs };
}

function oddAmong(json: RawJson, checks: Readonly<Record<string, Check>>): string[] {
  return Object.entries(checks).flatMap(([key, isSound]) => (json.has(key) && !isSound(json.get(key)) ? [key] : []));
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';

const TOOL_MEMBERS = {
  title: isText,
  description: isText,
  icons: (icons: unknown) => Array.isArray(icons) && icons.every((icon) => isObject(icon) && isText(icon.src)),
  annotations: isObject,
  execution: (execution: unknown) => isObject(execution) && TASK_SUPPORT.has(execution.taskSupport),
  _meta: isObject,
};
const TASK_SUPPORT: ReadonlySet<unknown> = new Set([undefined, 'forbidden', 'optional', 'required']);
const ANNOTATIONS = {
  title: isText,
  readOnlyHint: isFlag,
  destructiveHint: isFlag,
  idempotentHint: isFlag,
  openWorldHint: isFlag,
};

function mendOutput(definition: RawJson): Pick<Mended, 'definition' | 'repairs'> {
  const schema = definition.raw('outputSchema');
  const output = schema ? repairOutput(schema) : undefined;
  if (output === undefined || output.kind === 'fine') return { definition, repairs: [] };
  if (output.kind === 'dropped')
    return { definition: definition.without('outputSchema'), repairs: [`left out outputSchema: ${output.reason}`] };
  return {
    definition: definition.with({ outputSchema: output.schema }),
    repairs: output.notes.map((note) => `outputSchema: ${note}`),
  };
}

/** The client's arguments fit the mended schema, and the owner's word is about the server's own. */
function chain(mended: MapArguments | undefined, change: ToolChange | undefined): MapArguments | undefined {
  const owners = change?.toServer;
  return mended && owners ? (args) => owners(mended(args)) : (mended ?? owners);
}
