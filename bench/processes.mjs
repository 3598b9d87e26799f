import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_FOLDER = fileURLToPath(new URL('..', import.meta.url));

const isWindows = process.platform === 'win32';
// The unit of /proc/PID/stat, the same on every Linux that Node runs on.
const MS_PER_TICK = 10;
const STOP_PATIENCE_MS = 3000;
const STDERR_TAIL = 400;
// A bridge that starts `node` by name gets the Node that runs the bench. What it keeps is neither the user's, nor as large as theirs may be.
const stateFolder = mkdtempSync(join(tmpdir(), 'mcp-bridge-bench-'));
const env = {
  ...process.env,
  PATH: dirname(process.execPath) + delimiter + process.env.PATH,
  MCP_BRIDGE_STATE_FOLDER: stateFolder,
};

/** What was started and not yet stopped, so that none outlives the bench. */
const running = new Set();
process.once('exit', () => {
  for (const { child } of running) killGroup(child);
  rmSync(stateFolder, { recursive: true, force: true });
});

/** Starts `node argv...` in the project's folder, in a process group of its own. `stdout` is 'ignore' or 'pipe'. */
export function launch(argv, { stdout = 'ignore' } = {}) {
  const options = { cwd: PROJECT_FOLDER, env, stdio: ['pipe', stdout, 'pipe'], detached: !isWindows };
  const child = spawn(process.execPath, argv, options);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-STDERR_TAIL);
  });

  const launched = {
    child,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    errors: () => errors.trim(),
    /** Resolves when the process is gone; whatever it left in its group is killed. */
    async stop() {
      const killer = setTimeout(() => killGroup(child), STOP_PATIENCE_MS);
      child.kill();
      await gone;
      clearTimeout(killer);
      if (running.delete(launched)) killGroup(child);
    },
  };
  running.add(launched);
  return launched;
}

/** Stops everything that was started. */
export async function stopAll() {
  await Promise.all([...running].map((launched) => launched.stop()));
}

function killGroup(child) {
  try {
    if (isWindows) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** CPU time in ms that this process has used: all its threads, none of its children. Undefined on Windows. */
export function cpuMs(pid) {
  if (isWindows) return undefined;
  if (process.platform !== 'linux')
    return (
      readPs('time', pid)
        .split(':')
        .reduce((sum, part) => sum * 60 + Number(part), 0) * 1000
    );
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): utime and stime are fields 14 and 15; the name, field 2, may hold spaces and ends at the last parenthesis.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * MS_PER_TICK;
}

/** Resident memory of this process alone, in MiB. Undefined on Windows. */
export function rssMiB(pid) {
  if (isWindows) return undefined;
  if (process.platform !== 'linux') return Number(readPs('rss', pid)) / 1024;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

function readPs(column, pid) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
