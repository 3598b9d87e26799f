import { basename, resolve } from 'node:path';
import { pick } from '../../config/pick.ts';
import type { FileServer } from '../../config/schema.ts';

/** A server as it stands in a file of the bridge, in its words; no client can say more of one. */
export interface ServerEntry {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly env_vars?: readonly string[];
  readonly envFile?: string;
  readonly cwd?: string;
  readonly shell?: boolean;
  readonly tools?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  /** Milliseconds. */
  readonly startTimeout?: number;
  readonly callTimeout?: number;
}

/** Writes down what was read from the file of whatever client. */
export function entryOf({
  command,
  args,
  env,
  envNames,
  envFile,
  cwd,
  shell,
  rules,
  options,
}: FileServer): ServerEntry {
  const { allow = [], deny = [] } = rules.tools ?? {};
  const tools = { ...(allow.length > 0 && { allow }), ...(deny.length > 0 && { deny }) };
  return {
    command,
    ...(args.length > 0 && { args }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(envNames.length > 0 && { env_vars: envNames }),
    ...(envFile !== undefined && { envFile }),
    ...(cwd !== undefined && { cwd }),
    ...(shell && { shell }),
    ...(Object.keys(tools).length > 0 && { tools }),
    ...pick(options, ['startTimeout', 'callTimeout']),
  };
}

/** Its texts in which variables are replaced, by their places. */
export function textsOf({ command, args = [], env = {}, envFile, cwd }: ServerEntry): [string, string][] {
  return [
    ['command', command],
    ...args.map((arg, index): [string, string] => [`args[${index}]`, arg]),
    ...Object.entries(env).map(([name, value]): [string, string] => [`env.${name}`, value]),
    ...(envFile === undefined ? [] : [['envFile', envFile] satisfies [string, string]]),
    ...(cwd === undefined ? [] : [['cwd', cwd] satisfies [string, string]]),
  ];
}

/** The same with other texts in these places. */
export function withTexts(entry: ServerEntry, change: (text: string) => string): ServerEntry {
  const { command, args, env, envFile, cwd } = entry;
  return {
    ...entry,
    command: change(command),
    ...(args && { args: args.map(change) }),
    ...(env && { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, change(value)])) }),
    ...(envFile !== undefined && { envFile: change(envFile) }),
    ...(cwd !== undefined && { cwd: change(cwd) }),
  };
}

/** The same, to be written outside the project: what is relative to it is made absolute. */
export function anchored(entry: ServerEntry, project: string): ServerEntry {
  const filled = withTexts(entry, (text) =>
    text.replace(WORKSPACE, (_variable, isName) => (isName === undefined ? project : basename(project))),
  );
  // What a variable stands for may well be absolute.
  const place = (path: string) => (path.startsWith('${') ? path : resolve(project, path));
  const { envFile, cwd } = filled;
  return {
    ...filled,
    ...(envFile !== undefined && { envFile: place(envFile) }),
    cwd: cwd === undefined ? project : place(cwd),
  };
}

const WORKSPACE = /(?<!\$)\$\{workspaceFolder(Basename)?\}/g;
