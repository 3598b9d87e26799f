import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHttp, connectHttpV2, connectSse, connectStdio, connectStdioV2 } from '../support/clients.ts';
import { type CommandBridge, startCommand } from '../support/command.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { toolNames } from '../support/tool-names.ts';

const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
const NOTES = fileURLToPath(new URL('../../examples/notes', import.meta.url));
const STDIO = { command: process.execPath, args: [START, '--output-transport', 'stdio'] };
const INSPECTOR = findInspector();

/** A call to each of the example's servers, and what its answer has in it. */
const CALLS = [
  { name: 'everything__echo', arguments: { message: 'hello' }, expected: 'Echo: hello' },
  { name: 'files__list_directory', arguments: { path: NOTES }, expected: 'welcome.md' },
  { name: 'memory__read_graph', arguments: {}, expected: 'entities' },
];

let bridge: CommandBridge;

const CLIENTS = {
  'SDK v1 over Streamable HTTP': () => connectHttp(bridge.url),
  'SDK v1 over SSE': () => connectSse(bridge.sseUrl),
  'SDK v1 over stdio': () => connectStdio(STDIO),
  'SDK v2 over Streamable HTTP': () => connectHttpV2(bridge.url, 'legacy'),
  'SDK v2 that prefers the newest revision, over Streamable HTTP': () => connectHttpV2(bridge.url, 'auto'),
  'SDK v2 over stdio': () => connectStdioV2(STDIO, 'legacy'),
};

describe('`npm start`, for a newcomer,', () => {
  beforeAll(async () => {
    bridge = await startCommand(process.execPath, [START, '--port', '0', '--log-format', 'json'], {});
  });
  afterAll(() => bridge[Symbol.asyncDispose]());

  it.each(Object.entries(CLIENTS))('offers the tools of all three servers to %s', async (_, connect) => {
    await using peer = await connect();
    const awaited = CALLS.map(({ name }) => name);
    const names = await toolNames(peer, awaited);
    expect(names).toEqual(expect.arrayContaining(awaited));
    expect(names).not.toContain('files__write_file');
    for (const { expected, ...call } of CALLS) {
      expect(JSON.stringify(await peer.client.callTool(call))).toContain(expected);
    }
  });

  it('gives its servers the time to end when Ctrl-C reaches every process in the terminal', async () => {
    const args = [START, '--port', '0', '--log-format', 'json', '--stdio', fixtureLine('stubborn-server')];
    const stubborn = await startCommand(process.execPath, args, {});
    const start = performance.now();
    await stubborn[Symbol.asyncDispose]();
    // Before it is told anything but the end of its input.
    expect(performance.now() - start).toBeGreaterThan(2000);
  });

  it.skipIf(INSPECTOR === undefined)('can be looked into with the Inspector', async () => {
    const flags = ['--transport', 'http', '--method', 'tools/call', '--tool-name', 'everything__echo'];
    const args = [INSPECTOR ?? '', '--cli', bridge.url, ...flags, '--tool-arg', 'message=hello'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toEqual({ content: [{ type: 'text', text: 'Echo: hello' }] });
  });
});

/** The Inspector's command line, where it is installed: its newer versions need a newer Node than we do. */
function findInspector(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector-cli/build/cli.js');
  } catch {
    return undefined; // Then the test is skipped, and the report says so.
  }
}
