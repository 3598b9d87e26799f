import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type IdText, notificationFrame, resultFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { Listening } from '../../src/upstream/listening.ts';
import { Peer } from '../../src/upstream/peer.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { playServer } from './played-server.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const LISTS = { tools: { listChanged: true }, resources: { listChanged: true } };
const ID = 'io.modelcontextprotocol/subscriptionId';

interface Act {
  readonly capabilities?: object;
  /** What of what it is to tell the server promises. Default: all; `undefined` is silence. */
  promise?(notifications: object): object | undefined;
  /** Answers a request to listen. Default: not before it ends. */
  answer?(): object | undefined;
}

/** A link's listening, and the server it listens to. */
function listen({ capabilities = LISTS, promise = (all) => all, answer }: Act = {}) {
  const heard: [method: string, params: unknown][] = [];
  const tell = (method: string, id: IdText, params: object = {}) => {
    const frame = notificationFrame(method, { ...params, _meta: { [ID]: RawJson.verbatim(id) } });
    listening.take({ kind: 'notification', method, frame }, id);
  };
  const acknowledge = (id: IdText, notifications: object = {}) => tell(ACKNOWLEDGED, id, { notifications });
  const server = playServer((frame) => {
    const promised = promise(frame.raw('params')?.get('notifications') as object);
    if (promised) acknowledge(frame.raw('id')?.text ?? '', promised);
    return answer?.();
  });
  const peer = new Peer({ name: 'test', open: server.open, callTimeout: 1 });
  const listening = new Listening({
    peer,
    capabilities: RawJson.of(capabilities),
    wrap: (frame) => frame.with({ wrapped: true }),
    hear: ({ method, frame }) => void heard.push([method, frame.raw('params')?.value]),
  });
  /** What the server was sent: what it is to tell, or the id of the stream that has ended. */
  const log = () =>
    server.received.map((frame) => frame.raw('params')?.get('notifications') ?? frame.raw('params')?.get('requestId'));
  return { listening, server, heard, log, tell, acknowledge };
}

const refuse = () => ({ error: { code: -32602, message: 'not today' } });
const URI = { resourceSubscriptions: ['a:1'] };
const LIST_FILTER = { toolsListChanged: true, resourcesListChanged: true };

describe('listening', () => {
  it('is to the lists that the server says can change, in the bridge’s own envelope', async () => {
    const { listening, server, log } = listen({
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: 1 },
        resources: {},
        x: { listChanged: true },
      },
    });
    await listening.open();
    expect(log()).toEqual([{ toolsListChanged: true }]);
    expect(server.received[0]?.value).toMatchObject({ method: 'subscriptions/listen', wrapped: true });
  });

  it('needs no stream when nothing can change', async () => {
    const { listening, log } = listen({ capabilities: { tools: {} } });
    await listening.open();
    expect(log()).toEqual([]);
  });

  it('hears what is told on its stream once that is acknowledged, without the tag', async () => {
    const { listening, heard, log, tell, acknowledge } = listen({ promise: () => undefined });
    const opened = listening.open();
    await vi.waitFor(() => expect(log()).toHaveLength(1), EVENTUALLY);
    tell('notifications/tools/list_changed', '1');
    acknowledge('2');
    acknowledge('1');
    await opened;
    tell(UPDATED, '1', { uri: 'a:1', x: 1 });
    for (const other of ['2', '"1"']) tell(UPDATED, other, { uri: 'a:2' });
    acknowledge('1');
    expect(heard).toEqual([
      [UPDATED, { uri: 'a:1', x: 1 }],
      [ACKNOWLEDGED, { notifications: {} }],
    ]);
  });

  it.each([
    ['refuses', refuse, 'not today'],
    ['ends the stream at once', () => ({ result: {} }), 'it ended at once'],
  ])('fails when the server %s', async (_, answer, message) => {
    await expect(listen({ answer, promise: () => undefined }).listening.open()).rejects.toThrow(message);
  });

  it('fails when the server dies', async () => {
    const { listening, server } = listen({ promise: () => undefined });
    const opened = listening.open();
    server.die();
    await expect(opened).rejects.toMatchObject({ code: 'UPSTREAM_EXITED' });
  });

  it('fails when the server does not acknowledge it within 10 s, and is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { listening, heard, log, tell, acknowledge } = listen({ promise: () => undefined });
    const opened = listening.open();
    const failed = expect(opened).rejects.toMatchObject({ code: 'BUSY', message: 'it was not acknowledged in time' });
    await vi.advanceTimersByTimeAsync(9999);
    expect(log()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect([log().at(-1), vi.getTimerCount()]).toEqual([1, 0]);
    // Too late.
    acknowledge('1');
    tell(UPDATED, '1');
    expect(heard).toEqual([]);
  });
});

describe('subscribing to a resource', () => {
  it('opens a stream with it beside the old one, which ends only when the new one is acknowledged', async () => {
    const { listening, heard, log, tell, acknowledge } = listen({ promise: () => undefined });
    const opened = listening.open();
    await vi.waitFor(() => expect(log()).toHaveLength(1), EVENTUALLY);
    acknowledge('1', LIST_FILTER);
    await opened;
    const subscribed = listening.subscribe('a:1');
    await vi.waitFor(() => expect(log()).toEqual([LIST_FILTER, { ...LIST_FILTER, ...URI }]), EVENTUALLY);
    tell('notifications/tools/list_changed', '1');
    acknowledge('2', { ...LIST_FILTER, ...URI });
    expect(log().at(-1)).toBe(1);
    // In the very moment: what comes next may come at once, and is told once.
    tell(UPDATED, '2', { uri: 'a:1' });
    tell(UPDATED, '1', { uri: 'a:1' });
    expect((await subscribed).get('result')).toEqual({});
    expect(heard.map(([method]) => method)).toEqual(['notifications/tools/list_changed', UPDATED]);
  });

  it('adds to those that are told already, and what is unsubscribed is left out', async () => {
    const { listening, log } = listen({ capabilities: { resources: { subscribe: true } } });
    await listening.subscribe('a:1');
    await listening.subscribe('a:2');
    expect((await listening.unsubscribe('a:1')).get('result')).toEqual({});
    await listening.unsubscribe('a:2');
    // With the last one ends the stream.
    const uris = (...resourceSubscriptions: string[]) => ({ resourceSubscriptions });
    expect(log()).toEqual([uris('a:1'), uris('a:1', 'a:2'), 1, uris('a:2'), 2, 3]);
  });

  it('changes one stream after another, for all that are wanted by then', async () => {
    const { listening, log } = listen({ capabilities: {} });
    const uris = (...resourceSubscriptions: string[]) => ({ resourceSubscriptions });
    await Promise.all(['a:1', 'a:2'].map((uri) => listening.subscribe(uri)));
    const another = listening.subscribe('a:3');
    await vi.waitFor(() => expect(log()).toContainEqual(uris('a:1', 'a:2', 'a:3')), EVENTUALLY);
    await Promise.all([another, ...['a:4', 'a:5'].map((uri) => listening.subscribe(uri))]);
    expect(log()).toEqual([
      uris('a:1', 'a:2'),
      uris('a:1', 'a:2', 'a:3'),
      1,
      uris('a:1', 'a:2', 'a:3', 'a:4', 'a:5'),
      2,
    ]);
  });

  it('lives through a stream that the server ends by itself: another one is opened after 10 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { listening, server, heard, log, tell } = listen();
    await listening.open();
    server.say(resultFrame({}, '1'));
    await vi.advanceTimersByTimeAsync(9999);
    expect(log()).toEqual([LIST_FILTER]);
    await vi.advanceTimersByTimeAsync(1);
    tell('notifications/tools/list_changed', '2');
    expect([log(), heard.length]).toEqual([[LIST_FILTER, LIST_FILTER], 1]);
  });

  it('fails when the server does not promise it, and is not tried again with the next', async () => {
    const { listening, log } = listen({ capabilities: {}, promise: () => ({ resourceSubscriptions: ['a:2'] }) });
    expect((await listening.subscribe('a:1')).get('error')).toEqual({
      code: -32602,
      message: 'The server does not tell about updates of a:1',
    });
    expect((await listening.subscribe('a:2')).has('result')).toBe(true);
    expect(log()[1]).toEqual({ resourceSubscriptions: ['a:2'] });
  });

  it('fails when the server refuses the stream, and the old one goes on', async () => {
    let isWilling = true;
    const { listening, heard, log, tell } = listen({
      promise: (all) => (isWilling ? all : undefined),
      answer: () => (isWilling ? undefined : refuse()),
    });
    await listening.open();
    isWilling = false;
    expect((await listening.subscribe('a:1')).get('error')).toEqual({
      code: -32602,
      message: 'Cannot subscribe to a:1: not today',
    });
    // It does not keep anybody from leaving either.
    expect((await listening.unsubscribe('a:3')).has('result')).toBe(true);
    tell('notifications/tools/list_changed', '1');
    expect([heard.length, log()]).toEqual([1, [LIST_FILTER, { ...LIST_FILTER, ...URI }, LIST_FILTER]]);
    isWilling = true;
    expect((await listening.subscribe('a:2')).has('result')).toBe(true);
  });
});
