import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../src/bridge/status.ts';
import { createDisplay, type DisplayOptions } from '../../src/terminal/create-display.ts';
import type { Display } from '../../src/terminal/display.ts';
import { Screen, type ScreenOptions } from './screen.ts';
import { failedServer, server, startingServer, statusWith, URLS } from './servers.ts';

function openDisplay(options: Partial<DisplayOptions> & ScreenOptions = {}): { screen: Screen; display: Display } {
  const screen = new Screen(options);
  return { screen, display: createDisplay({ stream: screen, env: {}, level: 'info', format: 'text', ...options }) };
}

/** A bridge whose servers change when they are told to. */
function createBridge(...servers: ServerStatus[]) {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const bridge = { urls: URLS, settled, servers, status: () => statusWith(bridge.servers) };
  return { bridge, settle };
}

describe('the display on a terminal', () => {
  it('shows the servers while they start, and then a table of them in the same place', async () => {
    const { screen, display } = openDisplay();
    const { bridge, settle } = createBridge(startingServer('files', 'unpacking'));
    const followed = display.follow(bridge);
    expect(screen.text()).toMatch(/^mcp-bridge 1\.2\.3 on .*\n\n⠋ files {2}0 s {2}unpacking$/);
    display.log.warn('a warning');
    expect(screen.text()).toMatch(/^mcp-bridge .*\n[\d:.]+ warn {2}a warning\n\n⠋ files/);

    bridge.servers = [server('files')];
    settle();
    await followed;
    expect(screen.text()).toMatch(/^mcp-bridge .*\n[\d:.]+ warn {2}a warning$/);
    display.report(bridge);
    expect(screen.text()).toMatch(/a warning\n\n {2}Server .*\n✓ files .* ready\n\n {2}Streamable HTTP/);
  });

  it('keeps up with the servers', async () => {
    const { screen, display } = openDisplay();
    const { bridge, settle } = createBridge(startingServer('files'), startingServer('memory'));
    const followed = display.follow(bridge);
    bridge.servers = [server('files'), failedServer('memory', 'gone')];
    await expect.poll(() => screen.text()).toMatch(/✓ files {3}ready .*\n✗ memory {2}failed {2}gone$/);
    settle();
    await followed;
  });

  it('draws no more once it is closed, while the log goes on', async () => {
    const { screen, display } = openDisplay();
    const { bridge, settle } = createBridge(startingServer('files'));
    const followed = display.follow(bridge);
    display.close();
    display.close();
    display.log.info('ending');
    settle();
    await followed;
    display.report(bridge);
    expect(screen.text()).toMatch(/^mcp-bridge .*\n[\d:.]+ info {2}ending$/);
  });

  it('has colours where the terminal has', async () => {
    for (const hasColors of [true, false]) {
      const { screen, display } = openDisplay({ hasColors });
      const { bridge, settle } = createBridge(server('files'));
      settle();
      await display.follow(bridge);
      display.report(bridge);
      expect(screen.writes.join('').includes('\x1b[32m')).toBe(hasColors);
    }
  });

  it('moves no cursor where TERM is dumb', async () => {
    const { screen, display } = openDisplay({ env: { TERM: 'dumb' } });
    const { bridge, settle } = createBridge(server('files'));
    settle();
    await display.follow(bridge);
    display.report(bridge);
    expect(screen.writes.join('')).not.toContain('\x1b');
    expect(screen.text()).toMatch(/^mcp-bridge .*\n\n {2}Server .*\n✓ files/);
  });
});

interface LogCase {
  readonly case: string;
  readonly isTTY: boolean;
  readonly format: DisplayOptions['format'];
  readonly level: DisplayOptions['level'];
  readonly expected: readonly string[];
}

const LOG_CASES: LogCase[] = [
  {
    case: 'in a pipe',
    isTTY: false,
    format: 'text',
    level: 'info',
    expected: [
      `info  listening mcp=${URLS.mcp} sse=${URLS.sse} local=${URLS.local}\n`,
      'info  files: ready tools=12 readOnly=5 hidden=7 ms=1234\n',
    ],
  },
  {
    case: 'with a log for machines',
    isTTY: true,
    format: 'json',
    level: 'info',
    expected: [
      `{"level":"info","message":"listening",${JSON.stringify(URLS).slice(1)}\n`,
      '{"level":"info","message":"files: ready","tools":12,"readOnly":5,"hidden":7,"ms":1234}\n',
    ],
  },
  { case: 'with a log that is switched off', isTTY: true, format: 'text', level: 'none', expected: [] },
];

describe('the display', () => {
  it.each(LOG_CASES)('is the log and nothing else $case', async ({ isTTY, format, level, expected }) => {
    const written: string[] = [];
    const stream = { isTTY, write: (text: string) => written.push(text) };
    const display = createDisplay({ stream, env: {}, level, format });
    const { bridge, settle } = createBridge(server('files', { hiddenTools: 7 }), failedServer('memory', 'gone'));
    const followed = display.follow(bridge);
    settle();
    await followed;
    display.report(bridge);
    display.close();
    expect(written.map((line) => line.replace(/^[\d:.]+ |"time":"[^"]+",/g, ''))).toEqual(expected);
  });
});
