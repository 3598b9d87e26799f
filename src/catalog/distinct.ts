import type { RawJson } from '../protocol/raw-json.ts';

/**
 * The tools of one server that have a name which no later one has: calls go by what was told last. Clients that check a list refuse all of it,
 * other servers' tools included, for one without a name (`Tool`), or for a name that comes twice.
 */
export function distinct(tools: readonly RawJson[]): readonly RawJson[] {
  const last = new Map(tools.map((tool) => [tool.string('name'), tool]));
  last.delete(undefined);
  return last.size === tools.length ? tools : tools.filter((tool) => last.get(tool.string('name')) === tool);
}
