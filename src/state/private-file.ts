import type { BigIntStats, Stats } from 'node:fs';
import { lstat, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BridgeError } from '../errors.ts';
import { codeOf, isMissing, toStateError } from './state-error.ts';

/** What a private file held when it was read. */
export interface Reading {
  /** `undefined` when there is no file. */
  readonly text: string | undefined;
  /** Another one after each change. `undefined` when the next change might leave it as it is. */
  readonly stamp: string | undefined;
}

/**
 * Reads a file that nobody but the owner may read or write. Resolves with `last` itself where the file is still what it was then.
 * @throws BridgeError `STATE` when it is not a file, or somebody else might have written it or read along, or the disk fails.
 */
export async function readPrivate(path: string, last?: Reading): Promise<Reading> {
  try {
    await checkFolder(dirname(path));
    const stats = await lstat(path, { bigint: true });
    checkFile(path, stats);
    const stamp = stampOf(stats);
    if (last && stamp !== undefined && stamp === last.stamp) return last;
    return { text: await readFile(path, 'utf8'), stamp };
  } catch (error) {
    if (isMissing(error)) return { text: undefined, stamp: undefined };
    throw toStateError(`${path} cannot be read`, error);
  }
}

/** Makes a folder for private files, those above it included. @throws BridgeError `STATE` as `checkFolder` does. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await ensureFolder(path);
    await checkFolder(path);
  } catch (error) {
    throw toStateError(`the folder ${path} cannot be made`, error);
  }
}

/** Makes a folder where there is none. Not with `recursive`, as Node 20 then says ENOENT of a disk that is read-only. */
export async function ensureFolder(path: string, { parents = true } = {}): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (!parents || !isMissing(error)) throw error;
    await ensureFolder(dirname(path));
    await ensureFolder(path, { parents: false });
  }
}

/** @throws BridgeError `STATE` when somebody else could put files into it; ENOENT when it does not exist. */
export async function checkFolder(path: string): Promise<void> {
  const stats = await stat(path);
  if (!stats.isDirectory()) throw refused(`${path} is not a folder. ${ELSEWHERE}`);
  checkOwner(path, stats);
  if (isOpenTo(OTHERS_WRITE, stats)) throw refused(`other users may write to ${path}. Run: chmod 700 ${quote(path)}`);
}

function checkFile(path: string, stats: BigIntStats): void {
  // A link would be replaced by the next change, and what it leads to would stay as it is.
  if (stats.isSymbolicLink()) throw refused(`${path} is a symbolic link. Put the file itself there.`);
  if (!stats.isFile()) throw refused(`${path} is not a file. ${ELSEWHERE}`);
  checkOwner(path, stats);
  if (isOpenTo(OTHERS_READ_OR_WRITE, stats))
    throw refused(`other users may read or write ${path}. Run: chmod 600 ${quote(path)}`);
}

function checkOwner(path: string, { uid }: Stats | BigIntStats): void {
  if (USER === undefined || Number(uid) === USER) return;
  throw refused(`${path} belongs to another user (uid ${uid}). Start the bridge as that user. ${ELSEWHERE}`);
}

function isOpenTo(bits: number, { mode }: Stats | BigIntStats): boolean {
  return USER !== undefined && (Number(mode) & bits) !== 0;
}

/** Whoever runs the bridge. `undefined` on Windows, where files have neither a uid nor a mode, and profiles are private. */
const USER = process.geteuid?.();
/** A group that may write can put another file in the place of ours, whatever that one's mode. */
const OTHERS_WRITE = 0o022;
const OTHERS_READ_OR_WRITE = 0o077;
const ELSEWHERE = 'Move it away, or choose another folder: --state-folder.';

/** Inode numbers are used again, and times are as coarse as the file system's: two changes in quick succession may look like none. */
function stampOf({ ino, size, mtimeNs, ctimeNs, ctimeMs }: BigIntStats): string | undefined {
  const isSettled = Math.abs(Date.now() - Number(ctimeMs)) > COARSEST_TIME;
  return isSettled ? `${ino}:${size}:${mtimeNs}:${ctimeNs}` : undefined;
}

/** Milliseconds. FAT counts in steps of two seconds. */
const COARSEST_TIME = 2000;

function refused(message: string): BridgeError {
  return new BridgeError('STATE', message);
}

/** For a shell, since macOS keeps state below a folder with a space in its name. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
