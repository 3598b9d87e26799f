import { describe, expect, it, vi } from 'vitest';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { type Client, NOBODY } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { playServer } from './played-server.ts';
import { contentOf, createClient, createExchange, createUpstream, localFixture, type TestExchange } from './support.ts';

const send = (upstream: Upstream, exchange: TestExchange) => upstream.request(exchange.frame, exchange);
const call = async (upstream: Upstream, tool: string, options: { client?: Client; args?: object } = {}) =>
  contentOf(await send(upstream, createExchange(tool, options)));

const ASKABLE = { capabilities: { elicitation: {} } };

describe('subscribing to a resource', () => {
  const SUBSCRIBE = requestFrame('resources/subscribe', { uri: 'a:1' });
  const UNSUBSCRIBE = requestFrame('resources/unsubscribe', { uri: 'a:1' });

  /** A server that answers the first request about a resource when it is told to, and the others at once. */
  const startUpstream = async (first: Promise<object>) => {
    let isFirst = true;
    const server = playServer((frame) => {
      if (frame.string('method') === 'initialize') return { result: { capabilities: {} } };
      const answer = isFirst ? first : { result: {} };
      isFirst = false;
      return answer;
    });
    const told = () => server.received.slice(2).map((frame) => frame.string('method'));
    const { upstream } = createUpstream({}, server.open);
    await upstream.link(NOBODY);
    return { upstream, told };
  };

  it('is told to the server with the first subscriber, and taken back with the last', async () => {
    const { upstream, told } = await startUpstream(Promise.resolve({ result: { x: 1 } }));
    const [one, two] = [createExchange(SUBSCRIBE), createExchange(SUBSCRIBE)];
    expect((await upstream.subscribe(SUBSCRIBE, one)).get('result')).toEqual({ x: 1 });
    expect((await upstream.subscribe(SUBSCRIBE, two)).get('result')).toEqual({});
    await upstream.unsubscribe(UNSUBSCRIBE, one);
    expect(told()).toEqual(['resources/subscribe']);
    await upstream.unsubscribe(UNSUBSCRIBE, two);
    expect(told()).toEqual(['resources/subscribe', 'resources/unsubscribe']);
  });

  it.each([
    ['is refused', () => {}],
    ['is given up', (exchange: TestExchange) => exchange.cancel()],
  ])('holds for the others when it %s for the first', async (_, spoil) => {
    let answer = (_: object) => {};
    const { upstream, told } = await startUpstream(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    const [one, two] = [createExchange(SUBSCRIBE), createExchange(SUBSCRIBE)];
    const first = upstream.subscribe(SUBSCRIBE, one).catch(() => {});
    await vi.waitFor(() => expect(told()).toEqual(['resources/subscribe']), EVENTUALLY);
    await upstream.subscribe(SUBSCRIBE, two);
    spoil(one);
    answer({ error: { code: -32602, message: 'no' } });
    await first;
    expect(upstream.sharedLane.interests.subscribersOf('a:1')).toEqual([two.client]);
    expect(told().at(-1)).toBe('resources/subscribe');
    expect(told().filter((method) => method === 'resources/subscribe')).toHaveLength(2);
  });

  it('is forgotten when it is refused and nobody else relies on it', async () => {
    const { upstream, told } = await startUpstream(Promise.resolve({ error: { code: -32602, message: 'no' } }));
    expect((await upstream.subscribe(SUBSCRIBE, createExchange(SUBSCRIBE))).has('error')).toBe(true);
    expect([upstream.sharedLane.interests.uris, told()]).toEqual([[], ['resources/subscribe']]);
  });
});

describe('a client that is known for one call', () => {
  const known = (logLevel?: string, capabilities = {}) =>
    createClient('call', { tenure: 'call', listens: false, logLevel, capabilities });
  const log = { level: 'info', message: 'm' };

  it('says with it which level it wants, and the server is told when that is another one', async () => {
    const server = playServer((frame) =>
      frame.string('method') === 'initialize' ? { result: { capabilities: { logging: {} } } } : { result: {} },
    );
    const { upstream } = createUpstream({}, server.open);
    for (const level of [undefined, 'info', 'info', undefined, 'error', 'info'])
      await call(upstream, level ?? 'none', { client: known(level) });
    const sent = server.received.slice(2).map((frame) => {
      const params = frame.raw('params');
      return params?.get('level') ?? `call: ${params?.get('name')}`;
    });
    expect(sent).toEqual([
      'call: none',
      'info',
      'call: info',
      'call: info',
      'call: none',
      'error',
      'call: error',
      'info',
      'call: info',
    ]);
    expect(upstream.sharedLane.interests.level).toBeUndefined();
  });

  it('does not change what others want meanwhile', async () => {
    const { upstream } = createUpstream();
    const client = createClient();
    await upstream.setLevel(
      requestFrame('logging/setLevel', { level: 'debug' }),
      createExchange(requestFrame('x'), { client }),
    );
    expect(await call(upstream, 'log', { client: known('error'), args: log })).toEqual({ sent: true });
    expect(upstream.sharedLane.interests.level).toBe('debug');
  });

  it('tells a server nothing that does not log', async () => {
    const { upstream } = createUpstream(localFixture('unusual-server'));
    const client = known('debug');
    const answer = await send(upstream, createExchange(requestFrame('received'), { client }));
    expect(JSON.parse(contentOf(answer).line as string).id).toBe(2);
  });

  it('waits for its turn when all processes are taken, other than a session', async () => {
    const { upstream } = createUpstream({ maxLinks: 2 });
    const [first, second] = [known(undefined, ASKABLE.capabilities), known(undefined, ASKABLE.capabilities)];
    const { pid } = await call(upstream, 'pid', { client: first });
    const waiting = call(upstream, 'pid', { client: second });
    await expect(call(upstream, 'pid', { client: createClient('own', ASKABLE) })).rejects.toMatchObject({
      code: 'BUSY',
    });
    first.leave();
    expect(await waiting).toEqual({ pid });
  });

  it('leaves a process that is not lent again when it took longer than it may', async () => {
    const { upstream } = createUpstream({ callTimeout: 300 });
    const client = known(undefined, ASKABLE.capabilities);
    const { pid } = await call(upstream, 'pid', { client });
    await expect(send(upstream, createExchange('hang', { client }))).rejects.toMatchObject({ code: 'CALL_TIMEOUT' });
    client.leave();
    expect(await call(upstream, 'pid', { client: known(undefined, ASKABLE.capabilities) })).not.toEqual({ pid });
  });

  it('leaves a process that is not lent again when a task was cancelled in it, which may still go on', async () => {
    const { upstream } = createUpstream();
    const client = known(undefined, ASKABLE.capabilities);
    const { pid } = await call(upstream, 'pid', { client });
    await send(upstream, createExchange(requestFrame('tasks/cancel', { taskId: 't' }), { client }));
    client.leave();
    expect(await call(upstream, 'pid', { client: known(undefined, ASKABLE.capabilities) })).not.toEqual({ pid });
  });

  it('leaves a process that is lent again, unless it was at something that the client gave up', async () => {
    const { upstream } = createUpstream();
    const serveOne = async (isGivenUp: boolean) => {
      const client = known(undefined, ASKABLE.capabilities);
      const { pid } = await call(upstream, 'pid', { client });
      if (isGivenUp) {
        const exchange = createExchange('hang', { client });
        const answer = send(upstream, exchange).catch(() => {});
        const { peer } = await upstream.link(client);
        await vi.waitFor(() => expect(peer.inFlight).toBe(1), EVENTUALLY);
        exchange.cancel();
        await answer;
      }
      client.leave();
      return pid;
    };
    const first = await serveOne(false);
    expect(await serveOne(true)).toBe(first);
    expect(await serveOne(false)).not.toBe(first);
  });
});

describe('a notification that names no call', () => {
  const log = { level: 'error', message: 'm' };
  const start = (changes?: Partial<UpstreamSettings>) => {
    const { upstream, lines } = createUpstream(changes);
    const heard: string[] = [];
    upstream.listen({ notification: ({ method }) => void heard.push(method) });
    return { upstream, lines, heard };
  };

  it('rides on the newest call while all calls are one client’s', async () => {
    const { upstream, heard } = start();
    const client = createClient();
    const older = createExchange('hang', { client });
    const answer = send(upstream, older).catch(() => {});
    const newer = createExchange('log', { client, args: log });
    await send(upstream, newer);
    expect(newer.notified.map(({ value }) => value)).toMatchObject([{ params: { data: 'm' } }]);
    expect([older.notified, heard]).toEqual([[], []]);
    older.cancel();
    await answer;
  });

  it('goes to nobody while several clients’ calls are in flight', async () => {
    const { upstream, heard, lines } = start();
    const older = createExchange('hang');
    const answer = send(upstream, older).catch(() => {});
    const newer = createExchange('log', { args: log });
    await send(upstream, newer);
    expect([older.notified, newer.notified, heard]).toEqual([[], [], []]);
    expect(lines).toContainEqual('debug test: dropped notifications/message, as it names no call');
    older.cancel();
    await answer;
  });

  it('goes to all who listen while no client’s call is in flight', async () => {
    const { upstream, heard } = start();
    const own = createExchange('log', { args: log, client: NOBODY });
    await send(upstream, own);
    expect([own.notified, heard]).toEqual([[], ['notifications/message']]);
  });

  it('but says that a list has changed concerns everybody', async () => {
    const { upstream, heard } = start();
    const exchange = createExchange('change', { args: { name: 'new' } });
    await send(upstream, exchange);
    expect([exchange.notified, heard]).toEqual([[], ['notifications/tools/list_changed']]);
  });
});

describe('a question of the server', () => {
  const ask = (client: Client, kind = 'elicitation') => createExchange('ask', { client, args: { kind } });

  it('goes to the owner of the link, with its newest call', async () => {
    const { upstream } = createUpstream();
    const client = createClient('own', ASKABLE);
    const exchange = ask(client);
    expect(contentOf(await send(upstream, exchange))).toEqual({ from: 'the call' });
    expect(exchange.asked.map(({ request }) => request.method)).toEqual(['elicitation/create']);
    expect(client.asked).toEqual([]);
  });

  it('goes on a shared link to the client whose calls alone are in flight', async () => {
    const { upstream } = createUpstream({ isolation: 'shared' });
    const client = createClient('can', ASKABLE);
    const earlier = createExchange('hang', { client });
    const hanging = send(upstream, earlier).catch(() => {});
    expect(contentOf(await send(upstream, ask(client)))).toEqual({ from: 'the call' });
    expect(earlier.asked).toEqual([]);
    earlier.cancel();
    await hanging;
  });

  it('is refused on a shared link when several could be meant, or nobody', async () => {
    const { upstream } = createUpstream({ isolation: 'shared' });
    // Not even when only one of them could answer: the question may be the other one's.
    const bystander = createExchange('hang', { client: createClient('cannot', { capabilities: { roots: {} } }) });
    const hanging = send(upstream, bystander).catch(() => {});
    const text = async (exchange: TestExchange) => {
      const { content } = contentOf(await send(upstream, exchange)) as { content: { text: string }[] };
      return content[0]?.text;
    };
    expect(await text(ask(createClient('can', ASKABLE)))).toContain(
      'calls of several clients are in flight, so whom to ask is unclear',
    );
    bystander.cancel();
    await hanging;
    expect(await text(ask(NOBODY))).toContain('No client here answers elicitation/create');
  });
});
