import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { CLI } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { everyKind, runningWith } from './processes.ts';
import { CTRL_C, HAS_TERMINALS, openTerminalWith } from './pseudo-terminal.ts';
import { createRealServers } from './real-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface ToolsOptions {
  readonly config?: object;
  /** What is typed, to its end. */
  readonly stdin?: string;
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `mcp-bridge tools` to its end, in a folder where it is alone. */
async function runTools(args: readonly string[], { config, stdin = '' }: ToolsOptions = {}): Promise<Outcome> {
  await using folder = await temporaryFolder();
  if (config) await writeFile(join(folder.path, 'mcp-bridge.json'), JSON.stringify(config));
  const child = start(args, folder.path);
  child.stdin.end(stdin);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  // What a look at the tools leaves in the bridge's state folder.
  expect(await readdir(join(folder.path, 'state')).catch(() => [])).toEqual([]);
  return { code, stdout, stderr };
}

function start(args: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  const env = { ...process.env, MCP_BRIDGE_STATE_FOLDER: join(cwd, 'state') };
  return spawn(process.execPath, [CLI, 'tools', ...args], { cwd, env });
}

const ECHO = fixtureLine('echo-server', '--tools', 'echo,exit');

describe('mcp-bridge tools', () => {
  it('shows the tools of real servers, and ends with their processes', async () => {
    await using servers = await createRealServers();
    const { filesystem, memory } = servers.commands;
    const { code, stdout, stderr } = await runTools([], { config: { mcpServers: { files: filesystem, memory } } });
    expect(stdout).toMatch(/^Tool +Effect +Source +Tokens +Description\n/);
    expect(stdout).toMatch(/^files__read_text_file +read +files +\d+ +Read the complete contents .*…$/m);
    expect(stdout).toMatch(/^memory__delete_entities +destructive +memory /m);
    expect(stdout).toMatch(/\n\d+ tools, \d+ read-only, about [\d,]+ tokens\n/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(runningWith(servers.folder)).toEqual([]);
  });

  it('calls a tool of a real server, with arguments from stdin', async () => {
    await using servers = await createRealServers();
    const config = { mcpServers: { files: servers.commands.filesystem } };
    const stdin = JSON.stringify({ path: join(servers.folder, 'note.txt') });
    expect(await runTools(['call', 'read_text_file', '-'], { config, stdin })).toEqual({
      ...{ code: 0, stdout: 'a note\n', stderr: '' },
    });
  });

  it('shows content that is no text by its type and size', async () => {
    await using servers = await createRealServers();
    const config = { mcpServers: { everything: servers.commands.everything } };
    const { stdout } = await runTools(['call', 'get-tiny-image'], { config });
    expect(stdout).toMatch(/^\[image image\/png, [\d,]+ bytes\]$/m);
  });

  it('shows and calls tools of servers of 2026-07-28', async () => {
    const args = ['--', ...Object.values(fixture('eras-server', '--era', '2026')).flat()];
    const { tools } = JSON.parse((await runTools(['--json', ...args])).stdout);
    expect(tools.map(({ name }: { name: string }) => name)).toContain('echo');
    const { code, stdout } = await runTools(['call', 'echo', '{"message":"hi"}', ...args]);
    expect(stdout).toContain('hi');
    expect(code).toBe(0);
  });

  it('opens no port', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const config = {
      mcpServers: { echo: fixture('echo-server', '--tools', 'echo') },
      bridge: { port, tunnel: 'ngrok' },
    };
    expect(await runTools([], { config })).toMatchObject({ code: 0, stderr: '' });
    holder.close();
  });

  it.each([
    {
      why: 'a server failed',
      args: ['--stdio', 'no-such-program', '--stdio', ECHO],
      says: /no-such-program: command not found/,
    },
    {
      why: 'a tool is unknown',
      args: ['show', 'ecko', '--stdio', ECHO],
      says: /^mcp-bridge: .* did you mean echo\?\n$/,
    },
    { why: 'a call failed', args: ['call', 'exit', '--stdio', ECHO], says: /^mcp-bridge: .*told to exit/m },
    { why: 'what is called is unknown', args: ['call', 'exot', '--stdio', ECHO], says: /did you mean exit\?\n$/ },
  ])('ends with code 1 when $why', async ({ args, says }) => {
    const { code, stderr } = await runTools(args);
    expect(stderr).toMatch(says);
    expect(code).toBe(1);
  });

  it.each([
    { what: 'JSON', args: ['call', 'echo', '{', '--stdio', ECHO] },
    { what: 'a view', args: ['--view', 'x', '--stdio', ECHO] },
    { what: 'a flag', args: ['--port', '1', '--stdio', ECHO] },
    { what: 'that there is no server', args: [] },
  ])('ends with code 2 and says so for a mistake: $what', async ({ args }) => {
    const { code, stdout, stderr } = await runTools(args);
    expect(stderr).toMatch(/^mcp-bridge: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('does not mind when its reader has seen enough', async () => {
    await using folder = await temporaryFolder();
    const child = start(['call', 'big', '{"bytes":10000000}', '--stdio', fixtureLine('echo-server')], folder.path);
    const exited = once(child, 'close');
    const stderr = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect({ code: await exited, stderr: await stderr }).toEqual({ code: [0, null], stderr: '' });
  });

  it.each([
    { when: 'the servers start', servers: 4, args: ['--start-delay', '100000'], command: [] },
    { when: 'a call goes on', servers: 4, args: [], command: ['call', 'node__hang'] },
  ])('ends with code 1 and all processes when it is told to while $when', async ({ args, command }) => {
    await using servers = await everyKind('echo-server', ...args);
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'mcp-bridge.json'), JSON.stringify({ mcpServers: servers.mcpServers }));
    const child = start(command, folder.path);
    const stdout = text(child.stdout);
    await servers.started();
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([1, null]);
    expect({ stdout: await stdout, left: servers.running() }).toEqual({ stdout: '', left: [] });
  });
});

describe.runIf(HAS_TERMINALS)('mcp-bridge tools in a terminal', () => {
  const mark = randomUUID();
  /** A line for a shell, which makes way for it. */
  const line = (...args: string[]) => {
    const words = [process.execPath, CLI, 'tools', ...args];
    return `exec ${words.map((word) => `'${word}'`).join(' ')}`;
  };

  it('shows how the servers come up, and then the tools alone', async () => {
    const server = fixtureLine('echo-server', '--tools', 'echo', '--start-delay', '500');
    await using terminal = openTerminalWith(line('--stdio', server));
    await terminal.sees(/echo-server {2}\d+ s/);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen.text()).toMatch(/^Tool +Effect .*\necho +read .*\n\n1 tool, 1 read-only, about \d+ tokens$/);
    expect(terminal.screen.cursorIsVisible).toBe(true);
  });

  it('ends with Ctrl-C, and leaves the screen as it was', async () => {
    const server = fixtureLine('echo-server', '--name', mark, '--start-delay', '100000');
    await using terminal = openTerminalWith(line('--stdio', server));
    await terminal.sees(/echo-server {2}\d+ s/);
    await vi.waitUntil(() => runningWith(mark).length > 0, EVENTUALLY);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(1);
    expect(terminal.screen.text()).toMatch(/^(?:\^C)?$/);
    expect(terminal.screen.cursorIsVisible).toBe(true);
    expect(runningWith(mark).filter((command) => command.includes('start-delay'))).toEqual([]);
  });
});
