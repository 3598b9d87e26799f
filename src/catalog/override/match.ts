import { loadGlobCompiler, MAX_NAME_LENGTH } from '../glob.ts';

/** Rules of one kind, to be looked up by what their globs are about: a name, or a URI. */
export interface RuleMatcher<Rule> {
  /** All rules that match, in the order of the configuration. */
  of(name: string): Rule[];
  /** The globs that match none of the names, for once the lists are known: a misspelt one changes nothing. */
  unmatched(names: readonly string[]): UnmatchedOverride[];
}

export interface UnmatchedOverride {
  readonly glob: string;
  /** Where it was configured. */
  readonly origin: string;
}

interface RuleMatcherOptions {
  /** Default: case counts. */
  readonly nocase?: boolean;
  /** Names with more characters are matched by none. Default: 256. */
  readonly maxLength?: number;
}

/**
 * Compiles the globs of rules (see `glob.ts`). A glob also matches itself, letter by letter: URI templates have braces of their own.
 * @throws BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function createRuleMatcher<Rule extends UnmatchedOverride>(
  rules: readonly Rule[],
  { nocase = false, maxLength = MAX_NAME_LENGTH }: RuleMatcherOptions = {},
): Promise<RuleMatcher<Rule>> {
  const compile = await loadGlobCompiler(rules.map(({ glob }) => glob));
  const compiled = rules.map((rule) => ({
    rule,
    matches: compile(rule.glob, { what: `${rule.origin}: the glob`, nocase }),
  }));
  const matching = (name: string) =>
    name.length > maxLength ? [] : compiled.filter(({ rule, matches }) => rule.glob === name || matches(name));
  return {
    of: (name) => matching(name).map(({ rule }) => rule),
    unmatched(names) {
      const matched = new Set(names.flatMap(matching));
      return compiled.filter((each) => !matched.has(each)).map(({ rule: { glob, origin } }) => ({ glob, origin }));
    },
  };
}

/** The owner's names for what servers call otherwise, by own name. Of several for one the last counts. */
export function namesGiven(
  rules: readonly { readonly glob: string; readonly name?: string }[],
): ReadonlyMap<string, string> {
  return new Map(rules.flatMap(({ glob, name }) => (name === undefined ? [] : [[glob, name] as const])));
}
