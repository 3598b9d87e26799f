import { watchFile as pollFile, readFileSync, unwatchFile } from 'node:fs';

/** How often the file is looked at. Milliseconds. */
const INTERVAL = 250;
/** For how long it has to stay the same before it counts as written. Milliseconds. */
const QUIET = 100;

/**
 * Calls back whenever the file has come to hold something else than before, and holds still. A file that is gone is waited for. Keeps no process alive.
 *
 * It is looked at by its path, again and again: what the system tells of changes is about the file or folder that was there at first, and editors put
 * another file in its place, container platforms another folder.
 */
export function watchFile(path: string, onChange: () => void): { close(): void } {
  let known = read(path);
  let timer: NodeJS.Timeout | undefined;
  const settle = (seen: string | undefined): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const text = read(path);
      if (text !== seen) return settle(text);
      if (text === undefined || text === known) return;
      known = text;
      onChange();
    }, QUIET).unref();
  };
  const look = () => settle(read(path));
  pollFile(path, { interval: INTERVAL, persistent: false }, look);
  // The first look of the poll is what it compares with, and comes after ours.
  look();
  return {
    close() {
      clearTimeout(timer);
      unwatchFile(path, look);
    },
  };
}

/** `undefined` while it is not there or locked, which the next change ends. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone for a moment, or being written: it is read again when that is over.
    return undefined;
  }
}
