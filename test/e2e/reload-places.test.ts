import { describe, expect, it } from 'vitest';
import { connectHttp, connectSse, type Peer } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { openSse, rawPost, rawRequest } from '../support/http.ts';
import { linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';
import { createStatelessClient } from '../support/stateless.ts';
import { createConfigFile, startReloadableBridge, TAKEN_UP, waitForLine } from './reloadable-bridge.ts';
import { statusOf } from './status.ts';

const CHANGED = 'notifications/tools/list_changed';
const SERVERS = { one: fixture('echo-server'), two: fixture('echo-server', '--tools', 'echo') };
const ALL = { mcpServers: SERVERS, bridge: { views: { some: { tools: { allow: ['*echo'] } } } } };
const LESS = { mcpServers: { one: SERVERS.one } };

describe('the URL of a view or of a server', () => {
  it.each(['views/some', 'servers/two'])(
    'is served once it is configured, and until then is none: %s',
    async (place) => {
      await using bridge = await startReloadableBridge(LESS);
      const url = `${bridge.origin}/${place}/mcp`;
      expect((await rawPost(url, PING)).status).toBe(404);
      await bridge.change(ALL);
      await using peer = await connectHttp(url);
      await using sse = await connectSse(`${bridge.origin}/${place}/sse`);
      expect((await namesOf(peer)).length).toBeGreaterThan(0);
      expect(await namesOf(sse)).toEqual(await namesOf(peer));
    },
  );

  it.each(['views/some', 'servers/two'])(
    'is none once that is gone, and no client is left waiting: %s',
    async (place) => {
      await using bridge = await startReloadableBridge(ALL);
      const url = `${bridge.origin}/${place}/mcp`;
      const sseUrl = `${bridge.origin}/${place}/sse`;
      await using staying = await connectHttp(bridge.url);
      await using peer = await connectHttp(url);
      const { sessionId } = peer.transport;
      const session = { 'mcp-session-id': sessionId };
      const stream = await openSse(sseUrl);
      await stream.next(({ event }) => event === 'endpoint');
      const listening = await createStatelessClient(url).listen({ toolsListChanged: true });
      await bridge.change(LESS);
      expect(await listening.ended).toMatchObject({ id: listening.id, result: {} });
      await expect(stream.next()).rejects.toThrow('The stream ended');
      expect((await rawPost(url, PING, session)).status).toBe(404);
      expect((await rawRequest('DELETE', url, session)).status).toBe(404);
      expect((await openSse(sseUrl)).status).toBe(404);
      expect((await rawPost(bridge.url, PING, session)).status).toBe(404);
      await expect(peer.client.listTools()).rejects.toThrow('Nothing is served at this path');
      expect((await statusOf(bridge)).sessions).toEqual({ streamableHttp: 1, sse: 0 });
      expect(await namesOf(staying)).toContain('echo');
    },
  );

  it('answers a call that was under way when it went', async () => {
    await using bridge = await startReloadableBridge({ ...ALL, bridge: { views: { some: {} } } });
    const stateless = createStatelessClient(`${bridge.origin}/views/some/mcp`);
    const call = stateless.open('tools/call', { name: 'one__progress', arguments: { steps: 20, ms: 50 } }, META);
    const stream = await call;
    await stream.next(({ method }) => method === 'notifications/progress');
    await bridge.change(LESS);
    const { result } = await stream.next(({ result: found, error }) => found !== undefined || error !== undefined);
    expect(result).toMatchObject({ structuredContent: { steps: 20 } });
  });

  it('tells those who listen there, and nobody else, of what is shown otherwise there', async () => {
    await using bridge = await startReloadableBridge(ALL);
    await using viewer = await connectHttp(`${bridge.origin}/views/some/mcp`);
    expect(await namesOf(viewer)).toEqual(['one__echo', 'two__echo']);
    const views = { some: { servers: ['one'], tools: { deny: ['*'] }, override: { one: { echo: { name: 'say' } } } } };
    await bridge.change({ mcpServers: SERVERS, bridge: { views: { ...views, some: { ...views.some, tools: {} } } } });
    await viewer.inbox.wait(CHANGED);
    expect(await namesOf(viewer)).toContain('say');
    await bridge.change({ mcpServers: SERVERS, bridge: { views } });
    await viewer.inbox.wait(CHANGED, 2);
    expect(await namesOf(viewer)).toEqual([]);
  });
});

it('lets clients in at a new view at once, with grants that are good there only', async () => {
  await using file = await createConfigFile(LESS);
  await using bridge = await startGuardedBridge(file.args.slice(0, 2));
  const resource = `${bridge.issuer}/views/some/mcp`;
  const metadata = `${bridge.origin}/.well-known/oauth-protected-resource/views/some/mcp`;
  expect((await rawRequest('GET', metadata)).status).toBe(404);
  await file.replace(ALL);
  await waitForLine(bridge, TAKEN_UP);
  expect(JSON.parse((await rawRequest('GET', metadata)).text)).toMatchObject({ resource });
  const { tokens } = await linkByHand({ bridge, resource });
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  await using peer = await connectHttp(resource, { headers });
  expect(await namesOf(peer)).toEqual(['one__echo', 'two__echo']);
  expect((await rawPost(bridge.resource, PING, headers)).status).toBe(401);
  await file.replace(LESS);
  await waitForLine(bridge, TAKEN_UP, 2);
  expect((await rawRequest('GET', metadata)).status).toBe(404);
  expect((await rawPost(resource, PING, headers)).status).toBe(404);
});

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const META = { meta: { progressToken: 'p' } };

async function namesOf({ client }: Peer): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}
