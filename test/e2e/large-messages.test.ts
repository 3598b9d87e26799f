import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openSse, rawPost } from '../support/http.ts';
import { RAW_OPENERS } from './raw-peer.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

const FIFTY_MB = 50_000_000;
const LIMIT = 1_000_000;
const ECHO = ['--stdio', `echo=${fixtureLine('echo-server')}`];

describe('a message of 50 MB', () => {
  let bridge: Bridge;
  let session: RawSession;

  beforeAll(async () => {
    bridge = await startBridge(ECHO);
    session = await openRawSession(bridge.url);
  });
  afterAll(() => bridge.stop());

  it('reaches the server', async () => {
    // Characters of two bytes and escapes, so that nothing can be right by chance.
    const text = 'é\n'.repeat(FIFTY_MB / 4);
    const { result } = await session.call(1, 'length', { text });
    expect(result?.structuredContent).toEqual({ bytes: 3 * (FIFTY_MB / 4) });
  });

  it('reaches the client', async () => {
    const { result } = await session.call(1, 'big', { bytes: FIFTY_MB });
    expect(textOf(result)).toMatch(/^x{50}/);
    expect(textOf(result)?.length).toBe(FIFTY_MB);
  });

  it('reaches the client on a stream', async () => {
    const params = { name: 'big', arguments: { bytes: FIFTY_MB } };
    const headers = { accept: 'text/event-stream' };
    const { messages } = await session.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
    expect(textOf(messages[0]?.result)?.length).toBe(FIFTY_MB);
  });

  it('does not hold up other calls', async () => {
    const big = session.call('big', 'big', { bytes: FIFTY_MB });
    const small = Array.from({ length: 20 }, (_, index) => session.call(index, 'echo', { message: `${index}` }));
    for (const [index, { result }] of (await Promise.all(small)).entries())
      expect(result?.structuredContent).toEqual({ message: `${index}` });
    expect((await big).error).toBeUndefined();
  });
});

describe.each(Object.entries(RAW_OPENERS))('a message of 5 MB, over %s,', (_, open) => {
  it('passes in both directions', async () => {
    await using peer = await open(ECHO);
    const text = 'ü'.repeat(2_500_000);
    const sent = await peer.request('tools/call', `{"name":"length","arguments":{"text":"${text}"}}`);
    expect(sent.at(-1)).toContain('"structuredContent":{"bytes":5000000}');
    const received = await peer.request('tools/call', '{"name":"big","arguments":{"bytes":5000000}}');
    expect(received.at(-1)).toContain(`"${'x'.repeat(5_000_000)}"`);
  });
});

describe('a message over --max-message', () => {
  let bridge: Bridge;
  let session: RawSession;

  beforeAll(async () => {
    bridge = await startBridge([...ECHO, '--max-message', '1MB']);
    session = await openRawSession(bridge.url);
  });
  afterAll(() => bridge.stop());

  it('from the server is an error on its id only', async () => {
    const [long, short, other] = await Promise.all([
      session.call('long', 'big', { bytes: LIMIT }),
      session.call('short', 'sleep', { ms: 100 }),
      session.call('other', 'big', { bytes: LIMIT - 1000 }),
    ]);
    expect(long.error).toMatchObject({ code: -32603 });
    expect(long.error?.message).toMatch(
      /^echo: a message of 1000\d{3} bytes is longer than the limit of 1000000 \(--max-message\)$/,
    );
    expect(short.result?.structuredContent).toEqual({ slept: 100 });
    expect(other.error).toBeUndefined();
  });

  it('from the server is an error whatever else stands in it', async () => {
    const decoy = ',"id":1,"jsonrpc":"2.0"}';
    const { error } = await session.call('decoy', 'echo', { message: `${decoy}${'x'.repeat(LIMIT / 2)}${decoy}` });
    expect(error).toMatchObject({ code: -32603 });
  });

  it('from the client is 413, and nothing else ends', async () => {
    const going = session.call('going', 'sleep', { ms: 300 });
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'length', arguments: { text: 'x'.repeat(LIMIT) } },
    };
    const { status, messages } = await session.send(body);
    expect(status).toBe(413);
    expect(messages[0]).toMatchObject({ error: { code: -32000 } });
    expect(messages[0]?.error?.message).toContain('longer than 1000000 bytes (--max-message)');
    expect((await going).result?.structuredContent).toEqual({ slept: 300 });
    expect((await session.post(2, 'ping')).status).toBe(200);
  });

  it('from the client is 413 over SSE, and its stream stays', async () => {
    const stream = await openSse(`${bridge.origin}/sse`);
    const endpoint = bridge.origin + (await stream.next(({ event }) => event === 'endpoint')).data;
    expect((await rawPost(endpoint, `"${'x'.repeat(LIMIT)}"`)).status).toBe(413);
    await rawPost(endpoint, { jsonrpc: '2.0', id: 1, method: 'ping' });
    expect((await stream.next(({ data }) => data !== '')).data).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    stream.close();
  });

  it('is not one that is just as long as allowed', async () => {
    const frame = (text: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"length","arguments":{"text":"${text}"}}}`;
    const text = 'x'.repeat(LIMIT - frame('').length);
    const { messages } = await session.send(frame(text));
    expect(messages[0]?.result?.structuredContent).toEqual({ bytes: text.length });
  });
});

function textOf(result: Record<string, unknown> | undefined): string | undefined {
  const content = (result?.content ?? []) as { text: string }[];
  return content[0]?.text;
}
