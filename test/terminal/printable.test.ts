import { describe, expect, it } from 'vitest';
import { printable } from '../../src/terminal/printable.ts';

describe('a text for a terminal', () => {
  it('keeps its lines, and tabs as spaces', () => {
    expect(printable('a\n\n  b\r\n\tc\n')).toBe('a\n\n  b\n    c\n');
  });

  it('drives nothing', () => {
    expect(printable('a\u001b[2Jb\u009b2Jc\rd\u0007')).toBe('a [2Jb 2Jc d ');
  });
});
