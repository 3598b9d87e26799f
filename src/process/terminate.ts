import { execFile } from 'node:child_process';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { pause, waitAtMost } from './deadline.ts';
import type { ListProcesses } from './process-table.ts';
import { type Member, type Tree, trackTree } from './tree.ts';

export interface TerminatorOptions {
  readonly tree: Tree;
  /** Of the tree's leader: its end is how MCP asks a server to leave. */
  readonly stdin: Writable;
  /** Settles when the leader has exited. */
  readonly exited: Promise<unknown>;
  /** From the end of stdin to SIGTERM. Milliseconds, default 2000. */
  readonly grace?: number | undefined;
  readonly listProcesses: ListProcesses;
  readonly platform?: NodeJS.Platform;
}

export interface TerminateOptions {
  /** SIGKILL now, also when a gentler call is under way. */
  readonly immediately?: boolean;
}

/**
 * Returns a function that ends the leader and everything it started, wherever that moved, and resolves when all of it is gone:
 * end of stdin, `grace`, SIGTERM, 3 s, SIGKILL. Leftovers of a leader that is gone already get SIGTERM at once.
 * Never rejects; may be called again at any time. What outlives SIGKILL by 2 s is stuck in the kernel and no longer waited for.
 * On Windows `taskkill` ends the processes, without a gentle step: there is no SIGTERM.
 */
export function createTerminator(options: TerminatorOptions): (how?: TerminateOptions) => Promise<void> {
  const hurry = new AbortController();
  const end = (options.platform ?? process.platform) === 'win32' ? endOnWindows : endOnPosix;
  let ended: Promise<void> | undefined;
  return ({ immediately = false } = {}) => {
    if (immediately) hurry.abort();
    ended ??= end(options, hurry.signal);
    return ended;
  };
}

/** How long a server is given to end its children and write its files after SIGTERM. Milliseconds. */
const PATIENCE = 3000;
/** How long the kernel is given to clear away what was killed. Milliseconds. */
const LAST_WAIT = 2000;
/** Between two looks at the processes. Milliseconds. */
const POLL_INTERVAL = 100;

async function endOnPosix(
  { tree, stdin, exited, grace = 2000, listProcesses }: TerminatorOptions,
  hurry: AbortSignal,
): Promise<void> {
  const listMembers = trackTree(tree, listProcesses);
  await listMembers(); // Before the parents die, through whom some are found.
  stdin.end();
  await waitAtMost(grace, exited, hurry);
  const isGone = !hurry.aborted && (await signalUntilGone(tree, listMembers, 'SIGTERM', PATIENCE, hurry));
  if (!isGone) await signalUntilGone(tree, listMembers, 'SIGKILL', LAST_WAIT);
  await waitAtMost(LAST_WAIT, exited);
}

/** Tells the group, and each member that left it, once; returns whether all have gone within `limit` milliseconds. */
async function signalUntilGone(
  tree: Tree,
  listMembers: () => Promise<Member[]>,
  signal: NodeJS.Signals,
  limit: number,
  hurry?: AbortSignal,
): Promise<boolean> {
  const told = new Set<number>();
  for (const deadline = performance.now() + limit; ; ) {
    const members = await listMembers();
    if (members.length === 0) return true;
    if (hurry?.aborted || performance.now() > deadline) return false;
    for (const { pid, group } of members) {
      const target = group === tree.pid ? -group : pid;
      if (!told.has(target)) send(target, signal);
      told.add(target);
    }
    await pause(POLL_INTERVAL, hurry);
  }
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // ESRCH: it has just gone. EPERM: it took another user's rights, and only that user can end it.
  }
}

async function endOnWindows(
  { tree, stdin, exited, grace = 2000 }: TerminatorOptions,
  hurry: AbortSignal,
): Promise<void> {
  stdin.end();
  if (await waitAtMost(grace, exited, hurry)) return;
  const ignored = () => {}; // It fails when the process has just gone.
  await promisify(execFile)('taskkill', ['/PID', String(tree.pid), '/T', '/F'], { windowsHide: true }).catch(ignored);
  await waitAtMost(LAST_WAIT, exited);
}
