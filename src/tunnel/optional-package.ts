import { BridgeError } from '../errors.ts';

/**
 * Loads a package that is there only if the owner has installed it.
 * @throws BridgeError `SPAWN` that names the command which brings it.
 */
export async function loadPackage(name: string): Promise<Record<string, unknown>> {
  try {
    return await import(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new BridgeError('SPAWN', `the package ${name} is not installed; bring it with: npm install -g ${name}`, {
      cause: error,
    });
  }
}
