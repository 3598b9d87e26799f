import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { waitAtMost } from './deadline.ts';
import { createProcessTable, type ListProcesses, MARK } from './process-table.ts';

/** Watches over all children of the bridge, and ends the registered groups and what left them when it is gone, however it went. */
export interface Watchdog {
  /** Starts the mark of every tree that is registered here; see `Tree`. */
  readonly mark: string;
  /** Here, because all children share it. */
  readonly listProcesses: ListProcesses;
  /** Registers a process group. */
  add(group: number): void;
  /** Takes it back. Due as soon as the group is gone: its number may be given to others. */
  remove(group: number): void;
  /** Ends what is still registered (SIGTERM, 3 s, SIGKILL) and resolves when the watchdog is gone. */
  close(): Promise<void>;
}

export interface WatchdogOptions {
  readonly log?: Pick<Log, 'warn'>;
  readonly platform?: NodeJS.Platform;
}

/**
 * A small shell, since kill -9 leaves the bridge no time to do it itself: it starts with the first child and sleeps on a pipe that only
 * the bridge holds. When that closes, it acts. If it dies, another one takes over.
 *
 * On Windows it does nothing: a child's stdin closes with the bridge, and a server ends at that; there are neither groups to signal nor
 * a shell as small.
 */
export function createWatchdog({ log, platform = process.platform }: WatchdogOptions = {}): Watchdog {
  const mark = randomBytes(12).toString('hex');
  const groups = new Set<number>();
  let shell: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** All of them each time, so that nothing has to be kept in step. */
  const tell = () => {
    if (isClosed) return;
    if (!shell && groups.size > 0) shell = start();
    shell?.stdin?.write(`${[...groups].map((group) => -group).join(' ')}\n`);
  };

  const start = (): ChildProcess | undefined => {
    const onLost = (reason: string) => {
      shell = undefined;
      if (isClosed) return;
      log?.warn('The watchdog has ended; starting it again', { reason });
      clearTimeout(restart);
      restart = setTimeout(tell, RESTART_DELAY).unref();
    };
    try {
      const started = startShell(mark, platform);
      started.once('error', (error) => onLost(error.message));
      started.once('exit', (code, signal) => onLost(`exit ${code ?? signal}`));
      return started;
    } catch (error) {
      onLost(messageOf(error));
      return undefined;
    }
  };

  return {
    mark,
    listProcesses: createProcessTable(platform),
    add(group) {
      if (platform === 'win32') return;
      groups.add(group);
      tell();
    },
    remove(group) {
      if (groups.delete(group)) tell();
    },
    async close() {
      isClosed = true;
      clearTimeout(restart);
      if (!shell) return;
      const exited = once(shell, 'exit');
      shell.ref();
      shell.stdin?.end();
      await waitAtMost(CLOSE_LIMIT, exited);
    },
  };
}

/** A shell that cannot live here is not started in a loop. Milliseconds. */
const RESTART_DELAY = 1000;
/** More than it needs for its 3 s and two looks at the processes. Milliseconds. */
const CLOSE_LIMIT = 10_000;

/** In a session of its own, out of reach of the terminal's Ctrl-C; it holds nothing of the bridge's but the pipe, and never holds it up. */
function startShell(mark: string, platform: NodeJS.Platform): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', scriptFor(platform), 'mcp-bridge-watchdog', mark], {
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  shell.stdin?.on('error', () => {}); // EPIPE: the shell is gone, which its exit tells.
  return shell;
}

/**
 * Each line read holds all registered groups as negative numbers, as kill wants them. Early strays are those found while their parents
 * still live. Runs in dash, bash and busybox: so no `--` for kill, and whole seconds for sleep.
 */
function scriptFor(platform: NodeJS.Platform): string {
  return `
mark=$1
trap '' HUP INT TERM
groups=
while read -r line; do groups=$line; done
[ -n "$groups" ] || exit 0

strays() {
${platform === 'linux' ? STRAYS_BY_MARK : STRAYS_BY_PARENT}
}
send() {
  signal=$1 found=1
  shift
  for target; do kill "-$signal" "$target" && found=0; done
  return $found
}

early=$(strays)
send TERM $groups
for second in 1 2 3; do
  send 0 $groups $early || break
  sleep 1
done
send KILL $groups $early $(strays)
`;
}

/** One by one, since busybox's grep cannot search a file of strings that end in NUL. */
const STRAYS_BY_MARK = `
  for dir in /proc/[0-9]*; do
    [ -r "$dir/environ" ] && tr '\\000' '\\n' <"$dir/environ" | grep -q "^${MARK}=$mark" && echo "\${dir#/proc/}"
  done`;

const STRAYS_BY_PARENT = `
  ps -A -o pid= -o ppid= -o pgid= | awk -v groups="$groups" '
    BEGIN { split(groups, list, " "); for (i in list) wanted[-list[i]] }
    { parent[$1] = $2; if ($3 in wanted) tree[$1] }
    END {
      do {
        grown = 0
        for (pid in parent) if (!(pid in tree) && (parent[pid] in tree)) { tree[pid]; grown = 1 }
      } while (grown)
      for (pid in tree) print pid
    }'`;
