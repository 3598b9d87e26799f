import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSse } from '../support/clients.ts';
import { createChatGpt } from '../support/oauth/chatgpt.ts';
import { type GuardedBridge, letIn } from '../support/oauth/owner.ts';
import type { Tool } from '../support/oauth/rpc.ts';
import { CATALOGS, PUBLIC_URL, startTunnelledBridge } from './oauth-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

let bridge: GuardedBridge;

beforeAll(async () => {
  bridge = await startTunnelledBridge();
});
afterAll(() => bridge[Symbol.asyncDispose]());

const WAYS = ['document', 'dynamic'] as const;

describe.each(WAYS)('ChatGPT, known by %s registration', (registration) => {
  const open = (path = '/mcp') => createChatGpt({ url: bridge.issuer + path, send: bridge.send, registration });

  it.each(CATALOGS)('is linked at the first try at %s, and calls a tool', async (path, names) => {
    const chatgpt = open(path);
    expect(namesOf(await chatgpt.connect(await letIn(bridge)))).toEqual(names);
    expect(await chatgpt.callTool(names[0], { message: 'hello' })).toMatchObject({
      structuredContent: { message: 'hello' },
    });
    expect(chatgpt.trace).toEqual([
      `POST ${path} 401`,
      `POST ${path} 401`,
      `POST ${path} 401`,
      `GET /.well-known/oauth-protected-resource${path} 200`,
      'GET /.well-known/oauth-authorization-server 200',
      'GET /.well-known/openid-configuration 200',
      ...(registration === 'dynamic' ? ['POST /register 201'] : []),
      'POST /token 200',
      `POST ${path} 200`,
      `POST ${path} 200`,
      `POST ${path} 200`,
      `POST ${path} 202`,
      `POST ${path} 200`,
      `POST ${path} 200`,
    ]);
  });

  it('is served without a session when it speaks the older revision', async () => {
    const chatgpt = createChatGpt({ url: bridge.resource, send: bridge.send, registration, revision: '2025-11-25' });
    await chatgpt.connect(await letIn(bridge));
    const result = await chatgpt.callTool('beta__echo', { message: 'hello' });
    expect(result).toMatchObject({ structuredContent: { message: 'hello' } });
    expect(result).not.toHaveProperty('resultType');
  });

  it('signs in for HTTP+SSE as well', async () => {
    const chatgpt = open('/servers/alpha/sse');
    await chatgpt.signIn(await letIn(bridge));
    await using peer = await connectSse(`${bridge.origin}/servers/alpha/sse`, {
      headers: { authorization: `Bearer ${chatgpt.tokens.access_token}` },
    });
    const result = await peer.client.callTool({ name: 'echo', arguments: { message: 'hello' } });
    expect(result.structuredContent).toEqual({ message: 'hello' });
  });

  it('gets a new access token when its own has expired, and goes on', async () => {
    const chatgpt = open();
    await chatgpt.connect(await letIn(bridge));
    const { refresh_token } = chatgpt.tokens;
    chatgpt.expire();
    await chatgpt.callTool('alpha__echo', {});
    expect(chatgpt.trace.slice(-3)).toEqual(['POST /mcp 401', 'POST /token 200', 'POST /mcp 200']);
    expect(chatgpt.tokens.refresh_token).not.toBe(refresh_token);
    chatgpt.expire();
    await chatgpt.callTool('alpha__echo', {});
    expect(chatgpt.trace.slice(-3)).toEqual(['POST /mcp 401', 'POST /token 200', 'POST /mcp 200']);
  });

  it('is out once it has disconnected, and can be connected again as the client it was', async () => {
    const chatgpt = open();
    await chatgpt.connect(await letIn(bridge));
    const { access_token } = chatgpt.tokens;
    await chatgpt.disconnect();
    expect(chatgpt.trace.at(-1)).toBe('POST /revoke 200');
    const late = await bridge.send('POST', bridge.resource, { authorization: `Bearer ${access_token}` }, '{}');
    expect(late.status).toBe(401);

    expect(namesOf(await chatgpt.connect(await letIn(bridge)))).toEqual(CATALOGS[0][1]);
    const registrations = chatgpt.trace.filter((line) => line.startsWith('POST /register'));
    expect(registrations).toHaveLength(registration === 'dynamic' ? 1 : 0);
  });

  it('sees only what reads when its owner allows no more, also after a refresh', async () => {
    const chatgpt = open();
    const tools = await chatgpt.connect(await letIn(bridge, { access: 'read' }));
    expect(namesOf(tools)).toEqual(['alpha__echo', 'beta__echo']);
    expect(chatgpt.tokens.scope).toBe('mcp:read');
    chatgpt.expire();
    expect(namesOf(await chatgpt.listTools())).toEqual(['alpha__echo', 'beta__echo']);
    await expect(chatgpt.callTool('alpha__sleep', { ms: 0 })).rejects.toThrow('No result');
  });

  it('stays linked when the bridge is started anew', async () => {
    await using folder = await temporaryFolder();
    const before = await startTunnelledBridge({ stateFolder: folder.path });
    let current = before;
    const chatgpt = createChatGpt({
      url: `${PUBLIC_URL}/mcp`,
      send: (...request) => current.send(...request),
      registration,
    });
    await chatgpt.connect(await letIn(before)).finally(() => before.stop());
    await using after = await startTunnelledBridge({ stateFolder: folder.path });
    current = after;
    expect(namesOf(await chatgpt.listTools())).toEqual(CATALOGS[0][1]);
    expect(chatgpt.trace.at(-1)).toBe('POST /mcp 200');
    chatgpt.expire();
    expect(namesOf(await chatgpt.listTools())).toEqual(CATALOGS[0][1]);
  });
});

function namesOf(tools: readonly Tool[]): string[] {
  return tools.map(({ name }) => name).toSorted();
}
