import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type ServerProcess, type SpawnOptions, spawnServer } from '../../src/process/spawn.ts';
import { createWatchdog } from '../../src/process/watchdog.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/processes/', import.meta.url));

/** What starts a program of `test/fixtures/processes`. */
export function fixture(name: string, ...args: string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: [fixturePath(name), ...args] };
}

export function fixturePath(name: string): string {
  return `${FIXTURES}${name}.mjs`;
}

/** Starts a server that is gone, with its watchdog, when the test ends. Few things are tried after SIGTERM, so the grace is short. */
export async function startServer(options: Partial<SpawnOptions> & { command: string }): Promise<ServerProcess> {
  const watchdog = createWatchdog();
  onTestFinished(() => watchdog.close());
  const server = await spawnServer({
    name: 'test',
    args: [],
    cwd: FIXTURES,
    env: {},
    grace: 200,
    watchdog,
    ...options,
  });
  onTestFinished(() => server.terminate({ immediately: true }));
  return server;
}

/** A temporary folder that is removed when the test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A project with the fixture as an installed package's program, so that `npx` runs it without a network. */
export async function makeProject(name: string): Promise<string> {
  const folder = await makeFolder();
  const bin = join(folder, 'node_modules/.bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "project", "version": "1.0.0" }');
  await writeFile(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${fixturePath(name)}"\n`);
  await chmod(join(bin, name), 0o755);
  return folder;
}

/** Reads the `count` process ids that fixtures print as `pid N`; kills those that are still there when the test ends. */
export async function readPids(stdout: Readable, count: number): Promise<number[]> {
  let text = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const pids = [...text.matchAll(/^pid (\d+)\n/gm)].map(([, pid]) => Number(pid));
    if (pids.length === count) {
      onTestFinished(() => {
        for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
      });
      return pids;
    }
  }
  throw new Error(`stdout ended after "${text}"`);
}

export async function readAll(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** The ids of all that descends from `root`, without itself. */
export function descendantsOf(root: number): number[] {
  const rows = ps();
  const found = new Set([root]);
  for (const _generation of rows) {
    for (const { pid, parent } of rows) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter((pid) => pid !== root);
}

/** Whether the process runs; one that only waits for its parent to take notice does not. */
export function isAlive(pid: number): boolean {
  return ps().some((row) => row.pid === pid && !row.state.startsWith('Z'));
}

/** Polls until `condition` holds; rejects after `limit` milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, limit = 10_000): Promise<void> {
  for (const deadline = performance.now() + limit; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`not so within ${limit} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Another way to look at the processes than the one under test. */
function ps(): { pid: number; parent: number; state: string }[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid=', '-o', 'stat='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state }];
  });
}
