import { oneLine } from '../log.ts';

/** A text of somebody else's as a terminal may have it: with its lines, but without what drives a terminal. */
export function printable(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line.replaceAll('\t', '    ')))
    .join('\n');
}
