import { BridgeError } from '../errors.ts';
import type { Mount } from './settings.ts';

/** A mount as a config file has it, under its path. */
export type MountOptions = Pick<Mount, 'url'> & Partial<Mount>;

/** @throws BridgeError `CONFIG` for a path that is there twice. */
export function toMounts(options: Readonly<Record<string, MountOptions>>, where: string): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const [given, { url, headers = {}, ws = false, auth = true }] of Object.entries(options)) {
    const path = given.replace(/\/$/, '');
    if (mounts.has(path)) throw new BridgeError('CONFIG', `${where}: ${path} is there twice; drop one of them`);
    mounts.set(path, { path, url, headers, ws, auth });
  }
  return [...mounts.values()];
}
