import type { ToolOverride } from '../../config/catalog-settings.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { createArgumentFixer, keptParameters } from './arguments.ts';
import { withMember, withMembers, withTexts } from './edit.ts';
import { createRuleMatcher, namesGiven, type UnmatchedOverride } from './match.ts';
import { parameterNotes } from './notes.ts';
import { changeParameters, type ParameterChange } from './parameters.ts';

/** What the owner says of one server's tools, by the server's own names. */
export interface ToolOverrides {
  /** Own name to the owner's name for it. */
  readonly names: ReadonlyMap<string, string>;
  /** Former name to own name. */
  readonly aliases: ReadonlyMap<string, string>;
  /** `undefined` when nothing is said of the tool. */
  of(own: string): ToolChange | undefined;
  /** The globs that match none of these own names. */
  unmatched(owns: readonly string[]): UnmatchedOverride[];
}

export interface ToolChange {
  /**
   * The definition as the owner wants it, still under its own name and with its schema not yet repaired; itself where that changes nothing.
   * `notes` say what of the owner's word means nothing to this tool, or was not done in full.
   */
  apply(definition: RawJson): { readonly definition: RawJson; readonly notes: readonly string[] };
  /** The arguments as the server is to get them; `undefined` where nothing is to be done. */
  readonly toServer: ((args: RawJson) => RawJson) | undefined;
  /** Which members of the definition are the owner's word, as paths: `description`, `annotations.readOnlyHint`, `_meta.k`. */
  readonly owned: readonly string[];
  readonly unseen: UnseenChanges;
}

/** What the owner says of a tool that its definition does not show. */
export interface UnseenChanges {
  /** Always sent, as they stand in the file. */
  readonly presets: Readonly<Record<string, unknown>>;
  /** Former names, before any prefix. */
  readonly aliases: readonly string[];
}

export const NOTHING_UNSEEN: UnseenChanges = { presets: {}, aliases: [] };

/**
 * Compiles what the owner says of a server's tools, the rules of a view after the server's own. Globs are case-sensitive (see `glob.ts`). All rules
 * that match a tool count: of what can be said only once the last one holds, and texts are added to by each in turn. Hidden parameters and
 * preset arguments add up, and hold for a tool in whatever case it is called: a server that takes names in any case must not be got around.
 * @throws BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function compileOverrides(rules: readonly ToolOverride[]): Promise<ToolOverrides> {
  const matcher = await createRuleMatcher(rules);
  const keeping = rules.filter((rule) => rule.arguments !== undefined || rule.hidden !== undefined);
  const keeper = await createRuleMatcher(keeping, { nocase: true });
  return {
    names: namesGiven(rules),
    aliases: new Map(rules.flatMap(({ glob, aliases = [] }) => aliases.map((alias) => [alias, glob] as const))),
    of(own) {
      const said = matcher.of(own);
      const kept = keeper.of(own);
      return said.length + kept.length === 0 ? undefined : createToolChange(said, kept);
    },
    unmatched: matcher.unmatched,
  };
}

/**
 * @param said the rules that match the tool.
 * @param keeping those whose presets and hidden parameters count.
 */
function createToolChange(said: readonly ToolOverride[], keeping: readonly ToolOverride[]): ToolChange {
  const annotations = merged(said.map((rule) => rule.annotations));
  const meta = merged(said.map((rule) => rule.meta));
  const changes = mergedParameters(said);
  const fixed = {
    presets: merged(keeping.map((rule) => rule.arguments)),
    hidden: keeping.flatMap((rule) => rule.hidden ?? []),
  };
  const toServer = createArgumentFixer(fixed);
  const isKept = keptParameters(fixed);

  const applyToParameters = (definition: RawJson): ReturnType<ToolChange['apply']> => {
    if (changes.size === 0 && toServer === undefined) return { definition, notes: [] };
    let notes: string[] = [];
    const changed = withMember(definition, 'inputSchema', (schema) => {
      const parameters = changeParameters(schema, { changes, isKept });
      notes = parameterNotes(said, fixed, parameters);
      return parameters.schema;
    });
    return { definition: changed, notes };
  };

  return {
    apply(definition) {
      const described = withTexts(definition, said);
      const annotated = withMember(described, 'annotations', (member) => withMembers(member, annotations));
      return applyToParameters(withMember(annotated, '_meta', (member) => withMeta(member, meta)));
    },
    toServer,
    unseen: {
      presets: merged(keeping.map((rule) => rule.writtenArguments ?? rule.arguments)),
      aliases: said.flatMap((rule) => rule.aliases ?? []),
    },
    owned: [
      ...['name', 'title', 'description'].filter((member) => said.some((rule) => member in rule)),
      ...Object.keys(annotations).map((hint) => `annotations.${hint}`),
      ...[...changes].filter(([name]) => !isKept(name)).flatMap(([name, change]) => ownedOf(name, change)),
      ...Object.keys(meta).map((member) => `_meta.${member}`),
    ],
  };
}

/** Later ones win. */
function merged(objects: readonly (object | undefined)[]): Record<string, unknown> {
  return Object.fromEntries(objects.flatMap((object) => Object.entries(object ?? {})));
}

function mergedParameters(rules: readonly ToolOverride[]): Map<string, ParameterChange> {
  const changes = new Map<string, ParameterChange>();
  for (const [name, { description, enum: values }] of rules.flatMap((rule) => Object.entries(rule.parameters ?? {}))) {
    const { descriptions = [], enum: earlier } = changes.get(name) ?? {};
    const added = description === undefined ? [] : [description];
    changes.set(name, { descriptions: [...descriptions, ...added], enum: values ?? earlier });
  }
  return changes;
}

/** Members of `null` are taken out. */
function withMeta(member: RawJson, meta: Readonly<Record<string, unknown>>): RawJson {
  const entries = Object.entries(meta);
  const gone = entries.filter(([, value]) => value === null).map(([key]) => key);
  const set = entries.filter(([, value]) => value !== null);
  return withMembers(member.without(...gone), Object.fromEntries(set));
}

function ownedOf(name: string, { descriptions, enum: values }: ParameterChange): string[] {
  const path = `inputSchema.properties.${name}`;
  return [
    ...(descriptions.length > 0 ? [`${path}.description`] : []),
    ...(values === undefined ? [] : [`${path}.enum`]),
  ];
}
