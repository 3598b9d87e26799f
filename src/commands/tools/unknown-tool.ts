import type { ToolReport } from '../../bridge/catalog-report.ts';
import { nearest } from '../../config/nearest.ts';
import { whyHidden } from './entry.ts';
import { failureLines } from './failures.ts';
import type { Catalog } from './listing.ts';

/** Why there is no tool of a name, and which one may have been meant; a server that has told nothing may be what is wrong. */
export function unknownTool(name: string, { tools, failures }: Catalog): string {
  const hidden = tools.find((tool) => tool.name === name)?.hidden;
  const problem = hidden
    ? `clients do not see ${name}: ${whyHidden(hidden)}`
    : `there is no tool ${name}${hint(name, tools)}`;
  return [problem, ...failureLines(failures)].join('\n');
}

function hint(name: string, tools: Catalog['tools']): string {
  const isSame = (tool: ToolReport) => tool.ownName === name || tool.name.endsWith(`__${name}`);
  const sameOwn = tools.filter(isSame).map((tool) => tool.name);
  const near = nearest(
    name,
    tools.map((tool) => tool.name),
  );
  const meant = sameOwn.length === 0 && near !== undefined ? [near] : sameOwn;
  return meant.length === 0 ? '; mcp-bridge tools lists all' : `; did you mean ${meant.join(' or ')}?`;
}
