import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSse } from '../support/clients.ts';
import { createClaude } from '../support/oauth/claude.ts';
import { TokenError } from '../support/oauth/connection.ts';
import { type GuardedBridge, letIn } from '../support/oauth/owner.ts';
import type { Tool } from '../support/oauth/rpc.ts';
import { CATALOGS, PUBLIC_URL, startTunnelledBridge } from './oauth-servers.ts';

let bridge: GuardedBridge;

beforeAll(async () => {
  bridge = await startTunnelledBridge();
});
afterAll(() => bridge[Symbol.asyncDispose]());

const WAYS = ['document', 'dynamic'] as const;

describe.each(WAYS)('Claude, known by %s registration', (registration) => {
  const open = (path = '/mcp') => createClaude({ url: bridge.issuer + path, send: bridge.send, registration });

  it.each(CATALOGS)('is linked at the first try at %s, and calls a tool', async (path, names) => {
    const claude = open(path);
    expect(namesOf(await claude.connect(await letIn(bridge)))).toEqual(names);
    expect(await claude.callTool(names[0], { message: 'hello' })).toMatchObject({
      structuredContent: { message: 'hello' },
    });
    expect(claude.trace).toEqual([
      `POST ${path} 401`,
      `GET /.well-known/oauth-protected-resource${path} 200`,
      'GET /.well-known/oauth-authorization-server 200',
      ...(registration === 'dynamic' ? ['POST /register 201'] : []),
      'POST /token 200',
      `POST ${path} 200`,
      `POST ${path} 202`,
      `POST ${path} 200`,
      `POST ${path} 200`,
    ]);
  });

  it('signs in for HTTP+SSE as well', async () => {
    const claude = open('/sse');
    await claude.signIn(await letIn(bridge));
    await using peer = await connectSse(`${bridge.origin}/sse`, {
      headers: { authorization: `Bearer ${claude.tokens.access_token}` },
    });
    const result = await peer.client.callTool({ name: 'beta__echo', arguments: { message: 'hello' } });
    expect(result.structuredContent).toEqual({ message: 'hello' });
  });

  it('keeps its session when its access token expires', async () => {
    const claude = open();
    await claude.connect(await letIn(bridge));
    claude.expire();
    await claude.callTool('alpha__echo', {});
    expect(claude.trace.slice(-3)).toEqual(['POST /mcp 401', 'POST /token 200', 'POST /mcp 200']);
  });

  it('is out once its owner says so, and can be connected again', async () => {
    const claude = open();
    await claude.connect(await letIn(bridge));
    await bridge.command('grants', 'revoke', '--all');
    // The running bridge looks once a second for what was changed beside it.
    await expect.poll(() => claude.callTool('alpha__echo', {}).catch((error) => error)).toBeInstanceOf(TokenError);
    expect(claude.trace.slice(-2)).toEqual(['POST /mcp 401', 'POST /token 400']);
    expect(namesOf(await claude.connect(await letIn(bridge)))).toEqual(CATALOGS[0][1]);
  });
});

describe('Claude, registered with a bridge that has forgotten everything since', () => {
  it('is told so when it wants new tokens, registers again, and is linked', async () => {
    let current = await startTunnelledBridge();
    const url = `${PUBLIC_URL}/mcp`;
    const claude = createClaude({ url, send: (...request) => current.send(...request), registration: 'dynamic' });
    await claude.connect(await letIn(current)).finally(() => current[Symbol.asyncDispose]());
    const { clientId } = claude;

    await using fresh = await startTunnelledBridge();
    current = fresh;
    await expect(claude.callTool('alpha__echo', {})).rejects.toMatchObject({ error: 'invalid_client' });
    expect(claude.trace.slice(-2)).toEqual(['POST /mcp 401', 'POST /token 401']);
    expect(namesOf(await claude.connect(await letIn(fresh)))).toEqual(CATALOGS[0][1]);
    expect(claude.clientId).not.toBe(clientId);
  });
});

function namesOf(tools: readonly Tool[]): string[] {
  return tools.map(({ name }) => name).toSorted();
}
