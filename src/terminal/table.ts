import { pad, widthOf } from './width.ts';

/** Rows of cells as lines, the cells of a column below each other. The last column takes what room it needs. Those in `right` are of numbers. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly number[] } = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  const align = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return right.includes(column) ? ' '.repeat(width - widthOf(cell)) + cell : pad(cell, width);
  };
  return rows.map((row) => row.map(align).join('  ').trimEnd());
}
