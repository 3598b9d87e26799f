import type { BridgeError } from '../errors.ts';
import { FLAG_GROUPS, type FlagValues, flagOf } from './flag-table.ts';
import { nearest } from './nearest.ts';
import { FIRST_WORDS, listSubcommands, parseSubcommand } from './parse-subcommand.ts';
import { createProgram, type GivenFlags, readValues, splitAtDashes, unknownFlag, usage } from './read-flags.ts';
import { isBehindUrl, REMOTE } from './remote.ts';
import type { Subcommand } from './subcommands.ts';

/** What a command line asks for. */
export type Flags =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly values: FlagValues; readonly command: readonly string[] }
  | Subcommand;

/** A command line that starts the bridge; `command` is what stands after `--`. */
export type RunFlags = Extract<Flags, { kind: 'run' }>;

/**
 * Reads the arguments after the script's name. Prints nothing and never exits. The environment counts for subcommands only:
 * for a bridge it is merged later, with the config file.
 *
 * @throws BridgeError `USAGE` with one line that names the flag, what was given and what is accepted.
 */
export function parseFlags(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Flags {
  if (FIRST_WORDS.some((word) => word === argv[0])) return parseSubcommand(argv, env);
  const { own, command } = splitAtDashes(argv);
  const program = createProgram('mcp-bridge', FLAG_GROUPS)
    .usage('[flags] [-- COMMAND...]')
    .description('Serves MCP servers that speak stdio over Streamable HTTP and SSE, several under one URL.')
    // The first stray word then ends the parsing, and is named instead of the flags that belong to it.
    .passThroughOptions();
  listSubcommands(program);
  const { operands, unknown } = program.parseOptions(own);
  const given = program.opts<GivenFlags>();
  if (given.help) return { kind: 'help', text: `${program.helpInformation()}\n${EXAMPLES}` };
  if (given.version) return { kind: 'version' };
  if (operands[0] !== undefined) throw strayArgument(operands);
  if (unknown[0] !== undefined) throw unknownRunFlag(unknown[0]);
  // Each row's kind made the value, and the type is derived from the same rows.
  return { kind: 'run', values: readValues(FLAG_GROUPS, given) as FlagValues, command };
}

const EXAMPLES = `Flags may be written in camelCase too, and those with one value set as variables: MCP_BRIDGE_PORT.

Examples:
  mcp-bridge --stdio "npx -y @modelcontextprotocol/server-memory"
  mcp-bridge --stdio "files=npx -y @modelcontextprotocol/server-filesystem ." --allow "read_*"
  mcp-bridge -- uvx mcp-server-git
  mcp-bridge --config ~/.cursor/mcp.json --port 9000
`;

const QUOTE_IT = 'a server\'s command is one quoted argument (--stdio "npx -y some-server") or stands after --';

function strayArgument([first = '', ...rest]: readonly string[]): BridgeError {
  if (isBehindUrl(first)) return usage(REMOTE);
  const meant = nearest(first, FIRST_WORDS);
  if (meant === first) return usage(`${first} has to stand first, before all flags: mcp-bridge ${first} --help`);
  const all = [first, ...rest].join(' ');
  const hint = meant === undefined ? '' : `did you mean ${meant}? `;
  return usage(`unexpected argument ${first}; ${hint}${QUOTE_IT}: mcp-bridge -- ${all}`);
}

function unknownRunFlag(given: string): BridgeError {
  const [flag = given] = given.split('=', 1);
  if (!flag.startsWith('--')) return usage(`unknown flag ${flag}; ${QUOTE_IT}`);
  const instead = NOT_OURS[flagOf(flag.slice(2))];
  return instead === undefined ? unknownFlag(given, 'mcp-bridge', FLAG_GROUPS) : usage(`${flag}: ${instead}`);
}

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
