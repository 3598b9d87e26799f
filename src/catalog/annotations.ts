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
 * The tools of which something holds for all that have their name, in whatever case: which of them a server takes a call for is its own
 * business. Those without a name are none.
 */
export function unanimous(tools: readonly RawJson[], holds: (tool: RawJson) => boolean): RawJson[] {
  const others = new Set(tools.filter((tool) => !holds(tool)).map(foldedName));
  return tools.filter((tool) => tool.string('name') !== undefined && !others.has(foldedName(tool)));
}

/** What a tool's name is to a server that does not mind the case. */
export function foldedName(tool: RawJson): string | undefined {
  return tool.string('name')?.toLowerCase();
}
