/** The text, shortened with an ellipsis if need be to fit into so many columns of a terminal. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let room = columns - 1;
  let kept = '';
  for (const character of text) {
    room -= widthOf(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The text, filled up with spaces to so many columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * How many columns a text takes at most. Scripts with wide characters begin at U+1100; that some beyond it are narrow, or
 * are drawn together with their neighbours, only makes a line end early.
 */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += character < '\u1100' ? 1 : 2;
  return width;
}
