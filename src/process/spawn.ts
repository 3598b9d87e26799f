import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import spawn from 'cross-spawn';
import type { BridgeError } from '../errors.ts';
import { waitAtMost } from './deadline.ts';
import { childEnvironment } from './environment.ts';
import { MARK } from './process-table.ts';
import { readFairly } from './read-fairly.ts';
import { explainSpawnFailure } from './spawn-failure.ts';
import { createStderrTail } from './stderr-tail.ts';
import { createTerminator, type TerminateOptions } from './terminate.ts';
import type { Watchdog } from './watchdog.ts';

export interface SpawnOptions {
  /** Of the server, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute working folder. */
  readonly cwd: string;
  /** On top of what `childEnvironment` lets through. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether `command` is one line for the platform's shell (then `args` is empty). Default false. */
  readonly shell?: boolean;
  readonly watchdog: Watchdog;
  /** From the end of stdin to SIGTERM when it is terminated. Milliseconds, default 2000. */
  readonly grace?: number;
  /** Hears each line of stderr, without control characters and cut to a sensible length. */
  readonly onStderrLine?: (line: string) => void;
  /** Takes out of a line of stderr what nobody is to see, before it is kept, heard or cut. */
  readonly redact?: (line: string) => string;
}

/** How a process ended; both null when it never ran. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Only on Windows, where cmd.exe finds out after the start that there is no such command. */
  readonly spawnError?: BridgeError;
}

export interface ServerProcess {
  readonly pid: number;
  /** Never throws and needs no error listener: what is written to a dead process is lost, and `exited` tells. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has exited and its stdout was read to the end, or half a second later if others hold it open. */
  readonly exited: Promise<Exit>;
  /** Its last lines of stderr, oldest first. */
  stderrTail(): readonly string[];
  /** Ends it with all it started and resolves when that is gone; see `createTerminator`. Happens by itself when the process exits. */
  terminate(how?: TerminateOptions): Promise<void>;
}

/**
 * Starts a server as the leader of its own process group, without a shell unless asked, without a console window on Windows.
 * Resolves when it runs; rejects with `SPAWN` and what to do about it when it cannot be started.
 */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const { watchdog, grace, onStderrLine, redact } = options;
  const { listProcesses } = watchdog;
  const mark = `${watchdog.mark}.${randomBytes(6).toString('hex')}`;
  const env: NodeJS.ProcessEnv = { ...childEnvironment(options.env), [MARK]: mark };
  const explain = (cause: unknown) => explainSpawnFailure({ ...options, path: env.PATH ?? env.Path }, cause);

  const child = await start(options, env).catch((cause) => {
    throw explain(cause);
  });

  const { pid, stdin, stdout, stderr } = child;
  const streams = [stdin, stdout, stderr];
  for (const stream of streams) stream.on('error', () => {}); // EPIPE and its like: the process is gone, and `exited` tells.
  const tail = createStderrTail(onStderrLine, redact);
  readFairly(stderr, tail.write);

  const closed = new Promise((resolve) => child.once('close', resolve));
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (cause) => resolve({ code: null, signal: null, spawnError: explain(cause) }));
  });
  const exited = exit.then(async (how) => {
    await waitAtMost(DRAIN_LIMIT, closed);
    tail.end();
    return how;
  });

  const endTree = createTerminator({ tree: { pid, mark }, stdin, exited: exit, grace, listProcesses });
  const terminate = async (how?: TerminateOptions) => {
    await endTree(how);
    watchdog.remove(pid);
    await waitAtMost(DRAIN_LIMIT, exited);
    for (const stream of streams) stream.destroy(); // Who still held them open was out of reach; they must not keep the bridge alive.
  };
  void exit.then(() => terminate());

  return { pid, stdin, stdout, exited, stderrTail: tail.lines, terminate };
}

/** Calls in flight must hear of the exit within a second, though a grandchild may hold stdout open for hours. Milliseconds. */
const DRAIN_LIMIT = 500;

/** Once it runs, it has an id and all three pipes. */
type RunningProcess = ChildProcessWithoutNullStreams & { readonly pid: number };

async function start(
  { command, args, cwd, shell, watchdog }: SpawnOptions,
  env: NodeJS.ProcessEnv,
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    cwd,
    env,
    shell,
    stdio: 'pipe',
    windowsHide: true,
    // Its own group, so that all of it can be signalled, and the terminal's Ctrl-C reaches the bridge alone. On Windows: a console window.
    detached: process.platform !== 'win32',
  });
  if (child.pid !== undefined) watchdog.add(child.pid);
  await once(child, 'spawn');
  return child as RunningProcess;
}

/** Says how a process ended, for errors: `exited with code 1; its last words: ...`. */
export function describeExit({ code, signal, spawnError }: Exit, stderrTail: readonly string[]): string {
  if (spawnError) return spawnError.message;
  const end = signal ? `was ended by ${signal}` : `exited with code ${code}`;
  return stderrTail.length === 0 ? end : `${end}; its last words: ${stderrTail.join(' | ')}`;
}
