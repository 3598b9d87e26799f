import { request } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { startGuardedBridge } from '../support/oauth/owner.ts';
import { startRemoteServer, startWidgetServer } from './mounted-servers.ts';

const TOKEN = 'a-token-of-the-owner';
const mcpServers = { echo: fixture('echo-server') };

describe('a remote MCP server', () => {
  it('is used through the bridge, by those who may', async () => {
    await using remote = await startRemoteServer();
    await using bridge = await startBridge(['--auth', 'token', '--token', TOKEN], {
      config: { mcpServers, bridge: { mounts: { '/remote/mcp': { url: remote.url } } } },
    });
    const url = `${bridge.origin}/remote/mcp`;
    expect((await rawPost(url, {})).status).toBe(401);

    await using peer = await connectHttp(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    const { client, transport } = peer;
    expect(client.getServerVersion()?.name).toContain('everything');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    expect(await client.callTool({ name: 'echo', arguments: { message: 'untouched' } })).toMatchObject({
      content: [{ text: expect.stringContaining('untouched') }],
    });
    const progress: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } },
      undefined,
      { onprogress: (each) => void progress.push(each.progress) },
    );
    expect(progress).toEqual([1, 2]);
    await transport.terminateSession();
  });

  it('is a resource of its own to clients that the owner lets in', async () => {
    await using bridge = await startGuardedBridge([], {
      config: { mcpServers, bridge: { mounts: { '/remote/mcp': { url: 'http://127.0.0.1:9/mcp' } } } },
    });
    const { headers } = await rawPost(`${bridge.origin}/remote/mcp`, {});
    const metadata = /resource_metadata="([^"]+)"/.exec(headers['www-authenticate'] ?? '')?.[1] as string;
    expect(JSON.parse((await rawRequest('GET', metadata)).text).resource).toBe(`${bridge.origin}/remote/mcp`);
  });
});

describe("a widget's dev server", () => {
  it('is served under the origin of the bridge, hot reload included', async () => {
    await using widget = await startWidgetServer('/widget');
    await using bridge = await startBridge([], {
      config: { mcpServers, bridge: { mounts: { '/widget': { url: widget.url, ws: true, auth: false } } } },
    });
    const page = await rawRequest('GET', `${bridge.origin}/widget/`);
    expect(page.text).toContain('src="/widget/@vite/client"');
    const client = await rawRequest('GET', `${bridge.origin}/widget/@vite/client`);
    const token = /wsToken = "([^"]+)"/.exec(client.text)?.[1];
    // It tells of changes in what it was asked for.
    expect((await rawRequest('GET', `${bridge.origin}/widget/main.js`)).text).toContain('first');

    const messages = await openHotReload(`${bridge.origin}/widget/?token=${token}`, bridge.origin);
    expect(await messages.next()).toMatchObject({ value: { type: 'connected' } });
    await widget.say('second');
    expect(await messages.next()).toMatchObject({ value: { type: 'update', updates: [{ path: '/main.js' }] } });
    expect((await rawRequest('GET', `${bridge.origin}/widget/main.js`)).text).toContain('second');
    await messages.return();
  });
});

/** What Vite's client is told, as its own protocol over web sockets has it. */
async function openHotReload(url: string, origin: string): Promise<AsyncGenerator<{ type: string }, void, void>> {
  const outgoing = request(url, {
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      origin,
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'vite-hmr',
    },
  }).end();
  const [socket, head] = await new Promise<[Socket, Buffer]>((resolve, reject) => {
    outgoing.once('upgrade', (_, ...connection: [Socket, Buffer]) => resolve(connection));
    outgoing.once('response', ({ statusCode }) => reject(new Error(`No web socket: ${statusCode}`)));
    outgoing.once('error', reject);
  });
  socket.unshift(head);
  return readMessages(socket);
}

/** The JSON in unfragmented text frames, which is all that Vite sends (RFC 6455, section 5.2). */
async function* readMessages(socket: Socket): AsyncGenerator<{ type: string }, void, void> {
  let buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const short = (buffer[1] ?? 0) & 0x7f;
      const start = short === 126 ? 4 : 2;
      const end = start + (short === 126 && buffer.length >= 4 ? buffer.readUInt16BE(2) : short);
      if (buffer.length < start || buffer.length < end) break;
      yield JSON.parse(buffer.toString('utf8', start, end));
      buffer = buffer.subarray(end);
    }
  }
}
