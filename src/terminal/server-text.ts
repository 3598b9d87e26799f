import type { ServerStatus } from '../bridge/status.ts';
import { oneLine } from '../log.ts';
import { cut, pad, widthOf } from './width.ts';

/** Single signs in front of a server's name. */
export const SIGNS = { ready: '✓', failed: '✗', idle: '·' } as const;

/** Said of a lazy server. */
export const LAZY = 'starts with its first request';

/** Creates what brings names to the same width: that of the longest, within reason. */
export function createNameColumn(servers: readonly ServerStatus[], heading = ''): (name: string) => string {
  const longest = Math.max(widthOf(heading), ...servers.map(({ name }) => widthOf(oneLine(name))));
  const width = Math.min(longest, LONGEST_NAME);
  return (name) => pad(cut(oneLine(name), width), width);
}

const LONGEST_NAME = 24;

/** Why a server is not there, in one line, without its name, which the reader has seen already. */
export function reasonOf({ name, error = '' }: ServerStatus): string {
  return oneLine(error.startsWith(`${name}: `) ? error.slice(name.length + 2) : error);
}

export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
