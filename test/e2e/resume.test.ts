import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openSse, type RpcMessage, rawRequest, type SseStream } from '../support/http.ts';
import type { SseEvent } from '../support/sse.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

const STEPS = 20;
/** Slow enough to be cut in between. */
const CALL = { name: 'progress', arguments: { steps: STEPS, ms: 25 }, _meta: { progressToken: 't' } };
const WITHOUT_PRIMING = ['2024-11-05', '2025-03-26', '2025-06-18'];
const CHANGED = 'notifications/tools/list_changed';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge(['--stdio', fixtureLine('echo-server')]);
});
afterAll(() => bridge.stop());

describe('a stream that was cut', () => {
  it.each([...WITHOUT_PRIMING, '2025-11-25'])(
    'is taken up after the last event that came, without loss or repetition, in %s',
    async (revision) => {
      const session = await openRawSession(bridge.url, { revision });
      const call = await session.stream('call', 'tools/call', CALL);
      const before = await readMessages(call, 3);
      call.close();
      const after = await readMessages(await resume(session, before.at(-1)), STEPS - 3 + 1);
      const steps = [...before, ...after].map(messageOf).map(({ params, id }) => params?.progress ?? id);
      expect(steps).toEqual([...Array.from({ length: STEPS }, (_, index) => index + 1), 'call']);
    },
  );

  it('can be taken up again and again, also after its end, and then ends', async () => {
    const session = await openRawSession(bridge.url);
    const call = await session.stream('call', 'tools/call', CALL);
    const before = await readMessages(call, 3);
    call.close();
    const once = await readToEnd(await resume(session, before[1]));
    const twice = await readToEnd(await resume(session, before[1]));
    expect(once).toHaveLength(STEPS - 2 + 1);
    expect(twice).toEqual(once);
    expect(await readToEnd(await resume(session, once.at(-1)))).toEqual([]);
  });

  it('is taken up while its first connection is still open, which then ends', async () => {
    const session = await openRawSession(bridge.url);
    const call = await session.stream('call', 'tools/call', CALL);
    const before = await readMessages(call, 3);
    const resumed = await resume(session, before.at(-1));
    const [rest, own] = await Promise.all([readToEnd(call), readToEnd(resumed)]);
    expect(own).toHaveLength(STEPS - 3 + 1);
    expect(rest.length).toBeLessThan(STEPS - 3);
  });

  it('can be the session’s own', async () => {
    const session = await openRawSession(bridge.url);
    const change = (name: string) => session.call(name, 'change', { name });
    const stream = await session.listen();
    await change('first');
    const [first] = await readMessages(stream, 1);
    stream.close();
    await change('second');
    await change('third');
    const resumed = await resume(session, first);
    expect((await readMessages(resumed, 2)).map(messageOf).map(({ method }) => method)).toEqual([CHANGED, CHANGED]);
    resumed.close();
  });

  it('is not mixed up with another of the same session', async () => {
    const session = await openRawSession(bridge.url);
    const params = (label: string) => ({ ...CALL, arguments: { ...CALL.arguments, label } });
    const calls = await Promise.all(['a', 'b'].map((label) => session.stream(label, 'tools/call', params(label))));
    const rests = calls.map(async (call) => {
      const before = await readMessages(call, 2);
      call.close();
      return readToEnd(await resume(session, before.at(-1)));
    });
    for (const [index, rest] of (await Promise.all(rests)).entries()) {
      const label = ['a', 'b'][index];
      const messages = rest.map(messageOf);
      expect(messages.at(-1)?.id).toBe(label);
      expect(new Set(messages.slice(0, -1).map(({ params }) => params?.message))).toEqual(new Set([label]));
    }
  });
});

describe('an event id', () => {
  it.each(['x', '', '0', 'nothing_0', '00000000-0000-4000-8000-000000000000_1', '__proto___1'])(
    'that was never given out is refused: %j',
    async (id) => {
      const session = await openRawSession(bridge.url);
      const answer = await rawRequest('GET', bridge.url, {
        ...session.headers,
        accept: 'text/event-stream',
        'last-event-id': id,
      });
      expect(answer.status).toBe(400);
      expect(answer.messages[0]?.error?.message).toContain('Last-Event-ID');
    },
  );

  it('of another session is refused', async () => {
    const [owner, stranger] = [await openRawSession(bridge.url), await openRawSession(bridge.url)];
    const call = await owner.stream('call', 'tools/call', CALL);
    const [event] = await readMessages(call, 1);
    const refused = await resume(stranger, event);
    expect(refused.status).toBe(400);
    expect(await readToEnd(call)).toHaveLength(STEPS);
  });

  it('comes with each event, and is there once', async () => {
    const session = await openRawSession(bridge.url);
    const events = await readToEnd(await session.stream('call', 'tools/call', CALL));
    const others = await readToEnd(await session.stream('call', 'tools/call', CALL));
    const ids = [...events, ...others].map(({ id }) => id);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(2 * (STEPS + 1));
  });
});

describe('a stream begins', () => {
  it('with an empty event to resume from, in 2025-11-25', async () => {
    const session = await openRawSession(bridge.url);
    for (const stream of [await session.listen(), await session.stream('call', 'tools/call', CALL)]) {
      const primer = await stream.next();
      expect(primer).toMatchObject({ event: 'message', data: '', retry: 1000 });
      expect(primer.id).toMatch(/_0$/);
      stream.close();
    }
  });

  it('whose id leads to all that followed', async () => {
    const session = await openRawSession(bridge.url);
    const call = await session.stream('call', 'tools/call', CALL);
    const primer = await call.next();
    call.close();
    expect(await readToEnd(await resume(session, primer))).toHaveLength(STEPS + 1);
  });

  it.each(WITHOUT_PRIMING)('with a comment, in %s', async (revision) => {
    const session = await openRawSession(bridge.url, { revision });
    for (const stream of [await session.listen(), await session.stream('call', 'tools/call', CALL)]) {
      expect(await stream.next()).toEqual({ event: 'message', data: '', comment: '' });
      stream.close();
    }
  });
});

describe('the stream of a session', () => {
  it('goes to whoever asks for it last, and brings what nobody has read', async () => {
    const session = await openRawSession(bridge.url, { revision: '2025-06-18' });
    await session.call(1, 'change', { name: 'before' });
    const first = await session.listen();
    expect(await readMessages(first, 1)).toHaveLength(1);
    const second = await session.listen();
    expect(await readToEnd(first)).toEqual([]);
    await session.call(2, 'change', { name: 'after' });
    expect((await readMessages(second, 1)).map(messageOf)).toMatchObject([{ method: CHANGED }]);
    second.close();
  });
});

describe('a POST that is dropped', () => {
  it('does not cancel the request of a session', async () => {
    const session = await openRawSession(bridge.url);
    const label = 'of a session';
    const call = await session.stream('call', 'tools/call', { ...CALL, arguments: { ...CALL.arguments, label } });
    const [event] = await readMessages(call, 1);
    call.close();
    expect(await readToEnd(await resume(session, event))).toHaveLength(STEPS);
    expect(JSON.stringify(await session.call(1, 'cancelled'))).not.toContain(label);
  });

  it('cancels a request without a session', async () => {
    const session = await openRawSession(bridge.url);
    const params = { ...CALL, arguments: { steps: 1000, label: 'dropped' } };
    const call = await openSse(bridge.url, {}, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    await readMessages(call, 1);
    call.close();
    const cancelled = async () => JSON.stringify(await session.call(1, 'cancelled'));
    await expect.poll(cancelled, EVENTUALLY).toContain('dropped');
  });
});

/** The next `count` events that are messages. */
async function readMessages(stream: SseStream, count: number): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  while (events.length < count) events.push(await stream.next(({ data }) => data !== ''));
  return events;
}

/** All events that are messages, to the end of the stream. */
async function readToEnd(stream: SseStream): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of stream) if (event.data !== '') events.push(event);
  return events;
}

function resume(session: RawSession, event: SseEvent | undefined): Promise<SseStream> {
  return session.listen({ 'last-event-id': event?.id });
}

function messageOf({ data }: SseEvent): RpcMessage {
  return JSON.parse(data);
}
