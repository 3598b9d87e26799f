import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CLI, startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { openStdio } from '../support/raw-stdio.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));
/** The promise is a second; this machine may be busy with other tests. Milliseconds. */
const AT_ONCE = 5000;

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line that does not start a bridge to its end; one that goes on is killed and has the code null. */
function run(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<Outcome> {
  const env = { ...process.env, ...options.env };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { ...options, env, timeout: AT_ONCE }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

/** Runs it in a folder with these files in it. */
async function runIn(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Outcome> {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return await run(args, { cwd: folder.path });
}

describe('a mistake on the command line ends it at once with code 2 and one line that says', () => {
  it.each([
    { says: 'which flag was meant', args: ['--prot', '9000'], expected: /unknown flag --prot; did you mean --port\?/ },
    { says: 'that a value is missing', args: ['--port'], expected: /--port needs a value: expected .*65535/ },
    { says: 'what a value should be', args: ['--port', 'abc'], expected: /--port: .*abc/ },
    {
      says: 'how to quote a command',
      args: ['--stdio', 'npx', 'server'],
      expected: /unexpected argument server; .*-- server/,
    },
    { says: 'that -- needs a command', args: ['--'], expected: /-- needs a command after it/ },
    {
      says: 'what another bridge calls by that name',
      args: ['--sse', 'http://x'],
      expected: /--sse: .*--output-transport sse/,
    },
    {
      says: 'how to open it to the network',
      args: ['--host', '0.0.0.0', '--stdio', 'x'],
      expected: /--dangerously-no-auth/,
    },
    { says: 'that a file is missing', args: ['--config', 'no-such.json'], expected: /no-such\.json: no such file/ },
  ])('$says', async ({ args, expected }) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^mcp-bridge: .+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('a mistake in the config file ends it at once with code 2 and one line that says', () => {
  it.each([
    { says: 'where the text is broken', text: '{\n  "mcpServers": {,}\n}', expected: /mcp-bridge\.json:2:18: / },
    {
      says: 'which key was meant',
      text: '{ "mcpServers": {}, "bridge": { "prot": 1 } }',
      expected: /prot.*did you mean.*port/,
    },
    {
      says: 'which key of a server was meant',
      text: '{ "mcpServers": { "a": { "comand": "node" } }, "bridge": {} }',
      expected: /mcp-bridge\.json: mcpServers\.a.*command/,
    },
    {
      says: 'which variable is not set',
      text: `{ "mcpServers": { "a": { "command": "node", "env": { "K": "\${MCP_BRIDGE_TEST_UNSET}" } } } }`,
      expected: /mcpServers\.a\.env\.K.*MCP_BRIDGE_TEST_UNSET/,
    },
    {
      says: 'that it names no servers',
      text: '{ "theme": "dark" }',
      expected: /no servers in it; expected one of mcpServers/,
    },
  ])('$says', async ({ text, expected }) => {
    const { code, stdout, stderr } = await runIn({ 'mcp-bridge.json': text });
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^mcp-bridge: .+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('the command line', () => {
  it('shows the ways to name a server when none is named', async () => {
    const { code, stderr } = await runIn({});
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mcp-bridge: no server to bridge; name one:\n(?: {2}mcp-bridge .+\n){3}$/);
  });

  it.each(['--help', '-h'])('shows every flag in 100 columns with %s', async (flag) => {
    const { code, stdout, stderr } = await run([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: mcp-bridge .*--stdio .*--output-transport .*--log-level /s);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it.each(['--version', '-v'])('tells its version with %s', async (flag) => {
    const { version } = JSON.parse(await readFile(PACKAGE, 'utf8'));
    expect(await run([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('ends at once with code 1 when the port is taken, and names another', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const { code, stdout, stderr } = await run(['--port', `${port}`, '--stdio', fixtureLine('echo-server')]);
    expect(stderr).toBe(
      `mcp-bridge: Port ${port} is taken by another program. Stop it, or choose another port: --port ${port + 10}\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    holder.close();
  });

  it('ends at once with code 1 when no program is there, and says so once for each', async () => {
    const { code, stdout, stderr } = await run(['--port', '0', '--stdio', 'no-such-a', '--stdio', 'no-such-b']);
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining('listening'),
      expect.stringMatching(/ warn {2}no-such-a: command not found: no-such-a\. .* \(next attempt in 1 s\)$/),
      expect.stringMatching(/ warn {2}no-such-b: command not found: no-such-b\. .* \(next attempt in 1 s\)$/),
      'mcp-bridge: none of the servers could be started',
      '',
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('goes on without the servers that cannot be started', async () => {
    await using bridge = await startBridge([
      '--stdio',
      'no-such-program',
      '--stdio',
      `echo=${fixtureLine('echo-server')}`,
    ]);
    await using peer = await connectHttp(bridge.url);
    expect(await peer.client.callTool({ name: 'echo__echo', arguments: { message: 'hi' } })).toMatchObject({
      structuredContent: { message: 'hi' },
    });
  });

  it('takes flags in camelCase and from the environment', async () => {
    const env = { MCP_BRIDGE_SSE_PATH: '/events' };
    const args = ['--streamableHttpPath=/rpc', '--startTimeout', '20s', '--stdio', fixtureLine('echo-server')];
    await using bridge = await startBridge(args, { env });
    expect(bridge.url).toBe(`${bridge.origin}/rpc`);
    expect(bridge.sseUrl).toBe(`${bridge.origin}/events`);
  });

  it.each([
    { args: ['--help'], code: 0 },
    { args: ['--version'], code: 0 },
    { args: ['grants', 'ls'], code: 0 },
    { args: ['doctor', 'http://127.0.0.1:1/mcp'], code: 1 },
  ])('does not mind when nobody reads what it shows: $args', async ({ args, code }) => {
    const child = spawn(process.execPath, [CLI, ...args]);
    child.stdout.destroy();
    const [stderr, exited] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect({ stderr, exited }).toEqual({ stderr: '', exited: [code, null] });
  });

  it('ends on a signal, although nobody reads its log any more', async () => {
    const child = spawn(process.execPath, [CLI, '--port', '0', '--stdio', fixtureLine('echo-server')]);
    const exited = once(child, 'exit');
    await once(child.stderr, 'data');
    child.stderr.destroy();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

describe('the servers', () => {
  const { command, args } = fixture('echo-server', '--tools', 'echo');

  it.each([
    { by: 'after --', flags: ['--', command, ...args], tools: ['echo'] },
    { by: 'by --stdio', flags: ['--stdio', fixtureLine('echo-server', '--tools', 'echo')], tools: ['echo'] },
    {
      by: 'by --stdio with names',
      flags: ['a', 'b'].flatMap((name) => ['--stdio', `${name}=${fixtureLine('echo-server', '--tools', 'echo')}`]),
      tools: ['a__echo', 'b__echo'],
    },
    {
      by: 'by --named-server',
      flags: ['a', 'b'].flatMap((name) => ['--named-server', name, fixtureLine('echo-server', '--tools', 'echo')]),
      tools: ['a__echo', 'b__echo'],
    },
  ])('are named $by', async ({ flags, tools }) => {
    await using bridge = await startBridge(flags);
    expect(await toolsOf(bridge.url)).toEqual(tools);
  });

  const REMOTE = 'https://example.com/mcp';
  /** As JSON and TOML write them. */
  const [COMMAND, ARGS] = [JSON.stringify(command), JSON.stringify(args)];

  it.each([
    {
      client: 'Claude Desktop',
      file: 'claude_desktop_config.json',
      text: JSON.stringify({ globalShortcut: '', mcpServers: { a: { command, args }, b: { command, args, env: {} } } }),
    },
    {
      client: 'Cursor',
      file: 'mcp.json',
      text: JSON.stringify({
        mcpServers: { a: { type: 'stdio', command, args }, b: { command, args }, far: { url: REMOTE } },
      }),
    },
    {
      client: 'VS Code',
      file: 'mcp.json',
      text: `{
        // Comments and trailing commas are usual here.
        "inputs": [],
        "servers": {
          "a": { "type": "stdio", "command": ${COMMAND}, "args": ${ARGS}, "cwd": "\${workspaceFolder}" },
          "b": { "command": ${COMMAND}, "args": ${ARGS} },
          "far": { "type": "http", "url": "${REMOTE}" },
        },
      }`,
    },
    {
      client: 'Codex',
      file: 'config.toml',
      text: `
        model = "any"
        [mcp_servers.a]
        command = ${COMMAND}
        args = ${ARGS}
        startup_timeout_sec = 20
        [mcp_servers.b]
        command = ${COMMAND}
        args = ${ARGS}
        enabled_tools = ["echo"]
        [mcp_servers.off]
        command = "no-such-program"
        enabled = false`,
    },
  ])('of a config file of $client are started as they are', async ({ file, text }) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, file);
    await writeFile(path, text);
    await using bridge = await startBridge(['--config', path]);
    expect(await toolsOf(bridge.url)).toEqual(['a__echo', 'b__echo']);
  });

  it('of mcp-bridge.json in the working folder are started when nothing else is named', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'mcp-bridge.json'), JSON.stringify({ mcpServers: { a: { command, args } } }));
    await using bridge = await startBridge([], { cwd: folder.path });
    expect(await toolsOf(bridge.url)).toEqual(['echo']);
  });
});

describe('--output-transport', () => {
  const server = ['--stdio', fixtureLine('echo-server', '--tools', 'echo')];
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

  it('streamableHttp serves no SSE', async () => {
    await using bridge = await startBridge(['--output-transport', 'streamableHttp', ...server]);
    expect(bridge.sseUrl).toBeUndefined();
    expect((await rawRequest('GET', `${bridge.origin}/sse`)).status).toBe(404);
    expect(await toolsOf(bridge.url)).toEqual(['echo']);
  });

  it('sse serves no Streamable HTTP', async () => {
    await using bridge = await startBridge(['--output-transport', 'sse', ...server]);
    expect(bridge.url).toBe(`${bridge.origin}/sse`);
    expect((await rawPost(`${bridge.origin}/mcp`, ping)).status).toBe(404);
    await using peer = await connectSse(bridge.url);
    expect((await peer.client.listTools()).tools.map(({ name }) => name)).toEqual(['echo']);
  });

  it('stdio serves stdin and stdout, on which there is nothing but MCP', async () => {
    const bridge = openStdio({
      command: process.execPath,
      args: [CLI, '--output-transport', 'stdio', '--log-level', 'none', ...server],
    });
    expect(JSON.parse(await bridge.request('ping'))).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    await bridge.close();
    for (const line of bridge.lines()) expect(JSON.parse(line)).toHaveProperty('jsonrpc', '2.0');
  });
});

async function toolsOf(url: string): Promise<string[]> {
  await using peer = await connectHttp(url);
  const { tools } = await peer.client.listTools();
  return tools.map(({ name }) => name).sort();
}
