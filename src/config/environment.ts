import { type FlagName, type FlagValues, flagOf, flagRows } from './flag-table.ts';
import { nearest } from './nearest.ts';
import { parseAs } from './read-flags.ts';

const PREFIX = 'MCP_BRIDGE_';

/**
 * Reads the flags that were set as variables: `MCP_BRIDGE_SESSION_TIMEOUT=5m` is `--session-timeout 5m`, `MCP_BRIDGE_LAZY=true` is
 * `--lazy`. Only flags with one value or none can be set so; an empty variable is as good as none.
 *
 * @param counts which flags are of interest; variables of others are not looked at. Default: all.
 * @throws BridgeError `USAGE` that names the variable, what was given and what is accepted.
 */
export function parseEnvironment(
  env: NodeJS.ProcessEnv,
  counts: (flag: FlagName) => boolean = () => true,
): {
  values: FlagValues;
  warnings: string[];
} {
  const values: Record<string, unknown> = {};
  const warnings: string[] = [];
  const known = settable();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const row = known.get(variable.slice(PREFIX.length));
    if (row === undefined) warnings.push(unknownVariable(variable, known.keys()));
    else if (counts(row.name)) values[row.name] = parseAs(variable, row.kind, text);
  }
  // Each row's kind made the value, and the type is derived from the same rows.
  return { values: values as FlagValues, warnings };
}

/** The flags that can be set so, by their names in upper case. */
function settable() {
  return new Map(
    flagRows()
      .filter(([name, { takes }]) => (takes === 'one' || takes === 'switch') && name !== 'help' && name !== 'version')
      .map(([name, { kind }]) => [flagOf(name).slice(2).replaceAll('-', '_').toUpperCase(), { name, kind }]),
  );
}

function unknownVariable(variable: string, known: Iterable<string>): string {
  const meant = nearest(variable.slice(PREFIX.length), known);
  return `${variable} is no setting and is ignored${meant === undefined ? '' : `; did you mean ${PREFIX}${meant}?`}`;
}
