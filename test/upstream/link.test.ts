import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Ask } from '../../src/protocol/exchange.ts';
import { type Notification, notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { Link } from '../../src/upstream/link.ts';
import { fixture } from '../support/fixtures.ts';
import { contentOf, createExchange, localFixture, openLink, type TestExchange } from './support.ts';

const send = (link: Link, exchange: TestExchange) => link.request(exchange.frame, exchange);
const call = async (link: Link, tool: string, args: object = {}) =>
  contentOf(await send(link, createExchange(tool, { args })));
const ask = async (link: Link, method: string, params: object = {}) =>
  contentOf(await send(link, createExchange(requestFrame(method, params))));

describe('a request', () => {
  it('goes out under an id of the link’s own, and comes back with every member of the answer', async () => {
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
    expect(link.inFlight).toBe(4);
    expect(await Promise.all(answers)).toEqual(delays.map((ms) => ({ slept: ms })));
    expect(link.inFlight).toBe(0);
  });

  it('is answered with the server’s error as it came', async () => {
    const link = await openLink(fixture('fidelity-server'));
    const answer = await send(link, createExchange('error'));
    expect(answer.raw('error')?.text).toContain('"x-error":{"retryAfter":1.0}');
  });

  it('keeps its own progress token, be it a string or a number, and hears no progress of others', async () => {
    const link = await openLink(localFixture('unusual-server'));
    // The ids of the link's requests are 2 and 3; a token of 3 is the other one's.
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
  it('is cancelled at the server under the link’s id, with the reason', async () => {
    const link = await openLink();
    const exchange = createExchange('hang', { args: { a: 1 } });
    const answer = send(link, exchange);
    exchange.cancel('changed my mind');
    await expect(answer).rejects.toThrow('changed my mind');
    expect(await call(link, 'cancelled')).toEqual({
      cancelled: [{ name: 'hang', arguments: { a: 1 }, requestId: 2, reason: 'changed my mind' }],
    });
    expect(link.inFlight).toBe(0);
  });

  it('is not sent at all when that was before', async () => {
    const link = await openLink({ callTimeout: 20_000 });
    const exchange = createExchange('exit');
    exchange.cancel('too late');
    await expect(send(link, exchange)).rejects.toThrow('too late');
    expect(await call(link, 'cancelled')).toEqual({ cancelled: [] });
    expect(link.inFlight).toBe(0);
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
    const link = await openLink();
    const exchange = createExchange('pid');
    await send(link, exchange);
    exchange.cancel();
    expect(await call(link, 'cancelled')).toEqual({ cancelled: [] });
  });
});

describe('a server that does not answer', () => {
  it('makes the call fail with CALL_TIMEOUT, and is told', async () => {
    const link = await openLink({ callTimeout: 60_000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const hanging = call(link, 'hang');
    vi.advanceTimersByTime(59_999);
    expect(link.inFlight).toBe(1);
    vi.advanceTimersByTime(1);
    const message = 'test: no answer within 60000 ms';
    await expect(hanging).rejects.toMatchObject({ code: 'CALL_TIMEOUT', message });
    expect(await call(link, 'cancelled')).toMatchObject({ cancelled: [{ requestId: 2, reason: message }] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('to initialize cannot be used', async () => {
    const link = openLink({ ...fixture('crash-server', '--exit', 'initialize', '--words', 'no licence') });
    await expect(link).rejects.toMatchObject({
      code: 'UPSTREAM_EXITED',
      message: expect.stringMatching(/^test: the server exited with code 3; its last words: no licence$/),
    });
    await expect(openLink(localFixture('unusual-server', '--refuse'))).rejects.toMatchObject({
      code: 'UPSTREAM_START',
      message: 'test: the server refused initialize: not today',
    });
    // Large, since the strings of smaller ones are looked into before.
    const pad = 'x'.repeat(20_000);
    const broken = `{"jsonrpc":"2.0","id":1,"result":{"capabilities":{"tools":"a\\q"},"pad":"${pad}"}}`;
    await expect(openLink(localFixture('unusual-server', '--raw', broken))).rejects.toMatchObject({
      code: 'UPSTREAM_START',
      message: expect.stringContaining('test: the answer to initialize is broken: Unexpected character'),
    });
  });
});

describe('a server that dies', () => {
  it('fails all that is in flight with its exit code and last words, and what comes later too', async () => {
    const link = await openLink({ callTimeout: 20_000 });
    const calls = ['hang', 'hang', 'exit'].map((tool) => call(link, tool, { code: 7, words: 'out of memory' }));
    const outcomes = await Promise.allSettled([...calls, link.closed.then((reason) => Promise.reject(reason))]);
    const later = await call(link, 'pid').catch((error) => error);
    const reasons = [...outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason), later];
    expect(new Set(reasons).size).toBe(1);
    expect(reasons[0]).toMatchObject({
      code: 'UPSTREAM_EXITED',
      message: `test: the server exited with code 7; its last words: out of memory`,
    });
    expect(link.inFlight).toBe(0);
  });

  it('fails what is in flight with CLOSED when the bridge ended it', async () => {
    const link = await openLink();
    const hanging = call(link, 'hang');
    const closing = Promise.all([link.close(), link.close({ immediately: true })]);
    await expect(hanging).rejects.toMatchObject({ code: 'CLOSED', message: 'test: stopped' });
    await closing;
    expect(() => process.kill(link.pid as number, 0)).toThrow('ESRCH');
  });
});

describe('a question of the server', () => {
  it('is answered under its own id, and names the calls in flight', async () => {
    const asked: { ask: Ask; methods: string[] }[] = [];
    const link = await openLink({
      events: {
        async ask(question, inFlight) {
          asked.push({ ask: question, methods: inFlight.map(({ method }) => method) });
          return RawJson.parse('{"id":"anything","jsonrpc":"2.0","result":{"action":"accept","x":1.0}}');
        },
      },
    });
    expect(await call(link, 'ask', { kind: 'elicitation', message: 'Sure?' })).toEqual({ action: 'accept', x: 1 });
    expect(asked.map(({ methods }) => methods)).toEqual([['tools/call']]);
    expect(asked[0]?.ask.request).toMatchObject({ method: 'elicitation/create', id: '1' });
    expect(asked[0]?.ask.request.frame.raw('params')?.get('message')).toBe('Sure?');
  });

  it('gets a clear error when nobody can be asked', async () => {
    const nobody = await openLink();
    const unclear = await openLink({
      events: {
        ask() {
          throw new Error('whom to ask is unclear');
        },
      },
    });
    const error = async (link: Link) => {
      const answer = await send(link, createExchange('ask', { args: { kind: 'roots' } }));
      return JSON.parse((contentOf(answer).content as { text: string }[])[0]?.text ?? '');
    };
    expect(await error(nobody)).toMatchObject({ code: -32601, message: 'No client here answers roots/list' });
    expect(await error(unclear)).toMatchObject({ code: -32601, message: 'whom to ask is unclear' });
  });

  it('hears the client’s progress under its own token', async () => {
    const link = await openLink({
      ...localFixture('unusual-server'),
      events: {
        async ask({ progress }) {
          const frame = notificationFrame('notifications/progress', {
            progressToken: 1,
            progress: 0.5,
            message: 'half',
          });
          progress({ kind: 'notification', method: 'notifications/progress', frame });
          return RawJson.of({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
        },
      },
    });
    expect(await ask(link, 'ask', { progressToken: 'server’s "own"' })).toEqual({
      answer: { roots: [] },
      progress: [{ progressToken: 'server’s "own"', progress: 0.5, message: 'half' }],
    });
  });

  it('that the server gives up is taken back from the client and not answered', async () => {
    let aborted = false;
    const link = await openLink({
      ...localFixture('unusual-server'),
      events: {
        ask: ({ signal, progress }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              resolve(RawJson.of({ jsonrpc: '2.0', id: 1, result: { roots: [] } }));
            });
            const frame = notificationFrame('notifications/progress', { progressToken: 1, progress: 0 });
            progress({ kind: 'notification', method: 'notifications/progress', frame });
          }),
      },
    });
    await ask(link, 'ask/give-up');
    expect(aborted).toBe(true);
    expect(await ask(link, 'answered')).toEqual({ answered: [] });
  });

  it('is taken back from the client when the server dies', async () => {
    let taken = () => {};
    const takenBack = new Promise<void>((resolve) => {
      taken = resolve;
    });
    let dies = () => {};
    const link = await openLink({
      events: {
        ask: ({ signal }) => {
          signal.addEventListener('abort', taken);
          dies();
          return new Promise(() => {});
        },
      },
    });
    dies = () => process.kill(link.pid as number, 'SIGKILL');
    await expect(call(link, 'ask', { kind: 'roots' })).rejects.toMatchObject({
      code: 'UPSTREAM_EXITED',
      message: expect.stringContaining('was ended by SIGKILL'),
    });
    await takenBack;
  });

  it('is a ping: the link answers it by itself', async () => {
    const asked: unknown[] = [];
    const link = await openLink({
      ...localFixture('unusual-server'),
      events: { ask: (question) => void asked.push(question) },
    });
    expect(await ask(link, 'ping')).toEqual({ pong: {} });
    expect(asked).toEqual([]);
  });
});

describe('a notification of the server', () => {
  it('is handed on as it came, with the calls that are in flight', async () => {
    const heard: { notification: Notification; inFlight: number }[] = [];
    const link = await openLink({
      ...fixture('fidelity-server'),
      events: {
        notification: (notification, inFlight) => void heard.push({ notification, inFlight: inFlight.length }),
      },
    });
    await send(link, createExchange('notification'));
    expect(heard.map(({ inFlight }) => inFlight)).toEqual([1, 1]);
    expect(heard.map(({ notification }) => notification.frame.text)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":null,"x-unknown":{"deep":[]}}}',
      '{"jsonrpc":"2.0","method":"notifications/x-vendor","params":{"x-unknown":true}}',
    ]);
  });

  it('of the client reaches the server as it is', async () => {
    const link = await openLink();
    link.notify(notificationFrame('notifications/roots/list_changed', { a: 1 }));
    expect(await call(link, 'heard')).toEqual({
      heard: [{ method: 'notifications/roots/list_changed', params: { a: 1 } }],
    });
  });
});
