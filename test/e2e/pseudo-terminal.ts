import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { CLI } from '../support/bridge.ts';
import { Screen } from '../terminal/screen.ts';

export const COLUMNS = 80;
export const ROWS = 24;
export const CTRL_C = '\x03';

const { stdout: version } = spawnSync('script', ['--version'], { encoding: 'utf8' });
/** Whether terminals can be opened here. */
export const HAS_TERMINALS = version?.includes('util-linux') ?? false;

/** A terminal with a program in it. Its end is that of the program, for which Ctrl-C has to be enough. */
export interface Terminal extends AsyncDisposable {
  readonly screen: Screen;
  /** Resolves with the first match in what the screen shows. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** Takes the terminal away from the program, as closing its window does. */
  close(): void;
  /** Resolves with the exit code of the program. */
  readonly exited: Promise<number>;
}

/** Opens a terminal, and in it a bridge on a free port. */
export function openTerminal(...args: string[]): Terminal {
  return openTerminalWith(`exec ${bridgeLine(...args)}`);
}

/** What starts a bridge on a free port, as a line for a shell. */
export function bridgeLine(...args: string[]): string {
  return [process.execPath, CLI, '--port', '0', ...args].map((word) => `'${word}'`).join(' ');
}

/** Opens a terminal, and in it whatever a line of a shell starts. */
export function openTerminalWith(command: string): Terminal {
  const screen = new Screen({ columns: COLUMNS, rows: ROWS });
  // The pseudo-terminal of a `script` that has none itself is of no size.
  const line = `stty cols ${COLUMNS} rows ${ROWS}; ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/sh', NO_COLOR: undefined, FORCE_COLOR: undefined },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close').then(([code]) => code as number);
  child.stdin.on('error', () => {}); // It may have ended while Ctrl-C is on its way.
  // The terminal's driver has put a return before each line feed already.
  child.stdout.setEncoding('utf8').on('data', (text: string) => screen.write(text));
  return {
    screen,
    exited,
    async sees(pattern) {
      for (;;) {
        const found = pattern.exec(screen.text());
        if (found) return found;
        const ended = exited.then(() => Promise.reject(new Error(`The program ended, and left:\n${screen.text()}`)));
        await Promise.race([once(child.stdout, 'data'), ended]);
      }
    },
    type: (text) => void child.stdin.write(text),
    close: () => void child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.stdin.write(CTRL_C);
      await exited;
    },
  };
}
