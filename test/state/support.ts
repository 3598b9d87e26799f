import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, onTestFinished } from 'vitest';
import { StateFile } from '../../src/state/state-file.ts';

/** A folder that is gone when the test is over. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A state file that holds a number. */
export function counterIn(path: string): StateFile<{ readonly count: number }> {
  const parse = (data: unknown) => {
    const { count }: { count?: unknown } = Object(data);
    if (typeof count !== 'number') throw new Error('count is not a number');
    return { count };
  };
  return new StateFile({ path, what: 'the numbers', empty: { count: 0 }, parse });
}

/** Resolves with the number that is durable by then. */
export function countOn(file: StateFile<{ readonly count: number }>): Promise<number> {
  return file.update(({ count }) => ({ state: { count: count + 1 }, result: count + 1 }));
}

export interface Writer extends ChildProcess {
  readonly pid: number;
  readonly lines: AsyncIterableIterator<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** For a test file: what starts `test/fixtures/state-writer.mjs`, which is gone when the test is over. */
export function useWriters(): (command: string, path: string) => Promise<Writer> {
  let program: string;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
    program = join(folder, 'writer.mjs');
    const entry = fileURLToPath(new URL('../fixtures/state-writer.mjs', import.meta.url));
    await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm' });
    return () => rm(folder, { recursive: true });
  });

  return async (command, path) => {
    const child = spawn(process.execPath, [program, command, path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
    await once(child, 'spawn');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
    return Object.assign(child as ChildProcess & { readonly pid: number }, { lines, ended });
  };
}

export async function nextLine({ lines }: Writer): Promise<string> {
  return (await lines.next()).value;
}

/** The id of a process that has ended. */
export function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
