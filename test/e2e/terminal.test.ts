import { describe, expect, it } from 'vitest';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { isRunning } from './processes.ts';
import { CTRL_C, HAS_TERMINALS, openTerminal, ROWS } from './pseudo-terminal.ts';

describe.skipIf(!HAS_TERMINALS)('in a terminal, the bridge', () => {
  it('shows three servers, and how to connect to them, in 24 rows of 80 columns', async () => {
    const servers = ['echo', 'second'].flatMap((name) => ['--stdio', `${name}=${fixtureLine('echo-server')}`]);
    await using terminal = openTerminal(...servers, '--stdio', `noisy=${fixtureLine('noisy-server')}`);
    await terminal.sees(/ChatGPT/);
    const rows = terminal.screen.text().split('\n');
    expect(rows.length).toBeLessThan(ROWS);
    expect(rows.filter((row) => row.startsWith('✓')).map((row) => row.split(/\s+/)[1])).toEqual([
      'echo',
      'second',
      'noisy',
    ]);

    const [url = ''] = await terminal.sees(/http:\S+\/servers\/NAME\/mcp/);
    await using peer = await connectHttp(url.replace('NAME', 'second'));
    expect((await peer.client.listTools()).tools.map(({ name }) => name)).toContain('echo');
  });

  it('shows what a server says while it starts', async () => {
    await using terminal = openTerminal('--stdio', `slow=${fixtureLine('crash-server', '--hang', 'initialize')}`);
    await terminal.sees(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] slow {2}\d s {2}crash-server: giving up$/m);
    await terminal.sees(/slow {2}1 s/);
    expect(terminal.screen.text().match(/slow/g)).toHaveLength(1);
  });

  it('ends with Ctrl-C, says so in one line, and leaves the terminal as it was', async () => {
    await using terminal = openTerminal('--stdio', `slow=${fixtureLine('crash-server', '--hang', 'initialize')}`);
    await terminal.sees(/giving up/);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    const [, ...rows] = terminal.screen.text().split('\n');
    expect(rows).toEqual([expect.stringMatching(/ info {2}ending the servers; Ctrl-C again ends them at once$/)]);
    expect(terminal.screen).toMatchObject({ cursorIsVisible: true, wraps: true });
  });

  it('ends when its terminal is closed', async () => {
    await using terminal = openTerminal('--stdio', fixtureLine('echo-server'));
    const [, local = ''] = await terminal.sees(/Status +(\S+)/);
    const { servers } = (await (await fetch(local)).json()) as { servers: { pid: number }[] };
    const pid = servers[0]?.pid as number;
    expect(isRunning(pid)).toBe(true);
    terminal.close();
    await expect.poll(() => isRunning(pid), EVENTUALLY).toBe(false);
    await expect.poll(() => fetch(local).catch(() => 'gone'), EVENTUALLY).toBe('gone');
  });

  it('says once why no server can be started', async () => {
    await using terminal = openTerminal('--stdio', 'no-such-program');
    expect(await terminal.exited).toBe(1);
    const text = terminal.screen.text();
    expect(text.match(/command not found/g)).toHaveLength(1);
    expect(text).toMatch(/\nmcp-bridge: none of the servers could be started$/);
  });
});
