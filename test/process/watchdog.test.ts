import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createWatchdog } from '../../src/process/watchdog.ts';
import { KINDS } from './kinds.ts';
import { descendantsOf, fixture, fixturePath, isAlive, readAll, readPids, until } from './support.ts';

interface HostOptions {
  readonly servers: readonly object[];
  readonly before?: string;
  readonly next?: 'stay' | 'exit' | 'terminate';
  readonly platform?: NodeJS.Platform;
}

let bundles: string;

beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'mcp-bridge-'));
  // Node 20 runs no TypeScript. `require` is for cross-spawn, which is CommonJS.
  const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const entryPoints = [fixturePath('host')];
  await build({
    entryPoints,
    outfile: join(bundles, 'host.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js },
  });
});

afterAll(() => rm(bundles, { recursive: true }));

/** Starts the program that plays the bridge, after the shell commands in `before`. Its descriptor 3 is one that is not for children. */
async function startHost({
  before = ':',
  ...options
}: HostOptions): Promise<ChildProcess & { stdout: Readable; pid: number }> {
  const servers = options.servers.map((server) => ({ name: 'test', cwd: bundles, env: {}, grace: 200, ...server }));
  const args = [join(bundles, 'host.mjs'), JSON.stringify({ ...options, servers })];
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', 'pipe'];
  const host = spawn('sh', ['-c', `${before}; exec "$0" "$@"`, process.execPath, ...args], { stdio });
  await once(host, 'spawn');
  onTestFinished(() => void host.kill('SIGKILL'));
  return host as ChildProcess & { stdout: Readable; pid: number };
}

/** The host's children are the servers and the watchdog. */
const watchdogOf = (host: number, servers: readonly number[]) =>
  descendantsOf(host).filter((pid) => !servers.includes(pid));

describe('after kill -9 of the bridge', () => {
  it('nothing is alive of any kind of server', async () => {
    const host = await startHost({ servers: await Promise.all(KINDS.map(({ start }) => start())) });
    const count = KINDS.reduce((sum, { pids }) => sum + pids, 0);
    const pids = new Set([...(await readPids(host.stdout, count)), ...descendantsOf(host.pid)]);
    expect(pids.size).toBeGreaterThan(count);
    process.kill(host.pid, 'SIGKILL');
    await until(() => ![...pids].some(isAlive));
  });

  it('nothing is alive of a child in another group where there is no /proc', async () => {
    const host = await startHost({ servers: [fixture('browser', 'stay')], platform: 'darwin' });
    const pids = [...(await readPids(host.stdout, 2)), ...descendantsOf(host.pid)];
    process.kill(host.pid, 'SIGKILL');
    await until(() => !pids.some(isAlive));
  });
});

describe('the watchdog', () => {
  it('ends the servers of a bridge that exits without a word to them', async () => {
    const host = await startHost({ servers: [fixture('stubborn'), fixture('idle')], next: 'exit' });
    const pids = await readPids(host.stdout, 2);
    await until(() => !pids.some(isAlive));
  });

  it('neither holds up a bridge that has ended its servers, nor outlives it', async () => {
    const host = await startHost({ servers: [fixture('polite')], next: 'terminate' });
    const pids = await readPids(host.stdout, 1);
    const watchdog = watchdogOf(host.pid, pids);
    expect(await once(host, 'exit')).toEqual([0, null]);
    await until(() => !watchdog.some(isAlive), 2000);
  });

  it('is one shell that ignores signals and holds nothing but its pipe', async () => {
    const host = await startHost({ servers: [fixture('polite'), fixture('polite')] });
    const [watchdog, ...others] = watchdogOf(host.pid, await readPids(host.stdout, 2));
    expect(others).toEqual([]);
    if (watchdog === undefined) throw new Error('no watchdog');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(watchdog, signal);
    if (process.platform === 'linux') expect(await readdir(`/proc/${watchdog}/fd`)).not.toContain('3');
    expect(isAlive(watchdog)).toBe(true);
  });

  it('is started again when it dies, and still knows what to end', async () => {
    const host = await startHost({ servers: [fixture('stubborn')] });
    const pids = await readPids(host.stdout, 1);
    for (const pid of watchdogOf(host.pid, pids)) process.kill(pid, 'SIGKILL');
    await until(() => watchdogOf(host.pid, pids).length === 0);
    await until(() => watchdogOf(host.pid, pids).length === 1);
    process.kill(host.pid, 'SIGKILL');
    await until(() => !pids.some(isAlive));
  });

  it('lets those be that were taken back', async () => {
    const { command, args } = fixture('idle');
    const child = spawn(command, args, { detached: true });
    onTestFinished(() => void child.kill());
    const [pid = 0] = await readPids(child.stdout, 1);
    const watchdog = createWatchdog();
    watchdog.add(pid);
    watchdog.remove(pid);
    await watchdog.close();
    await watchdog.close();
    expect(isAlive(pid)).toBe(true);
  });

  it('ends those that are left when it is closed', async () => {
    const { command, args } = fixture('idle');
    const child = spawn(command, args, { detached: true });
    const exited = once(child, 'exit');
    const [pid = 0] = await readPids(child.stdout, 1);
    const watchdog = createWatchdog();
    watchdog.add(pid);
    await watchdog.close();
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  it('does nothing on Windows', async () => {
    const watchdog = createWatchdog({ platform: 'win32' });
    watchdog.add(process.pid);
    watchdog.remove(process.pid);
    await watchdog.close();
  });
});

it('a system out of file handles refuses servers, and the bridge lives on', async () => {
  const servers = Array.from({ length: 12 }, () => fixture('idle'));
  const host = await startHost({ servers, next: 'terminate', before: 'ulimit -n 40' });
  const said = await readAll(host.stdout);
  expect(said).toMatch(/^test: the system is out of processes, files or memory \(EMFILE\)/m);
  expect(await once(host, 'close')).toEqual([0, null]);
});
