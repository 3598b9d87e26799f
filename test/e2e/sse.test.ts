import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectSse } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openSse, type RpcMessage, rawPost, rawRequest, type SseStream } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge(['--stdio', fixtureLine('echo-server')]);
});
afterAll(() => bridge.stop());

/** A stream, and the URL that it says messages go to. */
async function open(): Promise<{ stream: SseStream; endpoint: string }> {
  const stream = await openSse(`${bridge.origin}/sse`);
  const { data } = await stream.next(({ event }) => event === 'endpoint');
  return { stream, endpoint: bridge.origin + data };
}

async function nextMessage(stream: SseStream): Promise<RpcMessage> {
  const { data } = await stream.next((event) => event.event === 'message' && event.data !== '');
  return JSON.parse(data);
}

describe('the SSE transport', () => {
  it('names the path for messages first, and answers on the stream', async () => {
    const stream = await openSse(`${bridge.origin}/sse`);
    const { data } = await stream.next(({ data }) => data !== '');
    expect(data).toMatch(/^\/message\?sessionId=[\da-f-]{36}$/);
    expect(stream.headers['content-type']).toBe('text/event-stream');
    const posted = await rawPost(bridge.origin + data, initializeRequest({ revision: '2024-11-05' }));
    expect(posted).toMatchObject({ status: 202, messages: [] });
    expect((await nextMessage(stream)).result).toMatchObject({ protocolVersion: '2024-11-05' });
    stream.close();
  });

  it('gives events no ids, as they cannot be taken up again', async () => {
    const { stream, endpoint } = await open();
    await rawPost(endpoint, PING);
    expect(await stream.next(({ data }) => data !== '')).not.toHaveProperty('id');
    stream.close();
  });

  it('serves many clients at once, each its own answers', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => open()));
    await Promise.all(
      clients.map(({ endpoint }, index) =>
        rawPost(endpoint, {
          ...PING,
          method: 'tools/call',
          params: { name: 'progress', arguments: { steps: 3, label: `client ${index}` }, _meta: { progressToken: 1 } },
        }),
      ),
    );
    for (const [index, { stream }] of clients.entries()) {
      for (const progress of [1, 2, 3])
        expect((await nextMessage(stream)).params).toMatchObject({ progress, message: `client ${index}` });
      expect((await nextMessage(stream)).result?.structuredContent).toMatchObject({ label: `client ${index}` });
      stream.close();
    }
  });

  it('answers what is wrong with a message at once, as the POST’s own answer', async () => {
    const { stream, endpoint } = await open();
    const refusal = async (body: string | object, headers = {}) => {
      const { status, messages } = await rawPost(endpoint, body, headers);
      return [status, messages[0]?.error?.code];
    };
    expect(await refusal('no JSON')).toEqual([400, -32700]);
    expect(await refusal('')).toEqual([400, -32700]);
    expect(await refusal({ id: 1 })).toEqual([400, -32600]);
    expect(await refusal([PING])).toEqual([400, -32600]);
    await rawPost(endpoint, PING);
    expect(await nextMessage(stream)).toMatchObject({ id: 1, result: {} });
    stream.close();
  });

  it('knows only the sessions whose streams are open', async () => {
    const unknown = `${bridge.origin}/message?sessionId=00000000-0000-4000-8000-000000000000`;
    expect((await rawPost(unknown, PING)).status).toBe(404);
    expect((await rawPost(`${bridge.origin}/message`, PING)).status).toBe(400);
    const streamable = await openRawSession(bridge.url);
    expect((await rawPost(`${bridge.origin}/message?sessionId=${streamable.id}`, PING)).status).toBe(404);
  });

  it('says which methods it serves', async () => {
    const stream = await rawRequest('POST', `${bridge.origin}/sse`, { 'content-type': 'application/json' }, PING);
    expect([stream.status, stream.headers.allow]).toEqual([405, 'GET']);
    const message = await rawRequest('GET', `${bridge.origin}/message?sessionId=x`);
    expect([message.status, message.headers.allow]).toEqual([405, 'POST']);
  });

  it('ends the session with its stream, and cancels its calls', async () => {
    const { stream, endpoint } = await open();
    const params = { name: 'progress', arguments: { steps: 1000, label: 'cut' }, _meta: { progressToken: 1 } };
    await rawPost(endpoint, { ...PING, method: 'tools/call', params });
    await nextMessage(stream);
    stream.close();
    const witness = await openRawSession(bridge.url);
    const cancelled = async () => JSON.stringify(await witness.call(1, 'cancelled'));
    await expect.poll(cancelled, EVENTUALLY).toContain('"cut"');
    expect((await rawPost(endpoint, PING)).status).toBe(404);
  });

  it('is served under the paths that were asked for, alone if wanted', async () => {
    const paths = ['--ssePath', '/events', '--messagePath', '/in', '--outputTransport', 'sse'];
    await using other = await startBridge(['--stdio', fixtureLine('echo-server'), ...paths]);
    expect(other.sseUrl).toBe(`${other.origin}/events`);
    await using peer = await connectSse(`${other.origin}/events`);
    expect((await peer.client.listTools()).tools).not.toHaveLength(0);
    expect((await rawPost(`${other.origin}/mcp`, PING)).status).toBe(404);
  });
});
