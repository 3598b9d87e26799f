import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { BridgeError } from '../errors.ts';
import { rewriteFile } from './rewrite.ts';

/**
 * A secret of 256 bits, base64url, that is kept in `folder/name`. Made on first use; all processes that use it get the same one.
 * @throws BridgeError `STATE` when the file is refused, holds something else, or cannot be written.
 */
export async function keptSecret(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const fresh = randomBytes(32).toString('base64url');
  const kept = await rewriteFile(path, (text) =>
    text === undefined ? { text: `${fresh}\n`, result: fresh } : { text: undefined, result: text.trimEnd() },
  );
  if (/^[\w-]{43}$/.test(kept)) return kept;
  throw new BridgeError('STATE', `${path} does not hold a secret. Remove it, so that a new one is made.`);
}
