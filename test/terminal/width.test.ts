import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, pad, widthOf } from '../../src/terminal/width.ts';

describe('widthOf', () => {
  it.each([
    ['', 0],
    ['files', 5],
    ['Füße', 4],
    ['Ελλάδα', 6],
    ['你好', 4],
    ['파일', 4],
    ['🚀', 2],
  ])('counts the columns of %j: %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('cut', () => {
  it('leaves alone what fits', () => {
    expect(cut('files', 5)).toBe('files');
    expect(cut('你好', 4)).toBe('你好');
  });

  it('ends with an ellipsis what does not', () => {
    expect(cut('filesystem', 5)).toBe('file…');
  });

  it('takes no half of a wide character', () => {
    expect(cut('你好你好', 6)).toBe('你好…');
    expect(cut('你好你好', 5)).toBe('你好…');
    expect(cut('🚀🚀🚀', 4)).toBe('🚀…');
  });

  it.each([0, -3])('makes nothing of it where there is no room: %i columns', (columns) => {
    expect(cut('files', columns)).toBe('');
  });

  it('never makes more than the columns, whatever the text', () => {
    const arbitraryText = fc.string({ unit: 'binary', maxLength: 40 });
    const check = (text: string, columns: number) => widthOf(cut(text, columns).replace(/…$/, '.')) <= columns;
    fc.assert(fc.property(arbitraryText, fc.nat(30), check));
  });
});

describe('pad', () => {
  it('fills up with spaces, by columns and not by characters', () => {
    expect(pad('files', 8)).toBe('files   ');
    expect(pad('你好', 8)).toBe('你好    ');
    expect(pad('filesystem', 8)).toBe('filesystem');
  });
});
