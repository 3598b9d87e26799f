import { describe, expect, it } from 'vitest';
import { startBridge } from '../../support/bridge.ts';
import { fixtureLine } from '../../support/fixtures.ts';
import { type Posted, startControlPlane } from '../../support/openai-control-plane.ts';
import { toMessage } from '../../support/stateless-request.ts';
import { contentOf, openSession, openTunnel, type TunnelSession, toolCall } from './support.ts';

const ECHO = ['--stdio', fixtureLine('echo-server')];

async function setUp(args: readonly string[] = ECHO) {
  const bridge = await startBridge(args);
  const plane = await startControlPlane();
  const tunnel = openTunnel(plane, { endpoint: bridge.url });
  const end = async (): Promise<void> => {
    await tunnel.close();
    await bridge.stop();
    await plane[Symbol.asyncDispose]();
  };
  return { bridge, plane, tunnel, [Symbol.asyncDispose]: end };
}

/** Ten calls at once, every second one of which reports progress, and what comes of them. */
async function callMany({ call, send }: TunnelSession, label: string): Promise<unknown[]> {
  const calls = [1, 2, 3, 4, 5, '1', '2', '3', '4', '5'].map((id, index) => {
    if (index % 2 === 0) return call(id, 'echo', { message: label });
    return send(toolCall(id, 'progress', { steps: 3, ms: 1, label }, { progressToken: id }));
  });
  return Promise.all(
    calls.map(async ({ answer, inbox }) => [
      (await answer).resp_json?.id,
      contentOf(await answer),
      inbox.notifications.map(({ params }) => [params?.progressToken, params?.progress, params?.message]),
    ]),
  );
}

/** What has to come of them. */
function expectedOf(label: string): unknown[] {
  return [1, 2, 3, 4, 5, '1', '2', '3', '4', '5'].map((id, index) => {
    if (index % 2 === 0) return [id, { message: label }, []];
    return [id, { steps: 3, label }, [1, 2, 3].map((step) => [id, step, label])];
  });
}

describe('ChatGPT, through OpenAI’s tunnel,', () => {
  it('uses several sessions with the same ids and progress tokens, and each gets its own', async () => {
    await using test = await setUp();
    const labels = Array.from({ length: 6 }, (_, index) => `session ${index}`);
    const results = await Promise.all(
      labels.map(async (label) => callMany(await openSession(test.plane, { name: label }), label)),
    );
    expect(results).toEqual(labels.map(expectedOf));
  });

  it('needs no session', async () => {
    await using test = await setUp();
    const both = await Promise.all(
      ['a', 'b'].map((message) => test.plane.send(toolCall(1, 'echo', { message })).answer),
    );
    expect(both.map(contentOf)).toEqual([{ message: 'a' }, { message: 'b' }]);
  });

  it('speaks 2026-07-28 without sending its headers', async () => {
    await using test = await setUp();
    const discovered = await test.plane.send(toMessage('server/discover', {}, {}).body).answer;
    expect(discovered.resp_json?.result).toMatchObject({ supportedVersions: expect.arrayContaining(['2026-07-28']) });
    const params = { name: 'echo', arguments: { message: 'hello' } };
    const called = await test.plane.send(toMessage('tools/call', params, {}).body).answer;
    expect(called.resp_json?.result).toMatchObject({ resultType: 'complete', structuredContent: { message: 'hello' } });
    const unknown = await test.plane.send(toMessage('no/such/method', {}, {}).body).answer;
    expect(unknown).toMatchObject({ resp_code: 404, resp_json: { id: 1, error: { code: -32601 } } });
  });

  it('is asked by a server in 2026-07-28, and answers', async () => {
    await using test = await setUp();
    const client = { capabilities: { elicitation: { form: {} } } };
    const params = { name: 'ask', arguments: { kind: 'elicitation', message: 'Which?' } };
    const asked = await test.plane.send(toMessage('tools/call', params, client).body).answer;
    const { resultType, inputRequests, requestState } = asked.resp_json?.result ?? {};
    expect(resultType).toBe('input_required');
    const [key] = Object.keys(inputRequests as object) as [string];
    const inputResponses = { [key]: { action: 'accept', content: { answer: 'that one' } } };
    const retry = toMessage('tools/call', { ...params, inputResponses, requestState }, client, { id: 2 }).body;
    expect(contentOf(await test.plane.send(retry).answer)).toMatchObject({ content: { answer: 'that one' } });
  });

  it('listens to what changes', async () => {
    await using test = await setUp();
    const listen = toMessage('subscriptions/listen', { notifications: { toolsListChanged: true } }, {}).body;
    const { inbox } = test.plane.send(listen);
    await inbox.wait('notifications/subscriptions/acknowledged');
    await test.plane.send(toMessage('tools/call', { name: 'change', arguments: { name: 'new' } }, {}).body).answer;
    await inbox.wait('notifications/tools/list_changed');
  });

  it('cannot be asked in a session, which its server is told at once', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane, { capabilities: { elicitation: {} } });
    const { resp_json } = await session.call(1, 'ask', { kind: 'elicitation' }).answer;
    expect(JSON.stringify(resp_json?.result)).toContain('cannot be asked anything through this tunnel');
    expect(resp_json?.result?.isError).toBe(true);
  });

  it('cancels a call', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane);
    const hanging = session.send(toolCall('h', 'progress', { steps: 1000, ms: 20 }, { progressToken: 'p' }));
    await hanging.inbox.wait('notifications/progress');
    const cancelled = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'h', reason: 'bored' },
    };
    expect(await session.send(cancelled).answer).toMatchObject({ resp_type: 'notify_ack', resp_code: 202 });
    expect((await hanging.answer).resp_json?.error?.code).toBe(-32603);
    expect(await cancelledCalls(session)).toMatchObject([{ name: 'progress' }]);
  });

  it('cancels a call by not waiting for it any more', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane);
    session.call('h', 'hang', {}, { headers: session.headers, responseTimeout: '500ms' });
    await expect.poll(() => cancelledCalls(session)).toMatchObject([{ name: 'hang' }]);
  });

  it('ends a session, which is unknown from then on', async () => {
    await using test = await setUp();
    const [session, other] = [await openSession(test.plane), await openSession(test.plane)];
    expect((await test.plane.terminate(session.id).answer).resp_code).toBe(200);
    expect(await session.call('after', 'echo').answer).toMatchObject({
      resp_code: 404,
      resp_json: { id: 'after', error: { message: 'Session not found' } },
    });
    expect((await test.plane.terminate(session.id).answer).resp_code).toBe(404);
    expect(contentOf(await other.call(1, 'echo', { message: 'still here' }).answer)).toEqual({ message: 'still here' });
  });

  it('sends and gets messages of many megabytes, and small ones meanwhile', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane);
    const bytes = 8 * 1024 * 1024;
    const [sent, got, streamed, small] = await Promise.all([
      session.call(1, 'length', { text: 'ü'.repeat(bytes / 2) }).answer,
      session.call(2, 'big', { bytes }).answer,
      session.send(toolCall(3, 'big', { bytes }, { progressToken: 3 })).answer,
      session.send('{"jsonrpc":"2.0","id":4,"method":"ping"}').answer,
    ]);
    expect(contentOf(sent)).toEqual({ bytes });
    for (const { resp_json } of [got, streamed])
      expect(resp_json?.result?.content).toEqual([{ type: 'text', text: 'x'.repeat(bytes) }]);
    expect(small.resp_json).toEqual({ jsonrpc: '2.0', id: 4, result: {} });
  });

  it('hears of a bridge that was restarted, and begins anew', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane);
    const lost = session.send(toolCall(1, 'progress', { steps: 1000, ms: 20 }, { progressToken: 1 }));
    await lost.inbox.wait('notifications/progress');
    test.bridge.kill('SIGKILL');
    expect(failureOf(await lost.answer)).toMatchObject({ source: 'protocol' });
    await test.bridge.exited;
    expect(failureOf(await session.call(2, 'echo').answer)).toMatchObject({ source: 'connect' });
    await using bridge = await startBridge(['--port', new URL(test.bridge.url).port, ...ECHO]);
    expect(bridge.url).toBe(test.bridge.url);
    expect((await session.call(3, 'echo').answer).resp_code).toBe(404);
    const again = await openSession(test.plane);
    expect(contentOf(await again.call(1, 'echo', { message: 'hello' }).answer)).toEqual({ message: 'hello' });
  });

  it('keeps its session while the tunnel is opened anew', async () => {
    await using test = await setUp();
    const session = await openSession(test.plane);
    await test.tunnel.close();
    await using plane = await startControlPlane();
    openTunnel(plane, { endpoint: test.bridge.url });
    const { answer } = plane.send(toolCall(1, 'echo', { message: 'hello' }), { headers: session.headers });
    expect(contentOf(await answer)).toEqual({ message: 'hello' });
  });
});

async function cancelledCalls({ call }: TunnelSession): Promise<object[]> {
  const content = contentOf(await call('c', 'cancelled').answer) as { cancelled: object[] };
  return content.cancelled;
}

function failureOf({ resp_json }: Posted): unknown {
  return (resp_json?.error?.data as { tunnel_failure?: unknown } | undefined)?.tunnel_failure;
}
