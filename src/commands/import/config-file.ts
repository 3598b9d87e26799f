import { existsSync } from 'node:fs';
import { readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { findConfigFile } from '../../config/file.ts';
import { checkConfig } from '../../config/schema.ts';
import { BridgeError } from '../../errors.ts';
import { toStateError } from '../../state/state-error.ts';
import { anchored, type ServerEntry } from './server-entry.ts';

/** Where a config file is to be. */
export interface Target {
  /** The path as it was given, for messages. */
  readonly label: string;
  readonly path: string;
}

export interface TargetOptions {
  /** `undefined`: where the bridge finds it without being told. */
  readonly output: string | undefined;
  /** Whether it may take the place of another one. */
  readonly force: boolean;
  readonly cwd: string;
}

/** @throws BridgeError `USAGE` when there is a file already, no folder for it, or JSON would not be understood there. */
export function chooseTarget({ output, force, cwd }: TargetOptions): Target {
  const label = output ?? findConfigFile(cwd) ?? 'mcp-bridge.json';
  const path = resolve(cwd, label);
  if (extname(path).toLowerCase() === '.toml')
    throw new BridgeError('USAGE', `--output ${label}: what is written is JSON; choose a name that ends in .json`);
  if (!existsSync(dirname(path)))
    throw new BridgeError(
      'USAGE',
      `--output ${label}: there is no folder ${dirname(label)}; make it, or choose another`,
    );
  if (existsSync(path) && !force)
    throw new BridgeError('USAGE', `${label} is there already; --force replaces it, --output FILE writes another one`);
  return { label, path };
}

export interface ConfigContent {
  readonly servers: ReadonlyMap<string, ServerEntry>;
  /** The section of that name. */
  readonly bridge?: object;
}

/**
 * The text of a config file. `cwd` is what relative paths of the servers start from.
 * @throws BridgeError `CONFIG` when the bridge would not take it.
 */
export function configText({ servers, bridge }: ConfigContent, { label, path }: Target, cwd: string): string {
  const isInProject = dirname(path) === cwd;
  const entries = [...servers].map(([name, entry]) => [name, isInProject ? entry : anchored(entry, cwd)]);
  const config = { $schema: SCHEMA, mcpServers: Object.fromEntries(entries), ...(bridge && { bridge }) };
  checkConfig(config, label);
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Where editors get what completes the file. A path into `node_modules` would be wrong for whoever uses npx. */
const SCHEMA = 'https://unpkg.com/mcp-bridge/mcp-bridge.schema.json';

/**
 * Writes a config file that only its owner can read, as values of variables and arguments may be secrets. It is there as a
 * whole or not at all.
 * @throws BridgeError `STATE` when the disk fails.
 */
export async function writeConfig(text: string, { label, path }: Target): Promise<void> {
  const place = await followed(path);
  const draft = `${place}.${process.pid}`;
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 });
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true });
    throw toStateError(`${label} cannot be written`, error, 'Mend that, or choose another file: --output FILE.');
  }
}

/** A link stays one: what it leads to is replaced, or made. */
async function followed(path: string): Promise<string> {
  const toMake = async () => resolve(dirname(path), await readlink(path));
  return await realpath(path)
    .catch(toMake)
    .catch(() => path);
}
