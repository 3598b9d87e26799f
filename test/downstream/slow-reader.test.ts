import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, it, vi } from 'vitest';
import { EventStore } from '../../src/downstream/event-store.ts';
import { EventStream } from '../../src/downstream/event-stream.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { openSse } from '../support/http.ts';
import { serve } from './support.ts';

it('a reader that is more than 256 MiB behind is cut off, and may come back for what is kept', async () => {
  const stream = new EventStream({ id: 'main', store: new EventStore(1000) });
  const origin = await serve((_, response) => stream.connect(response));
  const socket = createConnection(Number(new URL(origin).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  socket.pause();
  // Nothing is read from here on.
  const large = RawJson.of({ text: 'x'.repeat(50 * 2 ** 20) });
  for (let sent = 1; sent <= 5; sent += 1) {
    stream.send(large);
    await new Promise(setImmediate);
    expect([sent, stream.isConnected]).toEqual([sent, true]);
  }
  stream.send(large);
  await vi.waitFor(() => expect(stream.isConnected).toBe(false), EVENTUALLY);
  socket.destroy();
  stream.send(RawJson.of({ name: 'after' }));
  const reader = await openSse(origin);
  expect((await reader.next()).data).toBe('{"name":"after"}');
  reader.close();
});
