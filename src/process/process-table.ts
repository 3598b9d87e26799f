import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { pause } from './deadline.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Start time in the platform's own notation; together with the id it names a process for good. */
  readonly born: string;
  /** Its value of the environment variable `MARK`, where the platform tells. */
  readonly mark: string | undefined;
}

/** Lists the living processes of the machine. Rejects when the system cannot tell, as when nothing more can be opened or started. */
export type ListProcesses = () => Promise<Process[]>;

/** Browsers and daemons leave their group, and their parent may be gone; on Linux this still tells whose they are. */
export const MARK = 'MCP_BRIDGE_TREE';

/**
 * Returns a function that lists the processes anew. Who asks while others are waiting shares their answer, so that ending a hundred
 * servers at once does not take a hundred looks.
 */
export function createProcessTable(platform: NodeJS.Platform = process.platform): ListProcesses {
  let last = Number.NEGATIVE_INFINITY;
  let next: Promise<Process[]> | undefined;

  const look = async () => {
    await pause(Math.max(0, last + LEAST_INTERVAL - performance.now()));
    next = undefined;
    last = performance.now();
    return platform === 'linux' ? readProc() : runPs();
  };

  return () => {
    next ??= look();
    return next;
  };
}

/** Between two looks. One takes some 10 ms on a busy machine, and the bridge has other things to do. Milliseconds. */
const LEAST_INTERVAL = 25;

/** Synchronous on purpose: /proc is memory, so that this takes some 30 µs a process, and needs one file handle at a time. */
function readProc(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readIfThere(`/proc/${name}/stat`) : '';
    // The second field is the program's name in parentheses and may hold anything: proc_pid_stat(5).
    const [state = '', parent, group, ...more] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isOfKernel = group === '0';
    if (isDead(state) || isOfKernel) return [];
    const environment = readIfThere(`/proc/${name}/environ`).split('\0');
    const mark = environment.find((entry) => entry.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
    return [{ pid: Number(name), parent: Number(parent), group: Number(group), born: more[16] ?? '', mark }];
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isGoneOrForeign = error instanceof Error && 'code' in error && GONE_OR_FOREIGN.has(error.code);
    if (isGoneOrForeign) return '';
    throw error;
  }
}

/** Ended since it was listed, or another user's. */
const GONE_OR_FOREIGN: ReadonlySet<unknown> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

async function runPs(): Promise<Process[]> {
  const columns = ['pid=', 'ppid=', 'pgid=', 'stat=', 'lstart='].flatMap((column) => ['-o', column]);
  const { stdout } = await promisify(execFile)('ps', ['-A', ...columns], { env: { ...process.env, LC_ALL: 'C' } });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, state = '', ...born] = line.trim().split(/\s+/);
    if (isDead(state)) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), born: born.join(' '), mark: undefined }];
  });
}

/** Gone, or only waiting for its parent to take notice (in a container without an init: forever). */
function isDead(state: string): boolean {
  return state === '' || state.startsWith('Z') || state.startsWith('X');
}
