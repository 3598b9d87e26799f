import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { unknownTool } from '../../src/relay/tool-calls.ts';
import { principalOf } from '../downstream/support.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange } from '../upstream/support.ts';
import { type Part, type PlayedRelays, playRelays } from './support.ts';

const READER = principalOf('reader', true);
const WRITER = principalOf('writer');
const CHANGED = notificationFrame('notifications/tools/list_changed');

const read = (name: string) => ({ name, annotations: { readOnlyHint: true } });
const write = (name: string) => ({ name, annotations: { readOnlyHint: false } });

/** A server with these tools, on as many pages; every call goes well. */
const offers = (...pages: object[][]): Part => ({
  answer(method, params) {
    if (method !== 'tools/list') return { result: { called: params.get('name') } };
    const page = Number(params.get('cursor') ?? 0);
    const nextCursor = page + 1 < pages.length ? String(page + 1) : undefined;
    return { result: { tools: pages[page], nextCursor, cacheScope: 'public', ttlMs: 1 } };
  },
});

const readerOf = (changes: Partial<Client> = {}) => createClient('reader', { principal: READER, ...changes });
const unknown = (name: string) => ({ code: -32602, message: unknownTool(name).raw('error')?.get('message') });

async function call(router: RelaySwitch | undefined, name: unknown, client: Client = readerOf()) {
  const exchange = createExchange(requestFrame('tools/call', { name, arguments: {} }), { client });
  return contentOf((await router?.handle(exchange)) ?? RawJson.of({}));
}

async function list(router: RelaySwitch | undefined, client: Client = readerOf()) {
  const exchange = createExchange(requestFrame('tools/list'), { client });
  return contentOf((await router?.handle(exchange)) ?? RawJson.of({}));
}

async function namesFor(router: RelaySwitch | undefined, client?: Client) {
  const { tools } = (await list(router, client)) as { tools: { name: string }[] };
  return tools.map(({ name }) => name);
}

const singleOf = ({ single }: PlayedRelays) => [...single.values()][0];
const callsOf = (received: readonly RawJson[]) =>
  requestsOf(received, 'tools/call').map((frame) => frame.raw('params')?.get('name'));

describe('whoever may only read', () => {
  it('sees the tools that are marked as read-only, of one server and of several', async () => {
    const relays = await playRelays([offers([read('x'), write('y'), { name: 'z' }]), offers([write('x'), read('w')])]);
    expect([await namesFor(relays.merged), await namesFor(singleOf(relays))]).toEqual([['a__x', 'b__w'], ['x']]);
    expect(await namesFor(singleOf(relays), createClient('writer', { principal: WRITER }))).toEqual(['x', 'y', 'z']);
  });

  it('may call these, and the others are answered as if they were not there', async () => {
    const relays = await playRelays([offers([read('x'), write('y')]), offers([read('y'), { name: 'z' }])]);
    expect([await call(relays.merged, 'a__x'), await call(relays.merged, 'b__y')]).toEqual([
      { called: 'x' },
      { called: 'y' },
    ]);
    for (const name of ['a__y', 'b__z', 'a__none']) expect(await call(relays.merged, name)).toEqual(unknown(name));
    expect(await call(singleOf(relays), 'y')).toEqual(unknown('y'));
    expect(relays.received.map(callsOf)).toEqual([['x'], ['y']]);
    expect(await call(relays.merged, 'a__y', createClient())).toEqual({ called: 'y' });
  });

  it('is told nothing of the definition of the others', async () => {
    const relays = await playRelays([offers([read('x'), write('y')])]);
    const toolOf = async (name: string, client: Client = readerOf()) =>
      (await relays.merged.toolOf(createExchange(name, { client })))?.get('name');
    expect([await toolOf('x'), await toolOf('y'), await toolOf('y', createClient())]).toEqual(['x', undefined, 'y']);
  });

  it('cannot begin a task with the others', async () => {
    const relays = await playRelays([offers([write('y')])]);
    const frame = requestFrame('tools/call', { name: 'y', task: {} });
    const exchange = createExchange(frame, { client: readerOf({ readsResultTypes: true }) });
    expect(contentOf(await relays.merged.handle(exchange))).toEqual(unknown('y'));
  });

  it('is refused a tool that its server lists twice, once unmarked, also on a later page', async () => {
    const relays = await playRelays([offers([read('x'), read('y'), read('z')], [write('x'), { name: 'Y' }])]);
    for (const name of ['x', 'y', 'Y']) expect(await call(singleOf(relays), name)).toEqual(unknown(name));
    expect(await call(singleOf(relays), 'z')).toEqual({ called: 'z' });
  });

  it.each(['X', 'x ', ' x', 'x\u0000', '', 'constructor', 7, null, ['x'], { toString: 'x' }])(
    'is refused what is not quite the name: %j',
    async (name) => {
      const relays = await playRelays([offers([read('x'), { annotations: { readOnlyHint: true } }])]);
      expect(await call(singleOf(relays), name)).toMatchObject({ code: -32602 });
      expect(callsOf(relays.received[0] ?? [])).toEqual([]);
    },
  );

  it('is refused everything while the server cannot tell its tools', async () => {
    const failing: Part = {
      answer: (method) => (method === 'tools/list' ? { error: { code: -32603, message: 'not now' } } : { result: {} }),
    };
    const relays = await playRelays([failing]);
    expect(await call(relays.merged, 'x')).toEqual(unknown('x'));
    expect(await call(relays.merged, 'x', createClient())).toEqual({});
  });

  it('is refused a tool that has lost its mark, as soon as the server has said that its list is another', async () => {
    let tools: object[] = [read('x')];
    const relays = await playRelays([{ answer: (method, params) => offers(tools).answer?.(method, params) }]);
    expect(await call(relays.merged, 'x')).toEqual({ called: 'x' });
    tools = [write('x')];
    relays.played[0]?.say(CHANGED);
    expect(await call(relays.merged, 'x')).toEqual(unknown('x'));
    tools = [read('x')];
    relays.played[0]?.say(CHANGED);
    expect(await call(relays.merged, 'x')).toEqual({ called: 'x' });
  });

  it('is not let through by a list that was out of date before it was read', async () => {
    let tools: object[] = [read('x')];
    let isStale = false;
    const relays: PlayedRelays = await playRelays([
      {
        answer(method, params) {
          const answer = offers(tools).answer?.(method, params);
          if (method !== 'tools/list' || !isStale) return answer;
          isStale = false;
          tools = [write('x')];
          relays.played[0]?.say(CHANGED);
          return answer;
        },
      },
    ]);
    await call(relays.merged, 'x', createClient());
    await relays.settled;
    isStale = true;
    expect(await call(relays.merged, 'x')).toEqual(unknown('x'));
    expect(isStale).toBe(false);
  });

  it('is refused by a server that never comes to an end of its changes', async () => {
    const relays: PlayedRelays = await playRelays([
      {
        answer(method) {
          relays.played[0]?.say(CHANGED);
          return { result: method === 'tools/list' ? { tools: [read('x')] } : {} };
        },
      },
    ]);
    expect(await call(relays.merged, 'x')).toEqual(unknown('x'));
  });

  it('is judged by what its own process has said, not by what another one has', async () => {
    let tools: object[] = [read('x')];
    const relays = await playRelays([{ answer: (method, params) => offers(tools).answer?.(method, params) }]);
    expect(await call(relays.merged, 'x')).toEqual({ called: 'x' });
    tools = [write('x')];
    expect(await call(relays.merged, 'x', readerOf({ capabilities: { elicitation: {} } }))).toEqual(unknown('x'));
    expect(await call(relays.merged, 'x')).toEqual({ called: 'x' });
  });

  it('is judged anew when the server was started anew', async () => {
    let tools: object[] = [read('x')];
    const relays = await playRelays([{ answer: (method, params) => offers(tools).answer?.(method, params) }]);
    expect(await call(relays.merged, 'x')).toEqual({ called: 'x' });
    tools = [write('x')];
    relays.played[0]?.die();
    await expect.poll(() => requestsOf(relays.received[0] ?? [], 'initialize').length).toBe(2);
    expect(await call(relays.merged, 'x')).toEqual(unknown('x'));
    expect(callsOf(relays.received[0] ?? [])).toEqual(['x']);
  });

  it('costs its server one list, however many calls there are', async () => {
    const relays = await playRelays([offers([read('x')])]);
    await call(relays.merged, 'x', createClient());
    await relays.settled;
    const lists = () => requestsOf(relays.received[0] ?? [], 'tools/list').length;
    const before = lists();
    for (let count = 0; count < 3; count++) await call(relays.merged, 'x');
    expect(lists() - before).toBe(1);
  });

  it.each(['x-vendor/delete', 'Tools/call', 'tools/Call', 'constructor', 'completion/complete'])(
    'is refused what nobody here knows the meaning of: %s',
    async (method) => {
      const relays = await playRelays([offers([]), offers([])]);
      const ask = async (router: RelaySwitch | undefined) =>
        contentOf(
          (await router?.handle(createExchange(requestFrame(method), { client: readerOf() }))) ?? RawJson.of({}),
        );
      for (const router of [relays.merged, singleOf(relays)])
        expect(await ask(router)).toEqual({ code: -32601, message: `Method not found: ${method}` });
      expect(relays.received.flat().filter((frame) => frame.string('method') === method)).toEqual([]);
    },
  );

  it('may read resources and prompts, and ask for a level and a ping', async () => {
    const parts = [{ ...offers([]), capabilities: { prompts: {}, resources: {}, logging: {} } }];
    const { merged } = await playRelays(parts);
    const requests = [
      ['ping', {}],
      ['prompts/get', { name: 'p' }],
      ['resources/read', { uri: 'a:b' }],
      ['resources/templates/list', {}],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: {} }],
      ['logging/setLevel', { level: 'info' }],
    ] as const;
    for (const [method, params] of requests) {
      const answer = await merged.handle(createExchange(requestFrame(method, params), { client: readerOf() }));
      expect([method, answer.has('result')]).toEqual([method, true]);
    }
  });

  it('tells the servers nothing but of itself', async () => {
    const relays = await playRelays([offers([read('x')])]);
    const client = readerOf();
    await call(relays.merged, 'x', client);
    const methods = ['x-vendor/delete', 'notifications/x', 'tools/call', 'notifications/initialized'];
    const tell = (by: Client) => {
      for (const method of methods)
        relays.merged.notify(by, { kind: 'notification', method, frame: notificationFrame(method) });
    };
    const heard = () => (relays.received[0] ?? []).map((frame) => frame.string('method')).slice(-2);
    tell(client);
    await call(relays.merged, 'x', client);
    expect(heard()).not.toContain('notifications/x');
    tell(createClient());
    expect(heard()).toEqual(['x-vendor/delete', 'notifications/x']);
  });
});

describe('a list of tools', () => {
  it.each([
    ['public', createClient()],
    ['private', createClient('writer', { principal: WRITER })],
    ['private', readerOf()],
  ])('is %s where others may be shown another one', async (cacheScope, client) => {
    const relays = await playRelays([offers([read('x')])]);
    expect(await list(singleOf(relays), client)).toMatchObject({ tools: [read('x')], cacheScope });
  });
});
