import { describe, expect, it } from 'vitest';
import type { Client, Exchange } from '../../src/protocol/exchange.ts';
import { NOBODY } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame, resultFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { Peer } from '../../src/upstream/peer.ts';
import { StatelessLink } from '../../src/upstream/stateless-link.ts';
import { type Play, playServer, requestsOf } from './played-server.ts';
import { contentOf, createClient, createExchange, INFO, type TestExchange } from './support.ts';

const PREFIX = 'io.modelcontextprotocol/';
const DISCOVERED = RawJson.parse(
  '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":1000,' +
    '"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}',
);

function openLink(play: Play = () => ({ result: { resultType: 'complete' } })) {
  const server = playServer(play);
  const heard: { method: string; params: unknown; inFlight: readonly Exchange[] }[] = [];
  const peer = new Peer({ name: 'test', open: server.open, callTimeout: 0 });
  const link = new StatelessLink({
    peer,
    discovered: DISCOVERED,
    info: INFO,
    events: {
      notification: ({ method, frame }, inFlight) =>
        void heard.push({ method, params: frame.raw('params')?.value, inFlight }),
      ask: () => Promise.reject(new Error('it was asked')),
    },
  });
  return { link, server, heard };
}

const send = ({ link }: { link: StatelessLink }, exchange: TestExchange) => link.request(exchange.frame, exchange);
const metaOf = (frame: RawJson | undefined) => frame?.raw('params')?.get('_meta');
const envelope = (capabilities: object, info: object, more: object = {}) => ({
  [`${PREFIX}protocolVersion`]: '2026-07-28',
  [`${PREFIX}clientCapabilities`]: capabilities,
  [`${PREFIX}clientInfo`]: info,
  ...more,
});

describe('a request', () => {
  it('says all there is to know about its client, beside what its _meta says already', async () => {
    const opened = openLink();
    const client = createClient('Inspector', { capabilities: { elicitation: {}, tasks: {} }, logLevel: 'notice' });
    const params = { name: 'a', _meta: { 'x-own': 1, progressToken: 'p', [`${PREFIX}protocolVersion`]: 'forged' } };
    await send(opened, createExchange(requestFrame('tools/call', params), { client }));
    await send(opened, createExchange(requestFrame('tools/list'), { client: NOBODY }));
    expect(opened.server.received.map(metaOf)).toEqual([
      {
        'x-own': 1,
        progressToken: 1,
        // Tasks of 2025 are not those of this revision.
        ...envelope({ elicitation: {} }, { name: 'Inspector', version: '1' }, { [`${PREFIX}logLevel`]: 'notice' }),
      },
      envelope({}, { name: 'bridge', version: '1' }),
    ]);
    expect(opened.server.received[0]?.raw('params')?.keys).toEqual(['name', '_meta']);
  });

  it.each([
    ['a session that said nothing', createClient(), 'info'],
    ['a session', createClient('session', { logLevel: 'error' }), 'error'],
    ['a call that said nothing', createClient('call', { tenure: 'call' }), undefined],
    ['a request', createClient('request', { tenure: 'none', logLevel: 'debug' }), 'debug'],
  ])('of %s asks for the log messages that it wants', async (_, client, level) => {
    const opened = openLink();
    await send(opened, createExchange('a', { client }));
    expect(metaOf(opened.server.received[0])).toHaveProperty([`${PREFIX}clientCapabilities`]);
    expect((metaOf(opened.server.received[0]) as Record<string, unknown>)[`${PREFIX}logLevel`]).toBe(level);
  });

  it.each([
    ['tools/call', '{"content":[],"ttlMs":5,"x":1.0}'],
    ['tools/list', '{"content":[],"x":1.0}'],
    ['resources/read', '{"content":[],"x":1.0}'],
  ])('of a client of 2025 is answered in the words of 2025: %s', async (method, expected) => {
    const result = RawJson.parse(
      `{"resultType":"complete","content":[],"ttlMs":5,${method === 'tools/call' ? '' : '"cacheScope":"public",'}"x":1.0}`,
    );
    const answer = await send(
      openLink(() => ({ result })),
      createExchange(requestFrame(method)),
    );
    expect(answer.raw('result')?.text).toBe(expected);
  });

  it('of a client that reads such results is answered with the result as it came, questions and all', async () => {
    const client = createClient('stateless', { readsResultTypes: true });
    for (const text of [
      '{"resultType":"complete","tools":[],"ttlMs":5.0,"cacheScope":"public"}',
      '{"resultType":"input_required","inputRequests":{"a":{"method":"roots/list"}},"requestState":"s"}',
      '{"resultType":"x-unknown"}',
    ]) {
      const opened = openLink(() => ({ result: RawJson.parse(text) }));
      const exchange = createExchange(requestFrame('tools/list'), { client });
      expect((await send(opened, exchange)).raw('result')?.text).toBe(text);
      expect(exchange.asked).toEqual([]);
    }
  });

  it('is answered with the server’s error as it came', async () => {
    const error = RawJson.parse('{"code":-32021,"message":"no","data":{"requiredCapabilities":{}},"x":1.0}');
    const answer = await send(
      openLink(() => ({ error })),
      createExchange('a'),
    );
    expect(answer.raw('error')?.text).toBe(error.text);
  });
});

describe('a result that asks for input', () => {
  const question = (round: number) => ({
    result: {
      resultType: 'input_required',
      inputRequests: { [`q${round}`]: { method: 'elicitation/create', params: { message: `${round}` } } },
      ...(round === 1 && { requestState: 'first' }),
    },
  });

  it('is put to a client of 2025, and the call goes on with the answers until there is a result', async () => {
    let round = 0;
    const opened = openLink(() => {
      round += 1;
      return round < 3 ? question(round) : { result: { resultType: 'complete', content: [] } };
    });
    const exchange = createExchange('a', { args: { x: 1 } });
    expect(contentOf(await send(opened, exchange))).toEqual({ content: [] });
    expect(exchange.asked.map(({ request }) => request.frame.raw('params')?.value)).toEqual([
      { message: '1' },
      { message: '2' },
    ]);
    const given = { from: 'the call' };
    const _meta = envelope({}, { name: 'client', version: '1' }, { [`${PREFIX}logLevel`]: 'info' });
    // Each round brings what was asked last, and no state that is not meant for it.
    expect(opened.server.received.map((frame) => frame.raw('params')?.value)).toEqual([
      { name: 'a', arguments: { x: 1 }, _meta },
      { name: 'a', arguments: { x: 1 }, inputResponses: { q1: given }, requestState: 'first', _meta },
      { name: 'a', arguments: { x: 1 }, inputResponses: { q2: given }, _meta },
    ]);
    expect(opened.server.received.map((frame) => frame.get('id'))).toEqual([1, 2, 3]);
  });

  it('may come ten times in one call, and no more', async () => {
    const opened = openLink(() => question(2));
    await expect(send(opened, createExchange('a'))).rejects.toMatchObject({
      code: 'BUSY',
      message: 'test: still asks for input after 10 rounds',
    });
    expect(opened.server.received).toHaveLength(10);
  });

  it('is not gone on with once the client has given the call up', async () => {
    const opened = openLink(() => question(1));
    const exchange = createExchange('a', {
      async ask() {
        exchange.cancel('changed my mind');
        return resultFrame({});
      },
    });
    await expect(send(opened, exchange)).rejects.toThrow('changed my mind');
    expect(requestsOf(opened.server.received, 'tools/call')).toHaveLength(1);
  });
});

describe('what this revision has no request for', () => {
  it('is answered by what it has instead: the level stands in each request, and to answer anything is to be alive', async () => {
    const opened = openLink();
    const level = await send(opened, createExchange(requestFrame('logging/setLevel', { level: 'debug' })));
    expect([level.get('result'), opened.server.received]).toEqual([{}, []]);
    expect((await send(opened, createExchange(requestFrame('ping')))).has('result')).toBe(true);
    expect(opened.server.received.map((frame) => frame.string('method'))).toEqual(['server/discover']);
  });

  it('is part of the stream of changes: subscriptions to resources', async () => {
    const opened = openLink(() => undefined);
    const subscribe = (method: string) => send(opened, createExchange(requestFrame(method, { uri: 'a:1' })));
    const acknowledge = (id: number, notifications: object) =>
      opened.server.say(
        notificationFrame('notifications/subscriptions/acknowledged', {
          notifications,
          _meta: { [`${PREFIX}subscriptionId`]: id },
        }),
      );
    const lists = { toolsListChanged: true };
    const subscribed = subscribe('resources/subscribe');
    await Promise.resolve();
    acknowledge(1, { ...lists, resourceSubscriptions: ['a:1'] });
    expect((await subscribed).get('result')).toEqual({});
    const unsubscribed = subscribe('resources/unsubscribe');
    await Promise.resolve();
    acknowledge(2, lists);
    await unsubscribed;
    const listened = requestsOf(opened.server.received, 'subscriptions/listen');
    expect(listened.map((frame) => frame.raw('params')?.value)).toEqual([
      { notifications: { ...lists, resourceSubscriptions: ['a:1'] }, _meta: envelope({}, INFO.value as object) },
      { notifications: lists, _meta: envelope({}, INFO.value as object) },
    ]);
  });

  it('is not sent: each request says what such notifications would', () => {
    const { link, server } = openLink();
    for (const method of ['initialized', 'roots/list_changed', 'x-vendor']) {
      link.notify(notificationFrame(`notifications/${method}`, { a: 1 }));
    }
    expect(server.received.map(({ value }) => value)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/x-vendor', params: { a: 1 } },
    ]);
  });

  it('is refused when the server asks for it: a request of its own', () => {
    const { server } = openLink();
    server.say(RawJson.parse('{"jsonrpc":"2.0","id":"a","method":"ping"}'));
    expect(server.received.map(({ value }) => value)).toEqual([
      { jsonrpc: '2.0', id: 'a', error: { code: -32601, message: 'Method not found: ping' } },
    ]);
  });
});

describe('a notification of the server', () => {
  const inFlight = (link: StatelessLink, client: Client) => {
    const exchange = createExchange('hang', { client });
    void link.request(exchange.frame, exchange);
    return exchange;
  };

  it('may belong to any call in flight, a log message only to those that asked for it', () => {
    const { link, server, heard } = openLink(() => undefined);
    const quiet = inFlight(link, createClient('quiet', { tenure: 'call' }));
    const curious = inFlight(link, createClient('curious', { tenure: 'call', logLevel: 'debug' }));
    // A session hears what a server thinks fit.
    const session = inFlight(link, createClient('session'));
    for (const method of ['message', 'x-vendor']) server.say(notificationFrame(`notifications/${method}`, { a: 1 }));
    expect(heard).toEqual([
      { method: 'notifications/message', params: { a: 1 }, inFlight: [curious, session] },
      { method: 'notifications/x-vendor', params: { a: 1 }, inFlight: [quiet, curious, session] },
    ]);
  });

  it('on the stream of changes belongs to no call, and is heard without its tag', async () => {
    const { link, server, heard } = openLink(() => undefined);
    inFlight(link, createClient());
    const listening = link.listen();
    await Promise.resolve();
    const say = (method: string) =>
      server.say(notificationFrame(`notifications/${method}`, { _meta: { [`${PREFIX}subscriptionId`]: 2 } }));
    say('subscriptions/acknowledged');
    await listening;
    say('tools/list_changed');
    expect(heard).toEqual([{ method: 'notifications/tools/list_changed', params: {}, inFlight: [] }]);
  });
});

it('what the server said of itself is told as an InitializeResult, and for how long that holds', () => {
  const { link } = openLink();
  expect([link.asksWithinCalls, link.opened.value, link.freshness]).toEqual([
    true,
    {
      protocolVersion: '2025-11-25',
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 's', version: '1' },
    },
    { ttlMs: 1000, cacheScope: 'public' },
  ]);
});
