import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { counterIn, countOn, makeFolder } from './support.ts';

const IS_ROOT = process.geteuid?.() === 0;
const IS_WINDOWS = process.platform === 'win32';

async function makePath(): Promise<string> {
  return join(await makeFolder(), 'state.json');
}

/** What another program of the owner writes. */
async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
}

describe('a state file', () => {
  it('holds the empty state before anything was written, and makes no file for it', async () => {
    const path = await makePath();
    expect(await counterIn(path).read()).toEqual({ count: 0 });
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it('keeps what was written for the next one who reads', async () => {
    const path = await makePath();
    expect(await countOn(counterIn(path))).toBe(1);
    expect(await counterIn(path).read()).toEqual({ count: 1 });
  });

  it('tells its owner what it holds: readable JSON', async () => {
    const path = await makePath();
    await countOn(counterIn(path));
    expect(await readFile(path, 'utf8')).toBe('{\n  "count": 1\n}\n');
  });

  it.skipIf(IS_WINDOWS)('is for its owner only, as are the folders that are made for it', async () => {
    const path = join(await makeFolder(), 'a/b/state.json');
    await countOn(counterIn(path));
    const modes = [path, dirname(path), dirname(dirname(path))].map(async (each) => (await lstat(each)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o600, 0o700, 0o700]);
  });

  it('leaves nothing beside it', async () => {
    const path = await makePath();
    await Promise.all([countOn(counterIn(path)), countOn(counterIn(path))]);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('makes changes that are asked for at once one after the other', async () => {
    const path = await makePath();
    const [one, other] = [counterIn(path), counterIn(path)];
    const counts = await Promise.all([one, other, one, other, one].map(countOn));
    expect(counts.sort()).toEqual([1, 2, 3, 4, 5]);
    expect([await one.read(), await other.read()]).toEqual([{ count: 5 }, { count: 5 }]);
  });

  it('gives the same object as long as it holds the same', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await countOn(file);
    const state = await file.read();
    await write(path, await readFile(path, 'utf8'));
    expect(await file.read()).toBe(state);
    await write(path, '{ "count": 2 }');
    expect(await file.read()).toEqual({ count: 2 });
  });

  it('is not written when a change returns the state it was given', async () => {
    const path = await makePath();
    await countOn(counterIn(path));
    const { ino, mtimeNs } = await lstat(path, { bigint: true });
    const result = await counterIn(path).update((state) => ({ state, result: state.count }));
    expect(result).toBe(1);
    expect(await lstat(path, { bigint: true })).toMatchObject({ ino, mtimeNs });
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('stays as it was when a change throws, and takes the next one', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await countOn(file);
    const failing = file.update(() => {
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await countOn(file)).toBe(2);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('begins anew when it was taken away', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await countOn(file);
    await rm(path);
    expect(await file.read()).toEqual({ count: 0 });
    expect(await countOn(file)).toBe(1);
  });
});

describe('who watches a state file', () => {
  it('is told what others write, and that it was taken away, once each', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await file.read();
    const told: unknown[] = [];
    onTestFinished(file.watch((state) => told.push(state)));
    await countOn(counterIn(path));
    await expect.poll(() => told).toEqual([{ count: 1 }]);
    await rm(path);
    await expect.poll(() => told).toEqual([{ count: 1 }, { count: 0 }]);
  });

  it('is told in time, and before a change of its own that comes on top', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await file.read();
    const told: unknown[] = [];
    onTestFinished(file.watch((state) => told.push(state)));
    await countOn(counterIn(path));
    await countOn(file);
    expect(told).toEqual([{ count: 1 }]);
    await file.read();
    expect(told).toEqual([{ count: 1 }]);
  });

  it('is told no more once it has ended that', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await file.read();
    const told = vi.fn();
    file.watch(told)();
    await countOn(counterIn(path));
    await file.read();
    expect(told).not.toHaveBeenCalled();
  });

  it('survives a file that is refused, and is told when it is fine again', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await countOn(file);
    const told: unknown[] = [];
    onTestFinished(file.watch((state) => told.push(state)));
    await write(path, '{');
    await expect(file.read()).rejects.toThrow('cannot be used');
    await write(path, '{ "count": 7 }');
    await expect.poll(() => told).toEqual([{ count: 7 }]);
  });
});

describe('a state file is refused, and left as it is,', () => {
  /** Expects the refusal of reads and changes, and that neither has touched anything. */
  async function expectRefusal(path: string, ...words: string[]): Promise<void> {
    const before = await lstat(path, { bigint: true });
    for (const attempt of [counterIn(path).read(), countOn(counterIn(path))]) {
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'STATE' });
      for (const word of [path, ...words]) expect(String(error)).toContain(word);
      expect(String(error)).not.toContain('\n');
    }
    const { ino, size, mtimeNs } = before;
    expect(await lstat(path, { bigint: true })).toMatchObject({ ino, size, mtimeNs });
  }

  it.each([
    ['', 'JSON'],
    ['{ "count": 1', 'JSON'],
    ['{ "count": "1" }', 'count is not a number'],
    ['null', 'count is not a number'],
  ])('when it says %j', async (text, reason) => {
    const path = await makePath();
    await write(path, text);
    await expectRefusal(path, reason, 'Move it away to start anew', 'the numbers are lost');
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('when it is a folder', async () => {
    const path = await makePath();
    await mkdir(path);
    await expectRefusal(path, 'is not a file');
  });

  it.skipIf(IS_WINDOWS)('when it is a symbolic link, be it to a fine file or to none', async () => {
    const path = await makePath();
    const target = `${path}.target`;
    await write(target, '{ "count": 1 }');
    await symlink(target, path);
    await expectRefusal(path, 'is a symbolic link');
    await unlink(target);
    await expectRefusal(path, 'is a symbolic link');
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it.skipIf(IS_WINDOWS).each([0o640, 0o620, 0o604, 0o602, 0o610])('when its mode is %o', async (mode) => {
    const path = await makePath();
    await write(path, '{ "count": 1 }');
    await chmod(path, mode);
    await expectRefusal(path, `chmod 600 ${path}`);
  });

  it.skipIf(IS_WINDOWS)('also when its mode changes after it was read', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await countOn(file);
    await chmod(path, 0o644);
    await expect(file.read()).rejects.toThrow('chmod 600');
    await chmod(path, 0o600);
    expect(await file.read()).toEqual({ count: 1 });
  });

  it.runIf(IS_ROOT)('when it belongs to another user', async () => {
    const path = await makePath();
    await write(path, '{ "count": 1 }');
    await chown(path, 1, 1);
    await expectRefusal(path, 'belongs to another user (uid 1)');
  });

  it.skipIf(IS_WINDOWS).each([0o770, 0o707, 0o720, 0o702])('when the mode of its folder is %o', async (mode) => {
    const path = await makePath();
    await write(path, '{ "count": 1 }');
    await chmod(dirname(path), mode);
    onTestFinished(() => chmod(dirname(path), 0o700));
    await expect(counterIn(path).read()).rejects.toThrow(`chmod 700 ${dirname(path)}`);
    await expect(countOn(counterIn(path))).rejects.toThrow(`chmod 700 ${dirname(path)}`);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it.skipIf(IS_WINDOWS)('when its folder belongs to another user', async () => {
    const folder = await makeFolder();
    if (IS_ROOT) await chown(folder, 1, 1);
    const foreign = IS_ROOT ? folder : '/etc';
    await expect(counterIn(join(foreign, 'state.json')).read()).rejects.toThrow('belongs to another user');
    await expect(countOn(counterIn(join(foreign, 'state.json')))).rejects.toThrow('belongs to another user');
  });

  it.skipIf(IS_WINDOWS)('with a command that can be pasted, whatever the path', async () => {
    const path = join(await makeFolder(), "it's in Application Support");
    await write(path, '{ "count": 1 }');
    await chmod(path, 0o644);
    await expect(counterIn(path).read()).rejects.toThrow(`chmod 600 '${path.replace("'", "'\\''")}'`);
  });
});

describe('a disk that fails', () => {
  it('is reported with the path and the reason, when the folder cannot be made', async () => {
    const file = join(await makeFolder(), 'file');
    await write(file, '');
    const path = join(file, 'folder/state.json');
    const refusal = { code: 'STATE', message: expect.stringMatching(/ENOTDIR/) };
    await expect(countOn(counterIn(path))).rejects.toMatchObject(refusal);
    await expect(countOn(counterIn(path))).rejects.toThrow(dirname(path));
    await expect(counterIn(path).read()).rejects.toMatchObject(refusal);
  });

  it.skipIf(IS_WINDOWS)('is reported also when a link on the way to the folder leads nowhere', async () => {
    const folder = await makeFolder();
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    const path = join(folder, 'link/folder/state.json');
    await expect(countOn(counterIn(path))).rejects.toThrow(`the folder ${dirname(path)} cannot be made: ENOENT`);
  });

  it('is reported with the path and the reason, when the file cannot be locked', async () => {
    const path = await makePath();
    await write(`${path}.lock`, '');
    await expect(countOn(counterIn(path))).rejects.toMatchObject({ code: 'STATE' });
    await expect(countOn(counterIn(path))).rejects.toThrow(
      /cannot be written: ENOTDIR.*\. Mend that, or choose another folder: --state-folder\.$/,
    );
  });

  it.skipIf(IS_ROOT || IS_WINDOWS)(
    'is reported with the path and the reason, when it may not be written to',
    async () => {
      const path = await makePath();
      await chmod(dirname(path), 0o500);
      onTestFinished(() => chmod(dirname(path), 0o700));
      await expect(countOn(counterIn(path))).rejects.toThrow(`${path} cannot be written: EACCES`);
    },
  );

  it('does not keep a later change from being made', async () => {
    const path = await makePath();
    const file = counterIn(path);
    await write(`${path}.lock`, '');
    await expect(countOn(file)).rejects.toThrow();
    await rename(`${path}.lock`, `${path}.moved`);
    expect(await countOn(file)).toBe(1);
  });
});
