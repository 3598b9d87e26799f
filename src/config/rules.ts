import type { CatalogRules, ResultLimits, ToolFilter } from './catalog-settings.ts';
import { toPromptOverrides, toResourceOverrides, toToolOverrides } from './overrides.ts';
import { pick } from './pick.ts';
import type { ServerKeys } from './shapes.ts';

/** What was said of how servers are shown; what was not is absent. */
export interface RulesOptions extends Partial<Omit<CatalogRules, 'results'>> {
  readonly results?: Partial<ResultLimits>;
}

/** What was told, and the defaults for the rest. */
export function rulesOf(told: RulesOptions, defaults: CatalogRules): CatalogRules {
  return { ...defaults, ...told, results: { ...defaults.results, ...told.results } };
}

/**
 * What a server's entry says of how it is shown.
 *
 * @param where The file and the path to the entry.
 * @throws BridgeError `CONFIG` for overrides that do not go together.
 */
export function toRules(server: ServerKeys, where: string): RulesOptions {
  return {
    ...pick(server, ['schemas', 'results']),
    tools: toolFilter(server),
    overrides: toToolOverrides(server.override, `${where}.override`),
    promptOverrides: toPromptOverrides(server.overridePrompts, `${where}.overridePrompts`),
    resourceOverrides: toResourceOverrides(server.overrideResources, `${where}.overrideResources`),
  };
}

function toolFilter({
  tools: { allow = [], deny = [], ...annotations } = {},
  disabled_tools = [],
  disabledTools = [],
  excludeTools = [],
  ...server
}: ServerKeys): ToolFilter {
  const enabled = server.enabled_tools ?? server.includeTools;
  // For these clients an empty list enables nothing; for the bridge an empty `allow` allows all.
  const all = enabled?.length === 0 ? ['*'] : [];
  return {
    ...annotations,
    allow: [...allow, ...(enabled ?? [])],
    deny: [...deny, ...disabled_tools, ...disabledTools, ...excludeTools, ...all],
  };
}
