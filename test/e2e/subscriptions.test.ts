import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp, type Peer } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { describeTransports } from '../support/transports.ts';

const UPDATED = 'notifications/resources/updated';
const ONE = 'echo://resource-1';
const TWO = 'echo://resource-2';
const SEVERAL = ['first', 'second'].flatMap((name) => [
  '--stdio',
  `${name}=${fixtureLine('echo-server', '--pages', '2')}`,
]);

describeTransports('a subscription to a resource', (open) => {
  it('brings its updates, until it is ended', async () => {
    await using peer = await open(['--stdio', fixtureLine('echo-server', '--pages', '2')]);
    await peer.client.subscribeResource({ uri: ONE });
    await peer.client.subscribeResource({ uri: TWO });
    await touch(peer, 'touch', ONE);
    expect(await peer.inbox.wait(UPDATED)).toMatchObject([{ method: UPDATED, params: { uri: ONE } }]);
    await peer.client.unsubscribeResource({ uri: ONE });
    expect(await touch(peer, 'touch', ONE)).toEqual([TWO]);
    await touch(peer, 'touch', TWO);
    expect((await peer.inbox.wait(UPDATED, 2)).map(({ params }) => params?.uri)).toEqual([ONE, TWO]);
  });

  it('carries the URI under which the client knows the resource', async () => {
    await using peer = await open(SEVERAL);
    const uri = `second+${ONE}`;
    await peer.client.subscribeResource({ uri });
    expect(await touch(peer, 'first__touch', ONE)).toEqual([]);
    expect(await touch(peer, 'second__touch', ONE)).toEqual([ONE]);
    expect(await peer.inbox.wait(UPDATED)).toMatchObject([{ method: UPDATED, params: { uri } }]);
  });
});

describe('subscriptions of several clients on one server', () => {
  it('reach those who have them, and nobody else', async () => {
    await using bridge = await startBridge(SEVERAL);
    await using first = await connectHttp(bridge.url);
    await using second = await connectHttp(bridge.url);
    await first.client.subscribeResource({ uri: ONE });
    await second.client.subscribeResource({ uri: TWO });
    await touch(first, 'first__touch', TWO);
    await touch(second, 'first__touch', ONE);
    await first.inbox.wait(UPDATED);
    await second.inbox.wait(UPDATED);
    expect(updatesOf(first)).toEqual([ONE]);
    expect(updatesOf(second)).toEqual([TWO]);
  });

  it('are told to the server once, and ended when the last client has left', async () => {
    await using bridge = await startBridge(SEVERAL);
    await using watcher = await connectHttp(bridge.url);
    await using first = await connectHttp(bridge.url);
    await using second = await connectHttp(bridge.url);
    await first.client.subscribeResource({ uri: ONE });
    await second.client.subscribeResource({ uri: ONE });
    await first.client.unsubscribeResource({ uri: ONE });
    expect(await touch(watcher, 'first__touch', ONE)).toEqual([ONE]);
    await second.inbox.wait(UPDATED);
    expect(updatesOf(first)).toEqual([]);
    await second.transport.terminateSession();
    await expect.poll(() => touch(watcher, 'first__touch', ONE)).toEqual([]);
  });

  it('are refused for what nobody has', async () => {
    await using bridge = await startBridge(SEVERAL);
    await using peer = await connectHttp(bridge.url);
    await expect(peer.client.subscribeResource({ uri: 'other://nowhere' })).rejects.toMatchObject({ code: -32002 });
  });
});

/** Updates a resource and returns what the server's clients are subscribed to. */
async function touch(peer: Peer, tool: string, uri: string): Promise<unknown> {
  const { structuredContent } = await peer.client.callTool({ name: tool, arguments: { uri } });
  return (structuredContent as { subscribed: string[] }).subscribed;
}

function updatesOf({ inbox }: Peer): unknown[] {
  return inbox.notifications.filter(({ method }) => method === UPDATED).map(({ params }) => params?.uri);
}
