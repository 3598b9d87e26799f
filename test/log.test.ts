import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLog, LOG_LEVELS, type LogOptions } from '../src/log.ts';

function createBook(options: LogOptions = {}) {
  const lines: string[] = [];
  return { log: createLog({ ...options, write: (line) => void lines.push(line) }), lines };
}

/** What a child's words could do to a log: end the line and begin one of its own, or drive the terminal. */
const HOSTILE = 'a\n12:00:00.000 error forged\r\u001b[2J\u009b31m\u0000\u0085\u007f';

describe('a log', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['none', []],
  ] as const)('of level %s writes %j', (level, expected) => {
    const { log, lines } = createBook({ level });
    for (const at of ['debug', 'info', 'warn', 'error'] as const) log[at](`at ${at}`);
    expect(lines.map((line) => line.slice(13))).toEqual(expected.map((at) => `${at.padEnd(5)} at ${at}`));
    expect(LOG_LEVELS).toContain(level);
  });

  it('writes info and above unless told', () => {
    const { log, lines } = createBook();
    log.debug('not seen');
    log.info('seen');
    expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} info {2}seen$/)]);
  });

  it('writes to stderr, since stdout belongs to MCP', () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());
    createLog().info('hello');
    expect(stdout).not.toHaveBeenCalled();
    expect(stderr.mock.calls).toEqual([[expect.stringMatching(/ info {2}hello\n$/)]]);
  });
});

describe('text', () => {
  it('names its fields, quotes those that need it, and leaves out those that are not known', () => {
    const { log, lines } = createBook();
    log.info('listening', {
      port: 8000,
      ok: true,
      url: 'http://127.0.0.1:8000/mcp',
      reason: 'no "such" file',
      empty: '',
      none: undefined,
    });
    expect(lines[0]?.slice(13)).toBe(
      'info  listening port=8000 ok=true url=http://127.0.0.1:8000/mcp reason="no \\"such\\" file" empty=""',
    );
  });

  it('has one line for each event and nothing that drives a terminal, whatever the message and the fields hold', () => {
    const { log, lines } = createBook();
    log.warn(HOSTILE, { field: HOSTILE });
    expect(lines).toHaveLength(1);
    const line = lines[0] as string;
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(stripVTControlCharacters(line)).toBe(line);
    expect(line.slice(13)).toMatch(/^warn {2}a 12:00:00\.000 error forged \[2J 31m {2}field="a\\n12:00:00/);
  });
});

describe('JSON', () => {
  it('has one object for each event, with the time, the level, the message and the fields', () => {
    const { log, lines } = createBook({ format: 'json' });
    log.error('failed', { name: 'files', code: 3, none: undefined });
    const { time, ...rest } = JSON.parse(lines[0] as string);
    expect(new Date(time).toISOString()).toBe(time);
    expect(rest).toEqual({ level: 'error', message: 'failed', name: 'files', code: 3 });
  });

  it('has one line for each event, and gives back what was said', () => {
    const { log, lines } = createBook({ format: 'json' });
    log.info(HOSTILE, { field: HOSTILE });
    expect(lines[0]).not.toMatch(/[\r\n]/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ message: HOSTILE, field: HOSTILE });
  });
});
