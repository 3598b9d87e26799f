import type { ResourceOverride } from '../../config/catalog-settings.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { withMembers, withTexts } from './edit.ts';
import { createRuleMatcher, type UnmatchedOverride } from './match.ts';

/** What the owner says of one server's resources and templates, by the server's own URIs. */
export interface ResourceOverrides {
  /** The definition of a resource or a template as the owner wants it, under its own URI; itself where that changes nothing. */
  change(definition: RawJson): RawJson;
  /** The globs that match none of these URIs and templates. */
  unmatched(uris: readonly string[]): UnmatchedOverride[];
}

/** Globs backtrack, and URIs come from servers. A longer one (`data:`, say) keeps its server's words. */
const MAX_URI_LENGTH = 512;

/**
 * Compiles what the owner says of a server's resources and templates. `*` matches slashes as well, and a template is matched as it is written.
 * Several rules count as they do for tools.
 * @throws BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function compileResourceOverrides(rules: readonly ResourceOverride[]): Promise<ResourceOverrides> {
  const matcher = await createRuleMatcher(rules, { maxLength: MAX_URI_LENGTH });
  return {
    change(definition) {
      const said = matcher.of(definition.string('uri') ?? definition.string('uriTemplate') ?? '');
      const name = said.findLast((rule) => rule.name !== undefined)?.name;
      return withTexts(withMembers(definition, { name }), said);
    },
    unmatched: matcher.unmatched,
  };
}
