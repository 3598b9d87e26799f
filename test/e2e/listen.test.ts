import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, CLI, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import type { Notification } from '../support/inbox.ts';
import { openStdio } from '../support/raw-stdio.ts';
import {
  createStatelessClient,
  createStatelessStdio,
  type Listening,
  type StatelessClient,
} from '../support/stateless.ts';
import { MCP } from '../support/stateless-request.ts';
import { ERA_SERVERS, ERA_VIEWS } from './era-views.ts';

const SUBSCRIPTION = `${MCP}subscriptionId`;
const UPDATED = 'notifications/resources/updated';
const LISTS = {
  toolsListChanged: 'notifications/tools/list_changed',
  promptsListChanged: 'notifications/prompts/list_changed',
  resourcesListChanged: 'notifications/resources/list_changed',
};

const methodsOf = ({ inbox }: Listening) => inbox.notifications.map(({ method }) => method);
const tagOf = ({ params }: Notification) => (params?._meta as Record<string, unknown> | undefined)?.[SUBSCRIPTION];

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: { mcpServers: ERA_SERVERS } });
});
afterAll(() => bridge.stop());

describe.each(ERA_VIEWS)('a subscription to $title', ({ path, named, server }) => {
  const document = `${server}://document`;
  let client: StatelessClient;
  beforeAll(() => {
    client = createStatelessClient(bridge.origin + path);
  });
  const announce = async (method: string, uri?: string): Promise<void> => {
    const { error } = await client.call(named('announce'), { method, uri });
    expect(error).toBeUndefined();
  };

  it.each(['mine', 7])('begins with what it is going to bring, and names its request: %s', async (id) => {
    const filter = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: [document],
    };
    const listening = await client.listen(filter, { id });
    expect(listening.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    expect(listening.acknowledgement.params).toEqual({ notifications: filter, _meta: { [SUBSCRIPTION]: id } });
    listening.close();
  });

  it('promises nothing that was not asked for, or that nobody knows', async () => {
    const listening = await client.listen({ toolsListChanged: true, promptsListChanged: false, 'x-unknown': true });
    expect(listening.acknowledgement.params?.notifications).toEqual({ toolsListChanged: true });
    listening.close();
    const empty = await client.listen({});
    expect(empty.acknowledgement.params?.notifications).toEqual({});
    empty.close();
  });

  it('is refused without a filter', async () => {
    expect((await client.request('subscriptions/listen')).error).toMatchObject({ code: -32602 });
  });

  it('brings what it was made for, and nothing else', async () => {
    const filters = [...Object.keys(LISTS).map((name) => ({ [name]: true })), { resourceSubscriptions: [document] }];
    const wanted = [...Object.values(LISTS), UPDATED];
    const listenings = await Promise.all(filters.map((filter) => client.listen(filter)));
    for (const round of [1, 2]) {
      for (const method of wanted) await announce(method, method === UPDATED ? document : undefined);
      await announce(UPDATED, `${document}/other`);
      await Promise.all(listenings.map(({ inbox }, index) => inbox.wait(wanted[index] as string, round)));
    }
    expect(listenings.map(methodsOf)).toEqual(wanted.map((method) => [method, method]));
    for (const { id, inbox, close } of listenings) {
      expect(inbox.notifications.map(tagOf)).toEqual([id, id]);
      close();
    }
  });

  it('brings updates under the URI that the client knows, all of them under its own id', async () => {
    const [first, second] = await Promise.all(
      [1, '1'].map((id) => client.listen({ resourceSubscriptions: [document] }, { id })),
    );
    await announce(UPDATED, document);
    for (const { id, inbox } of [first, second] as Listening[]) {
      expect(await inbox.wait(UPDATED)).toEqual([
        { method: UPDATED, params: { uri: document, _meta: { [SUBSCRIPTION]: id } } },
      ]);
    }
    first?.close();
    await announce(UPDATED, document);
    expect(await second?.inbox.wait(UPDATED, 2)).toHaveLength(2);
    expect(await first?.ended).toBeUndefined();
    expect(first?.inbox.notifications).toHaveLength(1);
    second?.close();
  });

  it('brings nothing that belongs to calls', async () => {
    const listening = await client.listen({ toolsListChanged: true });
    const meta = { progressToken: 1, [`${MCP}logLevel`]: 'debug' };
    await client.call(named('progress'), { steps: 3 }, { meta });
    await announce(LISTS.toolsListChanged);
    await listening.inbox.wait(LISTS.toolsListChanged);
    expect(methodsOf(listening)).toEqual([LISTS.toolsListChanged]);
    listening.close();
  });

  it('outlives the process of the server', async () => {
    const listening = await client.listen({ resourceSubscriptions: [document] });
    await client.call(named('exit'));
    await expect
      .poll(async () => {
        await client.call(named('announce'), { method: UPDATED, uri: document });
        return methodsOf(listening);
      })
      .toContain(UPDATED);
    expect(listening.inbox.notifications.map(tagOf)).toContain(listening.id);
    listening.close();
  });

  it('is the same to a client of 2025, in its own words', async () => {
    await using peer = await connectHttp(bridge.origin + path);
    await peer.client.subscribeResource({ uri: document });
    await announce(LISTS.toolsListChanged);
    await peer.inbox.wait(LISTS.toolsListChanged);
    await announce(UPDATED, document);
    expect(await peer.inbox.wait(UPDATED)).toMatchObject([{ params: { uri: document } }]);
    expect(JSON.stringify(peer.inbox.notifications)).not.toContain(MCP);
    await peer.client.unsubscribeResource({ uri: document });
    await announce(UPDATED, document);
    await announce(LISTS.toolsListChanged);
    await peer.inbox.wait(LISTS.toolsListChanged, 2);
    expect(peer.inbox.notifications.filter(({ method }) => method === UPDATED)).toHaveLength(1);
  });
});

describe('subscriptions to a resource', () => {
  const uri = 'echo://resource-1';

  it('are one to a server of 2025, which ends with the last of them', async () => {
    await using own = await startBridge(['--stdio', fixtureLine('echo-server')]);
    const client = createStatelessClient(own.url);
    const subscribed = async () => (await client.call('touch', { uri })).result?.structuredContent;
    const [first, second] = await Promise.all([1, 2].map(() => client.listen({ resourceSubscriptions: [uri] })));
    expect(await subscribed()).toEqual({ subscribed: [uri] });
    first?.close();
    await second?.inbox.wait(UPDATED);
    expect(await subscribed()).toEqual({ subscribed: [uri] });
    second?.close();
    await expect.poll(subscribed).toEqual({ subscribed: [] });
  });

  it('that several servers have carry the URI under which each is shown', async () => {
    const mcpServers = {
      first: fixture('eras-server', '--era', '2025', '--name', 'same'),
      second: fixture('eras-server', '--era', '2026', '--name', 'same'),
    };
    await using own = await startBridge([], { config: { mcpServers } });
    const client = createStatelessClient(own.url);
    const { result } = await client.request('resources/list');
    const resources = (result?.resources ?? []) as { uri: string }[];
    const shown = resources.map((resource) => resource.uri);
    const [ofFirst = '', ofSecond = ''] = shown.filter((each) => each.endsWith('same://document'));
    const [first, second] = await Promise.all(
      [ofFirst, ofSecond].map((each) => client.listen({ resourceSubscriptions: [each] })),
    );
    for (const server of ['first', 'second']) {
      await client.call(`${server}__announce`, { method: UPDATED, uri: 'same://document' });
    }
    expect(await first?.inbox.wait(UPDATED)).toMatchObject([{ params: { uri: ofFirst } }]);
    expect(await second?.inbox.wait(UPDATED)).toMatchObject([{ params: { uri: ofSecond } }]);
    expect([first?.inbox.notifications.length, second?.inbox.notifications.length]).toEqual([1, 1]);
    first?.close();
    second?.close();
  });
});

it('a subscription ends with a result when the bridge does', async () => {
  await using own = await startBridge([], { config: { mcpServers: ERA_SERVERS } });
  const client = createStatelessClient(own.url);
  const listening = await client.listen({ toolsListChanged: true }, { id: 'mine' });
  await own.stop();
  expect(await listening.ended).toMatchObject({
    id: 'mine',
    result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 'mine' } },
  });
});

describe.each(Object.entries(ERA_SERVERS))('over stdio, a subscription to a server that is %s', (name, { args }) => {
  it('lives beside others until it is cancelled, or the bridge ends', async () => {
    const line = [process.execPath, ...args].map((part) => JSON.stringify(part)).join(' ');
    const server = openStdio({
      command: process.execPath,
      args: [CLI, '--output-transport', 'stdio', '--log-level', 'error', '--stdio', line],
    });
    const client = createStatelessStdio(server);
    const uri = `${name}://document`;
    const [first, second] = await Promise.all([
      client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] }, { id: 'first' }),
      client.listen({ toolsListChanged: true }, { id: 'second' }),
    ]);
    await client.call('announce', { method: UPDATED, uri });
    await client.call('announce', { method: LISTS.toolsListChanged });
    await first.inbox.wait(LISTS.toolsListChanged);
    await second.inbox.wait(LISTS.toolsListChanged);
    expect([methodsOf(first), methodsOf(second)]).toEqual([
      [UPDATED, LISTS.toolsListChanged],
      [LISTS.toolsListChanged],
    ]);
    first.close();
    await client.call('announce', { method: LISTS.toolsListChanged });
    await second.inbox.wait(LISTS.toolsListChanged, 2);
    expect(first.inbox.notifications).toHaveLength(2);
    await server.close();
    expect(await second.ended).toMatchObject({ id: 'second', result: { _meta: { [SUBSCRIPTION]: 'second' } } });
  });
});
