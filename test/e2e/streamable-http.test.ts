import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { type RawAnswer, rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest, openRawSession, type RawSession } from './raw-session.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };
const UNKNOWN_SESSION = { 'mcp-session-id': '00000000-0000-4000-8000-000000000000' };

let bridge: Bridge;
let session: RawSession;

beforeAll(async () => {
  bridge = await startBridge(['--stdio', fixtureLine('echo-server')]);
  session = await openRawSession(bridge.url);
});
afterAll(() => bridge.stop());

describe('a POST whose body is no JSON', () => {
  it.each([
    ['nothing', ''],
    ['spaces', ' \n'],
    ['text', 'hello'],
    ['half a message', '{"jsonrpc":"2.0","id":1,"method":"pi'],
    ['two messages', `${JSON.stringify(PING)}${JSON.stringify(PING)}`],
    ['a form', 'jsonrpc=2.0&id=1&method=ping'],
    ['bytes that are no UTF-8', Buffer.from([...Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'), 0xff, 0x22, 0x7d])],
    ['half a character', Buffer.from([...Buffer.from('"é"')].slice(0, 2))],
  ])('is answered with 400 and -32700: %s', async (_, body) => {
    const answer = await session.send(body);
    expect(errorOf(answer)).toEqual({ status: 400, code: -32700, id: null });
    expect(answer.headers['content-type']).toBe('application/json');
  });
});

describe('a POST whose body is no JSON-RPC', () => {
  it.each([
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"ping"'],
    ['an empty object', '{}'],
    ['no version', { id: 1, method: 'ping' }],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'ping' }],
    ['a version that is a number', { jsonrpc: 2, id: 1, method: 'ping' }],
    ['a method that is no string', { jsonrpc: '2.0', id: 1, method: 1 }],
    ['params that are a list', { jsonrpc: '2.0', id: 1, method: 'ping', params: [] }],
    ['params that are a string', { jsonrpc: '2.0', id: 1, method: 'ping', params: 'x' }],
    ['params that are null', { jsonrpc: '2.0', id: 1, method: 'ping', params: null }],
    ['an id that is null', { jsonrpc: '2.0', id: null, method: 'ping' }],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'ping' }],
    ['an id that is true', { jsonrpc: '2.0', id: true, method: 'ping' }],
    ['a result and an error', { jsonrpc: '2.0', id: 1, result: {}, error: {} }],
    ['neither method nor result', { jsonrpc: '2.0', id: 1 }],
    ['a result without an id', { jsonrpc: '2.0', result: {} }],
    [
      'a key of the params twice',
      '{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":1,"level":2}}',
    ],
    ['a key of the _meta twice', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":1,"a":2}}}'],
  ])('is answered with 400 and -32600: %s', async (_, body) => {
    expect(errorOf(await session.send(body))).toMatchObject({ status: 400, code: -32600 });
    expect((await session.post(1, 'ping')).status).toBe(200);
  });

  it('is refused when it says a thing twice', async () => {
    expect((await session.send('{"jsonrpc":"2.0","id":1,"method":"ping","id":2}')).status).toBe(400);
  });

  it('is told its id where it has one', async () => {
    expect(errorOf(await session.send('{"jsonrpc":"1.0","id":"seven","method":"ping"}')).id).toBe('seven');
    expect(errorOf(await session.send('{"jsonrpc":"2.0","id":[7],"method":"ping"}')).id).toBeNull();
  });
});

describe('the headers of a POST', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON ;charset=UTF-8'])(
    'may say the type in any way: %s',
    async (type) => {
      expect((await session.send(PING, { 'content-type': type })).status).toBe(200);
    },
  );

  it.each([undefined, '', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json'])(
    'must say that it is JSON: %s is 415',
    async (type) => {
      expect(errorOf(await session.send(PING, { 'content-type': type }))).toMatchObject({ status: 415, code: -32000 });
    },
  );

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', undefined])(
    'may name the revision %s',
    async (revision) => {
      expect((await session.send(PING, { 'mcp-protocol-version': revision })).status).toBe(200);
    },
  );

  it.each(['2027-01-01', '2025-01-01', 'latest', ''])(
    'may name no revision that is not spoken: %j is 400',
    async (revision) => {
      const headers = { ...session.headers, 'mcp-protocol-version': revision };
      const answers = await Promise.all([
        rawPost(bridge.url, PING, headers),
        rawRequest('GET', bridge.url, { ...headers, accept: 'text/event-stream' }),
        rawRequest('DELETE', bridge.url, headers),
      ]);
      for (const answer of answers) {
        expect(errorOf(answer)).toMatchObject({ status: 400, code: -32022 });
        expect(answer.text).toContain('["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]');
      }
    },
  );

  it('do not keep a client from negotiating', async () => {
    const answer = await rawPost(bridge.url, initializeRequest(), { 'mcp-protocol-version': '2026-07-28' });
    expect(answer.messages[0]?.result?.protocolVersion).toBe('2025-11-25');
  });
});

describe('a session', () => {
  it('is made by initialize, and told in a header', async () => {
    const answer = await rawPost(bridge.url, initializeRequest());
    expect(answer.headers['mcp-session-id']).toMatch(/^[\x21-\x7e]{32,}$/);
    expect((await session.post(1, 'ping')).headers).not.toHaveProperty('mcp-session-id');
  });

  it('that is unknown is 404, whatever is asked of it', async () => {
    expect(errorOf(await rawPost(bridge.url, PING, UNKNOWN_SESSION))).toMatchObject({ status: 404, code: -32000 });
    expect((await rawPost(bridge.url, INITIALIZED, UNKNOWN_SESSION)).status).toBe(404);
    expect((await rawRequest('GET', bridge.url, { ...UNKNOWN_SESSION, accept: 'text/event-stream' })).status).toBe(404);
    expect((await rawRequest('DELETE', bridge.url, UNKNOWN_SESSION)).status).toBe(404);
  });

  it('that is unknown does not keep a client from starting anew', async () => {
    const answer = await rawPost(bridge.url, initializeRequest(), UNKNOWN_SESSION);
    expect(answer.status).toBe(200);
    expect(answer.headers['mcp-session-id']).not.toBe(UNKNOWN_SESSION['mcp-session-id']);
  });

  it('is not needed for a request', async () => {
    const answer = await rawPost(bridge.url, { ...PING, method: 'tools/list' });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"echo"');
  });

  it('is needed for a stream, and for DELETE', async () => {
    const stream = await rawRequest('GET', bridge.url, { accept: 'text/event-stream' });
    expect(stream.status).toBe(405);
    expect(stream.headers.allow).toBe('POST');
    expect((await rawRequest('DELETE', bridge.url)).status).toBe(400);
  });

  it('ends with DELETE: its stream, its calls, and what may be asked of it', async () => {
    const other = await openRawSession(bridge.url);
    const stream = await other.listen();
    const label = 'ended by DELETE';
    const call = await other.stream(1, 'tools/call', {
      name: 'progress',
      arguments: { steps: 1000, label },
      _meta: { progressToken: 1 },
    });
    await call.next(({ data }) => data.includes(label));
    expect((await other.delete()).status).toBe(200);
    await expect(drain(stream)).resolves.not.toContain('"id":1');
    await expect(drain(call)).resolves.not.toContain('"result"');
    expect((await other.post(2, 'ping')).status).toBe(404);
    expect((await other.delete()).status).toBe(404);
    await expect.poll(async () => JSON.stringify(await session.call(3, 'cancelled'))).toContain(label);
  });
});

describe('a POST', () => {
  it('of a notification is answered with 202 and nothing', async () => {
    expect(await session.send(INITIALIZED)).toMatchObject({ status: 202, text: '' });
  });

  it('of an answer that nobody waits for is answered with 202 and nothing', async () => {
    expect(await session.send({ jsonrpc: '2.0', id: 'x', result: {} })).toMatchObject({ status: 202, text: '' });
    const error = { code: -32603, message: 'no' };
    expect(await session.send({ jsonrpc: '2.0', id: null, error })).toMatchObject({ status: 202, text: '' });
  });

  it('of a request for an unknown method is answered with 200 and -32601', async () => {
    expect(errorOf(await session.post(1, 'no/such/method'))).toMatchObject({ status: 200, code: -32601 });
  });

  it.each(['1', '-1', '1.0', '0', '12345678901234567890', '1e3', '"one"', '""', '"\\u00e9"', '"1"'])(
    'is answered under its own id, as it was written: %s',
    async (id) => {
      const { text } = await session.send(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
      expect(text).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    },
  );

  it('is answered even if another one with the same id is in flight', async () => {
    const calls = ['a', 'b', 'c'].map((message) =>
      session.post(1, 'tools/call', { name: 'progress', arguments: { steps: 3, label: message } }),
    );
    const answers = await Promise.all(calls);
    const labels = answers.map(({ messages }) => messages.at(-1)?.result?.structuredContent);
    expect(labels).toMatchObject([{ label: 'a' }, { label: 'b' }, { label: 'c' }]);
  });

  it('ends without a result when its request is cancelled', async () => {
    const label = 'cancelled by its client';
    const call = await session.stream('long', 'tools/call', {
      name: 'progress',
      arguments: { steps: 1000, label },
      _meta: { progressToken: 1 },
    });
    await call.next(({ data }) => data.includes(label));
    await session.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long' } });
    expect(await drain(call)).not.toContain('"long"');
  });

  it('ends as well when it had not begun to stream', async () => {
    const call = session.post('silent', 'tools/call', { name: 'hang' });
    await expect.poll(() => cancelSilent()).toBe(true);
    expect(await call).toMatchObject({ messages: [] });

    /** Whether the request has arrived, and so was cancelled. */
    async function cancelSilent(): Promise<boolean> {
      await session.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'silent' } });
      return JSON.stringify(await session.call(1, 'cancelled')).includes('hang');
    }
  });
});

describe('a batch', () => {
  const batch = [PING, INITIALIZED, { ...PING, id: 2, method: 'no/such/method' }];

  it('is answered as one in 2025-03-26', async () => {
    const old = await openRawSession(bridge.url, { revision: '2025-03-26' });
    const { status, text, messages } = await old.send(batch);
    expect(status).toBe(200);
    expect(text).toMatch(/^\[.*\]$/);
    expect(messages.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [2, -32601],
    ]);
  });

  it('of one request is answered with a list of one', async () => {
    const old = await openRawSession(bridge.url, { revision: '2025-03-26' });
    expect((await old.send([PING])).text).toBe('[{"jsonrpc":"2.0","id":1,"result":{}}]');
  });

  it('that streams brings each answer', async () => {
    const old = await openRawSession(bridge.url, { revision: '2025-03-26' });
    const call = (id: string) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'progress', arguments: { steps: 1, label: id }, _meta: { progressToken: id } },
    });
    const { headers, messages } = await old.send([call('a'), call('b')]);
    expect(headers['content-type']).toBe('text/event-stream');
    for (const id of ['a', 'b']) {
      const own = messages.filter((message) => message.id === id || message.params?.progressToken === id);
      expect(own.map(({ method }) => method)).toEqual(['notifications/progress', undefined]);
    }
  });

  it('of notifications alone is 202', async () => {
    const old = await openRawSession(bridge.url, { revision: '2025-03-26' });
    expect(await old.send([INITIALIZED, INITIALIZED])).toMatchObject({ status: 202, text: '' });
  });

  it.each(['2024-11-05', '2025-06-18', '2025-11-25'])('is refused in %s', async (revision) => {
    const other = await openRawSession(bridge.url, { revision });
    expect(errorOf(await other.send(batch))).toMatchObject({ status: 400, code: -32600 });
  });

  it('is refused when it is empty, or holds what is no message, or initialize among others', async () => {
    const old = await openRawSession(bridge.url, { revision: '2025-03-26' });
    for (const body of ['[]', '[1]', [PING, {}], [PING, [PING]], [initializeRequest(), PING]]) {
      expect(errorOf(await old.send(body))).toMatchObject({ status: 400, code: -32600 });
    }
  });

  it('without a session is served as in 2025-03-26, unless it names another revision', async () => {
    expect((await rawPost(bridge.url, [PING])).status).toBe(200);
    expect((await rawPost(bridge.url, [PING], { 'mcp-protocol-version': '2025-06-18' })).status).toBe(400);
  });
});

describe('a method of HTTP that is not served', () => {
  it.each(['PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'])('is 405: %s', async (method) => {
    const { status, headers } = await rawRequest(method, bridge.url, session.headers);
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, POST, DELETE');
  });

  it.each(['/', '/mcp2', '/mcp/x', '/MCP', '/.well-known/oauth-protected-resource', '/favicon.ico'])(
    'nor is another path: %s is 404',
    async (path) => {
      expect(errorOf(await rawPost(bridge.origin + path, PING))).toMatchObject({ status: 404, code: -32000 });
    },
  );
});

function errorOf({ status, messages }: RawAnswer): { status: number; code: number | undefined; id: unknown } {
  return { status, code: messages[0]?.error?.code, id: messages[0]?.id };
}

/** All that is still to come on a stream, as text. */
async function drain(stream: AsyncIterable<{ data: string }>): Promise<string> {
  let text = '';
  for await (const { data } of stream) text += data;
  return text;
}
