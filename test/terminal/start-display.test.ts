import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ServerStatus } from '../../src/bridge/status.ts';
import { createStartDisplay } from '../../src/terminal/start-display.ts';
import { Screen } from './screen.ts';
import { failedServer, server, startingServer, statusWith } from './servers.ts';

const OPTIONS = { env: {}, level: 'warn', format: 'text' } as const;

function bridgeWith(...servers: ServerStatus[]) {
  return { servers, status: () => statusWith(servers) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the display of servers that are started for a command', () => {
  it('shows how they come up, and leaves nothing but the log', async () => {
    vi.useFakeTimers();
    const screen = new Screen();
    const display = createStartDisplay({ stream: screen, ...OPTIONS });
    const bridge = bridgeWith(startingServer('files', 'unpacking'), failedServer('web', 'no such program'));
    let resolve = (_answer: string) => {};
    const done = new Promise<string>((settle) => {
      resolve = settle;
    });
    const followed = display.follow(bridge, done);
    expect(screen.text()).toMatch(/^\n⠋ files {2}0 s {2}unpacking\n✗ web {4}failed {2}no such program$/);
    bridge.servers[0] = server('files');
    await vi.advanceTimersByTimeAsync(200);
    expect(screen.text()).toMatch(/^\n✓ files {2}ready {2}12 tools/);
    display.log.warn('a warning');
    expect(screen.text()).toMatch(/^[\d:.]+ warn {2}a warning\n\n✓ files/);

    resolve('the answer');
    expect(await followed).toBe('the answer');
    expect(screen.text()).toMatch(/^[\d:.]+ warn {2}a warning$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves nothing either where that fails', async () => {
    const screen = new Screen();
    const display = createStartDisplay({ stream: screen, ...OPTIONS });
    const failing = Promise.reject(new Error('no'));
    await expect(display.follow(bridgeWith(startingServer('files')), failing)).rejects.toThrow('no');
    expect(screen.text()).toBe('');
  });

  it('can be ended before', () => {
    vi.useFakeTimers();
    const screen = new Screen();
    const display = createStartDisplay({ stream: screen, ...OPTIONS });
    void display.follow(bridgeWith(startingServer('files')), new Promise(() => {}));
    display.close();
    display.close();
    expect({ text: screen.text(), timers: vi.getTimerCount() }).toEqual({ text: '', timers: 0 });
  });

  it.each([
    { where: 'in a pipe', isTTY: false, format: 'text' as const },
    { where: 'for programs', isTTY: true, format: 'json' as const },
  ])('is still $where, but for the log', async ({ isTTY, format }) => {
    const lines: string[] = [];
    const stream = { isTTY, write: (line: string) => void lines.push(line) };
    const display = createStartDisplay({ stream, ...OPTIONS, format });
    await display.follow(bridgeWith(startingServer('files')), Promise.resolve());
    display.log.info('no news');
    display.log.warn('a warning');
    display.close();
    expect(lines).toEqual([expect.stringMatching(/a warning.*\n$/)]);
  });
});
