import { dirname } from 'node:path';
import { startDraft } from './draft.ts';
import { makeFolder, readPrivate } from './private-file.ts';
import { toStateError } from './state-error.ts';

export interface Rewritten<Result> {
  /** `undefined` leaves the file as it is. */
  readonly text: string | undefined;
  readonly result: Result;
}

/**
 * Changes a private file that several processes may change, and makes it, and its folder, where there is none. `change` is pure,
 * gets what the file holds at that moment (`undefined`: no file), and may be called again. Resolves with its result once that is
 * durable. A process that is killed at any moment leaves the file as it was before or after.
 * @throws BridgeError `STATE` when the file is refused (see `readPrivate`), locked for long, or the disk fails.
 */
export async function rewriteFile<Result>(
  path: string,
  change: (text: string | undefined) => Rewritten<Result>,
): Promise<Result> {
  try {
    await makeFolder(dirname(path));
    for (;;) {
      const done = await tryRewrite(path, change);
      if (done) return done.result;
    }
  } catch (error) {
    throw toStateError(`${path} cannot be written`, error);
  }
}

/** Resolves with `undefined` when another process took the lock over, as it may when this one slept for long. */
async function tryRewrite<Result>(
  path: string,
  change: (text: string | undefined) => Rewritten<Result>,
): Promise<Rewritten<Result> | undefined> {
  const draft = await startDraft(path);
  try {
    const { text } = await readPrivate(path);
    const rewritten = change(text);
    const isDone = rewritten.text === undefined || (await draft.commit(rewritten.text));
    return isDone ? rewritten : undefined;
  } finally {
    await draft.discard();
  }
}
