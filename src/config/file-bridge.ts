import { resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import type { FileContext } from './file-upstreams.ts';
import { BEARER_TOKEN, mismatch } from './kinds.ts';
import type { FileBridge } from './schema.ts';
import { substitute } from './variables.ts';

/**
 * The section `bridge` with the variables of its texts replaced, so that no secret has to stand in the file.
 *
 * @throws BridgeError `CONFIG` that names the file and key.
 */
export function fileBridge(
  bridge: FileBridge,
  { label, folder, env }: Pick<FileContext, 'label' | 'folder' | 'env'>,
): FileBridge {
  const fill = (text: string, key: string) => substitute(text, { env, folder, where: `${label}: bridge.${key}` });
  const { token, stateFolder } = bridge;
  return {
    ...bridge,
    ...(token !== undefined && { token: checkToken(fill(token, 'token'), label) }),
    ...(stateFolder !== undefined && { stateFolder: resolve(folder, fill(stateFolder, 'stateFolder')) }),
  };
}

function checkToken(text: string, label: string): string {
  const token = BEARER_TOKEN.parse(text);
  if (token !== undefined) return token;
  throw new BridgeError('CONFIG', `${label}: bridge.token: ${mismatch(BEARER_TOKEN, text)}`);
}
