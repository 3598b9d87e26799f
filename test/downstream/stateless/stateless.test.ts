import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stateless } from '../../../src/downstream/stateless/stateless.ts';
import { Cancellation } from '../../../src/protocol/cancellation.ts';
import type { Answer, Exchange } from '../../../src/protocol/exchange.ts';
import { errorFrame, type Notification, notificationFrame, resultFrame } from '../../../src/protocol/message.ts';
import { ANYONE } from '../../../src/protocol/principal.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import type { Relay } from '../../../src/relay/relay.ts';
import {
  createAsk,
  createOutlet,
  createRelay,
  principalOf,
  type StatelessOptions,
  statelessRequest,
} from '../support.ts';

const PATIENCE = 60_000;
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
const ASKABLE = { capabilities: { elicitation: { form: {}, url: {} } } };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Served {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Clients of 2026-07-28 before a relay whose every call is handled by the test. */
function createStateless(
  handle: (exchange: Exchange) => Answer | Promise<Answer>,
  changes: Partial<Relay> & { max?: number } = {},
) {
  const { max = 10, ...ofRelay } = changes;
  const { relay, notifications } = createRelay({
    info: RawJson.parse('{"name":"s","version":"1","x":1.0}'),
    handle: async (exchange) => handle(exchange),
    ...ofRelay,
  });
  const stateless = new Stateless({ relay, patience: PATIENCE, max });
  const cancellation = new Cancellation();
  const serve = (method: string, params?: object, options?: StatelessOptions) =>
    stateless.serve(statelessRequest(method, params, options), createOutlet(), cancellation);
  const answer = async (method: string, params?: object, options?: StatelessOptions) => {
    const served = serve(method, params, options);
    await vi.advanceTimersByTimeAsync(10);
    return (await served).value as Served;
  };
  return { stateless, notifications, cancellation, serve, answer };
}

/** Handles a call as a server does that asks once and tells what it was answered. */
const askOnce = async (exchange: Exchange) => {
  const reply = await exchange.ask(createAsk('elicitation/create', { message: '?' }).ask);
  return resultFrame({ content: [], structuredContent: reply.get('result') ?? reply.get('error') });
};
const CALL = { name: 'a', arguments: { x: 1 } };
const ANSWERED = { inputResponses: { 'elicitation-create-1': { action: 'accept' } } };

describe('a result', () => {
  it.each([
    ['tools/call', '{"content":[],"x":1.0}', '{"content":[],"x":1.0,"resultType":"complete",INFO}'],
    ['tools/list', '{"tools":[]}', '{"tools":[],"resultType":"complete","ttlMs":0,"cacheScope":"private",INFO}'],
    [
      'resources/read',
      '{"_meta":{"own":1.0}}',
      '{"_meta":{"own":1.0,SERVER},"resultType":"complete","ttlMs":0,"cacheScope":"private"}',
    ],
    ['x-vendor/method', '{}', '{"resultType":"complete",INFO}'],
    ['tools/list', '{"_meta":7}', '{"_meta":{SERVER},"resultType":"complete","ttlMs":0,"cacheScope":"private"}'],
  ])('is completed: of %s, %s', async (method, result, expected) => {
    const { serve } = createStateless(() => RawJson.parse(`{"jsonrpc":"2.0","id":7,"result":${result}}`));
    const server = `"${SERVER_INFO}":{"name":"s","version":"1","x":1.0}`;
    const text = expected.replace('INFO', '"_meta":{SERVER}').replace('SERVER', server);
    expect((await serve(method, {}, { id: '"an id"' })).text).toBe(`{"jsonrpc":"2.0","id":"an id","result":${text}}`);
  });

  it.each([
    [
      'tools/list',
      `{"tools":[],"resultType":"complete","ttlMs":5.0,"cacheScope":"public","_meta":{"${SERVER_INFO}":{"name":"own"}}}`,
    ],
    ['tools/call', `{"resultType":"task","taskId":"t","_meta":{"${SERVER_INFO}":null}}`],
    ['tools/list', `{"resultType":"x-unknown","_meta":{"${SERVER_INFO}":{}}}`],
  ])('stays as its server made it where that said all: of %s, %s', async (method, result) => {
    const { serve } = createStateless(() => RawJson.parse(`{"jsonrpc":"2.0","id":7,"result":${result}}`));
    expect((await serve(method)).text).toBe(`{"jsonrpc":"2.0","id":1,"result":${result}}`);
  });

  it('that is an error stays as it is, but for the code of what is not found', async () => {
    const error = (code: number) =>
      RawJson.parse(`{"jsonrpc":"2.0","id":7,"error":{"code":${code},"message":"m","data":{"uri":"a:1"},"x":1.0}}`);
    const { serve } = createStateless(({ method }) => error(method === 'resources/read' ? -32002 : -32603));
    expect((await serve('resources/read')).text).toBe(error(-32602).with({ id: 1 }).text);
    expect((await serve('tools/list')).text).toBe(error(-32603).with({ id: 1 }).text);
  });

  it('names the bridge where nobody knows the server yet', async () => {
    const { answer } = createStateless(() => resultFrame({}), { info: undefined });
    expect((await answer('tools/list')).result?._meta).toEqual({ [SERVER_INFO]: { name: 'mcp-bridge', version: '' } });
  });
});

describe('a request', () => {
  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'tasks/list', 'tasks/result'])(
    'that this revision has given up is none: %s',
    async (method) => {
      const { answer } = createStateless(() => resultFrame({}));
      expect((await answer(method)).error).toEqual({ code: -32601, message: `Method not found: ${method}` });
    },
  );

  it('to discover is answered with what there is to say at the opening', async () => {
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 's' },
      ttlMs: 5,
      cacheScope: 'public',
    };
    const { answer } = createStateless(() => resultFrame({}), { open: async () => resultFrame(result) });
    expect((await answer('server/discover')).result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      capabilities: { tools: {} },
      ttlMs: 5,
      cacheScope: 'public',
    });
    const refused = createStateless(() => resultFrame({}), { open: async () => errorFrame(-32603, 'no') });
    expect((await refused.answer('server/discover')).error).toEqual({ code: -32603, message: 'no' });
  });

  it('that is given up is given up at the server, and one of a client that is gone is not begun', async () => {
    const reasons: (string | undefined)[] = [];
    let begun = 0;
    const { cancellation, serve } = createStateless(({ cancellation: given }) => {
      begun += 1;
      return new Promise((resolve) =>
        given.add(({ message }) => {
          reasons.push(message);
          resolve(errorFrame(-1, ''));
        }),
      );
    });
    const served = serve('tools/list');
    await vi.advanceTimersByTimeAsync(0);
    cancellation.cancel(new Error('gone'));
    await Promise.all([served, serve('tools/list')]);
    expect([begun, reasons]).toEqual([1, ['gone']]);
  });
});

describe('a notification', () => {
  it('is the servers’, unless it is about requests, whose ids they do not know, or means nothing any more', () => {
    const { stateless, notifications } = createStateless(() => resultFrame({}));
    const methods = ['initialized', 'roots/list_changed', 'cancelled', 'progress', 'x-vendor'];
    for (const name of methods) {
      const method = `notifications/${name}`;
      stateless.notify({ kind: 'notification', method, frame: notificationFrame(method) } as Notification, ANYONE);
    }
    expect(notifications).toEqual(['notifications/x-vendor']);
  });
});

describe('a call whose server asks', () => {
  it('is answered with the questions, and goes on with a retry that brings their answers', async () => {
    const { answer } = createStateless(askOnce);
    const asked = await answer('tools/call', CALL, ASKABLE);
    expect(asked.result).toEqual({
      resultType: 'input_required',
      inputRequests: { 'elicitation-create-1': { method: 'elicitation/create', params: { message: '?' } } },
      requestState: expect.stringMatching(/^[\w-]+\.[\w-]+$/),
      _meta: { [SERVER_INFO]: { name: 's', version: '1', x: 1 } },
    });
    const { requestState } = asked.result ?? {};
    const retried = await answer('tools/call', { ...CALL, requestState, ...ANSWERED }, { ...ASKABLE, id: '2' });
    expect(retried).toMatchObject({ id: 2, result: { structuredContent: { action: 'accept' } } });
  });

  it('goes on only with the newest state, once, and for the same request', async () => {
    const { answer } = createStateless(askOnce);
    const ask = async (params: object) => (await answer('tools/call', params, ASKABLE)).result?.requestState;
    const first = await ask(CALL);
    const refusals = [
      answer('tools/call', { ...CALL, name: 'b', requestState: first }, ASKABLE),
      answer('prompts/get', { ...CALL, requestState: first }, ASKABLE),
      answer('tools/call', { ...CALL, requestState: `${first}x` }, ASKABLE),
      answer('tools/call', { ...CALL, requestState: { a: 1 } }, ASKABLE),
    ];
    expect((await Promise.all(refusals)).map(({ error }) => [error?.code, error?.message.split(';')[0]])).toEqual([
      [-32602, 'requestState belongs to another request'],
      [-32602, 'requestState belongs to another request'],
      [-32602, 'requestState was not made here'],
      [-32602, 'requestState was not made here'],
    ]);
    const second = await ask({ ...CALL, requestState: first });
    expect(second).not.toBe(first);
    const late = await answer('tools/call', { ...CALL, requestState: first, ...ANSWERED }, ASKABLE);
    expect(late.error?.message).toBe('The call that asked does not wait any more; call again');
    expect(await answer('tools/call', { ...CALL, requestState: second, ...ANSWERED }, ASKABLE)).toHaveProperty(
      'result',
    );
  });

  it('is not given up by the end of a request while it waits, but when nobody comes back', async () => {
    const reasons: (string | undefined)[] = [];
    const { cancellation, answer } = createStateless((exchange) => {
      exchange.cancellation.add(({ message }) => reasons.push(message));
      return askOnce(exchange);
    });
    await answer('tools/call', CALL, ASKABLE);
    cancellation.cancel(new Error('gone'));
    expect(reasons).toEqual([]);
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(reasons).toEqual(['its client did not come back with the answers']);
  });

  it('cannot be gone on with once it was given up', async () => {
    const { answer } = createStateless(askOnce);
    const requestState = (await answer('tools/call', CALL, ASKABLE)).result?.requestState;
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect((await answer('tools/call', { ...CALL, requestState, ...ANSWERED }, ASKABLE)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('call again'),
    });
  });

  it('is refused when too many wait already', async () => {
    const reasons: (string | undefined)[] = [];
    const { answer } = createStateless(
      (exchange) => {
        exchange.cancellation.add(({ message }) => reasons.push(message));
        return askOnce(exchange);
      },
      { max: 1 },
    );
    await answer('tools/call', CALL, ASKABLE);
    expect((await answer('tools/call', CALL, ASKABLE)).error).toEqual({
      code: -32000,
      message: 'Too many calls wait for their clients already',
    });
    expect(reasons).toEqual(['Too many calls wait for their clients already']);
  });

  it('is none for another principal, whose retry is answered as one with a state that is made up', async () => {
    const { answer } = createStateless(askOnce);
    const as = (principal = principalOf('alice')) => ({ ...ASKABLE, principal });
    const { requestState } = (await answer('tools/call', CALL, as())).result ?? {};
    const made = await answer('tools/call', { ...CALL, ...ANSWERED, requestState: 'made.up' }, as());
    expect(made.error?.code).toBe(-32602);
    for (const stranger of [principalOf('bob'), ANYONE, principalOf('alice', true)])
      for (const name of ['a', 'another'])
        expect(await answer('tools/call', { ...CALL, name, ...ANSWERED, requestState }, as(stranger))).toEqual(made);
    const { result } = await answer('tools/call', { ...CALL, ...ANSWERED, requestState }, as());
    expect(result).toMatchObject({ structuredContent: { action: 'accept' } });
  });

  it('is given up when its principal is none any more, and its retry is told that it is gone', async () => {
    const { stateless, answer } = createStateless(askOnce);
    const [alice, bob] = ['alice', 'bob'].map((id) => ({ ...ASKABLE, principal: principalOf(id) }));
    const [one, two] = [await answer('tools/call', CALL, alice), await answer('tools/call', CALL, bob)];
    stateless.end('alice');
    const retry = ({ result }: Served, options: StatelessOptions | undefined) =>
      answer('tools/call', { ...CALL, ...ANSWERED, requestState: result?.requestState }, options);
    expect((await retry(one, alice)).error?.code).toBe(-32602);
    expect((await retry(two, bob)).result).toMatchObject({ structuredContent: { action: 'accept' } });
  });

  it('is given up when the bridge closes', async () => {
    const reasons: (string | undefined)[] = [];
    const { stateless, answer } = createStateless((exchange) => {
      exchange.cancellation.add(({ message }) => reasons.push(message));
      return askOnce(exchange);
    });
    await answer('tools/call', CALL, ASKABLE);
    stateless.close();
    stateless.close();
    expect(reasons).toEqual(['the bridge is closing']);
  });
});

describe('a state of a server’s own', () => {
  /** A server of 2026: it answers with a state, and is given back what its client brings. */
  const createOwn = () => {
    const received: unknown[] = [];
    const created = createStateless(({ frame }) => {
      received.push(frame.raw('params')?.value);
      return resultFrame({
        resultType: 'input_required',
        requestState: 'its own',
        inputRequests: { q: { method: 'roots/list' } },
      });
    });
    return { ...created, received };
  };

  it('is given out sealed, and given back to it as it was, with all that comes along', async () => {
    const { received, answer } = createOwn();
    const { result } = await answer('tools/call', CALL);
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { q: { method: 'roots/list' } } });
    expect(result?.requestState).not.toBe('its own');
    await answer('tools/call', { ...CALL, requestState: result?.requestState, inputResponses: { q: { roots: [] } } });
    expect(received[1]).toEqual({ ...CALL, requestState: 'its own', inputResponses: { q: { roots: [] } } });
  });

  it('is good for the same request only, and as often as that is sent', async () => {
    const { received, answer } = createOwn();
    const requestState = (await answer('tools/call', CALL)).result?.requestState;
    expect((await answer('tools/call', { ...CALL, name: 'b', requestState })).error?.code).toBe(-32602);
    for (const _ of [1, 2]) await answer('tools/call', { ...CALL, requestState });
    expect(received).toHaveLength(3);
  });

  it('is looked for in no other request than those that may be asked about', async () => {
    const { received, answer } = createOwn();
    expect((await answer('tools/list', { requestState: 'whatever' })).result?.requestState).toBe('its own');
    expect(received).toEqual([{ requestState: 'whatever' }]);
  });
});

describe('a call that is refused until URLs have been visited', () => {
  const REQUIRED = errorFrame(-32042, 'visit', {
    elicitations: [{ mode: 'url', url: 'https://a', elicitationId: 'e' }],
  });
  const retryWith = async (created: ReturnType<typeof createStateless>, action: string) => {
    const { result } = await created.answer('tools/call', CALL, ASKABLE);
    const [key = ''] = Object.keys(result?.inputRequests ?? {});
    const params = { ...CALL, requestState: result?.requestState, inputResponses: { [key]: { action } } };
    return { asked: result?.inputRequests, retried: await created.answer('tools/call', params, ASKABLE) };
  };

  it('asks for that, and is sent again once it is done', async () => {
    const answers = [REQUIRED, resultFrame({ content: [] })];
    const { asked, retried } = await retryWith(
      createStateless(() => answers.shift() as Answer),
      'accept',
    );
    expect(asked).toEqual({
      'elicitation-create-1': { method: 'elicitation/create', params: { mode: 'url', url: 'https://a' } },
    });
    expect(retried.result).toMatchObject({ resultType: 'complete', content: [] });
  });

  it('is not sent again when its client would not', async () => {
    const answers = [REQUIRED];
    const { retried } = await retryWith(
      createStateless(() => answers.shift() as Answer),
      'decline',
    );
    expect(retried.error).toEqual({ code: -32600, message: 'The URL that the server asks for was not visited' });
  });

  it('is sent ten times at most', async () => {
    let sent = 0;
    const created = createStateless(() => {
      sent += 1;
      return REQUIRED;
    });
    let params: object = CALL;
    let round = await created.answer('tools/call', params, ASKABLE);
    while (round.result) {
      const [key = ''] = Object.keys(round.result.inputRequests ?? {});
      params = { ...CALL, requestState: round.result.requestState, inputResponses: { [key]: { action: 'accept' } } };
      round = await created.answer('tools/call', params, ASKABLE);
    }
    expect([sent, round.error?.message]).toEqual([10, 'The server goes on asking for URLs to be visited']);
  });

  it('needs a client that can show them', async () => {
    const { answer } = createStateless(() => REQUIRED);
    expect((await answer('tools/call', CALL, { capabilities: { elicitation: {} } })).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    });
  });
});

describe('subscriptions', () => {
  it('are as many as there may be, and end with the bridge', async () => {
    const { stateless, serve, answer } = createStateless(() => resultFrame({}), {
      max: 1,
      open: async () => resultFrame({ capabilities: {} }),
    });
    const first = serve('subscriptions/listen', { notifications: {} });
    await vi.advanceTimersByTimeAsync(0);
    const refused = await answer('subscriptions/listen', { notifications: {} });
    expect(refused.error).toEqual({ code: -32000, message: 'There are too many subscriptions already' });
    stateless.endSubscriptions();
    expect((await first).get('result')).toMatchObject({ resultType: 'complete' });
    const next = serve('subscriptions/listen', { notifications: {} });
    await vi.advanceTimersByTimeAsync(0);
    stateless.close();
    expect((await next).has('result')).toBe(true);
  });

  it('are a quarter for each principal, and end with it', async () => {
    const { stateless, serve, answer } = createStateless(() => resultFrame({}), {
      max: 8,
      open: async () => resultFrame({ capabilities: {} }),
    });
    const [alice, bob] = [{ principal: principalOf('alice') }, { principal: principalOf('bob') }];
    const listen = async (options: StatelessOptions) => {
      const ending = serve('subscriptions/listen', { notifications: {} }, options);
      await vi.advanceTimersByTimeAsync(0);
      return { ending };
    };
    const ended: string[] = [];
    for (const options of [alice, bob, alice])
      void (await listen(options)).ending.then(() => ended.push(options.principal.id));
    expect((await answer('subscriptions/listen', { notifications: {} }, alice)).error?.code).toBe(-32000);
    stateless.end('alice');
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).toEqual(['alice', 'alice']);
    stateless.close();
  });
});
