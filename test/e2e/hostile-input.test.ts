import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openSse, rawPost, rawRequest } from '../support/http.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

const LIMIT = 1_000_000;
/** Names that every object of JavaScript has. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'then'];
const METHODS = [
  'initialize',
  'ping',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  'tasks/list',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
];
const NOTIFICATIONS = ['initialized', 'cancelled', 'progress', 'roots/list_changed', 'message', 'x'].map(
  (name) => `notifications/${name}`,
);
const ODD = [null, 0, -1, 1e308, true, '', 'x', '\u0000', '\ud800', [], [null], {}, { __proto__: null }];
const KEYS = [
  'name',
  'uri',
  'ref',
  'level',
  'taskId',
  'cursor',
  'arguments',
  'requestId',
  'progressToken',
  '_meta',
  'task',
];

describe.each([
  ['a single server', 1],
  ['two servers', 2],
])('a bridge to %s', (_, servers) => {
  let bridge: Bridge;
  let bystander: RawSession;

  beforeAll(async () => {
    const commands = Array.from({ length: servers }, (_server, index) => `s${index}=${fixtureLine('echo-server')}`);
    bridge = await startBridge([...commands.flatMap((command) => ['--stdio', command]), '--max-message', '1MB']);
    bystander = await openRawSession(bridge.url);
  });
  afterAll(() => bridge.stop());

  /** Others are served within a moment, whatever one client does. */
  async function expectService(): Promise<void> {
    const name = servers === 1 ? 'echo' : 's1__echo';
    const began = performance.now();
    const { result } = await bystander.call('bystander', name, { message: 'still here' });
    expect(result?.structuredContent).toEqual({ message: 'still here' });
    expect(performance.now() - began).toBeLessThan(5000);
  }
  afterEach(async () => {
    await expectService();
    expect(bridge.stderr()).not.toContain('internal error');
  });

  it('serves others while headers and bodies trickle in', async () => {
    const { host } = new URL(bridge.origin);
    const beginnings = [
      'POST /mcp HTTP/1.1\r\nHo',
      `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"js`,
      `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"js`,
      `GET /sse HTTP/1.1\r\nHost: ${host}\r\n`,
      '',
    ];
    const sockets = await Promise.all(
      beginnings.flatMap((beginning) => Array.from({ length: 40 }, () => opened(bridge, beginning))),
    );
    await expectService();
    for (const socket of sockets) socket.destroy();
  });

  it('takes only so much in unfinished bodies, and small ones all the same', async () => {
    const large = JSON.stringify('x'.repeat(LIMIT - 2));
    const beginning = head(bridge, `Content-Length: ${LIMIT}`) + large.slice(0, -1);
    const sockets: Socket[] = [];
    const another = async () => (await bystander.send(large)).status;
    // Each time one more: what comes while others are still being read may be refused in another's place.
    const afterOneMore = async () => {
      sockets.push(await opened(bridge, beginning));
      return another();
    };
    await expect.poll(afterOneMore).toBe(503);
    await expectService();
    for (const socket of sockets) socket.destroy();
    await expect.poll(another).toBe(400);
  });

  it('cuts a body off that never ends', async () => {
    const socket = await opened(bridge, head(bridge, 'Transfer-Encoding: chunked'));
    const answer = textOf(socket);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sent = 0;
    while (!socket.destroyed && socket.writable && sent < 50 * LIMIT) {
      if (!socket.write(chunk)) await new Promise((wake) => socket.once('drain', wake).once('close', wake));
      sent += chunk.length;
    }
    expect(sent).toBeLessThan(50 * LIMIT);
    expect(await answer).toMatch(/^(?:HTTP\/1.1 413 |$)/);
  });

  it.each([
    ['lists', (levels: number) => '['.repeat(levels) + ']'.repeat(levels)],
    ['objects', (levels: number) => '{"a":'.repeat(levels) + 1 + '}'.repeat(levels)],
    ['lists that are never closed', (levels: number) => '['.repeat(levels)],
  ])('refuses 100,000 levels of %s', async (_kind, nested) => {
    const deep = nested(100_000);
    for (const body of [
      deep,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${deep}}}`,
    ]) {
      const { status, messages } = await bystander.send(body);
      expect([status, messages[0]?.error?.code]).toEqual([400, -32700]);
    }
  });

  it.each([
    ['a huge header', (own: Bridge) => head(own, `X-Long: ${'x'.repeat(LIMIT)}`)],
    [
      '10,000 headers',
      (own: Bridge) => head(own, ...Array.from({ length: 10_000 }, (_header, index) => `X-${index}: 1`)),
    ],
    ['a huge path', (own: Bridge) => head(own).replace('/mcp', `/${'x'.repeat(LIMIT)}`)],
    ['bytes that are no HTTP', () => Buffer.from(Array.from({ length: 1000 }, (_byte, index) => (index * 89) % 256))],
    ['a TLS handshake', () => Buffer.from('16030100c8010000c403030000000000000000', 'hex')],
    ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no Host', () => 'GET /mcp HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two lengths', (own: Bridge) => `${head(own, 'Content-Length: 2', 'Content-Length: 3')}{}`],
    ['a negative length', (own: Bridge) => `${head(own, 'Content-Length: -1')}{}`],
    [
      'a length and chunks',
      (own: Bridge) => `${head(own, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    ['a broken chunk', (own: Bridge) => `${head(own, 'Transfer-Encoding: chunked')}zz\r\n{}\r\n`],
    ['a header with control characters', (own: Bridge) => head(own, 'X-Control: a\u0000b', 'Content-Length: 0')],
  ])('answers 4xx to %s, and hangs up', async (_kind, bytes) => {
    const socket = await opened(bridge, bytes(bridge));
    expect(await textOf(socket)).toMatch(/^(?:HTTP\/1.1 4\d\d |$)/);
  });

  it.each([
    'http://evil.example.com/mcp',
    '//mcp',
    '/mcp/../../etc/passwd',
    '/%00',
    '/mcp%2f',
    '/servers/%2e%2e/mcp',
    '*',
    '/mcp;x',
  ])('serves nothing at the odd path %s', async (path) => {
    const socket = await opened(bridge, `${head(bridge, 'Content-Length: 2').replace('/mcp', path)}{}`);
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 4\d\d /);
  });

  it.each(INHERITED)('takes %s for a name like any other', async (name) => {
    for (const tool of [name, `s0__${name}`]) {
      const { error, result } = await bystander.call(name, tool);
      expect([error?.code, result]).toEqual([-32602, undefined]);
    }
    const send = async (method: string, params: object) => (await bystander.post(name, method, params)).messages[0];
    expect((await send(name, {}))?.error?.code).toBe(-32601);
    expect((await send('tasks/get', { taskId: name }))?.error?.code).toBeLessThan(0);
    expect((await send('resources/read', { uri: name }))?.error?.code).toBe(-32002);
    expect(await send('logging/setLevel', { level: name })).toMatchObject({ id: name });
    const headers = { 'mcp-session-id': name };
    expect((await rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).status).toBe(404);
    expect((await rawPost(`${bridge.origin}/message?sessionId=${name}`, '{}')).status).toBe(404);
    expect((await rawRequest('GET', `${bridge.origin}/${name}`)).status).toBe(404);
    expect((await rawRequest('GET', `${bridge.localUrl}/${name}`)).status).toBe(404);
  });

  it('keeps members of such names as they are', async () => {
    const params =
      '{"name":"PREFIXecho","arguments":{"__proto__":{"polluted":true},"constructor":{"prototype":{"a":1}}}}';
    const prefixed = params.replace('PREFIX', servers === 1 ? '' : 's0__');
    const { text } = await bystander.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${prefixed}}`);
    expect(text).toContain('"structuredContent":{"__proto__":{"polluted":true},"constructor":{"prototype":{"a":1}}}');
  });

  it('answers each method whatever its params are', { timeout: 60_000 }, async () => {
    const victim = await openRawSession(bridge.url, { revision: '2025-03-26' });
    for (const method of METHODS) {
      const requests = [{}, ...ODD.flatMap((value) => KEYS.map((key) => ({ [key]: value })))].map((params, index) => ({
        jsonrpc: '2.0',
        id: `${method} ${index}`,
        method,
        params,
      }));
      const batches = method === 'initialize' ? requests.map((request) => [request]) : [requests];
      for (const batch of batches) {
        const { messages } = await victim.send(method === 'initialize' ? (batch[0] ?? {}) : batch);
        expect(new Set(messages.filter(isAnswer).map(({ id }) => id))).toEqual(new Set(batch.map(({ id }) => id)));
      }
    }
  });

  it('takes notifications whatever their params are', async () => {
    const victim = await openRawSession(bridge.url, { revision: '2025-03-26', capabilities: { roots: {} } });
    const all = NOTIFICATIONS.flatMap((method) =>
      [{}, ...ODD.flatMap((value) => KEYS.map((key) => ({ [key]: value })))].map((params) => ({
        jsonrpc: '2.0',
        method,
        params,
      })),
    );
    expect((await victim.send(all)).status).toBe(202);
    expect((await victim.post(1, 'ping')).status).toBe(200);
  });

  it('answers any JSON with a status of its own', async () => {
    const message = fc.record(
      {
        jsonrpc: fc.constantFrom<unknown>('2.0', '1.0', 2),
        id: fc.constantFrom<unknown>(1, 'x', null, {}, 1.5),
        method: fc.constantFrom<unknown>(...METHODS, ...NOTIFICATIONS, '', 5),
        params: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...KEYS), fc.jsonValue())),
        result: fc.jsonValue(),
        error: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(message, fc.jsonValue(), fc.array(message, { maxLength: 3 })), async (body) => {
        const { status } = await bystander.send(JSON.stringify(body));
        expect([200, 202, 400]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });

  it('answers 20,000 requests of one batch', async () => {
    const victim = await openRawSession(bridge.url, { revision: '2025-03-26' });
    const batch = Array.from({ length: 20_000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }));
    const { messages } = await victim.send(batch);
    expect(messages).toHaveLength(batch.length);
  });

  it('outlives clients that leave in the middle', async () => {
    const params = {
      name: servers === 1 ? 'progress' : 's0__progress',
      arguments: { steps: 100 },
      _meta: { progressToken: 1 },
    };
    const streams = Array.from({ length: 100 }, async (_, index) => {
      const headers = index % 2 === 0 ? bystander.headers : {};
      const stream = await openSse(bridge.url, headers, { jsonrpc: '2.0', id: index, method: 'tools/call', params });
      stream.close();
    });
    await Promise.all(streams);
    const sockets = await Promise.all(
      Array.from({ length: 100 }, () => opened(bridge, `${head(bridge, 'Content-Length: 100')}{"jsonrpc"`)),
    );
    for (const socket of sockets) socket.resetAndDestroy();
  });

  it('answers 1,000 clients at once, each on a connection of its own', { timeout: 60_000 }, async () => {
    const name = servers === 1 ? 'echo' : 's0__echo';
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => {
        const params = { name, arguments: { message: `${index}` } };
        return rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      }),
    );
    const echoed = answers.map(({ messages }) => messages[0]?.result?.structuredContent);
    expect(echoed).toEqual(answers.map((_, index) => ({ message: `${index}` })));
  });
});

/** The head of a POST to the bridge. */
function head({ origin }: Bridge, ...headers: string[]): string {
  const lines = [
    'POST /mcp HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    'Content-Type: application/json',
    'Connection: close',
  ];
  return [...lines, ...headers, '', ''].join('\r\n');
}

/** A connection on which `bytes` have been sent. */
async function opened({ origin }: Bridge, bytes: string | Buffer): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => {}); // The other side may hang up at any time.
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** All that comes until the other side hangs up. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  if (!socket.closed) await new Promise((closed) => socket.once('close', closed));
  return text;
}

function isAnswer({ method }: { method?: string }): boolean {
  return method === undefined;
}
