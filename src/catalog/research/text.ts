import { RawJson } from '../../protocol/raw-json.ts';
import { isLikeAnId, isTelling } from './record.ts';

/**
 * The records in text that lists them as lines of `Title: ...` and `URL: ...`, as servers of search engines do. Each begins with the same
 * label: the first that comes twice, as there may be a legend above them all. Above each there may be a heading.
 */
export function labelledRecords(text: string): RawJson[] {
  const lines = text.split(/\r?\n/).map((line) => toLine(line.slice(0, LONGEST_LINE)));
  const begins = beginningOf(lines);
  const records: Map<string, string>[] = [];
  let heading = '';
  for (const { label, value } of lines) {
    if (label === undefined) {
      heading = value || heading;
      continue;
    }
    if (label === begins) records.push(new Map([['heading', heading]]));
    const record = records.at(-1);
    if (record && !record.has(label)) record.set(label, value);
  }
  return records.map((record) => RawJson.of(Object.fromEntries(record)));
}

interface Line {
  readonly label: string | undefined;
  readonly value: string;
}

function toLine(line: string): Line {
  const [, label, value] = LABELLED.exec(line) ?? [];
  if (label === undefined || value === undefined) return { label: undefined, value: unmarked(line) };
  // A legend, and no id, has words there.
  const isLegend = isLikeAnId(label) && !isIdentifier(unquoted(value));
  return isLegend ? { label: undefined, value: '' } : { label, value: unquoted(value) };
}

function beginningOf(lines: readonly Line[]): string | undefined {
  const labels = lines.flatMap(({ label }) => (label !== undefined && isTelling(label) ? [label] : []));
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.find((label) => counts.get(label) !== 1) ?? labels[0];
}

/** The lines of text that is nothing but a list of paths, or of URIs. */
export function listedPaths(text: string): RawJson[] {
  const lines = text.split('\n').map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  return filled.every((line) => isPath(line)) ? filled.map((line) => RawJson.of(line)) : [];
}

/** The links that are written as Markdown has them. */
export function markdownLinks(text: string): RawJson[] {
  return Array.from(text.matchAll(MARKDOWN_LINK), ([, title, url]) => RawJson.of({ title, url }));
}

/** Whether something looks like what a machine gave out, rather than like words about it. */
export function isIdentifier(text: string): boolean {
  return !/\s/.test(text) || isPath(text);
}

/** Whether this is how a server says that it has found nothing. */
export function saysNothing(text: string): boolean {
  const said = text.trim();
  return said === '' || (said.length <= LONGEST_LINE && NOTHING.test(said));
}

function isPath(text: string): boolean {
  return /^(?:~?\/|\.{1,2}\/|[a-z]:[\\/]|[a-z][a-z\d+.-]*:\/\/)/i.test(text);
}

function unmarked(line: string): string {
  return line.replace(/^[\s>#*\-\d.)]+/, '').replace(/[*\s]+$/, '');
}

function unquoted(value: string): string {
  return value.trim().replace(/^[<`"*]+|[>`"*]+$/g, '');
}

/** What is longer is text, and no line of a list. Characters. It also bounds what the expressions here may try. */
const LONGEST_LINE = 1000;
const LABELLED = /^[\s>#*\-\d.)]*(\p{L}[\p{L}\p{N} _-]{0,49})\**\s*:\s*\**\s*(\S.*)$/u;
const MARKDOWN_LINK = /\[([^[\]\n]{1,200})\]\((https?:\/\/[^\s()<>[\]]{1,2000})\)/g;
const NOTHING =
  /^(?:sorry\W+|found |there (?:are|were) )?(?:no|0|zero|nothing)\b[^.,;:]{0,80}\b(?:found|match\w*|results?|hits)\b/i;
