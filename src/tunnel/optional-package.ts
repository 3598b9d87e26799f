import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import spawn from 'cross-spawn';
import { BridgeError } from '../errors.ts';

/**
 * Loads a package that is there only if the owner has installed it: beside the bridge, or globally.
 * @throws BridgeError `SPAWN` that names the command which brings it.
 */
export async function loadPackage(name: string): Promise<Record<string, unknown>> {
  try {
    return await import(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    // A bridge that runs from a clone, or was linked, does not lie among the global packages.
    const entry = await findGlobally(name);
    if (entry !== undefined) return import(pathToFileURL(entry).href);
    throw new BridgeError('SPAWN', `the package ${name} is not installed; bring it with: npm install -g ${name}`, {
      cause: error,
    });
  }
}

/** The file that a global package is imported by. */
async function findGlobally(name: string): Promise<string | undefined> {
  const folder = await globalFolder();
  try {
    return createRequire(join(folder, 'any')).resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
    const { exports } = JSON.parse(await readFile(join(folder, name, 'package.json'), 'utf8'));
    return join(folder, name, exports['.'].import); // Node looks for what can be imported only from where the bridge is.
  }
}

/** Only npm knows: prefixes are configured in many places. Nowhere, where there is no npm. */
async function globalFolder(): Promise<string> {
  const npm = spawn('npm', ['root', '--global', '--no-update-notifier'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  npm.on('error', () => {}); // Then it prints nothing.
  return npm.stdout ? (await text(npm.stdout)).trim() : '';
}
