import type { ToolFilter } from '../config/catalog-settings.ts';
import type { RawJson } from '../protocol/raw-json.ts';

export interface AnnotationFilter {
  /** Whether it allows every tool there may be. */
  readonly isOpen: boolean;
  /** Whether a tool, with the annotations that clients see, is shown and may be called: every filter has to allow it. */
  allows(tool: RawJson): boolean;
}

/**
 * What filters say of annotations; globs are not looked at. What a tool does not say, or says with something else than a boolean, counts as
 * the specification has it (2025-11-25, `ToolAnnotations`): it writes, may destroy and reaches out. Where a key is repeated on the way to the
 * annotations, receivers disagree on what the tool says, so that no filter lets it through.
 */
export function createAnnotationFilter(filters: readonly ToolFilter[]): AnnotationFilter {
  const wanted = filters.flatMap(({ readOnly, destructive, openWorld }) =>
    Object.entries({ readOnly, destructive, openWorld }).filter(([, value]) => value !== undefined),
  ) as readonly (readonly [keyof Effects, boolean])[];
  if (wanted.length === 0) return { isOpen: true, allows: () => true };
  return {
    isOpen: false,
    allows(tool) {
      const effects = effectsOf(tool);
      return effects !== undefined && wanted.every(([effect, value]) => effects[effect] === value);
    },
  };
}

type Effects = Record<'readOnly' | 'destructive' | 'openWorld', boolean>;

/** `undefined` where it depends on who reads it. */
function effectsOf(tool: RawJson): Effects | undefined {
  const annotations = tool.raw('annotations');
  if (tool.repeatedKey !== undefined || annotations?.repeatedKey !== undefined) return undefined;
  const readOnly = annotations?.get('readOnlyHint') === true;
  return {
    readOnly,
    destructive: !readOnly && annotations?.get('destructiveHint') !== false,
    openWorld: annotations?.get('openWorldHint') !== false,
  };
}
