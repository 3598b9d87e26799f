import { expect, it, vi } from 'vitest';
import { EventStore } from '../../src/downstream/event-store.ts';
import type { EventStream } from '../../src/downstream/event-stream.ts';
import { HttpSession } from '../../src/downstream/http-session.ts';
import { notificationFrame, parseMessages, type Request, resultFrame } from '../../src/protocol/message.ts';
import { ANYONE } from '../../src/protocol/principal.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { openSse } from '../support/http.ts';
import { createRelay, serve } from './support.ts';

const { relay } = createRelay({ handle: async () => resultFrame({}) });

function createSession(store = new EventStore(100_000)) {
  return { session: new HttpSession({ id: 'one', relay, principal: ANYONE, store }), store };
}

/** The number of the stream's last event, after one more. */
function sendTo(stream: EventStream, store: EventStore): string {
  stream.send(notificationFrame('n'));
  return `${stream.id}_${store.after(stream.id, 0).at(-1)?.number}`;
}

it('finds the stream of an event, and only among its own', () => {
  const { session, store } = createSession();
  const { session: other } = createSession(store);
  const post = session.createStream();
  const lastEventId = sendTo(post, store);
  expect(session.resume(lastEventId)).toEqual({ stream: post, after: 1 });
  expect(session.resume(`${session.standalone.id}_0`)).toEqual({ stream: session.standalone, after: 0 });
  expect(other.resume(lastEventId)).toBeUndefined();
  for (const id of ['', '1', `${post.id}`, `${post.id}_x`, `${post.id}x_1`]) expect(session.resume(id)).toBeUndefined();
});

it('is busy while a call is worked on or a stream is read', async () => {
  const { session } = createSession();
  expect(session.isBusy).toBe(false);
  const request = parseMessages('{"jsonrpc":"2.0","id":1,"method":"ping"}', 'client') as Request;
  const call = session.session.call(request, session.standalone);
  expect(session.isBusy).toBe(true);
  await call;
  expect(session.isBusy).toBe(false);
  const reader = await openSse(await serve((_, response) => session.standalone.connect(response)));
  expect(session.isBusy).toBe(true);
  reader.close();
  await vi.waitFor(() => expect(session.isBusy).toBe(false), EVENTUALLY);
});

it('remembers the newest 64 streams, and never forgets one that still lives', () => {
  const { session, store } = createSession();
  const living = session.createStream();
  const livingEvent = sendTo(living, store);
  const ended = Array.from({ length: 80 }, () => {
    const stream = session.createStream();
    const lastEventId = sendTo(stream, store);
    stream.end();
    return { stream, lastEventId };
  });
  expect(session.resume(livingEvent)?.stream).toBe(living);
  expect(session.resume(`${session.standalone.id}_0`)?.stream).toBe(session.standalone);
  const kept = ended.filter(({ lastEventId }) => session.resume(lastEventId));
  expect(kept).toEqual(ended.slice(-62));
  expect(ended.filter(({ stream }) => store.after(stream.id, 0).length > 0)).toEqual(kept);
});

it('ends its streams with itself, and what they held is forgotten', async () => {
  const { session, store } = createSession();
  const reader = await openSse(await serve((_, response) => session.standalone.connect(response)));
  const post = session.createStream();
  const lastEventId = sendTo(post, store);
  session.close();
  session.close();
  for await (const event of reader) expect(event.data).toBe('');
  expect([post.isEnded, session.session.closed.reason?.message]).toEqual([true, 'the session has ended']);
  expect([session.resume(lastEventId), store.after(post.id, 0)]).toEqual([undefined, []]);
});
