/** What stands for a title where there is none: the last part of a path or URL, else how its text begins, else the id. */
export function titleFor(id: string, text: string | undefined): string {
  if (/[/\\]/.test(id)) return lastPart(id);
  return (text === undefined ? '' : firstLine(text)) || id;
}

/** The first line of a text that has one, cut to what fits a list. */
export function firstLine(text: string): string {
  const [line = ''] = text
    .trimStart()
    .slice(0, LONGEST_TITLE)
    .split(/[\r\n]/, 1);
  return wellFormed(line.trimEnd());
}

/** The heading that a document of Markdown begins with. */
export function headingOf(text: string): string | undefined {
  const line = firstLine(text);
  return line.startsWith('# ') ? line.slice(2).trim() || undefined : undefined;
}

/** Characters. */
const LONGEST_TITLE = 200;

/** The text up to a number of characters. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${wellFormed(text.slice(0, max).trimEnd())}…`;
}

function lastPart(id: string): string {
  const [path = ''] = id.split(/[?#]/, 1);
  const part = path.split(/[/\\]/).findLast((each) => each !== '') ?? id;
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // A path may have a `%` that escapes nothing.
  }
}

/** Without the half of a character that a cut may leave at the end. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '');
}
