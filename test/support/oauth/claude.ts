import assert from 'node:assert/strict';
import { rawRequest } from '../http.ts';
import {
  authorize,
  type Connection,
  type Identity,
  postAuthorized,
  registerClient,
  spoil,
  TokenError,
} from './connection.ts';
import { type Challenge, getJson, type ResourceMetadata, readChallenge, type ServerMetadata } from './discovery.ts';
import type { Tokens } from './endpoints.ts';
import type { Browse } from './owner.ts';
import { initializeRequest, type Result, resultOf, type Tool } from './rpc.ts';
import { recording } from './trace.ts';
import type { Send } from './tunnel.ts';

export interface ClaudeOptions {
  /** What its user enters. */
  readonly url: string;
  /** Default straight to the URL. */
  readonly send?: Send;
  /** Whether a document describes it, or it registers. Default `document`. */
  readonly registration?: 'document' | 'dynamic';
}

/** A custom connector of claude.ai, as far as a server sees it. Rejects where Claude shows an error instead. */
export interface Claude {
  /** Its requests so far, like `POST /mcp 401`. */
  readonly trace: readonly string[];
  readonly tokens: Tokens;
  readonly clientId: string;
  /** Signs in without using anything yet. */
  signIn(browse: Browse): Promise<void>;
  /** "Connect": signs in, opens a session, and reads the tools. */
  connect(browse: Browse): Promise<readonly Tool[]>;
  /** Within the session. */
  callTool(name: string, args: object): Promise<Result>;
  /** Its access token expires. */
  expire(): void;
}

const CALLBACK = 'https://claude.ai/api/mcp/auth_callback';
/** Who Claude is where servers know its document. */
export const CLAUDE_DOCUMENT: Identity = {
  clientId: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
  redirectUri: CALLBACK,
};
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
/** One tool with another name costs the whole connector. */
const TOOL_NAME = /^[\w-]{1,64}$/;

export function createClaude({ url, send: plain = rawRequest, registration = 'document' }: ClaudeOptions): Claude {
  const { trace, send } = recording(plain);
  let identity: Identity | undefined = registration === 'document' ? CLAUDE_DOCUMENT : undefined;
  let connection: Connection | undefined;
  let session: string | undefined;
  let lastId = 0;

  const linked = (): Connection => {
    assert.ok(connection, 'Claude is not connected');
    return connection;
  };

  const post = async (message: object) => {
    const headers = { ...HEADERS, 'mcp-session-id': session, 'mcp-protocol-version': session && '2025-11-25' };
    try {
      return await postAuthorized(send, linked(), url, headers, message);
    } catch (error) {
      // The server has forgotten who registered: Claude registers again when its user connects again.
      if (error instanceof TokenError && error.error === 'invalid_client') identity = undefined;
      throw error;
    }
  };

  const request = async (method: string, params: object): Promise<Result> => {
    lastId += 1;
    return resultOf(await post({ jsonrpc: '2.0', id: lastId, method, params }));
  };

  const self: Claude = {
    trace,
    get tokens() {
      return linked().tokens;
    },
    get clientId() {
      return linked().clientId;
    },
    async signIn(browse) {
      const challenge = readChallenge(await send('POST', url, HEADERS, initializeRequest(0, 'claude-ai')));
      const { server, scope } = await discover(send, url, challenge);
      identity ??= await registerClient(send, server, 'Claude', CALLBACK);
      connection = await authorize(send, browse, { ...identity, server, resource: url, scope });
    },
    async connect(browse) {
      await self.signIn(browse);
      session = undefined;
      const opened = await post(initializeRequest(0, 'claude-ai'));
      assert.equal(resultOf(opened).protocolVersion, '2025-11-25');
      session = opened.headers['mcp-session-id'] as string | undefined;
      assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
      const tools = (await request('tools/list', {})).tools as Tool[];
      for (const { name } of tools) assert.match(name, TOOL_NAME);
      return tools;
    },
    callTool: (name, args) => request('tools/call', { name, arguments: args }),
    expire() {
      linked().tokens = spoil(linked().tokens);
    },
  };
  return self;
}

async function discover(
  send: Send,
  url: string,
  { resource_metadata, scope }: Challenge,
): Promise<{ server: ServerMetadata; scope: string }> {
  const {
    resource,
    authorization_servers,
    scopes_supported = [],
  } = await getJson<ResourceMetadata>(send, resource_metadata);
  assert.equal(resource, url);
  const [issuer] = authorization_servers;
  const server = await getJson<ServerMetadata>(send, `${issuer}/.well-known/oauth-authorization-server`);
  assert.equal(server.issuer, issuer);
  assert.ok(server.code_challenge_methods_supported?.includes('S256'));
  return { server, scope: scope ?? scopes_supported.join(' ') };
}
