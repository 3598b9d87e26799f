import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventStore } from '../../src/downstream/event-store.ts';
import { EventStream } from '../../src/downstream/event-stream.ts';
import { PostAnswer, type PostAnswerOptions } from '../../src/downstream/post-answer.ts';
import { notificationFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { openSse, type RawAnswer, rawPost } from '../support/http.ts';
import { serve } from './support.ts';

const BOTH = { json: true, stream: true };
const answer = (id: number) => RawJson.parse(`{"jsonrpc":"2.0","id":${id},"result":{"x":1.0}}`);
const progress = notificationFrame('notifications/progress', { progress: 1 });

/** Posts to a server that answers as `act` says, and returns what came. */
async function post(act: (answer: PostAnswer) => void, options: Partial<PostAnswerOptions> = {}): Promise<RawAnswer> {
  const store = new EventStore(1000);
  const origin = await serve((_, response) => {
    const createStream = () => new EventStream({ id: 'post', store });
    act(new PostAnswer({ response, createStream, accepts: BOTH, requests: 1, isBatch: false, ...options }));
  });
  return rawPost(origin, '{}');
}

const typeOf = ({ status, headers }: RawAnswer) => [status, headers['content-type']];

describe('an answer', () => {
  it('is plain JSON, every byte of it, when nothing comes before it', async () => {
    const reply = await post((it) => it.settle(answer(1)));
    expect([...typeOf(reply), reply.text]).toEqual([200, 'application/json', answer(1).text]);
  });

  it('has the status that goes with it, unless it streams: then that is long said', async () => {
    const plain = await post((it) => it.settle(answer(1), 404));
    expect([...typeOf(plain), plain.text]).toEqual([404, 'application/json', answer(1).text]);
    const streamed = await post((it) => {
      it.send(progress);
      it.settle(answer(1), 404);
    });
    expect([...typeOf(streamed), streamed.messages.at(-1)?.id]).toEqual([200, 'text/event-stream', 1]);
  });

  it('is a stream once something comes before it, in order', async () => {
    const reply = await post((it) => {
      expect([it.send(progress), it.send(progress)]).toEqual([true, true]);
      it.settle(answer(1));
    });
    expect(typeOf(reply)).toEqual([200, 'text/event-stream']);
    expect(reply.messages.map(({ id, method }) => id ?? method)).toEqual([
      'notifications/progress',
      'notifications/progress',
      1,
    ]);
  });

  it('is a stream once it has been silent for so long that a proxy might cut it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let settle = () => {};
    const origin = await serve((_, response) => {
      const it = new PostAnswer({
        response,
        createStream: () => new EventStream({ id: '' }),
        accepts: BOTH,
        requests: 1,
        isBatch: false,
      });
      settle = () => it.settle(answer(1));
      vi.advanceTimersByTime(4999);
      expect(response.headersSent).toBe(false);
      vi.advanceTimersByTime(1);
    });
    const reader = await openSse(origin, {}, '{}');
    expect(reader.headers['content-type']).toBe('text/event-stream');
    expect(await reader.next()).toMatchObject({ comment: '' });
    settle();
    expect(await reader.next()).toMatchObject({ data: answer(1).text });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is a stream from the start for a client that reads nothing else', async () => {
    const reply = await post((it) => it.settle(answer(1)), { accepts: { json: false, stream: true } });
    expect([...typeOf(reply), reply.messages.length]).toEqual([200, 'text/event-stream', 1]);
  });

  it('stays JSON for a client that reads nothing else, and cannot carry anything before it', async () => {
    const reply = await post(
      (it) => {
        expect(it.send(progress)).toBe(false);
        it.settle(answer(1));
      },
      { accepts: { json: true, stream: false } },
    );
    expect([...typeOf(reply), reply.messages.length]).toEqual([200, 'application/json', 1]);
  });
});

describe('a batch', () => {
  it('is answered together, in the order of the answers', async () => {
    const reply = await post(
      (it) => {
        for (const id of [2, 1, 3]) it.settle(answer(id));
      },
      { requests: 3, isBatch: true },
    );
    expect([...typeOf(reply), reply.text]).toEqual([
      200,
      'application/json',
      `[${[2, 1, 3].map((id) => answer(id).text).join(',')}]`,
    ]);
  });

  it('is a list even if it holds one answer, since one of its requests was given up', async () => {
    const reply = await post(
      (it) => {
        it.settle(undefined);
        it.settle(answer(2));
      },
      { requests: 2, isBatch: true },
    );
    expect(reply.text).toBe(`[${answer(2).text}]`);
  });

  it('takes the answers that were there along when it begins to stream', async () => {
    const reply = await post(
      (it) => {
        it.settle(answer(1));
        it.send(progress);
        it.settle(answer(2));
      },
      { requests: 2, isBatch: true },
    );
    expect(reply.messages.map(({ id, method }) => id ?? method)).toEqual([1, 'notifications/progress', 2]);
  });
});

describe('a request that was given up', () => {
  it('gets an empty stream, or no content where the client reads none', async () => {
    const streamed = await post((it) => it.settle(undefined));
    expect([...typeOf(streamed), streamed.messages]).toEqual([200, 'text/event-stream', []]);
    const plain = await post((it) => it.settle(undefined), { accepts: { json: true, stream: false } });
    expect([plain.status, plain.text]).toEqual([202, '']);
  });
});

it('an answer to a client that has left waits in its stream', async () => {
  const store = new EventStore(1000);
  const stream = new EventStream({ id: 'post', store });
  const left = new Promise<void>((resolve) => {
    void serve((_, response) => {
      const it = new PostAnswer({ response, createStream: () => stream, accepts: BOTH, requests: 1, isBatch: false });
      response.once('close', () => {
        it.send(progress);
        it.settle(answer(1));
        resolve();
      });
      response.destroy();
    }).then((origin) => rawPost(origin, '{}').catch(() => {}));
  });
  await left;
  expect(store.after('post', 0).map(({ data }) => data)).toEqual([progress.text, answer(1).text]);
  expect([stream.isEnded, stream.isConnected]).toEqual([true, false]);
});
