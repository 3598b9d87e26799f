import { Command } from 'commander';
import { parseEnvironment } from './environment.ts';
import type { FlagValues } from './flag-table.ts';
import { nearest } from './nearest.ts';
import { pick } from './pick.ts';
import { createProgram, type GivenFlags, readValues, splitAtDashes, unknownFlag, usage } from './read-flags.ts';
import { SERVER_GROUPS, SUBCOMMANDS, type Subcommand } from './subcommands.ts';

/** The words that a subcommand may start with. */
export const FIRST_WORDS = [...new Set(Object.keys(SUBCOMMANDS).map((name) => name.replace(/ .*/, '')))];

/**
 * Reads a command line whose first word is one of `FIRST_WORDS`; variables count for the flags that they stand for.
 *
 * @throws BridgeError `USAGE` with one line that says what is wrong and what is accepted.
 */
export function parseSubcommand(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Subcommand | { readonly kind: 'help'; readonly text: string } {
  const { name, rest } = findSubcommand(argv);
  const subcommand = name === undefined ? undefined : SUBCOMMANDS[name];
  if (name === undefined || subcommand === undefined) return explainGroup(argv);

  const { operands: takes, help: description, flags, startsServers = false } = subcommand;
  const { own, command } = startsServers ? splitAtDashes(rest) : { own: rest, command: [] };
  const groups = { Flags: flags, ...(startsServers && SERVER_GROUPS) };
  const program = createProgram(`mcp-bridge ${name}`, groups);
  program
    .usage(`${takes} [flags]`.trim())
    .description(`${description.charAt(0).toUpperCase()}${description.slice(1)}.`);
  const { operands, unknown } = program.parseOptions([...own]);
  const given = program.opts<GivenFlags>();
  if (given.help) return { kind: 'help', text: program.helpInformation() };
  if (unknown[0] !== undefined) throw unknownFlag(unknown[0], program.name(), groups);
  if (takes === '' && operands[0] !== undefined)
    throw usage(`${name} takes no arguments, got ${operands[0]}; ${program.name()} --help shows its flags`);
  // Each row's kind made the value, and the type is derived from the same rows.
  const servers = { values: readValues(SERVER_GROUPS, given) as FlagValues, command };
  return subcommand.read({ ...fromEnvironment(env), ...readValues({ Flags: flags }, given) }, operands, servers);
}

/** The subcommand that a command line starts with, and what follows its name. */
function findSubcommand(argv: readonly string[]): {
  readonly name: string | undefined;
  readonly rest: readonly string[];
} {
  const isNamed = (words: readonly string[]) => words.every((word, index) => word === argv[index]);
  const name = Object.keys(SUBCOMMANDS).find((each) => isNamed(each.split(' ')));
  if (name !== undefined) return { name, rest: argv.slice(name.split(' ').length) };
  const [group, next = '--'] = argv;
  const isAlone = next.startsWith('-') && !HELP.includes(next);
  const usual = Object.entries(SUBCOMMANDS).find(([each, { isUsual }]) => isUsual && each.startsWith(`${group} `));
  return { name: isAlone ? usual?.[0] : undefined, rest: argv.slice(1) };
}

const HELP = ['--help', '-h'];

function fromEnvironment(env: NodeJS.ProcessEnv) {
  return parseEnvironment(pick(env, ['MCP_BRIDGE_STATE_FOLDER', 'MCP_BRIDGE_LOCAL_PORT', 'MCP_BRIDGE_CONFIG'])).values;
}

function explainGroup([group = '', word]: readonly string[]): { kind: 'help'; text: string } {
  if (word !== undefined && HELP.includes(word)) {
    const program = createProgram('mcp-bridge', {}).usage(`${group} COMMAND [flags]`);
    listSubcommands(program, `${group} `);
    return { kind: 'help', text: program.helpInformation() };
  }
  const words = Object.keys(SUBCOMMANDS)
    .filter((name) => name.startsWith(`${group} `))
    .map((name) => name.slice(group.length + 1));
  const meant = word === undefined ? undefined : nearest(word, words);
  const hint = meant === undefined ? `expected ${words.join(' or ')}` : `did you mean ${meant}?`;
  throw usage(`${word === undefined ? `${group} needs a command` : `unknown command ${group} ${word}`}; ${hint}`);
}

/** Has a program's help name the subcommands that start so. */
export function listSubcommands(program: Command, start = ''): void {
  for (const [name, { operands, help: description }] of Object.entries(SUBCOMMANDS)) {
    if (!name.startsWith(start)) continue;
    program.addCommand(new Command(`${name} ${operands}`.trim()).description(description));
  }
}
