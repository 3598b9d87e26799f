import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** A process that leads its own group, and everything it has started. */
export interface Tree {
  /** Of the leader and of its group. */
  readonly pid: number;
  /** Value of the environment variable `MARK`, inherited by all that the leader starts. Unique. */
  readonly mark: string;
}

export interface Member {
  readonly pid: number;
  readonly group: number;
}

/** Browsers and daemons leave the group, and their parent may be gone; on Linux this still tells whose they are. */
export const MARK = 'MCP_BRIDGE_TREE';

/**
 * Returns a function that lists the tree's living processes. It remembers what it saw: off Linux a process that left the group is found
 * through its parent only, so ask once while the parents live. A process id that was given to someone else is noticed.
 */
export function trackTree(tree: Tree, platform: NodeJS.Platform = process.platform): () => Promise<Member[]> {
  const bornAt = new Map<number, string>();

  return async () => {
    const everyone = await listEveryone(tree, platform);
    const members = new Map<number, Entry>();
    let size: number;
    do {
      size = members.size;
      for (const entry of everyone) {
        const isMember = entry.group === tree.pid || entry.isMarked || bornAt.get(entry.pid) === entry.born;
        if (isMember || members.has(entry.parent)) members.set(entry.pid, entry);
      }
    } while (members.size > size);

    for (const { pid, born } of members.values()) bornAt.set(pid, born);
    return [...members.values()];
  };
}

interface Entry extends Member {
  readonly parent: number;
  /** Start time in the platform's own notation; with the id it names a process for good. */
  readonly born: string;
  readonly isMarked: boolean;
}

async function listEveryone(tree: Tree, platform: NodeJS.Platform): Promise<Entry[]> {
  try {
    return platform === 'linux' ? readProc(tree.mark) : await runPs();
  } catch {
    // No /proc, or nothing more can be started, which is just when children must go: the group is known in any case.
    return isGroupAlive(tree.pid) ? [{ pid: tree.pid, parent: 0, group: tree.pid, born: '', isMarked: false }] : [];
  }
}

/** Synchronous on purpose: /proc is memory, so that this takes some 30 µs a process and needs no file handles at once. */
function readProc(mark: string): Entry[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const stat = Number.isNaN(pid) ? undefined : readIfThere(`/proc/${name}/stat`);
    if (!stat) return [];
    // The second field is the program's name in parentheses and may hold anything: proc_pid_stat(5).
    const [state, parent, group, ...more] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const born = more[16] ?? '';
    const isOfKernel = group === '0';
    if (isDead(state) || isOfKernel) return [];
    const isMarked = `\0${readIfThere(`/proc/${name}/environ`)}`.includes(`\0${MARK}=${mark}\0`);
    return [{ pid, parent: Number(parent), group: Number(group), born, isMarked }];
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // Gone since it was listed, or another user's: not ours in either case.
  }
}

async function runPs(): Promise<Entry[]> {
  const columns = ['pid=', 'ppid=', 'pgid=', 'stat=', 'lstart='].flatMap((column) => ['-o', column]);
  const { stdout } = await promisify(execFile)('ps', ['-A', ...columns], { env: { ...process.env, LC_ALL: 'C' } });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, group, state, born = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || isDead(state)) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), born, isMarked: false }];
  });
}

/** Ended, and only waiting for its parent (in a container without an init: forever) to take notice. */
function isDead(state: string | undefined): boolean {
  return state?.startsWith('Z') === true || state?.startsWith('X') === true;
}

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false; // ESRCH: nobody there.
  }
}
