import { BridgeError } from '../errors.ts';
import { mismatch, PLAIN_PATH } from './kinds.ts';
import type { Mount } from './settings.ts';

/** A mount as a config file has it, under its path. */
export type MountOptions = Pick<Mount, 'url'> & Partial<Mount>;

/** @throws BridgeError `CONFIG` for a path that is none, or is there twice. */
export function toMounts(options: Readonly<Record<string, MountOptions>>, where: string): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const [given, { url, headers = {}, ws = false, auth = true }] of Object.entries(options)) {
    const path = PLAIN_PATH.parse(given);
    if (path === undefined) throw refusal(where, mismatch(PLAIN_PATH, given));
    if (mounts.has(path)) throw refusal(where, `${path} is there twice; drop one of them`);
    const header = Object.keys(headers).find((name) => !HEADER_NAME.test(name));
    if (header !== undefined)
      throw refusal(`${where}.${given}.headers`, `${JSON.stringify(header)} is no header's name`);
    mounts.set(path, { path, url, headers, ws, auth });
  }
  return [...mounts.values()];
}

/** RFC 9110, section 5.1. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

function refusal(where: string, reason: string): BridgeError {
  return new BridgeError('CONFIG', `${where}: ${reason}`);
}
