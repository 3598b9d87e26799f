import { resolve } from 'node:path';
import { findConfigFile, readConfigFile } from './file.ts';
import { fileBridge } from './file-bridge.ts';
import { pick } from './pick.ts';

export interface WhereToLook {
  /** As it was given; it wins over the file. */
  readonly stateFolder: string | undefined;
  /** Default: the config file of the working folder. */
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
}

/**
 * The state folder of the bridge that these settings are for, for those who want to find it: an absolute path; `undefined` where nothing
 * names one.
 * @throws BridgeError `CONFIG` when the file is no config file.
 */
export async function configuredStateFolder(where: WhereToLook): Promise<string | undefined> {
  const { stateFolder, env, cwd, config = findConfigFile(cwd) } = where;
  if (stateFolder !== undefined) return resolve(cwd, stateFolder);
  if (config === undefined) return undefined;
  const { folder, data } = await readConfigFile(config, cwd);
  const { checkConfig } = await import('./schema.ts');
  const { bridge } = checkConfig(data, config);
  // Alone, as variables that others use are for the bridge to have.
  return fileBridge(pick(bridge, ['stateFolder']), { label: config, folder, env }).stateFolder;
}
