import { describe, expect, it } from 'vitest';
import { LiveBlock } from '../../src/terminal/live-block.ts';
import { Screen, type ScreenOptions } from './screen.ts';

function openBlock(options?: ScreenOptions) {
  const screen = new Screen(options);
  return { screen, block: new LiveBlock(screen, { canMoveCursor: true }) };
}

describe('a live block', () => {
  it('is redrawn in place, shorter or longer', () => {
    const { screen, block } = openBlock();
    block.show(['files  starting', 'memory  starting']);
    block.show(['files  ready']);
    expect(screen.text()).toBe('files  ready');
    block.show(['files  ready', '', 'memory  ready']);
    expect(screen.text()).toBe('files  ready\n\nmemory  ready');
  });

  it('stays below what is printed meanwhile', () => {
    const { screen, block } = openBlock({ columns: 20 });
    block.print('first');
    block.show(['files', 'memory']);
    block.print('second line, which is longer than a row');
    block.show(['files ready', 'memory']);
    block.print('third');
    expect(screen.text().split('\n')).toEqual([
      'first',
      'second line, which i',
      's longer than a row',
      'third',
      'files ready',
      'memory',
    ]);
  });

  it('stays in place at the bottom of a terminal that scrolls', () => {
    const { screen, block } = openBlock({ rows: 4 });
    for (let line = 1; line <= 6; line += 1) {
      block.print(`line ${line}`);
      block.show(['files', 'memory']);
    }
    expect(screen.text()).toBe(
      ['line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'line 6', 'files', 'memory'].join('\n'),
    );
  });

  it('takes one row a line, however wide it is', () => {
    const { screen, block } = openBlock({ columns: 10 });
    for (const end of ['…', '…', 'x']) block.show([`0123456789012345${end}`, '你好你好你好你好', 'memory']);
    const [first = '', ...others] = screen.text().split('\n');
    expect(first).toHaveLength(10);
    expect(first).toMatch(/^012345678/);
    expect(others).toHaveLength(2);
  });

  it('covers the rows that a terminal makes of it when it becomes narrower', () => {
    const { screen, block } = openBlock({ columns: 20 });
    block.show(['01234567890123456789', '0123456789', '']);
    screen.columns = 7;
    block.show(['012345']);
    // 20, 10 and no characters fill 3, 2 and 1 rows of 7.
    expect(screen.writes.at(-1)).toContain('\x1b[6A');
  });

  it('counts a line that was cut off as it was seen', () => {
    const { screen, block } = openBlock({ columns: 10 });
    block.show(['\x1b[31m0123456789012345678901234567890123456789\x1b[39m']);
    screen.columns = 5;
    block.show([]);
    expect(screen.writes.at(-1)).toContain('\x1b[2A');
  });

  it('leaves nothing behind when it is cleared', () => {
    const { screen, block } = openBlock();
    block.print('first');
    block.show(['files', 'memory']);
    block.clear();
    block.clear();
    block.print('second');
    expect(screen.text()).toBe('first\nsecond');
  });

  it('prints over what was typed', () => {
    const { screen, block } = openBlock();
    block.print('first');
    screen.write('^C');
    block.print('x');
    expect(screen.text()).toBe('first\nx');
  });

  it('makes each change with a single write, after which the terminal is as before', () => {
    const { screen, block } = openBlock();
    const changes = [() => block.show(['files']), () => block.print('text'), () => block.clear()];
    for (const [index, change] of changes.entries()) {
      change();
      expect(screen.writes).toHaveLength(index + 1);
      expect(screen).toMatchObject({ cursorIsVisible: true, wraps: true });
    }
  });

  it('is not drawn on a terminal whose cursor cannot be moved', () => {
    const screen = new Screen();
    const block = new LiveBlock(screen, { canMoveCursor: false });
    block.print('first');
    block.show(['files']);
    block.print('second');
    block.clear();
    expect(screen.writes).toEqual(['first\n', 'second\n']);
  });

  it('takes 24 rows of 80 columns for granted where the terminal does not tell', () => {
    const block = new LiveBlock(new Screen({ columns: 0, rows: 0 }), { canMoveCursor: true });
    expect(block).toMatchObject({ columns: 80, rows: 24 });
  });
});
