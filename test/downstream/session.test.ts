import { describe, expect, it } from 'vitest';
import { receive, Session } from '../../src/downstream/session.ts';
import type { Client } from '../../src/protocol/exchange.ts';
import {
  type Message,
  type Notification,
  notificationFrame,
  parseMessages,
  type Request,
  resultFrame,
} from '../../src/protocol/message.ts';
import { ANYONE } from '../../src/protocol/principal.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { createAsk, createOutlet, createRelay } from './support.ts';

/** A session before a relay that keeps what it gets, and answers when told. */
function createSession(changes: Partial<Relay> = {}) {
  const { relay, exchanges, answers, joined, notifications } = createRelay(changes);
  const outlet = createOutlet();
  const session = new Session({ relay, principal: ANYONE, outlet });
  session.capabilities = { elicitation: {} };
  return { session, outlet, exchanges, answers, joined, notifications };
}

const message = <T extends Message>(text: string) => parseMessages(text, 'client') as T;
const request = (id: string, method = 'tools/call', params = '{}') =>
  message<Request>(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
const notification = (method: string, params = '{}') =>
  message<Notification>(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
const answer = (id: string, result = '{"roots":[]}') => message(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);

describe('initialize', () => {
  it.each([
    ['2025-03-26', '2025-03-26'],
    ['2099-01-01', '2025-11-25'],
  ])('that asks for %s agrees on %s, towards the client and the server', async (asked, agreed) => {
    const openings: Client[] = [];
    const { session, outlet, joined } = createSession({
      async open({ client }) {
        openings.push(client);
        return RawJson.parse('{"jsonrpc":"2.0","id":null,"result":{"protocolVersion":"1999-01-01","x":1.0}}');
      },
    });
    const params = `{"protocolVersion":"${asked}","capabilities":{"roots":{"x":1}},"x":1.0}`;
    const reply = await session.call(request('"i"', 'initialize', params), outlet);
    expect(reply?.text).toBe(`{"jsonrpc":"2.0","id":"i","result":{"protocolVersion":"${agreed}","x":1.0}}`);
    expect([openings, joined]).toEqual([[session], [session]]);
    expect(session.opening.text).toBe(params.replace(asked, agreed));
    expect([session.revision, session.capabilities]).toEqual([agreed, { roots: { x: 1 } }]);
  });

  it('is heard by the servers as far as they may hear it', async () => {
    const { session, outlet } = createSession({
      open: async () => resultFrame({}),
      presentable: (frame) => frame.with({ params: { protocolVersion: '2025-11-25', x: 1 } }),
    });
    await session.call(request('1', 'initialize', '{"_meta":{"openai/locale":"de"}}'), outlet);
    expect(session.opening.value).toEqual({ protocolVersion: '2025-11-25', x: 1 });
  });

  it('that the servers refuse is answered with their error, and its client hears nothing of them', async () => {
    const { session, outlet, joined } = createSession({
      open: async () => RawJson.parse('{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}'),
    });
    const reply = await session.call(request('1', 'initialize', '{"capabilities":[1]}'), outlet);
    expect(reply?.value).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } });
    expect([session.capabilities, joined]).toEqual([{}, []]);
  });
});

describe('a call', () => {
  it('is answered under the client’s own id, whatever it is', async () => {
    const { session, outlet, answers, exchanges } = createSession();
    const ids = ['1', '"1"', '9007199254740993', '"a\\"b"'];
    const calls = ids.map((id) => session.call(request(id), outlet));
    expect([session.isBusy, exchanges.length]).toEqual([true, 4]);
    for (const settle of [...answers].reverse()) settle(RawJson.parse('{"jsonrpc":"2.0","id":77,"result":1.0}'));
    expect((await Promise.all(calls)).map((reply) => reply?.text)).toEqual(
      ids.map((id) => `{"jsonrpc":"2.0","id":${id},"result":1.0}`),
    );
    expect(session.isBusy).toBe(false);
  });

  it('is given up when the client cancels it by its very id, and is not answered then', async () => {
    const { session, outlet, answers, exchanges } = createSession();
    const calls = ['1', '"1"'].map((id) => session.call(request(id), outlet));
    session.notify(notification('notifications/cancelled', '{"requestId":"1"}'));
    session.notify(notification('notifications/cancelled', '{"requestId":2}'));
    session.notify(notification('notifications/cancelled'));
    expect(exchanges.map(({ cancellation }) => cancellation.reason?.message)).toEqual([
      undefined,
      'cancelled by the client',
    ]);
    for (const settle of answers) settle(resultFrame({}));
    expect((await Promise.all(calls)).map((reply) => reply?.text)).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      undefined,
    ]);
  });

  it('has its notifications on its own answer, and on the session’s where that one is gone', async () => {
    const { session, outlet, answers, exchanges } = createSession();
    const own = createOutlet();
    const call = session.call(request('1'), own);
    exchanges[0]?.notify(notificationFrame('a'));
    own.isOpen = false;
    exchanges[0]?.notify(notificationFrame('b'));
    session.send(notificationFrame('c'));
    expect(own.sent).toMatchObject([{ method: 'a' }]);
    expect(outlet.sent).toMatchObject([{ method: 'b' }, { method: 'c' }]);
    answers[0]?.(resultFrame({}));
    await call;
  });
});

describe('a question', () => {
  it('goes out under an id and a progress token of the session’s own, and comes back', async () => {
    const { session, outlet } = createSession();
    const first = createAsk('elicitation/create', { message: '?', _meta: { progressToken: 'server' }, x: 1 });
    const second = createAsk();
    const answers = [session.ask(first.ask), session.ask(second.ask)];
    expect(outlet.sent).toEqual([
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'elicitation/create',
        params: { message: '?', _meta: { progressToken: 1 }, x: 1 },
      },
      { jsonrpc: '2.0', id: 2, method: 'elicitation/create', params: {} },
    ]);
    session.notify(notification('notifications/progress', '{"progressToken":1,"progress":0.5}'));
    for (const token of ['"1"', '3', '"server"'])
      session.notify(notification('notifications/progress', `{"progressToken":${token}}`));
    for (const id of ['3', '"1"', 'null']) await receive(session, answer(id), outlet);
    await receive(session, answer('2', '{"second":1.0}'), outlet);
    await receive(session, answer('1', '{"first":1.0}'), outlet);
    await receive(session, answer('1', '{"late":true}'), outlet);
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"first":1.0}}',
      '{"jsonrpc":"2.0","id":2,"result":{"second":1.0}}',
    ]);
    expect([first.progress, second.progress]).toEqual([[{ progressToken: 1, progress: 0.5 }], []]);
  });

  it('goes with its call, else over the session’s own way, and else fails at once', async () => {
    const { session, outlet, exchanges } = createSession();
    const own = createOutlet();
    void session.call(request('1'), own);
    void exchanges[0]?.ask(createAsk().ask);
    own.isOpen = false;
    void exchanges[0]?.ask(createAsk().ask);
    outlet.isOpen = false;
    const unreachable = await exchanges[0]?.ask(createAsk().ask);
    expect([own.sent.length, outlet.sent.length]).toEqual([1, 1]);
    expect(unreachable?.value).toMatchObject({
      error: { code: -32603, message: 'The client cannot be asked: it has no open stream' },
    });
  });

  it('that the server gives up is taken back, and a late answer dropped', async () => {
    const { session, outlet } = createSession();
    const { ask, giveUp } = createAsk();
    const pending = session.ask(ask);
    giveUp();
    expect(outlet.sent.at(-1)).toEqual({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await receive(session, answer('1'), outlet);
    expect((await pending).has('error')).toBe(true);
    giveUp();
    expect(outlet.sent).toHaveLength(2);
  });
});

describe('a question that the client has not declared to answer', () => {
  it.each(['sampling/createMessage', 'roots/list'])('is refused in its place: %s', async (method) => {
    const { session, outlet } = createSession();
    expect((await session.ask(createAsk(method).ask)).get('error')).toMatchObject({
      code: -32601,
      message: expect.stringContaining(method),
    });
    expect(outlet.sent).toEqual([]);
  });

  it('is asked nevertheless when it is none that has to be declared', () => {
    const { session, outlet } = createSession();
    void session.ask(createAsk('x-vendor/ask').ask);
    expect(outlet.sent).toMatchObject([{ method: 'x-vendor/ask' }]);
  });
});

describe('a request without a session', () => {
  it('is known for itself only: it has no link of its own, and hears nothing else', () => {
    const { relay } = createRelay();
    const { tenure, listens } = new Session({ relay, principal: ANYONE, outlet: createOutlet(), isTransient: true });
    expect([tenure, listens]).toEqual(['none', false]);
    const { session } = createSession();
    expect([session.tenure, session.listens, session.readsResultTypes]).toEqual(['session', true, false]);
  });
});

describe('the end of a session', () => {
  it('gives up its calls and questions, once, and whoever asks later is told', async () => {
    const { session, outlet, exchanges, answers } = createSession();
    const call = session.call(request('1'), outlet);
    const asked = session.ask(createAsk().ask);
    let ended = 0;
    session.closed.add(() => {
      ended += 1;
    });
    session.close();
    session.close();
    expect([ended, exchanges[0]?.cancellation.reason?.message]).toEqual([1, 'the session has ended']);
    expect((await asked).has('error')).toBe(true);
    expect((await session.ask(createAsk().ask)).has('error')).toBe(true);
    answers[0]?.(resultFrame({}));
    expect(await call).toBeUndefined();
    expect(outlet.sent).toHaveLength(1);
  });
});

describe('log messages', () => {
  const log = (level: string) => notificationFrame('notifications/message', { level, data: level });
  const levels = ['debug', 'info', 'error'];

  it('all come until the client says which it wants, and then only those', async () => {
    const { session, outlet, answers, exchanges } = createSession();
    for (const level of levels) session.send(log(level));
    expect(outlet.sent).toHaveLength(3);
    const call = session.call(request('1', 'logging/setLevel', '{"level":"info"}'), outlet);
    answers[0]?.(resultFrame({}));
    await call;
    for (const level of levels) exchanges[0]?.notify(log(level));
    session.send(notificationFrame('notifications/other'));
    expect(outlet.sent.slice(3)).toMatchObject([
      { params: { level: 'info' } },
      { params: { level: 'error' } },
      { method: 'notifications/other' },
    ]);
    expect(session.logLevel).toBe('info');
  });

  it('of a level that is no text change nothing', async () => {
    const { session, outlet, answers } = createSession();
    const call = session.call(request('1', 'logging/setLevel', '{"level":7}'), outlet);
    answers[0]?.(resultFrame({}));
    await call;
    expect(session.logLevel).toBeUndefined();
  });
});

it('a notification that concerns the servers is theirs, and what concerns a call is not', () => {
  const { session, notifications } = createSession();
  const methods = ['initialized', 'roots/list_changed', 'cancelled', 'progress', 'x-vendor'];
  for (const method of methods) session.notify(notification(`notifications/${method}`));
  expect(notifications).toEqual([
    'notifications/initialized',
    'notifications/roots/list_changed',
    'notifications/x-vendor',
  ]);
});
