import { describe, expect, it } from 'vitest';
import type { Ask, Client } from '../../src/protocol/exchange.ts';
import { type Notification, notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { Link } from '../../src/upstream/link.ts';
import { fixture } from '../support/fixtures.ts';
import { contentOf, createClient, createExchange, localFixture, openLink, type TestExchange } from './support.ts';

const send = (link: Link, exchange: TestExchange) => link.request(exchange.frame, exchange);
const call = async (link: Link, tool: string, args: object = {}) =>
  contentOf(await send(link, createExchange(tool, { args })));
const ask = async (link: Link, method: string, params: object = {}) =>
  contentOf(await send(link, createExchange(requestFrame(method, params))));

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
    dies = () => process.kill(link.peer.pid as number, 'SIGKILL');
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

describe('a retry of a client that has no session', () => {
  it('is refused when it brings a state: whatever it stands for was never here', async () => {
    const link = await openLink();
    const retry = (client: Client) => {
      const params = { name: 'echo', arguments: { a: 1 }, requestState: 'a' };
      return send(link, createExchange(requestFrame('tools/call', params), { client }));
    };
    expect(contentOf(await retry(createClient('stateless', { readsResultTypes: true })))).toEqual({
      code: -32602,
      message: 'requestState belongs to no call that is waiting; call again',
    });
    // To a client with a session it is a member like any other.
    expect(contentOf(await retry(createClient()))).toEqual({ a: 1 });
  });
});

it('what is asked on the link names no call, and nobody says how long it holds what it said of itself', async () => {
  const link = await openLink();
  expect([link.asksWithinCalls, link.freshness, link.opened.raw('serverInfo')?.get('name')]).toEqual([
    false,
    undefined,
    'echo',
  ]);
});
