import type { RawJson } from '../protocol/raw-json.ts';

/**
 * Whether a server marks a tool as one that changes nothing (`annotations.readOnlyHint`). Where a key is repeated on the way to the mark,
 * receivers disagree on what it says.
 */
export function isMarkedReadOnly(tool: RawJson): boolean {
  const annotations = tool.raw('annotations');
  if (tool.repeatedKey !== undefined || annotations?.repeatedKey !== undefined) return false;
  return annotations?.get('readOnlyHint') === true;
}

/**
 * The tools that change nothing, by their server's marks. Several with one name, in whatever case, all have to be marked: which of them a
 * server takes a call for is its own business.
 */
export function readOnlyAmong(tools: readonly RawJson[]): RawJson[] {
  const others = new Set(tools.filter((tool) => !isMarkedReadOnly(tool)).map(nameOf));
  return tools.filter((tool) => tool.string('name') !== undefined && !others.has(nameOf(tool)));
}

function nameOf(tool: RawJson): string | undefined {
  return tool.string('name')?.toLowerCase();
}
