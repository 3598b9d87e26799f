import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NOBODY } from '../../src/protocol/exchange.ts';
import { type Message, notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { Link } from '../../src/upstream/link.ts';
import { Peer, type PeerOptions } from '../../src/upstream/peer.ts';
import { fixture } from '../support/fixtures.ts';
import { type PlayedServer, playServer, requestsOf } from './played-server.ts';
import { contentOf, createExchange, localFixture, openLink, type TestExchange } from './support.ts';

const send = (link: Link, exchange: TestExchange) => link.peer.request(exchange.frame, exchange);
const call = async (link: Link, tool: string, args: object = {}) =>
  contentOf(await send(link, createExchange(tool, { args })));
const ask = async (link: Link, method: string, params: object = {}) =>
  contentOf(await send(link, createExchange(requestFrame(method, params))));

const openPeer = (server: PlayedServer, options: Partial<PeerOptions> = {}) =>
  new Peer({ name: 'test', open: server.open, callTimeout: 0, ...options });

describe('a request', () => {
  it('goes out under an id of the bridge’s own, and comes back with every member of the answer', async () => {
    const link = await openLink(fixture('fidelity-server'));
    const exchange = createExchange(
      RawJson.parse('{"x":1.0,"id":"client","jsonrpc":"2.0","method":"x-vendor/method"}'),
    );
    const answer = await send(link, exchange);
    expect(answer.raw('result')?.get('x-unknown')).toEqual({ deep: [null, true, { x: '' }] });
    expect(answer.raw('result')?.raw('x-float')?.text).toBe('1.0');
  });

  it('reaches the server unchanged but for its id and progress token', async () => {
    const link = await openLink(localFixture('unusual-server'));
    const text = (id: string, token: string) =>
      `{ "x":1.0,"id":${id},"jsonrpc":"2.0","method":"received","params":{"_meta":{"progressToken":${token},"k":9007199254740993}} }`;
    const first = await send(link, createExchange(RawJson.parse(text('"a\\"b"', '"token"'))));
    const second = await send(link, createExchange(RawJson.parse(text('9007199254740993', '2'))));
    expect(contentOf(first).line).toBe(text('2', '2'));
    expect(contentOf(second).line).toBe(text('3', '3'));
  });

  it('is answered, however many are in flight and in whatever order the answers come', async () => {
    const link = await openLink();
    const delays = [120, 10, 60, 0];
    const answers = delays.map((ms) => call(link, 'sleep', { ms }));
    expect(link.peer.inFlight).toBe(4);
    expect(await Promise.all(answers)).toEqual(delays.map((ms) => ({ slept: ms })));
    expect(link.peer.inFlight).toBe(0);
  });

  it('is answered with the server’s error as it came', async () => {
    const link = await openLink(fixture('fidelity-server'));
    const answer = await send(link, createExchange('error'));
    expect(answer.raw('error')?.text).toContain('"x-error":{"retryAfter":1.0}');
  });

  it('keeps its own progress token, be it a string or a number, and hears no progress of others', async () => {
    const link = await openLink(localFixture('unusual-server'));
    // The ids of the bridge’s requests are 2 and 3; a token of 3 is the other one's.
    const request = (token: unknown, tokens: unknown[]) =>
      createExchange(requestFrame('progress', { _meta: { progressToken: token }, tokens }));
    const named = request('ä"', [2]);
    const numbered = request(7, [3, 2, 7, 'ä"', null]);
    await send(link, named);
    await send(link, numbered);
    const progress = (token: unknown) => ({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: token, progress: 1.5, 'x-more': true },
    });
    expect(named.notified.map(({ value }) => value)).toEqual([progress('ä"')]);
    expect(numbered.notified.map(({ value }) => value)).toEqual([progress(7)]);
  });

  it('without a progress token hears no progress', async () => {
    const link = await openLink(localFixture('unusual-server'));
    const exchange = createExchange(requestFrame('progress', { tokens: [2, 'x'] }));
    await send(link, exchange);
    expect(exchange.notified).toEqual([]);
  });
});

describe('a request that is given up', () => {
  it('is cancelled at the server under the bridge’s id, with the reason', async () => {
    const link = await openLink();
    const exchange = createExchange('hang', { args: { a: 1 } });
    const answer = send(link, exchange);
    exchange.cancel('changed my mind');
    await expect(answer).rejects.toThrow('changed my mind');
    expect(await call(link, 'cancelled')).toEqual({
      cancelled: [{ name: 'hang', arguments: { a: 1 }, requestId: 2, reason: 'changed my mind' }],
    });
    expect(link.peer.inFlight).toBe(0);
  });

  it('is not sent at all when that was before', async () => {
    const link = await openLink({ callTimeout: 20_000 });
    const exchange = createExchange('exit');
    exchange.cancel('too late');
    await expect(send(link, exchange)).rejects.toThrow('too late');
    expect(await call(link, 'cancelled')).toEqual({ cancelled: [] });
    expect(link.peer.inFlight).toBe(0);
  });

  it('may be answered late, and nobody minds', async () => {
    const link = await openLink(localFixture('unusual-server'));
    const exchange = createExchange(requestFrame('late'));
    const answer = send(link, exchange);
    exchange.cancel();
    await expect(answer).rejects.toThrow();
    // What the server writes comes in order, so the late answer has been there before this one.
    expect(await ask(link, 'received')).toHaveProperty('line');
  });

  it('cannot be given up once it is answered', async () => {
    const server = playServer(() => ({ result: {} }));
    const exchange = createExchange('a');
    await openPeer(server).request(exchange.frame, exchange);
    exchange.cancel();
    expect(server.received).toHaveLength(1);
  });
});

describe('a server that does not answer', () => {
  it('makes the call fail with CALL_TIMEOUT, and is told', async () => {
    const link = await openLink({ callTimeout: 60_000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const hanging = call(link, 'hang');
    vi.advanceTimersByTime(59_999);
    expect(link.peer.inFlight).toBe(1);
    vi.advanceTimersByTime(1);
    const message = 'test: no answer within 60000 ms';
    await expect(hanging).rejects.toMatchObject({ code: 'CALL_TIMEOUT', message });
    expect(await call(link, 'cancelled')).toMatchObject({ cancelled: [{ requestId: 2, reason: message }] });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a server that dies', () => {
  it('fails all that is in flight with its exit code and last words, and what comes later too', async () => {
    const link = await openLink({ callTimeout: 20_000 });
    const calls = ['hang', 'hang', 'exit'].map((tool) => call(link, tool, { code: 7, words: 'out of memory' }));
    const outcomes = await Promise.allSettled([...calls, link.peer.closed.then((reason) => Promise.reject(reason))]);
    const later = await call(link, 'pid').catch((error) => error);
    const reasons = [...outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason), later];
    expect(new Set(reasons).size).toBe(1);
    expect(reasons[0]).toMatchObject({
      code: 'UPSTREAM_EXITED',
      message: `test: the server exited with code 7; its last words: out of memory`,
    });
    expect(link.peer.inFlight).toBe(0);
  });

  it('fails what is in flight with CLOSED when the bridge ended it', async () => {
    const link = await openLink();
    const hanging = call(link, 'hang');
    const closing = Promise.all([link.peer.close(), link.peer.close({ immediately: true })]);
    await expect(hanging).rejects.toMatchObject({ code: 'CLOSED', message: 'test: stopped' });
    await closing;
    expect(() => process.kill(link.peer.pid as number, 0)).toThrow('ESRCH');
  });
});

describe('a server that does not read', () => {
  it('is sent no more requests once too much waits for it', async () => {
    const server = playServer(() => ({ result: {} }));
    const peer = openPeer(server);
    const exchange = createExchange('a');
    server.backlog = 256 * 1024 * 1024;
    expect(await peer.request(exchange.frame, exchange)).toBeInstanceOf(RawJson);
    server.backlog += 1;
    await expect(peer.request(exchange.frame, exchange)).rejects.toMatchObject({
      code: 'BUSY',
      message: 'test: the server does not read its input; 268435457 bytes are waiting',
    });
    expect(requestsOf(server.received, 'tools/call')).toHaveLength(1);
  });
});

describe('a request of the bridge’s own', () => {
  const ask = (server: PlayedServer) =>
    openPeer(server).ask(requestFrame('initialize', { _meta: { progressToken: 'x' } }), {
      timeout: 1000,
      message: 'no answer to initialize',
    });

  it('is answered, and goes out as it is', async () => {
    const server = playServer(() => ({ result: { x: 1 } }));
    expect((await ask(server)).get('result')).toEqual({ x: 1 });
    expect(server.received.map(({ value }) => value)).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: { _meta: { progressToken: 'x' } } },
    ]);
  });

  it('fails when its time is up, and the server is not told: it must not be cancelled', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = playServer();
    const answer = ask(server);
    vi.advanceTimersByTime(1000);
    await expect(answer).rejects.toMatchObject({ code: 'UPSTREAM_START', message: 'test: no answer to initialize' });
    expect(server.received).toHaveLength(1);
  });

  it('fails with the reason when the server dies', async () => {
    const server = playServer();
    const answer = ask(server);
    server.die();
    await expect(answer).rejects.toMatchObject({ code: 'UPSTREAM_EXITED' });
  });
});

describe('a request that is answered only when it ends', () => {
  it('is none that is worked on, and takes as long as it takes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = playServer();
    const peer = openPeer(server, { callTimeout: 1000 });
    const listening = createExchange(requestFrame('subscriptions/listen'));
    const { id, answer } = peer.listen(listening.frame, listening);
    const call = createExchange('a');
    const called = peer.request(call.frame, call).catch(({ code }) => code);
    expect([id, peer.inFlight, peer.exchanges]).toEqual(['1', 1, [listening, call]]);
    vi.advanceTimersByTime(60_000);
    expect([await called, peer.inFlight, peer.exchanges]).toEqual(['CALL_TIMEOUT', 0, [listening]]);
    listening.cancel('enough');
    await expect(answer).rejects.toThrow('enough');
    expect(server.received.at(-1)?.value).toMatchObject({ params: { requestId: 1, reason: 'enough' } });
  });
});

describe('the books of a peer', () => {
  it('tell of each request of a client that is through, however it ended, and of none of the bridge’s own', async () => {
    const server = playServer((frame) => (frame.string('method') === 'hang' ? undefined : { result: {} }));
    let served = 0;
    const peer = openPeer(server, {
      served() {
        served += 1;
      },
    });
    const own = createExchange(requestFrame('own'), { client: NOBODY });
    const answered = createExchange(requestFrame('answered'));
    await Promise.all([own, answered].map((exchange) => peer.request(exchange.frame, exchange)));
    await peer.ask(requestFrame('own'), { timeout: 0, message: '' });
    expect(served).toBe(1);
    const [cancelled, lost] = ['hang', 'hang'].map((method) => createExchange(requestFrame(method)));
    const outcomes = [cancelled, lost].map(
      (exchange) => exchange && peer.request(exchange.frame, exchange).catch(({ message }) => message),
    );
    cancelled?.cancel('given up');
    expect(served).toBe(2);
    server.die();
    expect(await Promise.all(outcomes)).toEqual(['given up', 'test: it died']);
    expect(served).toBe(3);
  });

  it('keep what comes before there is somebody to take it, in order', () => {
    const server = playServer();
    const peer = openPeer(server);
    for (const method of ['a', 'b']) server.say(notificationFrame(method));
    const taken: Message[] = [];
    peer.receive = (message) => void taken.push(message);
    server.say(notificationFrame('c'));
    expect(taken).toMatchObject([{ method: 'a' }, { method: 'b' }, { method: 'c' }]);
  });

  it('name no exchange for what is no answer and no progress: that is for others to take', () => {
    const server = playServer();
    const peer = openPeer(server);
    const taken: Message[] = [];
    peer.receive = (message) => void taken.push(message);
    server.say(RawJson.parse('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'));
    server.say(notificationFrame('notifications/cancelled', { requestId: 1 }));
    server.say(notificationFrame('notifications/progress', { progressToken: 1 }));
    server.say(RawJson.parse('{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect(taken).toMatchObject([
      { kind: 'request', id: '1', method: 'roots/list' },
      { kind: 'notification', method: 'notifications/cancelled' },
    ]);
  });
});
