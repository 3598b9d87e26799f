import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventStore } from '../../src/downstream/event-store.ts';
import { EventStream, type EventStreamOptions, parseEventId } from '../../src/downstream/event-stream.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { openSse, type SseStream } from '../support/http.ts';
import { serve } from './support.ts';

const message = (name: string) => RawJson.of({ name });
const nameOf = ({ data }: { data: string }) => JSON.parse(data).name as string;

afterEach(() => {
  vi.useRealTimers();
});

/** A stream, and a way to read it over a real connection. */
async function createStream(options: Partial<EventStreamOptions> = {}) {
  const stream = new EventStream({ id: 'main', ...options });
  const origin = await serve((request, response) => {
    const after = request.headers['last-event-id'];
    const event = typeof after === 'string' ? parseEventId(after) : undefined;
    stream.connect(response, event?.number);
  });
  const read = (lastEventId?: string) => openSse(origin, { 'last-event-id': lastEventId });
  return { stream, origin, read };
}

/** The data of the next `count` messages. */
async function take(reader: SseStream, count: number): Promise<{ id: string | undefined; name: string }[]> {
  const events: { id: string | undefined; name: string }[] = [];
  while (events.length < count) {
    const event = await reader.next(({ data }) => data !== '');
    events.push({ id: event.id, name: nameOf(event) });
  }
  return events;
}

/** The messages up to the end of the stream. */
async function takeAll(reader: SseStream): Promise<string[]> {
  const names: string[] = [];
  for await (const event of reader) if (event.data !== '') names.push(nameOf(event));
  return names;
}

const disconnected = (stream: EventStream) => vi.waitFor(() => expect(stream.isConnected).toBe(false), EVENTUALLY);

describe('a stream without a store', () => {
  it('sends messages in order, without ids, and begins with a comment', async () => {
    const { stream, read } = await createStream();
    const reader = await read();
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    for (const name of ['a', 'b', 'c']) expect(stream.send(message(name))).toBe(true);
    expect(await reader.next()).toMatchObject({ comment: '', data: '' });
    expect(await take(reader, 3)).toEqual(['a', 'b', 'c'].map((name) => ({ id: undefined, name })));
  });

  it('takes nothing while nobody is connected, or once it has ended', async () => {
    const { stream, read } = await createStream();
    expect(stream.send(message('early'))).toBe(false);
    const reader = await read();
    expect(stream.send(message('a'))).toBe(true);
    stream.end();
    expect(stream.send(message('late'))).toBe(false);
    expect(await takeAll(reader)).toEqual(['a']);
  });

  it('keeps a message on one line of the wire', async () => {
    const { stream, read } = await createStream();
    const reader = await read();
    stream.send(RawJson.parse('{\r\n  "name": "a",\n\n"text":"\\nx"\r}'));
    expect(await reader.next(({ data }) => data !== '')).toMatchObject({ data: '{   "name": "a", "text":"\\nx" }' });
  });
});

describe('a stream that can be resumed', () => {
  const createResumable = (options: Partial<EventStreamOptions> = {}) =>
    createStream({ store: new EventStore(1000), ...options });

  it('keeps what is sent before the client reads, and while it is away', async () => {
    const { stream, read } = await createResumable();
    expect(stream.send(message('early'))).toBe(true);
    const first = await read();
    stream.send(message('a'));
    expect(await take(first, 2)).toEqual([
      { id: 'main_1', name: 'early' },
      { id: 'main_2', name: 'a' },
    ]);
    first.close();
    await disconnected(stream);
    expect(stream.send(message('b'))).toBe(true);
    stream.send(message('c'));
    const second = await read();
    stream.send(message('d'));
    expect(await take(second, 3)).toEqual([
      { id: 'main_3', name: 'b' },
      { id: 'main_4', name: 'c' },
      { id: 'main_5', name: 'd' },
    ]);
  });

  it('repeats what came after the event that the client has seen last', async () => {
    const { stream, read } = await createResumable();
    const first = await read();
    for (const name of ['a', 'b', 'c']) stream.send(message(name));
    expect(await take(first, 3)).toHaveLength(3);
    first.close();
    await disconnected(stream);
    const second = await read('main_1');
    stream.send(message('d'));
    expect((await take(second, 3)).map(({ name }) => name)).toEqual(['b', 'c', 'd']);
  });

  it('can be fetched to its end after it has ended', async () => {
    const { stream, read } = await createResumable();
    stream.send(message('a'));
    stream.send(message('b'));
    stream.end();
    expect([stream.isEnded, stream.isConnected]).toEqual([true, false]);
    for (const [after, names] of [
      [undefined, ['a', 'b']],
      ['main_1', ['b']],
      ['main_2', []],
    ] as const) {
      expect(await takeAll(await read(after))).toEqual(names);
    }
  });

  it('moves to the newest connection, and loses or repeats nothing', async () => {
    const { stream, read } = await createResumable();
    const first = await read();
    stream.send(message('a'));
    const second = await read();
    stream.send(message('b'));
    expect(await takeAll(first)).toEqual(['a']);
    expect((await take(second, 1)).map(({ name }) => name)).toEqual(['b']);
    expect(stream.isConnected).toBe(true);
  });

  it('repeats nothing that was sent in the very turn in which the client reconnects', async () => {
    const store = new EventStore(1000);
    const stream = new EventStream({ id: 'main', store });
    let connections = 0;
    const origin = await serve((_, response) => {
      connections += 1;
      if (connections === 2) stream.send(message('a'));
      stream.connect(response, connections === 2 ? 0 : undefined);
      if (connections === 2) stream.end();
    });
    const first = await openSse(origin);
    const second = await openSse(origin);
    expect([await takeAll(first), await takeAll(second)]).toEqual([['a'], ['a']]);
  });

  it('begins with an id to resume from, where the revision has that', async () => {
    const { stream, read } = await createResumable({ priming: () => true });
    const first = await read();
    expect(await first.next()).toEqual({ event: 'message', data: '', id: 'main_0', retry: 1000 });
    stream.send(message('a'));
    await take(first, 1);
    first.close();
    await disconnected(stream);
    const second = await read('main_1');
    expect(await second.next()).toEqual({ event: 'message', data: '', id: 'main_1', retry: 1000 });
  });
});

describe('a connection', () => {
  it('hears a comment every 15 s, and no more often after the client came again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { stream, read } = await createStream();
    const first = await read();
    await first.next();
    const second = await read();
    await second.next();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(15_000);
    stream.send(message('a'));
    expect((await second.next()).comment).toBe('');
    expect(nameOf(await second.next())).toBe('a');
    second.close();
    await disconnected(stream);
    expect(vi.getTimerCount()).toBe(0);
  });

  /** How a chunked body ends (RFC 9112, section 7.1). */
  const LAST_CHUNK = '0\r\n\r\n';

  it('may take longer than that to read the end of the stream', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { stream, origin } = await createStream();
    const socket = createConnection(Number(new URL(origin).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // The headers are there; from here on nothing is read.
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    const size = 20_000_000;
    stream.send(RawJson.of({ text: 'x'.repeat(size) }));
    stream.end();
    vi.advanceTimersByTime(60_000);
    let received = head.length;
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (chunk.subarray(-5).toString() === LAST_CHUNK) resolve();
      });
      socket.resume();
    });
    await disconnected(stream);
    socket.destroy();
    expect(received).toBeGreaterThan(size);
  });
});

it('an event id is read back, and what is none of ours is refused', () => {
  expect(parseEventId('123e4567-e89b-12d3-a456-426614174000_42')).toEqual({
    stream: '123e4567-e89b-12d3-a456-426614174000',
    number: 42,
  });
  for (const id of ['', '_1', 'a', 'a_', 'a_x', 'a_-1', 'a_1.5', 'a/b_1', 'a_1\n', 'a b_1'])
    expect(parseEventId(id)).toBeUndefined();
});
