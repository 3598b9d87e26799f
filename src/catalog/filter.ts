import type { ToolFilter } from '../config/catalog-settings.ts';
import { type GlobCompiler, loadGlobCompiler, MAX_NAME_LENGTH } from './glob.ts';

/** A tool as its server calls it and as clients see it; a glob may speak of either. */
export interface ToolNames {
  readonly own: string;
  readonly exposed: string;
}

export interface UnmatchedGlob {
  readonly glob: string;
  readonly kind: 'allow' | 'deny';
}

export interface CompiledToolFilter {
  /** Whether it allows every tool there may be. */
  readonly isOpen: boolean;
  /** Whether the tool is shown and may be called: every filter has to allow it, and `deny` wins over `allow`. */
  allows(tool: ToolNames): boolean;
  /** The globs that match none of the tools, for once the lists are known: a misspelt `deny` protects nothing. Each is named once. */
  unmatched(tools: Iterable<ToolNames>): UnmatchedGlob[];
}

interface Matcher extends UnmatchedGlob {
  matches(tool: ToolNames): boolean;
}

/** When as many verdicts are kept, the cache starts over. */
const MAX_VERDICTS = 10_000;

/**
 * Compiles allow and deny globs (see `glob.ts`). Allow globs are case-sensitive, deny globs are not: a server that takes names in any case
 * must not give away what is denied. Where there is a glob, names over 256 characters are refused.
 * Throws a BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function createToolFilter(filters: readonly ToolFilter[]): Promise<CompiledToolFilter> {
  const active = filters.filter(({ allow, deny }) => allow.length + deny.length > 0);
  if (active.length === 0) return { isOpen: true, allows: () => true, unmatched: () => [] };

  const compile = await loadGlobCompiler(active.flatMap(({ allow, deny }) => [...allow, ...deny]));
  const compiled = active.map(({ allow, deny }) => ({
    allow: allow.map((glob) => createMatcher('allow', glob, compile)),
    deny: deny.map((glob) => createMatcher('deny', glob, compile)),
  }));

  const judge = (tool: ToolNames): boolean => {
    if (isTooLong(tool)) return false;
    const hits = (matcher: Matcher) => matcher.matches(tool);
    return compiled.every(({ allow, deny }) => !deny.some(hits) && (allow.length === 0 || allow.some(hits)));
  };

  return {
    isOpen: false,
    allows: cacheVerdicts(judge),
    unmatched(tools) {
      const unmatched = new Map(
        compiled.flatMap(({ allow, deny }) => [...allow, ...deny]).map((m) => [m.kind + m.glob, m]),
      );
      for (const tool of tools) {
        if (isTooLong(tool)) continue;
        for (const [key, matcher] of unmatched) if (matcher.matches(tool)) unmatched.delete(key);
      }
      return [...unmatched.values()].map(({ glob, kind }) => ({ glob, kind }));
    },
  };
}

function isTooLong({ own, exposed }: ToolNames): boolean {
  return own.length > MAX_NAME_LENGTH || exposed.length > MAX_NAME_LENGTH;
}

function createMatcher(kind: UnmatchedGlob['kind'], glob: string, compile: GlobCompiler): Matcher {
  const matches = compile(glob, { what: `The ${kind} glob`, nocase: kind === 'deny' });
  return { kind, glob, matches: ({ own, exposed }) => matches(own) || matches(exposed) };
}

function cacheVerdicts(judge: (tool: ToolNames) => boolean): (tool: ToolNames) => boolean {
  const verdicts = new Map<string, { own: string; allowed: boolean }>();
  return (tool) => {
    const known = verdicts.get(tool.exposed);
    if (known?.own === tool.own) return known.allowed;
    if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
    const allowed = judge(tool);
    verdicts.set(tool.exposed, { own: tool.own, allowed });
    return allowed;
  };
}
