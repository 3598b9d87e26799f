import type { ServerStatus } from '../bridge/status.ts';
import type { Paint } from './paint.ts';
import { createNameColumn, inSeconds, LAZY, reasonOf, SIGNS } from './server-text.ts';
import { cut, widthOf } from './width.ts';

export interface ProgressOptions {
  /** Milliseconds since the servers were started. */
  readonly elapsed: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** How the servers come up: a line each, not wider than `columns`, and fewer than `rows`. */
export function progressLines(servers: readonly ServerStatus[], options: ProgressOptions): string[] {
  const { columns, rows, paint } = options;
  const inColumn = createNameColumn(servers);
  // One row is for the cursor, and one for the words about the rest.
  const shown = servers.length < rows ? servers : servers.slice(0, Math.max(0, rows - 2));
  const lines = shown.map((server) => {
    const { sign, color, word, detail } = describe(server, options.elapsed);
    const name = inColumn(server.name);
    const room = columns - widthOf(`s ${name}  ${word}  `);
    return `${paint(color, sign)} ${name}  ${paint(color, word)}  ${paint('dim', cut(detail, room))}`;
  });
  return shown.length === servers.length ? lines : [...lines, `  and ${servers.length - shown.length} more`];
}

interface Description {
  readonly sign: string;
  readonly color: 'cyan' | 'dim' | 'green' | 'red';
  readonly word: string;
  readonly detail: string;
}

function describe(server: ServerStatus, elapsed: number): Description {
  const { state, tools, readOnlyTools, startedIn, lastWords = '' } = server;
  if (state === 'failed') return { sign: SIGNS.failed, color: 'red', word: 'failed', detail: reasonOf(server) };
  if (state === 'idle') return { sign: SIGNS.idle, color: 'dim', word: 'idle', detail: LAZY };
  if (state === 'ready' && tools !== undefined && startedIn !== undefined) {
    const detail = `${tools} ${tools === 1 ? 'tool' : 'tools'} (${readOnlyTools} read-only)  ${inSeconds(startedIn)}`;
    return { sign: SIGNS.ready, color: 'green', word: 'ready', detail };
  }
  return { sign: spinner(elapsed), color: 'cyan', word: `${Math.floor(elapsed / 1000)} s`, detail: lastWords };
}

/** A sign that turns. */
export function spinner(elapsed: number): string {
  return SPINNER.charAt(Math.floor(elapsed / TURN_TIME) % SPINNER.length);
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
/** Milliseconds a sign of the spinner is seen. */
const TURN_TIME = 100;
