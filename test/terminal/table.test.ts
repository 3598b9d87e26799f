import { describe, expect, it } from 'vitest';
import { alignColumns } from '../../src/terminal/table.ts';

describe('a table', () => {
  it('has its columns below each other, and no spaces at the ends of its lines', () => {
    expect(
      alignColumns([
        ['Name', 'State', 'More'],
        ['a', 'ready', ''],
        ['abcdef', 'x', 'y'],
      ]),
    ).toEqual(['Name    State  More', 'a       ready', 'abcdef  x      y']);
  });

  it('has numbers at the right of their column', () => {
    expect(
      alignColumns(
        [
          ['Tokens', 'x'],
          ['1,234', 'y'],
        ],
        { right: [0] },
      ),
    ).toEqual(['Tokens  x', ' 1,234  y']);
  });

  it('minds that some characters are wide', () => {
    expect(
      alignColumns([
        ['日本', 'a'],
        ['x', 'b'],
      ]),
    ).toEqual(['日本  a', 'x     b']);
  });

  it('may be empty', () => {
    expect(alignColumns([])).toEqual([]);
  });
});
