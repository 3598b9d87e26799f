import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI } from '../support/bridge.ts';
import { connectStdio, connectStdioV2 } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import type { RpcMessage } from '../support/http.ts';
import { openStdio, type RawStdio } from '../support/raw-stdio.ts';
import { initializeRequest } from './raw-session.ts';

const SEVERAL = [
  '--stdio',
  `a=${fixtureLine('echo-server')}`,
  '--stdio',
  `b=${fixtureLine('noisy-server', '--banner')}`,
];
/** Characters of one to four bytes. */
const TEXT = 'aé€😀';

const PING = { jsonrpc: '2.0', id: 'ping', method: 'ping' };
const ECHO = {
  jsonrpc: '2.0',
  id: 'echo',
  method: 'tools/call',
  params: { name: 'echo', arguments: { message: TEXT } },
};

const command = (...args: string[]) => ({
  command: process.execPath,
  args: [CLI, '--outputTransport', 'stdio', '--logLevel', 'error', ...args],
});

describe('the bridge as a server on stdio', () => {
  let bridge: RawStdio;

  beforeAll(async () => {
    bridge = openStdio(command('--stdio', fixtureLine('echo-server'), '--maxMessage', '10kb'));
    bridge.send(initializeRequest());
    await bridge.line(byId(0));
  });
  afterAll(() => bridge.close());

  /** Writes to the bridge, then asks it something; resolves with what it said meanwhile. */
  async function linesAfter(...written: (string | Buffer)[]): Promise<RpcMessage[]> {
    const seen = bridge.lines().length;
    for (const part of written) bridge.send(part);
    await bridge.request('tools/call', { name: 'pid' });
    return bridge.lines().slice(seen, -1).map(parse);
  }

  it.each([
    ['no JSON', 'hello\n', -32700, null],
    ['half a message', '{"jsonrpc":"2.0","id":1\n', -32700, null],
    ['no JSON-RPC', '{"id":"x"}\n', -32600, 'x'],
    [
      'a key twice',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"requestId":2}}\n',
      -32600,
      null,
    ],
    ['a batch, which this revision has not', `[${JSON.stringify(PING)}]\n`, -32600, null],
  ])('answers a line that is %s with an error, and goes on', async (_, line, code, id) => {
    expect(await linesAfter(line)).toMatchObject([{ id, error: { code } }]);
  });

  it('passes over empty lines', async () => {
    expect(await linesAfter('\n\r\n\n')).toEqual([]);
  });

  it('takes lines that end with CRLF, and several at once', async () => {
    const line = JSON.stringify(PING);
    const answer = { jsonrpc: '2.0', id: 'ping', result: {} };
    expect(await linesAfter(`${line}\r\n${line}\n${line}\r\n`)).toEqual([answer, answer, answer]);
  });

  it('takes a message byte by byte', async () => {
    const bytes = [...Buffer.from(`${JSON.stringify(ECHO)}\n`)].map((byte) => Buffer.of(byte));
    expect(await linesAfter(...bytes)).toMatchObject([
      { id: 'echo', result: { structuredContent: { message: TEXT } } },
    ]);
  });

  it('answers a message over --max-message with an error on its id, and goes on', async () => {
    const long = JSON.stringify({
      ...ECHO,
      id: 'long',
      params: { name: 'echo', arguments: { message: 'x'.repeat(20_000) } },
    });
    expect(await linesAfter(`${long}\n`)).toMatchObject([{ id: 'long', error: { code: -32600 } }]);
  });

  it.each(['01', '"\\x"', '"unended', 'null', '{}'])('answers such a message even if its id is odd: %s', async (id) => {
    const long = `{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"text":"${'x'.repeat(20_000)}"}}`;
    expect(await linesAfter(`${long}\n`)).toMatchObject([{ id: null, error: { code: -32600 } }]);
  });
});

describe('standard output', () => {
  it('carries nothing but messages, whatever the servers and the log have to say', async () => {
    const { command: node, args } = command(...SEVERAL);
    const bridge = openStdio({ command: node, args: args.map((arg) => (arg === 'error' ? 'debug' : arg)) }, 'ignore');
    bridge.send(initializeRequest());
    await bridge.request('tools/list');
    await bridge.request('tools/call', { name: 'b__echo', arguments: { message: TEXT } });
    await bridge.close();
    for (const line of bridge.lines()) expect(parse(line).jsonrpc).toBe('2.0');
  });
});

describe('the end of standard input', () => {
  it('ends the bridge once all is answered, the last line’s missing newline included', async () => {
    const bridge = openStdio(command('--stdio', fixtureLine('echo-server')));
    bridge.send(initializeRequest());
    bridge.send({ ...ECHO, id: 'slow', params: { name: 'sleep', arguments: { ms: 500 } } });
    bridge.send(JSON.stringify(ECHO));
    await bridge.close();
    expect(bridge.lines().map((line) => parse(line).id)).toEqual(expect.arrayContaining([0, 'slow', 'echo']));
  });
});

describe('clients of the SDKs that start the bridge', () => {
  it('call the tools of all servers: v1', async () => {
    await using peer = await connectStdio(command(...SEVERAL));
    for (const name of ['a__echo', 'b__echo'])
      expect(JSON.stringify(await peer.client.callTool({ name, arguments: { message: TEXT } }))).toContain(TEXT);
  });

  it.each(['legacy', 'auto'] as const)('call the tools of all servers: v2, %s', async (negotiation) => {
    await using peer = await connectStdioV2(command(...SEVERAL), negotiation);
    for (const name of ['a__echo', 'b__echo'])
      expect(JSON.stringify(await peer.client.callTool({ name, arguments: { message: TEXT } }))).toContain(TEXT);
  });
});

function byId(id: string | number): (line: string) => boolean {
  return (line) => parse(line).id === id;
}

function parse(line: string): RpcMessage {
  return JSON.parse(line);
}
