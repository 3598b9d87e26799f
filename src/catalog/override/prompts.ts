import type { PromptOverride } from '../../config/catalog-settings.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { withTexts } from './edit.ts';
import { createRuleMatcher, namesGiven, type UnmatchedOverride } from './match.ts';

/** What the owner says of one server's prompts, by the server's own names. */
export interface PromptOverrides {
  /** Own name to the owner's name for it. */
  readonly names: ReadonlyMap<string, string>;
  /** The definition as the owner wants it, still under its own name; itself where that changes nothing. */
  change(definition: RawJson): RawJson;
  /** The globs that match none of these own names. */
  unmatched(owns: readonly string[]): UnmatchedOverride[];
}

/**
 * Compiles what the owner says of a server's prompts. Several rules count as they do for tools.
 * @throws BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function compilePromptOverrides(rules: readonly PromptOverride[]): Promise<PromptOverrides> {
  const matcher = await createRuleMatcher(rules);
  return {
    names: namesGiven(rules),
    change: (definition) => withTexts(definition, matcher.of(definition.string('name') ?? '')),
    unmatched: matcher.unmatched,
  };
}
