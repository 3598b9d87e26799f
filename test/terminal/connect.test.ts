import { describe, expect, it } from 'vitest';
import { connectText } from '../../src/terminal/connect.ts';
import { createPaint } from '../../src/terminal/paint.ts';
import { statusWith, URLS } from './servers.ts';

const linesWith = (publicUrl: string | undefined, columns = 200) =>
  connectText(
    { ...statusWith([]), urls: { ...URLS, public: publicUrl } },
    { columns, paint: createPaint(false) },
  ).split('\n');

describe('ChatGPT', () => {
  it('is told the public URL', () => {
    expect(linesWith('https://h.example/mcp').at(-1)).toMatch(/^ {2}ChatGPT {6}.*: https:\/\/h\.example\/mcp$/);
  });

  it('cannot do without one, which is said', () => {
    expect(linesWith(undefined).at(-1)).toMatch(/^ {2}ChatGPT {6}needs /);
  });
});

describe('a program on this computer', () => {
  it('is told the address here, whatever it is elsewhere', () => {
    expect(linesWith('https://h.example/mcp')[1]).toBe(
      '  Claude Code  claude mcp add --transport http bridge http://127.0.0.1:8000/mcp',
    );
  });

  it('is told it in lines that fit', () => {
    const lines = linesWith(undefined, 80);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.some((line) => line.endsWith(' \\'))).toBe(true);
    expect(linesWith(undefined, 200).some((line) => line.endsWith(' \\'))).toBe(false);
  });
});
