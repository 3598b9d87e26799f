import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { UPSTREAM_DEFAULTS } from '../config/defaults.ts';
import { findConfigFile, readConfigFile } from '../config/file.ts';
import { fileUpstream } from '../config/file-upstreams.ts';
import type { UpstreamSettings } from '../config/settings.ts';
import { BridgeError } from '../errors.ts';
import { childEnvironment } from '../process/environment.ts';
import { explainSpawnFailure } from '../process/spawn-failure.ts';
import { type Finding, findingOf, type Outcome, ok } from './finding.ts';

export interface ConfiguredOptions {
  /** A config file; `undefined` takes that of the working folder, if there is one. */
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
}

/** Tells of each server of the config file whether it could be started: its variables, working folder and program. Starts none. */
export async function* examineConfigured({ config, env, cwd }: ConfiguredOptions): AsyncGenerator<Finding, void> {
  const label = config ?? findConfigFile(cwd);
  if (label === undefined) return;
  try {
    const { folder, data } = await readConfigFile(label, cwd);
    const { checkConfig } = await import('../config/schema.ts');
    const { servers, inputs } = checkConfig(data, label);
    yield findingOf('config', 'Config', ok(`${label} is understood; servers: ${servers.length}`));
    const context = { label, folder, env, inputs, cwd, defaults: UPSTREAM_DEFAULTS, overrides: {} };
    for (const server of servers) {
      const outcome = await refusalOr(async () => judgeServer(await fileUpstream(server, context)));
      yield findingOf('server', `Server ${server.name}`, outcome);
    }
  } catch (error) {
    yield findingOf('config', 'Config', refused(error));
  }
}

async function refusalOr(judge: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await judge();
  } catch (error) {
    return refused(error);
  }
}

/** Our own errors say what to do as well. */
function refused(error: unknown): Outcome {
  if (error instanceof BridgeError) return { verdict: 'failed', detail: error.message };
  throw error;
}

function judgeServer({ name, command, cwd, env, shell }: UpstreamSettings): Outcome {
  const { PATH, Path } = childEnvironment(env);
  const path = PATH ?? Path;
  const explain = () => explainSpawnFailure({ name, command, cwd, path }, MISSING);
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) throw explain();
  if (shell) return ok('it is a line for the shell, which is not looked into');
  const program = findProgram(command, cwd, path);
  if (program === undefined) throw explain();
  return ok(program);
}

/** As the system says that there is no such program. */
const MISSING = Object.assign(new Error('no such program'), { code: 'ENOENT' });

/** Where a command would be started from, by the rules of `execvp`, or of Windows. */
function findProgram(command: string, cwd: string, path = ''): string | undefined {
  const folders = /[\\/]/.test(command) || isAbsolute(command) ? [''] : path.split(delimiter);
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat', '.com'] : [''];
  return folders
    .flatMap((folder) => endings.map((ending) => resolve(cwd, join(folder, command + ending))))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // The next folder may have it.
  }
}
