import { CLIENTS, type ClientWord, type Reachable } from './clients.ts';
import type { Paint } from './paint.ts';

export interface ConnectOptions {
  readonly columns: number;
  readonly paint: Paint;
}

/** What to paste where, so that clients find the bridge: a line each. */
export function connectText(bridge: Reachable, { columns, paint }: ConnectOptions): string {
  return [
    `  ${paint('bold', 'Connect')}  ${paint('dim', 'with a command, or with an entry among the servers in mcp.json')}`,
    ...SHOWN.map((word) => lineFor(word, bridge, columns)),
  ].join('\n');
}

/** The others are shown by `mcp-bridge connect`. */
const SHOWN: readonly ClientWord[] = ['claude-code', 'codex', 'vscode', 'cursor', 'inspector', 'chatgpt'];

function lineFor(word: ClientWord, bridge: Reachable, columns: number): string {
  const { title, guide } = CLIENTS[word];
  const found = guide(bridge);
  const parts = 'lack' in found ? [found.lack] : found.brief;
  const line = label(title) + parts.join(' ');
  return line.length <= columns ? line : label(title) + parts.join(` \\\n${label('')}`);
}

function label(text: string): string {
  return `  ${text}`.padEnd(LABEL_WIDTH);
}

const LABEL_WIDTH = '  Claude Code  '.length;
