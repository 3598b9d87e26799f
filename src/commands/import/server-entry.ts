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

/** The same, to be written outside the project: what is relative to it is made absolute. */
export function anchored(entry: ServerEntry, project: string): ServerEntry {
  const fill = (text: string) =>
    text.replace(WORKSPACE, (_variable, isName) => (isName === undefined ? project : basename(project)));
  const place = (path: string) => {
    const filled = fill(path);
    // What a variable stands for may well be absolute.
    return filled.startsWith('${') ? filled : resolve(project, filled);
  };
  const { command, args, env, envFile, cwd } = entry;
  return {
    ...entry,
    command: fill(command),
    ...(args && { args: args.map(fill) }),
    ...(env && { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])) }),
    ...(envFile !== undefined && { envFile: place(envFile) }),
    cwd: cwd === undefined ? project : place(cwd),
  };
}

const WORKSPACE = /(?<!\$)\$\{workspaceFolder(Basename)?\}/g;
