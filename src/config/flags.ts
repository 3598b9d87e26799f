import { Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import { FLAG_GROUPS, type FlagRow, type FlagValues, flagOf, flagRows } from './flag-table.ts';
import { type Kind, mismatch } from './kinds.ts';
import { nearest } from './nearest.ts';

/** What a command line asks for. */
export type Flags =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly values: FlagValues; readonly command: readonly string[] };

/** A command line that starts the bridge; `command` is what stands after `--`. */
export type RunFlags = Extract<Flags, { kind: 'run' }>;

/**
 * Reads the arguments after the script's name. Prints nothing and never exits.
 *
 * @throws BridgeError `USAGE` with one line that names the flag, what was given and what is accepted.
 */
export function parseFlags(argv: readonly string[]): Flags {
  const { own, command } = splitAtDashes(argv);
  const program = createProgram();
  const { operands, unknown } = program.parseOptions(own);
  const given = program.opts<GivenFlags>();
  if (given.help) return { kind: 'help', text: `${program.helpInformation()}\n${EXAMPLES}` };
  if (given.version) return { kind: 'version' };
  if (operands[0] !== undefined) throw strayArgument(operands);
  if (unknown[0] !== undefined) throw unknownFlag(unknown[0]);
  return { kind: 'run', values: readValues(given), command };
}

const EXAMPLES = `Flags may be written in camelCase too, and those with one value set as variables: MCP_BRIDGE_PORT.

Examples:
  mcp-bridge --stdio "npx -y @modelcontextprotocol/server-memory"
  mcp-bridge --stdio "files=npx -y @modelcontextprotocol/server-filesystem ." --allow "read_*"
  mcp-bridge -- uvx mcp-server-git
  mcp-bridge --config ~/.cursor/mcp.json --port 9000
`;

function splitAtDashes(argv: readonly string[]): { own: string[]; command: string[] } {
  const at = argv.indexOf('--');
  if (at === -1) return { own: [...argv], command: [] };
  const command = argv.slice(at + 1);
  if (command.length === 0) throw usage('-- needs a command after it: mcp-bridge -- npx -y some-server');
  return { own: argv.slice(0, at), command };
}

/** The texts given for each flag, in order; a flag without a value gave `''`. */
type GivenFlags = Readonly<Record<string, readonly string[]>>;

function createProgram(): Command {
  const program = new Command('mcp-bridge')
    .usage('[flags] [-- COMMAND...]')
    .description('Serves MCP servers that speak stdio over Streamable HTTP and SSE, several under one URL.')
    .helpOption(false)
    // The first stray word then ends the parsing, and is named instead of the flags that belong to it.
    .passThroughOptions()
    .configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false });
  // As written in the table: without the brackets and the preset that only say how commander collects the texts.
  program.configureHelp({ optionTerm, optionDescription: ({ description }) => description });
  for (const [heading, rows] of Object.entries(FLAG_GROUPS)) {
    program.optionsGroup(`${heading}:`);
    for (const [name, row] of Object.entries<FlagRow>(rows)) addFlag(program, name, row);
  }
  return program;
}

function addFlag(program: Command, name: string, row: FlagRow): void {
  const several = row.takes === 'list' || row.takes === 'pairs' ? '...' : '';
  // Optional for commander: whether a value is missing is checked here, where the message can say what is accepted.
  const value = row.value === '' ? '' : ` [${row.value}${several}]`;
  const collect = (text: string, before: readonly string[] = []) => [...before, text];
  const add = (flags: string, hidden: boolean) =>
    program.addOption(new Option(flags + value, row.help).argParser(collect).preset('').hideHelp(hidden));

  add(row.short === undefined ? flagOf(name) : `-${row.short}, ${flagOf(name)}`, false);
  // Both spellings have the same attribute name in commander, so they fill the same list.
  if (flagOf(name) !== `--${name}`) add(`--${name}`, true);
}

function optionTerm({ flags }: Option): string {
  return flags.replace(/ \[(.+)\]$/, ' $1').replace('COMMAND...', 'COMMAND');
}

function readValues(given: GivenFlags): FlagValues {
  const values: Record<string, unknown> = {};
  for (const [name, row] of flagRows()) {
    const texts = given[name];
    if (texts !== undefined) values[name] = readValue(flagOf(name), row, texts);
  }
  // Each row's kind made the value, and the type is derived from the same rows.
  return values as FlagValues;
}

function readValue(flag: string, row: FlagRow, texts: readonly string[]): unknown {
  if (row.takes === 'switch') return true;
  const values = texts
    .flatMap((text) => (row.takes === 'list' ? splitAtCommas(text) : [text]))
    .map((text) => readText(flag, row, text));
  if (row.takes === 'pairs') return pair(flag, values);
  return row.takes === 'one' ? values.at(-1) : values;
}

function readText(flag: string, { kind, bare = '' }: FlagRow, text: string): unknown {
  const given = text === '' ? bare : text;
  if (given === '') throw usage(`${flag} needs a value: expected ${kind.accepts}`);
  return parseAs(flag, kind, given);
}

/**
 * A value of a flag or environment variable.
 *
 * @throws BridgeError `USAGE` that names the source, what was given and what is accepted.
 */
export function parseAs<Value>(source: string, kind: Kind<Value>, text: string): Value {
  const value = kind.parse(text);
  if (value === undefined) throw usage(`${source}: ${mismatch(kind, text)}`);
  return value;
}

/** Commas inside braces belong to the glob: `{read,list}_*`. */
function splitAtCommas(text: string): string[] {
  return text.split(/,(?![^{]*\})/).map((part) => part.trim());
}

function pair(flag: string, values: readonly unknown[]): (readonly [unknown, unknown])[] {
  if (values.length % 2 === 1) throw usage(`${flag} takes two values: ${flag} files "npx -y some-server"`);
  return values.flatMap((value, index) => (index % 2 === 0 ? [[value, values[index + 1]] as const] : []));
}

const QUOTE_IT = 'a server\'s command is one quoted argument (--stdio "npx -y some-server") or stands after --';

function strayArgument([first, ...rest]: readonly string[]): BridgeError {
  const all = [first, ...rest].join(' ');
  return usage(`unexpected argument ${first}; ${QUOTE_IT}: mcp-bridge -- ${all}`);
}

function unknownFlag(given: string): BridgeError {
  const [flag = given] = given.split('=', 1);
  if (!flag.startsWith('--')) return usage(`unknown flag ${flag}; ${QUOTE_IT}`);
  const name = flagOf(flag.slice(2));
  const instead = NOT_OURS[name];
  if (instead !== undefined) return usage(`${flag}: ${instead}`);
  const known = flagRows().map(([each]) => flagOf(each));
  // Only a switch given as `--lazy=true` gets here under its own name.
  if (known.includes(name)) return usage(`${flag} takes no value`);
  const meant = nearest(name, known);
  return usage(
    `unknown flag ${flag}; ${meant === undefined ? 'mcp-bridge --help lists all' : `did you mean ${meant}?`}`,
  );
}

const REMOTE = 'servers behind a URL are not bridged yet; give a command with --stdio';

/** supergateway's flags that have no counterpart, and what to do instead. */
const NOT_OURS: Readonly<Record<string, string>> = {
  '--sse': `${REMOTE}. To serve only SSE: --output-transport sse`,
  '--streamable-http': `${REMOTE}. To serve only Streamable HTTP: --output-transport streamableHttp`,
  '--stateful': 'sessions are always on; drop the flag',
  '--base-url': 'clients find the message path from the URL they opened; drop the flag',
  '--header': 'no headers are added to answers; give a server its secrets with --env KEY=VALUE',
  '--oauth2-bearer': 'no headers are added to answers; give a server its secrets with --env KEY=VALUE',
  '--protocol-version': 'the version is negotiated; drop the flag, or pin the era of servers with --protocol',
};

function usage(message: string): BridgeError {
  return new BridgeError('USAGE', message);
}
