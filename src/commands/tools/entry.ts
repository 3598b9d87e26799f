import type { HiddenBecause, ToolReport } from '../../bridge/catalog-report.ts';
import type { RawJson } from '../../protocol/raw-json.ts';

/** What a call may do, as clients take it: what a tool does not say of itself counts as the specification has it (`ToolAnnotations`). */
export type Effect = 'read' | 'write' | 'destructive';

/** A tool in the JSON of `tools ls` and `tools show`. There may be more keys one day, but none of these goes or means something else. */
export interface ToolEntry {
  /** As clients call it. */
  readonly name: string;
  /** `null`: it is one of the bridge's own. */
  readonly server: string | null;
  /** As its server calls it. */
  readonly ownName: string;
  readonly effect: Effect;
  /** Why clients do not see it; `null` when they do. */
  readonly hidden: HiddenBecause | null;
  /** What it takes of a model's context, roughly. */
  readonly tokens: number;
  /** Which members of the definition are the owner's word, as paths: `annotations.readOnlyHint`. */
  readonly owned: readonly string[];
  /** Parameters of the server's that clients do not see. */
  readonly withheld: readonly string[];
  /** Arguments that are always sent, as they stand in the config file. */
  readonly presets: Readonly<Record<string, unknown>>;
  /** Former names of the tool, before any prefix. */
  readonly aliases: readonly string[];
  /** What was mended of the schemas, in a few words each. */
  readonly repairs: readonly string[];
  /** As clients see it. */
  readonly definition: unknown;
  /** As its server made it. */
  readonly original: unknown;
}

export function toEntry(tool: ToolReport): ToolEntry {
  const { name, server = null, ownName, hidden = null, tokens, owned, unseen, repairs } = tool;
  const [definition, original] = [tool.definition.value, tool.original.value];
  const withheld = withheldFrom(tool);
  return {
    name,
    server,
    ownName,
    effect: effectOf(tool),
    hidden,
    tokens,
    owned,
    withheld,
    ...unseen,
    repairs,
    definition,
    original,
  };
}

export function effectOf({ readOnly, definition }: Pick<ToolReport, 'readOnly' | 'definition'>): Effect {
  if (readOnly) return 'read';
  const annotations = definition.raw('annotations');
  // Where a key is repeated, it depends on the reader what the tool says.
  const isClear = definition.repeatedKey === undefined && annotations?.repeatedKey === undefined;
  return isClear && annotations?.get('destructiveHint') === false ? 'write' : 'destructive';
}

/** Parameters that the server has, and clients do not see. */
export function withheldFrom({ definition, original }: Pick<ToolReport, 'definition' | 'original'>): string[] {
  const shown = parametersOf(definition);
  return parametersOf(original).filter((name) => !shown.includes(name));
}

function parametersOf(definition: RawJson): string[] {
  return definition.raw('inputSchema')?.raw('properties')?.keys ?? [];
}

export function whyHidden(hidden: HiddenBecause): string {
  switch (hidden.by) {
    case 'filter':
      return `a filter hides it (${hidden.origin})`;
    case 'annotations':
      return 'a filter hides it for its annotations';
    case 'name':
      return 'its name is missing, or comes again';
    case 'schema':
      return `clients would refuse its schema: ${hidden.reason}`;
  }
}
