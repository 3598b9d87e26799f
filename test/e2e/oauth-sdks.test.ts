import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpTransportV2,
  SSEClientTransport as SseTransportV2,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Negotiation } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { CHATGPT_DOCUMENT } from '../support/oauth/chatgpt.ts';
import { type Identity, spoil } from '../support/oauth/connection.ts';
import { createMemoryProvider, type MemoryProvider } from '../support/oauth/memory-provider.ts';
import { type GuardedBridge, startGuardedBridge } from '../support/oauth/owner.ts';

/** A client of an SDK, and what it does about OAuth by itself. */
interface SdkClient {
  connect(): Promise<void>;
  /** Goes on where its user was sent back to. */
  finishAuth(callback: URLSearchParams): Promise<void>;
  echo(message: string): Promise<unknown>;
  close(): Promise<void>;
}
type Create = (url: URL, provider: MemoryProvider) => SdkClient;

const INFO = { name: 'an-sdk', version: '1.0.0' };

let bridge: GuardedBridge;

beforeAll(async () => {
  bridge = await startGuardedBridge(['--stdio', fixtureLine('echo-server', '--tools', 'echo')]);
});
afterAll(() => bridge[Symbol.asyncDispose]());

describe.each<[string, string, Create]>([
  ['SDK v1 over Streamable HTTP', '/mcp', createV1(StreamableHTTPClientTransport)],
  ['SDK v1 over HTTP+SSE', '/sse', createV1(SSEClientTransport)],
  ['SDK v2 over Streamable HTTP, 2025', '/mcp', createV2(HttpTransportV2, 'legacy')],
  ['SDK v2 over Streamable HTTP, either era', '/mcp', createV2(HttpTransportV2, 'auto')],
  ['SDK v2 over Streamable HTTP, 2026', '/mcp', createV2(HttpTransportV2, { pin: '2026-07-28' })],
  ['SDK v2 over HTTP+SSE', '/sse', createV2(SseTransportV2, 'legacy')],
])('%s', (_, path, create) => {
  const open = (provider: MemoryProvider) => create(new URL(bridge.issuer + path), provider);

  /** Connects once more, as somebody whose user was asked meanwhile. */
  const reopen = async (asking: SdkClient, provider: MemoryProvider) => {
    await asking.finishAuth(provider.callback());
    const client = open(provider);
    await client.connect();
    return { client, provider, [Symbol.asyncDispose]: () => client.close() };
  };

  const signIn = async (document?: Identity) => {
    const provider = createMemoryProvider(bridge, document);
    const asking = open(provider);
    await bridge.pair();
    await expect(asking.connect()).rejects.toThrow('Unauthorized');
    return reopen(asking, provider);
  };

  it('signs in by itself, and goes on when its access token has expired', async () => {
    await using peer = await signIn();
    expect(await peer.client.echo('first')).toEqual({ message: 'first' });
    const before = peer.provider.tokens();
    expire(peer.provider);
    expect(await peer.client.echo('second')).toEqual({ message: 'second' });
    const after = peer.provider.tokens();
    expect(after?.access_token).not.toBe(before?.access_token);
    expect(after?.refresh_token).not.toBe(before?.refresh_token);
  });

  it('signs in as a client that is described by a document', async () => {
    await using peer = await signIn(CHATGPT_DOCUMENT);
    expect(peer.provider.clientInformation()).toMatchObject({ client_id: CHATGPT_DOCUMENT.clientId });
    expect(await peer.client.echo('hello')).toEqual({ message: 'hello' });
  });

  it('registers again when the bridge has forgotten it', async () => {
    // SDK v2 tells whoever runs it that it starts anew.
    using _ = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await using peer = await signIn();
    const { client, provider } = peer;
    provider.saveClientInformation({ ...provider.clientInformation(), client_id: 'forgotten' });
    expire(provider);
    await bridge.pair();
    await expect(client.echo('refused')).rejects.toThrow('Unauthorized');
    await using again = await reopen(client, provider);
    expect(await again.client.echo('hello')).toEqual({ message: 'hello' });
  });
});

function createV1(Transport: typeof StreamableHTTPClientTransport | typeof SSEClientTransport): Create {
  return (url, authProvider) => {
    const client = new Client(INFO);
    const transport = new Transport(url, { authProvider });
    return {
      connect: () => client.connect(transport),
      finishAuth: (callback) => transport.finishAuth(callback.get('code') ?? ''),
      echo: async (message) => (await client.callTool({ name: 'echo', arguments: { message } })).structuredContent,
      close: () => client.close(),
    };
  };
}

function createV2(Transport: typeof HttpTransportV2 | typeof SseTransportV2, mode: Negotiation): Create {
  return (url, authProvider) => {
    const client = new ClientV2(INFO, { versionNegotiation: { mode } });
    const transport = new Transport(url, { authProvider });
    return {
      connect: () => client.connect(transport),
      // It checks who answers (RFC 9207) before it takes the code.
      finishAuth: (callback) => transport.finishAuth(callback),
      echo: async (message) => (await client.callTool({ name: 'echo', arguments: { message } })).structuredContent,
      close: () => client.close(),
    };
  };
}

function expire(provider: MemoryProvider): void {
  const tokens = provider.tokens();
  if (tokens) provider.saveTokens(spoil(tokens));
}
