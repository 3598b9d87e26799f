import { randomUUID } from 'node:crypto';
import { lstat, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BridgeError } from '../errors.ts';
import { isAlive } from './alive.ts';
import { ensureFolder } from './private-file.ts';
import { isMissing } from './state-error.ts';

/**
 * What a file will hold next. It is the lock as well: who has the only draft in `PATH.lock/` may go on, and the renaming that
 * puts it in the file's place ends the lock in the same step.
 *
 * A process that was killed leaves its draft, and nothing else. Whoever waits removes it, by its name, which no other draft will
 * ever have: so a fresh lock is never taken for the stale one, however many want to remove it. Should its process only have
 * slept, it finds its draft gone when it wants to rename it, and has changed nothing.
 */
export interface Draft {
  /** Puts the text in the file's place, durably. Resolves with false when another process has taken the lock over: nothing was written. */
  commit(text: string): Promise<boolean>;
  /** Removes what is left of it. Has to be called in any case, also after a commit. */
  discard(): Promise<void>;
}

/** Waits until nobody else is changing the file, whose folder has to exist. @throws BridgeError `STATE` after ten seconds. */
export async function startDraft(path: string): Promise<Draft> {
  const folder = `${path}.lock`;
  const draft = join(folder, `${THIS_PROCESS}-${randomUUID()}`);
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const others = await findDrafts(folder);
    if (others.length === 0 && (await placeAlone(draft))) break;
    if (performance.now() > deadline) throw busy(path, others);
    await delay(SHORTEST_WAIT + Math.random() * WAIT_SPREAD);
  }
  return { commit: (text) => commit(draft, path, text), discard: () => discard(draft) };
}

/** Milliseconds. A change takes a few, so this many mean that something hangs. */
const PATIENCE = 10_000;
/** Milliseconds. Spread, so that two that were in each other's way do not meet again. */
const SHORTEST_WAIT = 3;
const WAIT_SPREAD = 20;
/** Milliseconds. A draft that is older was left by a process whose id another one has by now. */
const LONGEST_CHANGE = 30_000;

/** The id alone would not do: in a container, the bridge that was killed had the same one. */
const THIS_PROCESS = `${process.pid}-${randomUUID().slice(0, 8)}`;
const DRAFT = /^(\d+)-[\da-f-]+$/;

/**
 * Each one puts its draft there first and looks second: of two that come at once, at least one sees the other and withdraws.
 * So a draft that was alone once stays the only one until it is gone.
 */
async function placeAlone(draft: string): Promise<boolean> {
  const folder = dirname(draft);
  await ensureFolder(folder, { parents: false });
  try {
    await writeFile(draft, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (isMissing(error)) return false; // Who was done just removed the folder.
    throw error;
  }
  let isAlone = false;
  try {
    const names = await draftNames(folder);
    isAlone = names.length === 1 && names[0] === basename(draft);
  } finally {
    if (!isAlone) await discard(draft);
  }
  return isAlone;
}

/** The paths of the drafts of processes that are at work; those that were left behind are removed. */
async function findDrafts(folder: string): Promise<string[]> {
  const drafts: string[] = [];
  for (const name of await draftNames(folder)) {
    const draft = join(folder, name);
    if (await isAbandoned(draft)) await rm(draft, { force: true });
    else drafts.push(draft);
  }
  return drafts;
}

async function draftNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => DRAFT.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function isAbandoned(draft: string): Promise<boolean> {
  const pid = pidOf(draft);
  const isOfEarlierProcess = pid === process.pid && !basename(draft).startsWith(THIS_PROCESS);
  if (isOfEarlierProcess || !isAlive(pid)) return true;
  try {
    const { mtimeMs } = await lstat(draft);
    return Math.abs(Date.now() - mtimeMs) > LONGEST_CHANGE; // Either way, since clocks are also set back.
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

function pidOf(draft: string): number {
  return Number(DRAFT.exec(basename(draft))?.[1]);
}

async function commit(draft: string, path: string, text: string): Promise<boolean> {
  try {
    await writeDurably(draft, text);
    await rename(draft, path);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Only into a draft that is still there. */
async function writeDurably(draft: string, text: string): Promise<void> {
  const handle = await open(draft, 'r+');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The renaming is an entry of the folder, which is written in its own time. Windows has no way to ask for it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function discard(draft: string): Promise<void> {
  await rm(draft, { force: true });
  await rmdir(dirname(draft)).catch(() => {}); // Another one is at work in it, or has just removed it.
}

function busy(path: string, [draft]: readonly string[]): BridgeError {
  const who = draft === undefined ? 'other processes keep' : `process ${pidOf(draft)} keeps`;
  return new BridgeError('STATE', `${path} cannot be changed: ${who} it locked. End what hangs, or try again.`);
}
