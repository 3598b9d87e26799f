import { writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { watchFile } from '../../src/config/watch.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('watchFile', () => {
  it('tells of every change', async () => {
    const { file, changes } = await watched();
    await writeFile(file, 'b');
    await changes(1);
    await writeFile(file, 'a');
    await changes(2);
  });

  it('tells of many writes once, when they are over', async () => {
    const { file, changes } = await watched();
    let writes = 0;
    for await (const _ of setInterval(20)) {
      // At once, so that none is overtaken by a look at the file that is due later.
      writeFileSync(file, `${writes}`);
      await changes(0);
      if (++writes === 40) break;
    }
    await changes(1);
  });

  it('tells nothing while what it holds stays the same', async () => {
    const { file, changes } = await watched();
    await writeFile(file, 'a');
    await utimes(file, new Date(), new Date());
    await passing();
    await changes(0);
    await writeFile(file, 'b');
    await changes(1);
  });

  it('sees that another file was put in its place, as editors do', async () => {
    const { file, changes } = await watched();
    for (const [round, text] of ['b', 'c'].entries()) {
      await writeFile(`${file}~`, text);
      await rename(`${file}~`, file);
      await changes(round + 1);
    }
  });

  it('waits for a file that is gone', async () => {
    const { file, changes } = await watched();
    await rm(file);
    await passing();
    await writeFile(file, 'a');
    await passing();
    await changes(0);
    await rm(file);
    await passing();
    await writeFile(file, 'b');
    await changes(1);
  });

  it('sees that a folder behind a link was put in the place of another, as container platforms do', async () => {
    const folder = await temporaryFolder({ 'v1/mcp.json': 'a', 'v2/mcp.json': 'b' });
    await symlink('v1', join(folder, '..data'));
    await mkdir(join(folder, 'mounted'));
    await symlink(join('..', '..data', 'mcp.json'), join(folder, 'mounted', 'mcp.json'));
    const changes = watch(join(folder, 'mounted', 'mcp.json'));
    await symlink('v2', join(folder, '..new'));
    await rename(join(folder, '..new'), join(folder, '..data'));
    await changes(1);
    await writeFile(join(folder, 'v2/mcp.json'), 'c');
    await changes(2);
  });

  it('tells nothing once it is closed', async () => {
    const { file } = await watched();
    const onChange = vi.fn();
    const closed = watchFile(file, onChange);
    const changes = watch(file);
    await writeFile(file, 'b');
    closed.close();
    closed.close();
    await changes(1);
    await passing();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('keeps no process alive', async () => {
    await watched();
    expect(process.getActiveResourcesInfo()).not.toContain('StatWatcher');
  });
});

async function watched() {
  const folder = await temporaryFolder({ 'mcp.json': 'a' });
  const file = join(folder, 'mcp.json');
  return { file, changes: watch(file) };
}

/** Waits until so many changes were told. */
function watch(file: string) {
  const onChange = vi.fn();
  const watcher = watchFile(file, onChange);
  onTestFinished(() => watcher.close());
  return (count: number) => vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(count), EVENTUALLY);
}

/** Ends when changes of another file were told, often enough for those of the test to be seen meanwhile. */
async function passing(): Promise<void> {
  const { file, changes } = await watched();
  for (const [round, text] of ['b', 'c', 'd'].entries()) {
    await writeFile(file, text);
    await changes(round + 1);
  }
}
