import { resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import type { UpstreamOptions } from './defaults.ts';
import type { FlagValues } from './flag-table.ts';
import type { EnvEntry } from './kinds.ts';
import { isBehindUrl, REMOTE } from './remote.ts';
import { nameOfCommand } from './server-name.ts';
import type { UpstreamSettings } from './settings.ts';
import { type SplitCommand, splitLine } from './split-line.ts';

/** A server as the command line gives it. */
export interface GivenCommand {
  readonly name: string | undefined;
  /** The flag, for messages. */
  readonly origin: string;
  /** A line still to be split, or the words the owner's shell made of it. */
  readonly command: string | readonly string[];
}

/** The servers on the command line: each `--stdio`, each `--named-server`, and what stands after `--`. @throws BridgeError `USAGE` for a URL in a command's place. */
export function givenCommands(
  { stdio = [], namedServer = [] }: FlagValues,
  command: readonly string[],
): GivenCommand[] {
  const given = [
    ...stdio.map(splitName),
    ...namedServer.map(([name, line]) => ({ name, origin: `--named-server ${name}`, command: line })),
    ...(command.length > 0 ? [{ name: undefined, origin: 'the command after --', command }] : []),
  ];
  // Not repeated in the message: URLs may hold a token.
  const remote = given.find(({ command: words }) => isBehindUrl(typeof words === 'string' ? words : (words[0] ?? '')));
  if (remote) throw new BridgeError('USAGE', `${remote.origin}: ${REMOTE}`);
  return given;
}

function splitName(text: string): GivenCommand {
  const variable = variableBefore(text);
  // Not with its value, which may be a secret.
  if (variable !== undefined) throw new BridgeError('USAGE', `--stdio ${variable}=...: ${variableInstead(variable)}`);
  const [, name, line] = /^([A-Za-z0-9_.-]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || line === undefined) return { name: undefined, origin: '--stdio', command: text };
  if (line.trim() === '') throw new BridgeError('USAGE', `--stdio ${name}=: the command is missing`);
  return { name, origin: `--stdio ${name}`, command: line };
}

/** The variable that is set before a command, as a shell would: `TOKEN=abc npx ...` would be a server of that name. */
export function variableBefore(line: string): string | undefined {
  return /^(?:[\w.-]+=)?([A-Z_][A-Z\d_]*)=\S*\s+[^\s-]/.exec(line)?.[1];
}

function variableInstead(name: string): string {
  return `what starts in capitals is read as a variable; set it with --env ${name}=VALUE, or name a server so with --named-server ${name} COMMAND`;
}

export interface CommandContext {
  /** Flags and variables: `env`, `cwd` and `shell` count here. */
  readonly told: FlagValues;
  readonly options: UpstreamOptions;
  /** Names that servers of the config file have. */
  readonly taken: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly splitCommand: SplitCommand;
}

/**
 * Settings for the servers of the command line. Those without a name get one from their command, with a number when it is taken.
 *
 * @throws BridgeError `USAGE` for a name given twice, a line that cannot be split, or a variable to pass on that is not set.
 */
export function commandUpstreams(given: readonly GivenCommand[], context: CommandContext): UpstreamSettings[] {
  const { told, options, env, cwd, splitCommand } = context;
  const names = new Set(context.taken);
  for (const { name, origin } of given) if (name !== undefined) claim(name, origin, names);
  const shell = told.shell ?? false;
  return given.map(({ name, origin, command }) => {
    const words = typeof command === 'string' ? wordsOf(origin, command, shell, splitCommand) : command;
    const [program = '', ...args] = words;
    return {
      ...options,
      name: name ?? freeName(nameOfCommand(words), names),
      origin,
      command: shell ? asLine(command) : program,
      args: shell ? [] : args,
      env: readEnv(told.env ?? [], env),
      cwd: resolve(cwd, told.cwd ?? '.'),
      shell,
    };
  });
}

/** A line for the shell is cut into words only to find a name in it; what its operators mean is the shell's business. */
function wordsOf(origin: string, line: string, shell: boolean, splitCommand: SplitCommand): string[] {
  if (shell) return line.trim().split(/\s+/);
  const { command, args } = splitLine(origin, line, splitCommand);
  return [command, ...args];
}

function asLine(command: string | readonly string[]): string {
  return typeof command === 'string' ? command : command.join(' ');
}

function claim(name: string, origin: string, names: Set<string>): void {
  if (names.has(name)) throw new BridgeError('USAGE', `${origin}: the name ${name} is taken; choose another one`);
  names.add(name);
}

function freeName(wanted: string, names: Set<string>): string {
  let name = wanted;
  for (let number = 2; names.has(name); number++) name = `${wanted}-${number}`;
  names.add(name);
  return name;
}

function readEnv(entries: readonly EnvEntry[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    entries.map(({ name, value = env[name] }) => {
      if (value !== undefined) return [name, value];
      throw new BridgeError('USAGE', `--env ${name}: the variable is not set; set it or write --env ${name}=VALUE`);
    }),
  );
}
