import type { ResearchSettings, ResearchSource } from './catalog-settings.ts';
import type { ResearchOptions } from './research-shape.ts';
import { substituteAll, type VariableScope } from './variables.ts';

/** Stands for the resources of all servers, where otherwise a tool is named. */
const RESOURCES = 'resources';

export function toResearch({ search, fetch }: ResearchOptions, origin: string): ResearchSettings {
  return { origin, search: toSource(search), fetch: toSource(fetch) };
}

function toSource({ tool, ...rest }: ResearchOptions['search']): ResearchSource {
  return { parameter: undefined, arguments: {}, fields: {}, ...rest, tool: tool === RESOURCES ? undefined : tool };
}

/** The same with the variables in the texts of its arguments replaced. */
export function fillResearch(research: ResearchSettings, scope: Omit<VariableScope, 'where'>): ResearchSettings {
  const fill = (name: 'search' | 'fetch') => ({
    ...research[name],
    arguments: substituteAll(research[name].arguments, { ...scope, where: `${research.origin}.${name}.arguments` }),
  });
  return { ...research, search: fill('search'), fetch: fill('fetch') };
}
