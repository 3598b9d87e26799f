import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Longer than any start takes on a busy machine, shorter than vitest's limit. Milliseconds. */
const READY_LIMIT = 25_000;

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment. */
  readonly env?: Record<string, string | undefined>;
}

/** A bridge that was started by a command around it: a script, npm, a shell. */
export interface CommandBridge extends AsyncDisposable {
  readonly url: string;
  readonly sseUrl: string;
}

/**
 * Runs a command that starts a bridge with `--log-format json`, until it listens. Ended as with Ctrl-C in a terminal: all
 * processes of the command are told. Rejects with the collected stderr when the command ends first.
 */
export async function startCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandBridge> {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  const tellAll = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  let text = '';
  const listening = new Promise<RegExpExecArray>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = LISTENING.exec(text);
      if (found) resolve(found);
    });
  });
  const limit = setTimeout(() => tellAll('SIGKILL'), READY_LIMIT);
  const found = await Promise.race([listening, closed]).finally(() => clearTimeout(limit));
  if (!('groups' in found)) throw new Error(`The command ended before its bridge listened:\n${text}`);
  const [, url = '', sseUrl = ''] = found;
  return {
    url,
    sseUrl,
    [Symbol.asyncDispose]: async () => {
      tellAll('SIGINT');
      await closed;
    },
  };
}

const LISTENING = /"message":"listening","mcp":"([^"]+)","sse":"([^"]+)"/;
