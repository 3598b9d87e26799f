import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BridgeError, messageOf } from '../errors.ts';

export interface Attempt {
  /** Of the server, for the message. */
  readonly name: string;
  readonly command: string;
  readonly cwd: string;
  /** The child's PATH, in which the command was looked for. */
  readonly path: string | undefined;
}

/** Says why a command could not be started and what to do about it. Code `SPAWN`. */
export function explainSpawnFailure(attempt: Attempt, cause: unknown): BridgeError {
  return new BridgeError('SPAWN', `${attempt.name}: ${explain(attempt, codeOf(cause), cause)}`, { cause });
}

function explain({ command, cwd, path }: Attempt, code: string | undefined, cause: unknown): string {
  // The system answers ENOENT, EACCES and ENOTDIR for the folder as well as for the command.
  if (code && !existsSync(`${cwd}/.`))
    return `the working folder ${cwd} does not exist or may not be entered. Create it, or correct "cwd".`;
  switch (code) {
    case 'ENOENT':
      return explainMissing(command, cwd, path);
    case 'EACCES':
      return `${command} may not be executed. Make it executable (chmod +x), or start it through its interpreter.`;
    case 'EAGAIN':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return `the system is out of processes, files or memory (${code}), so ${command} was not started. End something, or raise the limit (ulimit).`;
    default:
      return `cannot start ${command}: ${messageOf(cause)}.`;
  }
}

function explainMissing(command: string, cwd: string, path: string | undefined): string {
  if (!/[\\/]/.test(command)) {
    const remedy = INSTALL[command.replace(/\.(exe|cmd)$/i, '')] ?? 'Is it installed and on the PATH?';
    return `command not found: ${command}. ${remedy}${shortPath(path)}`;
  }
  if (existsSync(resolve(cwd, command)))
    return `${command} exists, but the interpreter in its first line does not. Install it, or correct that line.`;
  return `command not found: ${command}. Check the path; a relative one starts at the working folder.`;
}

/** Programs that are started from a desktop get a short PATH, which is then the reason; a long one would only bury the message. */
function shortPath(path = ''): string {
  return path.length <= 80 ? ` (PATH=${path})` : '';
}

const NODE = 'Install Node.js (https://nodejs.org), or give its full path.';
const UV = 'Install uv (https://docs.astral.sh/uv), or give its full path.';

const INSTALL: Readonly<Record<string, string>> = {
  node: NODE,
  npm: NODE,
  npx: NODE,
  uv: UV,
  uvx: UV,
  pnpm: 'Install pnpm (https://pnpm.io), or give its full path.',
  bun: 'Install Bun (https://bun.sh), or give its full path.',
  bunx: 'Install Bun (https://bun.sh), or give its full path.',
  deno: 'Install Deno (https://deno.com), or give its full path.',
  docker: 'Install Docker (https://docs.docker.com/get-docker), or give its full path.',
  python: 'Install Python (https://www.python.org), or try "python3".',
  python3: 'Install Python (https://www.python.org), or give its full path.',
};

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}
