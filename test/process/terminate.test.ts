import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProcessTable } from '../../src/process/process-table.ts';
import { createTerminator } from '../../src/process/terminate.ts';
import { KINDS } from './kinds.ts';
import { descendantsOf, fixture, isAlive, makeFolder, readAll, readPids, startServer, until } from './support.ts';

describe('terminate', () => {
  it('leaves nothing alive of any kind of server', async () => {
    const survivors = await Promise.all(
      KINDS.map(async ({ title, pids: count, start }) => {
        const server = await startServer(await start());
        const printed = await readPids(server.stdout, count);
        const pids = new Set([server.pid, ...printed, ...descendantsOf(server.pid)]);
        await server.terminate();
        return [title, [...pids].filter(isAlive)];
      }),
    );
    expect(survivors).toEqual(KINDS.map(({ title }) => [title, []]));
  });

  it('first lets the server leave by itself, when its stdin ends', async () => {
    const server = await startServer({ ...fixture('polite'), grace: 10_000 });
    const said = readAll(server.stdout);
    await server.terminate();
    expect(await said).toBe(`pid ${server.pid}\nbye\n`);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('then sends SIGTERM, after the grace', async () => {
    const server = await startServer({ ...fixture('idle'), grace: 300 });
    await readPids(server.stdout, 1);
    const start = performance.now();
    await server.terminate();
    expect(performance.now() - start).toBeGreaterThan(290);
    expect(await server.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('kills at once when asked to, even when it has begun gently', async () => {
    const server = await startServer({ ...fixture('stubborn'), grace: 60_000 });
    await readPids(server.stdout, 1);
    const gentle = server.terminate();
    const start = performance.now();
    await server.terminate({ immediately: true });
    await gentle;
    expect(performance.now() - start).toBeLessThan(2000);
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('does no harm when repeated', async () => {
    const server = await startServer({ ...fixture('polite'), grace: 10_000 });
    await Promise.all([server.terminate(), server.terminate()]);
    await server.terminate();
    await server.terminate({ immediately: true });
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a server that exits by itself', () => {
  it('takes the rest of its group with it', async () => {
    const { command, args } = fixture('idle');
    const server = await startServer({
      command: 'sh',
      args: ['-c', '"$0" "$1" & read line; exit 4', command, ...args],
    });
    const pids = await readPids(server.stdout, 1);
    server.stdin.write('go\n');
    expect(await server.exited).toEqual({ code: 4, signal: null });
    await until(() => !pids.some(isAlive));
  });

  it.runIf(process.platform === 'linux')('takes with it what it has left in another group', async () => {
    const server = await startServer(fixture('browser', 'crash'));
    const pids = await readPids(server.stdout, 2);
    expect(await server.exited).toEqual({ code: 3, signal: null });
    await until(() => !pids.some(isAlive));
  });
});

describe('terminate on other platforms', () => {
  const startBare = async (...args: Parameters<typeof fixture>) => {
    const { command, args: rest } = fixture(...args);
    const child = spawn(command, rest, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    onTestFinished(() => void child.kill('SIGKILL'));
    return {
      stdout: child.stdout,
      stdin: child.stdin,
      exited: once(child, 'exit'),
      tree: { pid: child.pid as number, mark: 'none' },
    };
  };

  it('finds what has left the group through its parent where there is no /proc', async () => {
    const { stdout, ...options } = await startBare('browser', 'leave');
    const pids = await readPids(stdout, 2);
    await createTerminator({
      ...options,
      grace: 200,
      platform: 'darwin',
      listProcesses: createProcessTable('darwin'),
    })();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('has taskkill end the whole tree on Windows', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'taskkill'), '#!/bin/sh\necho "$@" >"$(dirname "$0")/called"\nkill -9 "$2"\n');
    await chmod(join(folder, 'taskkill'), 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;
    onTestFinished(() => {
      process.env.PATH = path;
    });

    const { stdout, ...options } = await startBare('stubborn');
    const pids = await readPids(stdout, 1);
    await createTerminator({ ...options, grace: 100, platform: 'win32', listProcesses: createProcessTable() })();
    expect(await readFile(join(folder, 'called'), 'utf8')).toBe(`/PID ${options.tree.pid} /T /F\n`);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
