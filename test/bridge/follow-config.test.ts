import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { followConfig } from '../../src/bridge/follow-config.ts';
import type { Settings } from '../../src/config/settings.ts';
import { BridgeError } from '../../src/errors.ts';
import { temporaryFolder } from '../config/temporary-folder.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { createLogBook } from '../upstream/support.ts';

interface Options {
  readonly watch?: boolean;
  /** What the file says at the start. Default what the bridge was started with. */
  readonly text?: string;
  /** What it takes to read what the file says. */
  reading?(text: string): Promise<void>;
  reload?(text: string): Promise<void>;
}

/** Follows a file whose text is all there is to its settings. */
async function follow({ watch = true, text = 'a', reading = async () => {}, reload = async () => {} }: Options = {}) {
  const folder = await temporaryFolder({ config: text });
  const configFile = join(folder, 'config');
  const { log, lines } = createLogBook();
  const settingsOf = (prefix: string) => ({ watch, configFile, prefix }) as unknown as Settings;
  const reloads: string[] = [];
  const reads: string[] = [];
  const { readFile } = await import('node:fs/promises');
  const following = followConfig({
    settings: settingsOf('a'),
    log,
    bridge: {
      async reload({ prefix }) {
        await reload(prefix);
        reloads.push(prefix);
      },
    },
    async resolve() {
      const read = await readFile(configFile, 'utf8');
      reads.push(read);
      await reading(read);
      if (read.startsWith('broken')) throw new BridgeError('CONFIG', `config:1:2: ${read}`);
      return { settings: settingsOf(read), warnings: [`odd: ${read}`] };
    },
  });
  onTestFinished(() => following.close());
  const write = async (next: string) => {
    await writeFile(`${configFile}~`, next);
    await rename(`${configFile}~`, configFile);
  };
  const soon = (check: () => void) => vi.waitFor(check, EVENTUALLY);
  return { reloads, reads, lines, write, soon, following, remove: () => rm(configFile) };
}

describe('a config file that is followed', () => {
  it('is taken up when it changes, with its warnings', async () => {
    const { reloads, write, soon, lines } = await follow();
    await write('b');
    await soon(() => expect(reloads).toEqual(['b']));
    await write('a');
    await soon(() => expect(reloads).toEqual(['b', 'a']));
    expect(lines.join('\n')).toMatch(/odd: b\n.*odd: a$/);
  });

  it('is taken up when it has changed since it was read, and else is not', async () => {
    const changed = await follow({ text: 'b' });
    await changed.soon(() => expect(changed.reloads).toEqual(['b']));
    const same = await follow();
    await same.soon(() => expect(same.reads).toEqual(['a']));
    await same.write('c');
    await same.soon(() => expect(same.reloads).toEqual(['c']));
    expect(same.lines.join('\n')).not.toContain('odd: a');
  });

  it('changes nothing while it is broken, which is said once for each time, with the place', async () => {
    const { reloads, write, soon, lines } = await follow();
    const said = (text: string) => lines.filter((line) => line.includes(`stays as it was: config:1:2: ${text}`));
    await write('broken');
    await soon(() => expect(said('broken')).toHaveLength(1));
    await write('broken again');
    await soon(() => expect(said('broken again')).toHaveLength(1));
    expect(reloads).toEqual([]);
    await write('b');
    await soon(() => expect(reloads).toEqual(['b']));
  });

  it('is said to be mended when it is as it was, once', async () => {
    const { reloads, reads, write, soon, lines } = await follow();
    const said = () => lines.filter((line) => line.endsWith('the configuration is as it was before'));
    await write('broken');
    await soon(() => expect(lines.join('\n')).toContain('stays as it was'));
    await write('a');
    await soon(() => expect(said()).toHaveLength(1));
    await write('b');
    await soon(() => expect(reloads).toEqual(['b']));
    expect([said().length, reads.length > 2]).toEqual([1, true]);
  });

  it('is tried again by its next change when the bridge did not take it', async () => {
    let isReady = false;
    const reload = async () => {
      if (!isReady) throw new BridgeError('CONFIG', 'The glob "a[" cannot be read');
    };
    const { reloads, write, soon, lines } = await follow({ reload });
    await write('b');
    await soon(() => expect(lines.join('\n')).toContain('stays as it was: The glob "a[" cannot be read'));
    isReady = true;
    await write('c');
    await soon(() => expect(reloads).toEqual(['c']));
    await write('b');
    await soon(() => expect(reloads).toEqual(['c', 'b']));
  });

  it('is read in turn, so that what it says last is taken up last', async () => {
    const waiting = new Map<string, () => void>();
    const reading = (text: string) =>
      new Promise<void>((resolve) => (text === 'a' ? resolve() : void waiting.set(text, resolve)));
    const { reloads, reads, write, soon } = await follow({ reading });
    await write('slow');
    await soon(() => expect(waiting.has('slow')).toBe(true));
    await write('last');
    await expect(vi.waitUntil(() => reads.includes('last'), { timeout: 600 })).rejects.toThrow();
    waiting.get('slow')?.();
    await soon(() => expect(waiting.has('last')).toBe(true));
    waiting.get('last')?.();
    await soon(() => expect(reloads).toEqual(['slow', 'last']));
  });

  it('is not looked at any more once that is over, or where it was not asked for', async () => {
    const over = await follow();
    await over.soon(() => expect(over.reads).toEqual(['a']));
    over.following.close();
    const unwatched = await follow({ watch: false });
    const watched = await follow();
    for (const { write } of [over, unwatched, watched]) await write('b');
    await watched.soon(() => expect(watched.reloads).toEqual(['b']));
    expect([over.reads, unwatched.reads]).toEqual([['a'], []]);
  });
});
