import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/bridge/status.ts';
import { createPaint } from '../../src/terminal/paint.ts';
import { type ProgressOptions, progressLines } from '../../src/terminal/progress.ts';
import { widthOf } from '../../src/terminal/width.ts';
import { failedServer, lazyServer, server, startingServer } from './servers.ts';

function linesOf(servers: readonly ServerStatus[], options: Partial<ProgressOptions> = {}): string[] {
  return progressLines(servers, { elapsed: 0, columns: 80, rows: 24, paint: createPaint(false), ...options });
}

describe('the progress', () => {
  it('has a line for each server, with what it has come to', () => {
    const servers = [
      startingServer('files', 'npm warn deprecated'),
      server('memory'),
      failedServer('search', 'command not found: srch'),
      lazyServer('rare'),
    ];
    expect(linesOf(servers, { elapsed: 12_345 })).toEqual([
      '⠸ files   12 s  npm warn deprecated',
      '✓ memory  ready  12 tools (5 read-only)  1.2 s',
      '✗ search  failed  command not found: srch',
      '· rare    idle  starts with its first request',
    ]);
  });

  it('says "tool" of a single one', () => {
    expect(linesOf([server('one', { tools: 1, readOnlyTools: 0 })])).toEqual([
      '✓ one  ready  1 tool (0 read-only)  1.2 s',
    ]);
  });

  it('goes on until a server that is up has told its tools', () => {
    expect(linesOf([{ ...startingServer('files'), state: 'ready' }])).toEqual(['⠋ files  0 s  ']);
  });

  it('moves while it lasts', () => {
    const frames = [0, 100, 200].flatMap((elapsed) => linesOf([startingServer('files')], { elapsed }));
    expect(new Set(frames).size).toBe(3);
  });

  it('shows that a server that failed is being started again', () => {
    const again = {
      ...failedServer('files', 'exited with code 1'),
      state: 'starting',
      lastWords: 'second try',
    } as const;
    expect(linesOf([again])).toEqual(['⠋ files  0 s  second try']);
  });

  it.each([120, 80, 40, 20])('is not wider than a terminal of %i columns', (columns) => {
    const words = 'moved 你好 to a very long place '.repeat(20);
    const lines = linesOf([startingServer('files', words), failedServer('search', words), server('memory')], {
      columns,
    });
    // Signs and ellipses are narrower than they are counted.
    for (const line of lines) expect(widthOf(line.replaceAll(/[…⠋✓✗]/g, '.'))).toBeLessThanOrEqual(columns);
  });

  it('lets no server drive the terminal', () => {
    const [line, ...others] = linesOf([failedServer('evil\x1b[2J', 'I am\nhere\x1b]0;title\x07')]);
    expect(line).toBe('✗ evil [2J  failed  I am here ]0;title ');
    expect(others).toEqual([]);
  });

  it('cuts names that would take all the room', () => {
    expect(linesOf([server('n'.repeat(100)), server('short')])[1]).toMatch(/^✓ short {21}ready/);
  });

  it('has fewer lines than the terminal has rows, and counts the rest', () => {
    const servers = Array.from({ length: 30 }, (_, index) => server(`s${index}`));
    const lines = linesOf(servers, { rows: 10 });
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe('  and 22 more');
    expect(linesOf(servers.slice(0, 9), { rows: 10 })).toHaveLength(9);
  });
});
