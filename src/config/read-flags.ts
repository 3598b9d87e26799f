import { Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import { type FlagRow, flagOf } from './flag-table.ts';
import { type Kind, mismatch } from './kinds.ts';
import { nearest } from './nearest.ts';

/** Rows of flags under their headings. */
export type FlagGroups = Readonly<Record<string, Readonly<Record<string, FlagRow>>>>;

/** The texts given for each flag, in order; a flag without a value gave `''`. */
export type GivenFlags = Readonly<Record<string, readonly string[]>>;

/**
 * Cuts a command line into what is the bridge's own and, after `--`, the command of a server.
 *
 * @throws BridgeError `USAGE` when nothing follows.
 */
export function splitAtDashes(argv: readonly string[]): { own: string[]; command: string[] } {
  const at = argv.indexOf('--');
  if (at === -1) return { own: [...argv], command: [] };
  const command = argv.slice(at + 1);
  if (command.length === 0) throw usage('-- needs a command after it: mcp-bridge -- npx -y some-server');
  return { own: argv.slice(0, at), command };
}

/** A program that collects the texts of the flags and writes the help; it prints nothing and checks no value. */
export function createProgram(name: string, groups: FlagGroups): Command {
  const program = new Command(name)
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false });
  // As written in the table: without the brackets and the preset that only say how commander collects the texts.
  program.configureHelp({ optionTerm, optionDescription: ({ description }) => description });
  for (const [heading, rows] of Object.entries(groups)) {
    program.optionsGroup(`${heading}:`);
    for (const [flag, row] of Object.entries(rows)) addFlag(program, flag, row);
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

/**
 * The values of the flags that were given.
 *
 * @throws BridgeError `USAGE` with one line that names the flag, what was given and what is accepted.
 */
export function readValues(groups: FlagGroups, given: GivenFlags): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, row] of rowsOf(groups)) {
    const texts = given[name];
    if (texts !== undefined) values[name] = readValue(flagOf(name), row, texts);
  }
  return values;
}

function rowsOf(groups: FlagGroups): (readonly [string, FlagRow])[] {
  return Object.values(groups).flatMap((rows) => Object.entries(rows));
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

/** What is wrong with a flag that the program has not got, and which one may have been meant. */
export function unknownFlag(given: string, program: string, groups: FlagGroups): BridgeError {
  const [flag = given] = given.split('=', 1);
  const name = flagOf(flag.replace(/^-+/, ''));
  const known = rowsOf(groups).map(([each]) => flagOf(each));
  // Only a switch given as `--lazy=true` gets here under its own name.
  if (known.includes(name)) return usage(`${flag} takes no value`);
  const meant = nearest(name, known);
  const hint = meant === undefined ? `${program} --help lists all` : `did you mean ${meant}?`;
  return usage(`unknown flag ${flag}; ${hint}`);
}

export function usage(message: string): BridgeError {
  return new BridgeError('USAGE', message);
}
