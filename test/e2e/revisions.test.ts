import { Client as ClientV2, StreamableHTTPClientTransport as HttpTransportV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';

const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const INFO = { name: 'client', version: '1.0.0' };
const ELICITATION = { elicitation: {} };
const ACCEPTED = { action: 'accept' as const, content: { answer: 'yes' } };

let bridge: Bridge;

// A server for each revision, and one that speaks what it is asked for.
beforeAll(async () => {
  const servers = REVISIONS.map((revision) => [revision, fixture('echo-server', '--revision', revision)]);
  bridge = await startBridge([], {
    config: { mcpServers: { any: fixture('echo-server'), ...Object.fromEntries(servers) } },
  });
});
afterAll(() => bridge.stop());

const urlOf = (server: string, wire = 'mcp') => new URL(`${bridge.origin}/servers/${server}/${wire}`);

describe.each(REVISIONS)('a client of %s', (revision) => {
  it.each(['any', ...REVISIONS])('is spoken to in its own revision, if the server speaks %s', async (server) => {
    const { href } = urlOf(server);
    const { messages } = await rawPost(href, initializeRequest({ revision }));
    expect(messages[0]?.result).toMatchObject({ protocolVersion: revision, serverInfo: { name: 'echo' } });
    const session = await openRawSession(href, { revision });
    expect((await session.post(1, 'tools/list')).text).toContain('"echo"');
    expect((await session.call(2, 'echo', { message: 'hello' })).result?.structuredContent).toEqual({
      message: 'hello',
    });
  });

  it('is spoken to in it by several servers as well', async () => {
    const { messages } = await rawPost(bridge.url, initializeRequest({ revision }));
    expect(messages[0]?.result?.protocolVersion).toBe(revision);
    const session = await openRawSession(bridge.url, { revision });
    expect((await session.call(1, 'any__echo', { message: 'hello' })).error).toBeUndefined();
  });

  it('works with SDK v1, over Streamable HTTP and SSE', async () => {
    const asking = { fetch: askingFor(revision) };
    const transports = [
      new StreamableHTTPClientTransport(urlOf('any'), asking),
      new SSEClientTransport(urlOf('any', 'sse'), asking),
    ];
    for (const transport of transports) {
      const client = new Client(INFO, { capabilities: ELICITATION });
      client.setRequestHandler(ElicitRequestSchema, () => ACCEPTED);
      // An optional member that may be undefined: the SDK is not written for exactOptionalPropertyTypes.
      await client.connect(transport as Parameters<Client['connect']>[0]);
      expect((await client.listTools()).tools).not.toHaveLength(0);
      await useTools((name, args, onprogress = () => {}) =>
        client.callTool({ name, arguments: args }, undefined, { onprogress }),
      );
      await client.close();
    }
  });

  it('works with SDK v2', async () => {
    const client = new ClientV2(INFO, { capabilities: ELICITATION, versionNegotiation: { mode: 'legacy' } });
    client.setRequestHandler('elicitation/create', () => ACCEPTED);
    await client.connect(new HttpTransportV2(urlOf('any'), { fetch: askingFor(revision) }));
    expect((await client.listTools()).tools).not.toHaveLength(0);
    await useTools((name, args, onprogress = () => {}) => client.callTool({ name, arguments: args }, { onprogress }));
    await client.close();
  });

  /** Calls, with progress and a question, and checks that the server was told of the revision. */
  async function useTools(call: CallTool): Promise<void> {
    const steps: number[] = [];
    await call('progress', { steps: 3, confirm: true }, ({ progress }) => steps.push(progress));
    expect(steps).toEqual([1, 2, 3]);
    expect((await call('ask', { kind: 'elicitation' })).structuredContent).toMatchObject(ACCEPTED);
    expect((await call('client')).structuredContent).toMatchObject({ protocolVersion: revision });
  }
});

describe('a client of a revision that is not spoken', () => {
  it.each(['2024-10-07', '2026-07-28', '1999-01-01', 'latest', '', 5, null, undefined])(
    'is offered the newest: %s',
    async (revision) => {
      const params = { protocolVersion: revision, capabilities: {}, clientInfo: INFO };
      for (const url of [bridge.url, urlOf('any').href]) {
        const { status, messages } = await rawPost(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
        expect([status, messages[0]?.result?.protocolVersion]).toEqual([200, '2025-11-25']);
      }
    },
  );
});

/** Calls a tool, whatever the SDK. */
type CallTool = (
  name: string,
  args?: Record<string, unknown>,
  onprogress?: (progress: { progress: number }) => void,
) => Promise<{ [member: string]: unknown }>;

/** A fetch for clients that ask for a revision other than the newest they know. */
function askingFor(revision: string): typeof fetch {
  return (url, init) => {
    const body = typeof init?.body === 'string' ? init.body : undefined;
    if (!body?.includes('"initialize"')) return fetch(url, init);
    return fetch(url, { ...init, body: body.replace(/("protocolVersion":)"[^"]*"/, `$1"${revision}"`) });
  };
}
