import type { Bridge } from '../bridge/bridge.ts';
import { createLog, type Log } from '../log.ts';
import { Animation } from './animation.ts';
import type { DisplayOptions } from './create-display.ts';
import { LiveBlock } from './live-block.ts';
import { createPaint } from './paint.ts';
import { progressLines } from './progress.ts';

/** What the owner sees of servers that are started for a command: nothing is left of it but the log. */
export interface StartDisplay {
  readonly log: Log;
  /** Shows how the servers come up until what they are needed for is done, and passes on what comes of it. */
  follow<Value>(bridge: Pick<Bridge, 'status'>, done: Promise<Value>): Promise<Value>;
  /** Ends what is redrawn all the time; the log goes on. Twice without harm. */
  close(): void;
}

/** Creates a display that is still where no person reads it. */
export function createStartDisplay({ stream, env, level, format }: Omit<DisplayOptions, 'input'>): StartDisplay {
  if (!stream.isTTY || format !== 'text') {
    const log = createLog({ level, format, write: (line) => void stream.write(`${line}\n`) });
    return { log, follow: (_bridge, done) => done, close() {} };
  }
  const block = new LiveBlock(stream, { canMoveCursor: env.TERM !== 'dumb' });
  const animation = new Animation(block, createPaint(stream.hasColors?.() ?? false));
  return {
    log: createLog({ level, format, write: (line) => block.print(line) }),
    follow: (bridge, done) => animation.run(done, (options) => progressLines(bridge.status().servers, options)),
    close: () => animation.stop(),
  };
}
