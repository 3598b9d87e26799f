import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';

const NAMES = [
  'plain',
  'with space',
  'größe',
  'пример',
  '日本',
  'a/b',
  'a\\b',
  '100%',
  '%41',
  'q?x=1#y',
  "it's (me)!",
  'a__b',
  'a+b',
  '🙂',
  'constructor',
];

describe('each of several servers at a URL of its own', () => {
  let bridge: Bridge;

  beforeAll(async () => {
    const mcpServers = Object.fromEntries(
      NAMES.map((name) => [name, fixture('echo-server', '--name', `I am ${name}`, '--tools', 'echo')]),
    );
    bridge = await startBridge([], { config: { mcpServers } });
  });
  afterAll(() => bridge.stop());

  const urlOf = (name: string, wire: string) => `${bridge.origin}/servers/${encodeURIComponent(name)}/${wire}`;

  it.each(NAMES)('has its own names and introduction over Streamable HTTP: %j', async (name) => {
    await using peer = await connectHttp(urlOf(name, 'mcp'));
    expect(peer.client.getServerVersion()?.name).toBe(`I am ${name}`);
    const { tools } = await peer.client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['echo']);
    const { structuredContent } = await peer.client.callTool({ name: 'echo', arguments: { message: name } });
    expect(structuredContent).toEqual({ message: name });
  });

  it.each(NAMES)('has its own names and introduction over SSE: %j', async (name) => {
    await using peer = await connectSse(urlOf(name, 'sse'));
    expect(peer.client.getServerVersion()?.name).toBe(`I am ${name}`);
    const { tools } = await peer.client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['echo']);
  });

  it('is merged with the others under legal names that are its own', async () => {
    await using peer = await connectHttp(bridge.url);
    const { tools } = await peer.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(new Set(names).size).toBe(NAMES.length);
    for (const [index, name] of names.entries()) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      const { structuredContent } = await peer.client.callTool({ name, arguments: { message: `to ${index}` } });
      expect(structuredContent).toEqual({ message: `to ${index}` });
    }
  });

  it.each([
    ['/servers/gr%c3%b6%c3%9fe/mcp', 'I am größe'],
    ["/servers/it's%20(me)!/mcp", "I am it's (me)!"],
    ['/servers/it%27s%20%28me%29%21/mcp', "I am it's (me)!"],
    ['/servers/a+b/mcp', 'I am a+b'],
    ['/servers/plain/mcp/', 'I am plain'],
    ['/servers/plain/mcp?key=value', 'I am plain'],
  ])('is found however the client encodes its name: %s', async (path, introduction) => {
    const { messages } = await rawPost(bridge.origin + path, initializeRequest());
    expect(messages[0]?.result?.serverInfo).toMatchObject({ name: introduction });
  });

  it.each([
    '/servers/nobody/mcp',
    '/servers/nobody/sse',
    '/servers//mcp',
    '/servers/a/b/mcp',
    '/servers/%E0%A4%A/mcp',
    '/servers/__proto__/mcp',
    '/servers/toString/mcp',
    '/servers/plain',
    '/servers',
  ])('answers 404 to an unknown one: %s', async (path) => {
    const posted = await rawPost(bridge.origin + path, initializeRequest());
    expect(posted.status).toBe(404);
    expect(posted.messages[0]?.error?.message).toMatch(/^Nothing is served at this path/);
    expect((await rawRequest('GET', bridge.origin + path)).status).toBe(404);
  });

  it('knows no session of another URL', async () => {
    const session = await openRawSession(bridge.url);
    const there = await rawPost(urlOf('plain', 'mcp'), { jsonrpc: '2.0', id: 1, method: 'ping' }, session.headers);
    expect(there.status).toBe(404);
    expect((await session.post(1, 'ping')).status).toBe(200);
  });
});
