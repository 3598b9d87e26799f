import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import type { OpenChannel } from '../../src/upstream/channel.ts';
import { shakeHands } from '../../src/upstream/handshake.ts';
import type { Link } from '../../src/upstream/link.ts';
import { Supervisor } from '../../src/upstream/supervisor.ts';
import { fixture } from '../support/fixtures.ts';
import { playServer } from './played-server.ts';
import {
  contentOf,
  createExchange,
  createLogBook,
  createOpener,
  INFO,
  localFixture,
  NO_EVENTS,
  OPENING,
  shell,
  upstreamSettings,
} from './support.ts';

interface Watched {
  readonly supervisor: Supervisor;
  readonly lines: string[];
  /** What has happened to it: `up`, or the code of the failure. */
  readonly events: string[];
  /** Resolves once that many events have happened. */
  happened(count: number): Promise<void>;
}

/** @param open by default, what starts the process of the settings. */
function createSupervisor(
  { eager = false, ...changes }: Partial<UpstreamSettings> & { eager?: boolean } = {},
  open?: OpenChannel,
): Watched {
  const settings = upstreamSettings(changes);
  const { log, lines } = createLogBook();
  const events: string[] = [];
  let wake = () => {};
  const note = (event: string) => {
    events.push(event);
    wake();
  };
  const supervisor = new Supervisor({
    ...settings,
    open: open ?? createOpener(settings, log),
    shakeHands: (peer) =>
      shakeHands({
        peer,
        protocol: 'auto',
        opening: OPENING,
        info: INFO,
        timeout: settings.startTimeout,
        events: NO_EVENTS,
        log,
      }),
    up: () => note('up'),
    down: ({ code }) => note(code),
    eager,
    log,
  });
  onTestFinished(() => supervisor.close({ immediately: true }));
  return {
    supervisor,
    lines,
    events,
    async happened(count) {
      while (events.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const call = async (link: Link, tool: string, args: object = {}) => {
  const exchange = createExchange(tool, { args });
  return contentOf(await link.request(exchange.frame, exchange));
};

const expectGone = (pid: number | undefined) => {
  expect(pid).toBeDefined();
  expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
};

/** Fails at once, without the time that Node takes to start. */
const BROKEN = shell('echo broken >&2; exit 3');

describe('starting', () => {
  it('happens once, however many wait for it', async () => {
    const { supervisor, events } = createSupervisor();
    expect(supervisor.state).toBe('idle');
    const waiting = [supervisor.acquire(), supervisor.acquire()];
    expect([supervisor.state, supervisor.link]).toEqual(['starting', undefined]);
    const [first, second] = await Promise.all(waiting);
    expect(second).toBe(first);
    expect([supervisor.state, supervisor.link]).toEqual(['ready', first]);
    expect(await supervisor.acquire()).toBe(first);
    expect(first?.opened.raw('serverInfo')?.get('name')).toBe('echo');
    expect(events).toEqual(['up']);
  });

  it.each([
    [
      'answers nothing',
      { ...fixture('crash-server', '--hang', 'initialize'), startTimeout: 900 },
      'UPSTREAM_START',
      /no answer to initialize within 900 ms/,
    ],
    ['refuses', localFixture('unusual-server', '--refuse'), 'UPSTREAM_START', /refused initialize: not today/],
    [
      'ends',
      fixture('crash-server', '--exit', 'start'),
      'UPSTREAM_EXITED',
      /exited with code 3; its last words: crash-server/,
    ],
    ['is not there', { command: 'no-such-command', args: [] }, 'SPAWN', /command not found: no-such-command/],
  ])('fails when the server %s, leaves no process, and says why', async (_, command, code, message) => {
    const { supervisor, events, lines } = createSupervisor({ startTimeout: 20_000, ...command });
    const error = await supervisor.acquire().catch((reason) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect([supervisor.state, supervisor.failures, supervisor.lastError]).toEqual(['failed', 1, error]);
    expect(events).toEqual([code]);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([expect.stringMatching(message)]);
    await supervisor.close();
    const pid = /process (\d+)/.exec(lines.join())?.[1];
    if (pid) expectGone(Number(pid));
  });
});

describe('a server that dies', () => {
  it('is started again by the next request', async () => {
    const { supervisor, events } = createSupervisor();
    const first = await supervisor.acquire();
    await expect(call(first, 'exit', { code: 9 })).rejects.toThrow('exited with code 9');
    expect([supervisor.state, supervisor.link]).toEqual(['failed', undefined]);
    const second = await supervisor.acquire();
    expect(await call(second, 'pid')).toEqual({ pid: second.peer.pid });
    expect(second.peer.pid).not.toBe(first.peer.pid);
    expect(supervisor.lastError).toBeUndefined();
    expect(events).toEqual(['up', 'UPSTREAM_EXITED', 'up']);
  });

  it('is started again at once when it is to be up at all times', async () => {
    const { supervisor, events, lines, happened } = createSupervisor({ eager: true });
    const first = await supervisor.acquire();
    process.kill(first.peer.pid as number, 'SIGKILL');
    await happened(3);
    expect(events).toEqual(['up', 'UPSTREAM_EXITED', 'up']);
    expect(supervisor.link?.peer.pid).not.toBe(first.peer.pid);
    expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([
      `warn  test: the server was ended by SIGKILL (starting it again)`,
      expect.stringContaining('info  test: runs again'),
    ]);
  });
});

describe('a server that has said its last word', () => {
  it('gets no more calls: they wait until it is gone, and is started again', async () => {
    const server = playServer(() => ({ result: { capabilities: {} } }));
    const { supervisor } = createSupervisor({}, server.open);
    const first = await supervisor.acquire();
    server.isEnding = true;
    expect(supervisor.link).toBeUndefined();
    const waiting = [supervisor.acquire(), supervisor.acquire()];
    server.isEnding = false;
    server.die();
    const [second, other] = await Promise.all(waiting);
    expect([second === first, second === other, second === supervisor.link]).toEqual([false, true, true]);
  });

  it('may be closed meanwhile, and nobody starts it again', async () => {
    const server = playServer(() => ({ result: { capabilities: {} } }));
    const { supervisor } = createSupervisor({}, server.open);
    await supervisor.acquire();
    server.isEnding = true;
    const waiting = supervisor.acquire();
    await Promise.all([supervisor.close(), expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })]);
  });
});

describe('a server that keeps failing', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is given rest for longer and longer, up to a minute', async () => {
    const { supervisor } = createSupervisor(BROKEN);
    const rests: number[] = [];
    for (let failures = 1; failures <= 9; failures += 1) {
      await expect(supervisor.acquire()).rejects.toMatchObject({ code: 'UPSTREAM_EXITED' });
      expect(supervisor.failures).toBe(failures);
      const resting = failures === 1 ? undefined : await supervisor.acquire().catch((reason) => reason);
      const seconds = Number(/next attempt in (\d+) s/.exec(resting?.message ?? '')?.[1] ?? 0);
      rests.push(seconds);
      // A moment before its time it is still resting.
      vi.advanceTimersByTime(Math.max(0, seconds * 1000 - 1));
      if (seconds > 0) await expect(supervisor.acquire()).rejects.toMatchObject({ code: 'UPSTREAM_BACKOFF' });
      vi.advanceTimersByTime(1);
    }
    expect(rests).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('says meanwhile why, and when it is tried next', async () => {
    const { supervisor } = createSupervisor(BROKEN);
    for (const _ of [1, 2]) await supervisor.acquire().catch(() => {});
    const error = await supervisor.acquire().catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'UPSTREAM_BACKOFF',
      message: expect.stringMatching(
        /^test: failed 2 times, next attempt in 1 s\. the server exited with code 3; its last words: broken$/,
      ),
      cause: supervisor.lastError,
    });
  });

  it('is tried again by itself when it is to be up at all times', async () => {
    const { supervisor, events, happened } = createSupervisor({ ...BROKEN, eager: true });
    await supervisor.acquire().catch(() => {});
    for (const [count, rest] of [
      [2, 0],
      [3, 1000],
      [4, 2000],
    ] as const) {
      vi.advanceTimersByTime(rest);
      await happened(count);
    }
    expect(events).toEqual(Array(4).fill('UPSTREAM_EXITED'));
    await supervisor.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rests from the first failure on when its command is missing', async () => {
    const { supervisor, lines } = createSupervisor({ command: 'no-such-command', args: [] });
    await supervisor.acquire().catch(() => {});
    await expect(supervisor.acquire()).rejects.toMatchObject({
      code: 'UPSTREAM_BACKOFF',
      message: expect.stringMatching(/^test: failed once, next attempt in 1 s\. command not found/),
    });
    vi.advanceTimersByTime(1000);
    await expect(supervisor.acquire()).rejects.toMatchObject({ code: 'SPAWN' });
    for (let attempt = 0; attempt < 6; attempt += 1) {
      vi.advanceTimersByTime(60_000);
      await supervisor.acquire().catch(() => {});
    }
    // The same again after the same rest is no news.
    const levels = lines.map((line) => line.slice(0, 5));
    expect([levels[0], levels[1], levels.at(-1)]).toEqual(['warn ', 'warn ', 'debug']);
  });

  it('begins to count anew once it was up for a while', async () => {
    const { supervisor, happened } = createSupervisor();
    const failures: number[] = [];
    for (const [index, uptime] of [0, 29_000, 31_000].entries()) {
      const { pid } = (await supervisor.acquire()).peer;
      vi.advanceTimersByTime(uptime);
      process.kill(pid as number, 'SIGKILL');
      await happened(2 * (index + 1));
      failures.push(supervisor.failures);
      vi.advanceTimersByTime(1000);
    }
    expect(failures).toEqual([1, 2, 1]);
  });
});

describe('an idle server', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is stopped after its time, and started again by the next request', async () => {
    const { supervisor, events, lines } = createSupervisor({ idleTimeout: 5000 });
    const first = await supervisor.acquire();
    vi.advanceTimersByTime(4999);
    expect(await supervisor.acquire()).toBe(first);
    vi.advanceTimersByTime(4999);
    expect(supervisor.state).toBe('ready');
    vi.advanceTimersByTime(1);
    expect([supervisor.state, supervisor.link]).toEqual(['idle', undefined]);
    expect(await first.peer.closed).toMatchObject({ code: 'CLOSED' });
    expectGone(first.peer.pid);
    const second = await supervisor.acquire();
    expect(second.peer.pid).not.toBe(first.peer.pid);
    expect([events, supervisor.failures]).toEqual([['up', 'up'], 0]);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it('is not one that works on a request', async () => {
    const { supervisor } = createSupervisor({ idleTimeout: 5000 });
    const link = await supervisor.acquire();
    const exchange = createExchange('hang');
    const answer = link.request(exchange.frame, exchange).catch(() => {});
    vi.advanceTimersByTime(24_000);
    expect(supervisor.link).toBe(link);
    exchange.cancel();
    await answer;
    // Counted from the end of the request.
    vi.advanceTimersByTime(4999);
    expect(supervisor.link).toBe(link);
    vi.advanceTimersByTime(1);
    expect(supervisor.state).toBe('idle');
  });

  it('stays when there is no limit', async () => {
    const { supervisor } = createSupervisor({ idleTimeout: 0 });
    await supervisor.acquire();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('closing', () => {
  it('ends the server, twice without harm, and nothing starts it again', async () => {
    const { supervisor, events } = createSupervisor({ eager: true });
    const { pid } = (await supervisor.acquire()).peer;
    await Promise.all([supervisor.close(), supervisor.close()]);
    expectGone(pid);
    await supervisor.close();
    await expect(supervisor.acquire()).rejects.toMatchObject({ code: 'CLOSED', message: 'test: closed' });
    expect([supervisor.state, events]).toEqual(['closed', ['up']]);
  });

  it('while the server starts ends it, and those who wait hear of it', async () => {
    const { supervisor, events } = createSupervisor(fixture('crash-server', '--hang', 'initialize'));
    const waiting = supervisor.acquire().catch((reason) => reason);
    await supervisor.close();
    expect(await waiting).toMatchObject({ code: 'CLOSED' });
    expect([supervisor.state, supervisor.failures, events]).toEqual(['closed', 0, []]);
  });

  it('waits for a server that was on its way out already, and can hurry it', async () => {
    const { supervisor } = createSupervisor({ ...fixture('stubborn-server'), idleTimeout: 1000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { pid } = (await supervisor.acquire()).peer;
    vi.advanceTimersByTime(1000);
    expect(supervisor.state).toBe('idle');
    await supervisor.close({ immediately: true });
    expectGone(pid);
  });

  it('before the first request needs nothing', async () => {
    const { supervisor } = createSupervisor();
    await supervisor.close();
    await expect(supervisor.acquire()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
