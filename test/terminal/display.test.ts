import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ServerStatus } from '../../src/bridge/status.ts';
import { createLog } from '../../src/log.ts';
import { Pairing } from '../../src/oauth/pairing.ts';
import { createDisplay, type DisplayOptions } from '../../src/terminal/create-display.ts';
import type { Display, Watched } from '../../src/terminal/display.ts';
import { BACKGROUND, FOREGROUND, stubProcessState } from './process-state.ts';
import { Screen, type ScreenOptions } from './screen.ts';
import { failedServer, server, startingServer, statusWith, URLS } from './servers.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An input that nobody types into. */
const NOBODY = new PassThrough() as PassThrough & NodeJS.ReadStream;

function openDisplay(options: Partial<DisplayOptions> & ScreenOptions = {}): { screen: Screen; display: Display } {
  const screen = new Screen(options);
  const display = createDisplay({ stream: screen, input: NOBODY, env: {}, level: 'info', format: 'text', ...options });
  return { screen, display };
}

/** A bridge whose servers change when they are told to. */
function createBridge(...servers: ServerStatus[]) {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const bridge: Watched & { servers: readonly ServerStatus[] } = {
    urls: URLS,
    settled,
    servers,
    pairing: undefined,
    reached: Promise.resolve(),
    awaitsClient: false,
    tokenFile: undefined,
    openPairing: () => bridge.pairing?.open(),
    status: () => statusWith(bridge.servers),
  };
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
    const display = createDisplay({ stream, input: NOBODY, env: {}, level, format });
    const { bridge, settle } = createBridge(server('files', { hiddenTools: 7 }), failedServer('memory', 'gone'));
    const followed = display.follow(bridge);
    settle();
    await followed;
    display.report(bridge);
    display.close();
    expect(written.map((line) => line.replace(/^[\d:.]+ |"time":"[^"]+",/g, ''))).toEqual(expected);
  });
});

/** A bridge that lets clients in. */
function createGuardedBridge(changes: Partial<Omit<Watched, 'pairing'>>): Watched & { pairing: Pairing } {
  const pairing = new Pairing(createLog({ level: 'none' }));
  onTestFinished(() => pairing.close());
  return { ...createBridge().bridge, openPairing: () => pairing.open(), ...changes, pairing };
}

describe('the owner who has to let clients in', () => {
  it('is shown a code on a terminal while none is linked', async () => {
    const { screen, display } = openDisplay({ columns: 120 });
    const bridge = createGuardedBridge({ awaitsClient: true });
    await display.letIn(bridge);
    const [, code = ''] = /^ {2}Pairing code {2}(\w{4}-\w{4}) {2}for one client, until /.exec(screen.text()) ?? [];
    expect(bridge.pairing.enter('a', code)).toEqual({ isRight: true });
  });

  it('is told how to have one where some are', async () => {
    const { screen, display } = openDisplay();
    const bridge = createGuardedBridge({ awaitsClient: false });
    await display.letIn(bridge);
    expect(screen.text()).toBe('  To link another client, type pair');
    expect(bridge.pairing.isOpen).toBe(false);
  });

  it('is shown no code once the display is closed', async () => {
    const { screen, display } = openDisplay();
    const bridge = createGuardedBridge({ awaitsClient: true });
    display.close();
    await display.letIn(bridge);
    expect([screen.text(), bridge.pairing.isOpen]).toEqual(['', false]);
  });

  it('is told where the token is, and nothing of codes where there are none', async () => {
    const { screen, display } = openDisplay();
    const { bridge } = createBridge();
    await display.letIn({ ...bridge, tokenFile: '/state/token' });
    await display.letIn(bridge);
    expect(screen.text()).toBe('  Bearer token  kept in /state/token');
  });

  it.each([true, false])('finds no code in a log: whether one is awaited is %s', async (awaitsClient) => {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text.replace(/^[\d:.]+ /, '')) };
    const display = createDisplay({ stream, input: NOBODY, env: {}, level: 'debug', format: 'text' });
    const bridge = createGuardedBridge({ awaitsClient, tokenFile: '/state/token' });
    await display.letIn(bridge);
    expect(written).toEqual([
      'info  to link a client, run mcp-bridge pair\n',
      'info  the bearer token is kept in a file file=/state/token\n',
    ]);
    expect(bridge.pairing.isOpen).toBe(false);
    await display.letIn(createBridge().bridge);
    expect(written).toHaveLength(2);
  });

  it('sees the URLs as they are, though the status keeps a secret', async () => {
    const { screen, display } = openDisplay({ columns: 120 });
    const { bridge } = createBridge(server('files'));
    display.report({
      ...bridge,
      urls: { ...URLS, mcp: 'http://127.0.0.1:8000/secret/mcp' },
      status: () => statusWith(bridge.servers, { ...URLS, mcp: 'http://127.0.0.1:8000/.../mcp' }),
    });
    expect(screen.text()).toContain('  Streamable HTTP  http://127.0.0.1:8000/secret/mcp');
    expect(screen.text()).not.toContain('...');
  });
});

describe.skipIf(process.platform === 'win32')('the owner who is asked', () => {
  /** A display that asks at a terminal, once the question can be seen. */
  async function askOwner(env: NodeJS.ProcessEnv = {}) {
    await stubProcessState(FOREGROUND);
    const input = Object.assign(new PassThrough(), { isTTY: true }) as PassThrough & NodeJS.ReadStream;
    const { screen, display } = openDisplay({ input, env });
    onTestFinished(() => display.close());
    const answer = display.ask('Download it?');
    await expect.poll(() => screen.text()).toContain('Download it? [y/N]');
    return { display, answer, type: (text: string) => input.write(text) };
  }

  it.each([
    ['y\n', true],
    ['\n', false],
  ])('says by %j whether it is %s', async (text, expected) => {
    const { answer, type } = await askOwner();
    type(text);
    expect(await answer).toBe(expected);
  });

  it('says no by Ctrl-C: nobody waits for the answer of a bridge that ends', async () => {
    const { display, answer } = await askOwner();
    display.close();
    expect(await answer).toBe(false);
  });

  it('sees the question where no cursor can be moved, too', async () => {
    const { answer, type } = await askOwner({ TERM: 'dumb' });
    type('yes\n');
    expect(await answer).toBe(true);
  });
});

describe.skipIf(process.platform === 'win32')('the owner who types', () => {
  /** A terminal that a bridge listens to, and the windows it has opened since. */
  async function openListening(isTTY = true) {
    const input = Object.assign(new PassThrough(), { isTTY }) as PassThrough & NodeJS.ReadStream;
    const { screen, display } = openDisplay({ input });
    onTestFinished(() => display.close());
    const bridge = createGuardedBridge({});
    await display.letIn(bridge);
    const type = async (text: string) => {
      const before = windowsIn(screen);
      input.write(text);
      await new Promise((resolve) => setImmediate(resolve));
      return windowsIn(screen) - before;
    };
    return { display, bridge, type };
  }

  const windowsIn = (screen: Screen) => screen.text().split('Pairing code').length - 1;

  it('is heard in a terminal', async () => {
    await stubProcessState(FOREGROUND);
    const { type } = await openListening();
    expect(await type('pair\n')).toBe(1);
  });

  it('is not heard where there is none', async () => {
    await stubProcessState(FOREGROUND);
    const { type } = await openListening(false);
    expect(await type('pair\n')).toBe(0);
  });

  it('is heard once, however often the terminal comes back', async () => {
    await stubProcessState(FOREGROUND);
    const { display, bridge, type } = await openListening();
    await Promise.all([display.resume(bridge), display.resume(bridge)]);
    expect(await type('pair\n')).toBe(1);
    await stubProcessState(BACKGROUND);
    await display.resume(bridge);
    expect(await type('pair\n')).toBe(0);
    await stubProcessState(FOREGROUND);
    await display.resume(bridge);
    // With what was typed meanwhile.
    expect(await type('pair\n')).toBe(2);
  });

  it('is not heard any more once the display is closed', async () => {
    await stubProcessState(FOREGROUND);
    const { display, bridge, type } = await openListening();
    display.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await type('pair\n')).toBe(0);
    await display.resume(bridge);
    expect(await type('pair\n')).toBe(0);
  });
});
