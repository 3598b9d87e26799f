import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createProcessTable, MARK } from '../../src/process/process-table.ts';
import { until } from './support.ts';

/** A shell that becomes `sleep` and so never takes notice of its own child's end. It leads its group. */
async function startNegligentParent() {
  const env = { ...process.env, [MARK]: 'planted' };
  const child = spawn('sh', ['-c', ': & echo $!; exec sleep 30'], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [printed] = await once(child.stdout, 'data');
  return { parent: child.pid as number, dead: Number(printed) };
}

/** Linux has both ways, so that both are tested there. */
const PLATFORMS: NodeJS.Platform[] = process.platform === 'linux' ? ['linux', 'darwin'] : ['darwin'];

it.each(PLATFORMS)('lists the living as %s shows them, and not those who wait for their parent', async (platform) => {
  const { parent, dead } = await startNegligentParent();
  const listProcesses = createProcessTable(platform);
  let list = await listProcesses();
  await until(async () => {
    list = await listProcesses();
    return !list.some(({ pid }) => pid === dead);
  });
  expect(list.filter(({ group }) => group === parent)).toEqual([
    {
      pid: parent,
      parent: process.pid,
      group: parent,
      born: expect.stringMatching(/\d/),
      mark: platform === 'linux' ? 'planted' : undefined,
    },
  ]);
});

it('takes one look for all who ask at the same time, and a new one for who asks later', async () => {
  const listProcesses = createProcessTable();
  const first = listProcesses();
  expect(listProcesses()).toBe(first);
  await first;
  expect(listProcesses()).not.toBe(first);
});
