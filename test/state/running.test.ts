import { chmod, lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { announce, findRunning } from '../../src/state/running.ts';
import { deadPid, makeFolder, nextLine, useWriters } from './support.ts';

const startWriter = useWriters();
const IS_WINDOWS = process.platform === 'win32';
const OURS = { local: 'http://127.0.0.1:8001', key: 'key', url: 'https://h.example/mcp' };

describe('the bridges that run', () => {
  it('are none where no bridge ever ran, and looking for them makes no folder', async () => {
    const folder = await makeFolder();
    expect(await findRunning(join(folder, 'state'))).toEqual([]);
    expect(await findRunning(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are those that were announced and not taken back, twice without harm', async () => {
    const folder = join(await makeFolder(), 'state');
    const takeBack = await announce(folder, OURS);
    expect(await findRunning(folder)).toEqual([{ pid: process.pid, ...OURS }]);
    await takeBack();
    await takeBack();
    expect(await findRunning(folder)).toEqual([]);
    expect(await readdir(join(folder, 'running'))).toEqual([]);
  });

  it('are told from those that were killed, whose files are removed', async () => {
    const folder = await makeFolder();
    const takeBack = await announce(folder, OURS);
    const other = await startWriter('announce', folder);
    expect(await nextLine(other)).toBe('announced');
    const found = await findRunning(folder);
    expect(found.map(({ pid }) => pid).sort()).toEqual([process.pid, other.pid].sort());
    other.kill('SIGKILL');
    await other.ended;
    expect(await findRunning(folder)).toEqual([{ pid: process.pid, ...OURS }]);
    expect(await readdir(join(folder, 'running'))).toEqual([`${process.pid}.json`]);
    await takeBack();
  });

  it('include one whose process id a killed one had', async () => {
    const folder = await makeFolder();
    await announce(folder, { ...OURS, key: 'old' });
    await announce(folder, OURS);
    expect(await findRunning(folder)).toEqual([{ pid: process.pid, ...OURS }]);
  });

  it('leave out whatever makes no sense', async () => {
    const folder = await makeFolder();
    const files = join(folder, 'running');
    await mkdir(files, { mode: 0o700 });
    const texts = ['', '{', 'null', '7', '{}', JSON.stringify({ ...OURS, key: 1 })];
    for (const text of texts) {
      await writeFile(join(files, `${process.pid}.json`), text, { mode: 0o600 });
      expect(await findRunning(folder)).toEqual([]);
    }
    await writeFile(join(files, 'readme.json'), JSON.stringify(OURS), { mode: 0o600 });
    await writeFile(join(files, `${process.ppid}.json.old`), JSON.stringify(OURS), { mode: 0o600 });
    expect(await findRunning(folder)).toEqual([]);
    expect(await readdir(files)).toHaveLength(3);
  });

  it('leave nothing of one that was killed while it announced itself', async () => {
    const folder = await makeFolder();
    const pid = deadPid();
    await mkdir(join(folder, 'running', `${pid}.json.lock`), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, 'running', `${pid}.json.lock`, `${pid}-0`), '{');
    expect(await findRunning(folder)).toEqual([]);
    expect(await readdir(join(folder, 'running'))).toEqual([]);
  });

  it.skipIf(IS_WINDOWS)('are known to their owner only', async () => {
    const folder = join(await makeFolder(), 'state');
    await announce(folder, OURS);
    const file = join(folder, 'running', `${process.pid}.json`);
    const modes = [folder, join(folder, 'running'), file].map(async (path) => (await lstat(path)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600]);
    await chmod(file, 0o644);
    expect(await findRunning(folder)).toEqual([]);
  });

  it.skipIf(IS_WINDOWS).each(['.', 'running'])('are not looked for where others may write: %s', async (open) => {
    const folder = await makeFolder();
    await announce(folder, OURS);
    await chmod(join(folder, open), 0o777);
    const refusal = { code: 'STATE', message: expect.stringContaining(`chmod 700 ${join(folder, open)}`) };
    await expect(findRunning(folder)).rejects.toMatchObject(refusal);
    await expect(announce(folder, OURS)).rejects.toMatchObject(refusal);
  });
});
