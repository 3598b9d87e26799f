import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './alive.ts';
import { checkFolder, makeFolder, readPrivate } from './private-file.ts';
import { rewriteFile } from './rewrite.ts';
import { isMissing, toStateError } from './state-error.ts';

/** A bridge that runs now. */
export interface Running {
  readonly pid: number;
  /** Origin of its local app. */
  readonly local: string;
  /** Bearer token for the local app's control routes. */
  readonly key: string;
  /** Where clients reach it, for people. */
  readonly url: string;
}

/**
 * Tells other programs of the owner that this process is a bridge, in `folder/running/PID.json`. Resolves with what takes it back,
 * twice without harm. @throws BridgeError `STATE`
 */
export async function announce(
  folder: string,
  { local, key, url }: Omit<Running, 'pid'>,
): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = join(folder, FOLDER, `${process.pid}.json`);
  const text = `${JSON.stringify({ local, key, url }, undefined, 2)}\n`;
  await rewriteFile(path, () => ({ text, result: undefined }));
  return () => rm(path, { force: true });
}

/**
 * The bridges that run now, but for those whose file is no good. What was left by bridges that were killed is removed.
 * @throws BridgeError `STATE` when somebody else could have put files there, or the disk fails.
 */
export async function findRunning(folder: string): Promise<Running[]> {
  const files = join(folder, FOLDER);
  const found: Running[] = [];
  for (const name of await namesIn(folder, files)) {
    const pid = Number(FILE.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    if (!isAlive(pid)) await rm(join(files, name), { recursive: true, force: true });
    else if (name.endsWith('.json')) found.push(...(await readRunning(pid, join(files, name))));
  }
  return found;
}

const FOLDER = 'running';
/** With the lock, which a bridge leaves that is killed while it writes. */
const FILE = /^(\d+)\.json(?:\.lock)?$/;

async function namesIn(folder: string, files: string): Promise<string[]> {
  try {
    await checkFolder(folder);
    await checkFolder(files);
    return await readdir(files);
  } catch (error) {
    if (isMissing(error)) return [];
    throw toStateError(`${files} cannot be read`, error);
  }
}

async function readRunning(pid: number, path: string): Promise<Running[]> {
  try {
    const { text = '' } = await readPrivate(path);
    const { local, key, url }: Partial<Record<string, unknown>> = Object(JSON.parse(text));
    if (typeof local !== 'string' || typeof key !== 'string' || typeof url !== 'string') return [];
    return [{ pid, local, key, url }];
  } catch {
    return []; // Whatever wrote it, it was no bridge that could be asked anything.
  }
}
