import { describe, expect, it } from 'vitest';
import { type Answers, answering, progress, sendEvents, setUp, toolCall } from './support.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const RESULT = { jsonrpc: '2.0', id: 1, result: {} };

describe('posting an answer', () => {
  it.each([408, 429, 502, 503, 504, 0])('is repeated after %i', async (status) => {
    await using test = await setUp(answering());
    test.plane.script('response', { status }, { status });
    await test.plane.send(PING).answer;
    expect(test.plane.times('response')).toHaveLength(3);
  });

  it.each([400, 401, 403, 404, 409, 500])('is not repeated after %i, and the tunnel goes on', async (status) => {
    await using test = await setUp(answering());
    test.plane.script('response', { status });
    test.plane.send(PING);
    await test.plane.next('response');
    await test.plane.send({ ...PING, id: 2 }).answer;
    expect(test.plane.times('response')).toHaveLength(2);
  });

  it('that is too large posts an error in its place', async () => {
    await using test = await setUp(answering({ text: 'x'.repeat(1000) }));
    test.plane.script('response', { status: 413 });
    const { resp_json } = await test.plane.send(PING).answer;
    expect(resp_json?.error?.message).toMatch(/The answer has 10\d\d bytes/);
  });
});

describe('posting a notification', () => {
  const twice: Answers = (_, response) => void sendEvents(response, progress(1), progress(2), RESULT).end();

  it('is repeated after 429', async () => {
    await using test = await setUp(twice);
    test.plane.script('response', { status: 429 });
    const pending = test.plane.send(PING);
    await pending.answer;
    expect(pending.inbox.notifications.map(({ params }) => params?.progress)).toEqual([1, 2]);
  });

  it.each([503, 500, 0])('that may have arrived is not repeated after %i: only the answer follows', async (status) => {
    await using test = await setUp(twice);
    test.plane.script('response', { status });
    const pending = test.plane.send(PING);
    expect((await pending.answer).resp_json).toEqual(RESULT);
    expect(pending.inbox.notifications).toEqual([]);
    expect(test.plane.times('response')).toHaveLength(2);
  });

  it('that nobody waits for any more ends the work for it', async () => {
    await using test = await setUp((received, response) => {
      if (received.message.method === 'tools/call') sendEvents(response, progress(1));
      else answering()(received, response);
    });
    const headers = { 'Mcp-Session-Id': ['s'] };
    const pending = test.plane.send(toolCall('c', 'hang'), { headers });
    pending.forget();
    await (await test.endpoint.wait(1))[0]?.closed;
    expect((await test.endpoint.wait(2))[1]?.message.params).toMatchObject({ requestId: 'c' });
  });
});
