import type { ToolFilter, ToolOverride, ViewSettings } from '../../src/config/catalog-settings.ts';

/** A filter that says no more than this. */
export function filterOf(filter: Partial<ToolFilter>): ToolFilter {
  return { allow: [], deny: [], ...filter };
}

/** What the owner says of all tools, unless `glob` says of which. */
export function said(override: Partial<ToolOverride>): ToolOverride {
  return { glob: '*', origin: 'a test', ...override };
}

/** A view of all servers that changes nothing else. */
export function viewOf(name: string, changes: Partial<ViewSettings> = {}): ViewSettings {
  return {
    name,
    origin: `the view ${name}`,
    servers: [],
    tools: filterOf({}),
    overrides: {},
    prefix: 'auto',
    schemas: undefined,
    research: false,
    ...changes,
  };
}
