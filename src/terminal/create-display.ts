import { createLog, type LogLevel } from '../log.ts';
import type { Display } from './display.ts';
import type { TerminalStream } from './live-block.ts';
import { createLogDisplay } from './log-display.ts';
import { TerminalDisplay } from './terminal-display.ts';

export interface DisplayOptions {
  /** Where to show it: stderr, since stdout belongs to MCP in stdio mode. */
  readonly stream: TerminalStream & { readonly isTTY?: boolean };
  /** Where the owner types. */
  readonly input: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
}

/** Creates a display: pictures for a person at a terminal, log lines for everybody else. */
export function createDisplay({ stream, input, env, level, format }: DisplayOptions): Display {
  if (stream.isTTY && format === 'text' && level !== 'none') {
    return new TerminalDisplay({ stream, input, level, canMoveCursor: env.TERM !== 'dumb' });
  }
  return createLogDisplay(createLog({ level, format, write: (line) => void stream.write(`${line}\n`) }));
}
