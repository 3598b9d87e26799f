import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Servers whose processes can be told from all others on the machine, whoever their parent is. */
export interface MarkedServers extends AsyncDisposable {
  readonly mcpServers: Readonly<Record<string, object>>;
  /** The command lines of what runs of them. */
  running(): string[];
  /** Resolves once each of them has been seen to run. */
  started(): Promise<void>;
}

/** One server for each of the ways in which they are started and resist (issue 2, "Children"). `name` is a fixture that takes `--name`. */
export async function everyKind(name: string, ...args: string[]): Promise<MarkedServers> {
  const mark = randomUUID();
  const folder = await temporaryFolder();
  const marked = (program: string, kind: string) => fixture(program, ...args, '--name', `${kind}-${mark}`);
  const shell = marked(name, 'shell');
  const [program = '', ...rest] = marked(name, 'npx').args;
  await installProgram(folder.path, program);
  const mcpServers = {
    node: marked(name, 'node'),
    npx: { command: 'npx', args: ['--no', '--', 'fixture', ...rest], cwd: folder.path },
    shell: { command: 'sh', args: ['-c', '"$0" "$@"; exit', shell.command, ...shell.args] },
    stubborn: marked('stubborn-server', 'stubborn'),
  };
  const running = () => runningWith(mark);
  return {
    mcpServers,
    running,
    async started() {
      const missing = new Set(Object.keys(mcpServers));
      await vi.waitUntil(() => {
        for (const line of running()) {
          // Until npx has come to the program itself, its command line names no file.
          for (const kind of missing)
            if (line.includes('.mjs') && line.includes(`${kind}-${mark}`)) missing.delete(kind);
        }
        return missing.size === 0;
      }, EVENTUALLY);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** The command lines of all processes with this text in them. */
export function runningWith(text: string): string[] {
  return ps().flatMap(({ command }) => (command.includes(text) ? command : []));
}

/** The ids of what a process has started and that runs now. */
export function childrenOf(parent: number): number[] {
  return ps().flatMap((row) => (row.parent === parent ? row.pid : []));
}

export function isRunning(pid: number): boolean {
  return ps().some((row) => row.pid === pid);
}

/** Makes the folder a project with a program that npx finds without a network, under the name `fixture`. */
async function installProgram(folder: string, program: string): Promise<void> {
  const bin = join(folder, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "project", "version": "1.0.0" }');
  await writeFile(join(bin, 'fixture'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  await chmod(join(bin, 'fixture'), 0o755);
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Another way to look at the processes than the bridge's own. Those that only wait for their parent to take notice are gone. */
function ps(): Row[] {
  const columns = ['pid=', 'ppid=', 'stat=', 'args='].flatMap((column) => ['-o', column]);
  const { stdout } = spawnSync('ps', ['-A', '-ww', ...columns], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || state?.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
