import assert from 'node:assert/strict';
import { type RawAnswer, rawRequest } from '../http.ts';
import { toMessage } from '../stateless-request.ts';
import {
  authorize,
  type Connection,
  giveBack,
  type Identity,
  postAuthorized,
  registerClient,
  spoil,
} from './connection.ts';
import { type Challenge, getJson, type ResourceMetadata, readChallenge, type ServerMetadata } from './discovery.ts';
import type { Tokens } from './endpoints.ts';
import type { Browse } from './owner.ts';
import { initializeRequest, type Result, resultOf, type Tool } from './rpc.ts';
import { recording } from './trace.ts';
import type { Send } from './tunnel.ts';

export interface ChatGptOptions {
  /** What its user pastes. */
  readonly url: string;
  /** Default straight to the URL. */
  readonly send?: Send;
  /** Whether a document describes it, as where servers know such, or it registers once for each connector. Default `document`. */
  readonly registration?: 'document' | 'dynamic';
  /** What it speaks when it uses the tools. Default 2026-07-28; either way it has no session. */
  readonly revision?: '2025-11-25' | '2026-07-28';
}

/** ChatGPT in developer mode, as far as a server sees it. Rejects where ChatGPT shows an error instead of a connector. */
export interface ChatGpt {
  /** Its requests so far, like `POST /mcp 401`. */
  readonly trace: readonly string[];
  readonly tokens: Tokens;
  /** Signs in without using anything yet. */
  signIn(browse: Browse): Promise<void>;
  /** "Create" and "Reconnect": signs in, and reads the tools. */
  connect(browse: Browse): Promise<readonly Tool[]>;
  listTools(): Promise<readonly Tool[]>;
  callTool(name: string, args: object): Promise<Result>;
  /** Its access token expires. */
  expire(): void;
  /** "Disconnect": gives its tokens back. */
  disconnect(): Promise<void>;
}

/** Who ChatGPT is where servers know its document. */
export const CHATGPT_DOCUMENT: Identity = {
  clientId: 'https://chatgpt.com/oauth/client.json',
  redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
};
/** Of one connector. */
const CALLBACK = 'https://chatgpt.com/connector/oauth/abc123';

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'user-agent': 'openai-mcp/1.0.0',
  'x-openai-session': 'v1/session',
  'x-openai-subject': 'v1/subject',
};
/** Goes with every call. */
const META = {
  'openai/locale': 'en-GB',
  'openai/userAgent': 'ChatGPT/1.0',
  'openai/userLocation': { city: 'Bristol', country: 'GB' },
  'openai/subject': 'v1/subject',
  'openai/session': 'v1/session',
};

export function createChatGpt({
  url,
  send: plain = rawRequest,
  registration = 'document',
  revision = '2026-07-28',
}: ChatGptOptions): ChatGpt {
  const { trace, send } = recording(plain);
  let registered: Identity | undefined;
  let connection: Connection | undefined;
  let lastId = 0;

  const linked = (): Connection => {
    assert.ok(connection, 'ChatGPT is not connected');
    return connection;
  };

  const identify = async (server: ServerMetadata): Promise<Identity> => {
    if (registration === 'document') return CHATGPT_DOCUMENT;
    registered ??= await registerClient(send, server, 'ChatGPT', CALLBACK);
    return registered;
  };

  const post = (body: object, headers = {}) => postAuthorized(send, linked(), url, { ...HEADERS, ...headers }, body);

  const request = async (method: string, params: object): Promise<Result> => {
    lastId += 1;
    const { body, headers } = REQUESTS[revision](lastId, method, params);
    return resultOf(await post(body, headers));
  };

  const self: ChatGpt = {
    trace,
    get tokens() {
      return linked().tokens;
    },
    async signIn(browse) {
      const challenge = await probe(send, url);
      const server = await discover(send, url, challenge);
      const identity = await identify(server);
      connection = await authorize(send, browse, {
        ...identity,
        server,
        resource: url,
        scope: scopeFor(challenge, server),
      });
    },
    async connect(browse) {
      await self.signIn(browse);
      const { body, headers } = REQUESTS['2026-07-28']('openai-mcp-discover', 'server/discover', {});
      const { supportedVersions } = resultOf(await post(body, headers));
      assert.ok(Array.isArray(supportedVersions) && supportedVersions.includes(revision));
      for (const id of [1, 2])
        assert.equal(resultOf(await post(initializeRequest(id, 'openai-mcp'))).protocolVersion, '2025-11-25');
      assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
      return self.listTools();
    },
    async listTools() {
      return (await request('tools/list', {})).tools as Tool[];
    },
    callTool: (name, args) => request('tools/call', { name, arguments: args }),
    expire() {
      linked().tokens = spoil(linked().tokens);
    },
    async disconnect() {
      await giveBack(send, linked());
      connection = undefined;
    },
  };
  return self;
}

/** How it puts a request, by the revision. */
const REQUESTS = {
  '2025-11-25': (id: string | number, method: string, params: object) => ({
    body: { jsonrpc: '2.0', id, method, params: { ...params, _meta: META } },
    headers: { 'mcp-protocol-version': '2025-11-25' },
  }),
  '2026-07-28': (id: string | number, method: string, params: object) =>
    toMessage(method, params, { name: 'openai-mcp' }, { id, meta: META }),
};

/** It looks whether it has to sign in with bodies that are no messages. */
async function probe(send: Send, url: string): Promise<Challenge> {
  const answers: RawAnswer[] = [];
  for (const body of ['', '{}', '[]']) answers.push(await send('POST', url, HEADERS, body));
  const [first, ...others] = answers.map(readChallenge) as [Challenge, ...Challenge[]];
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(first.error, undefined, 'the server speaks of a token where none came');
  return first;
}

async function discover(send: Send, url: string, challenge: Challenge): Promise<ServerMetadata> {
  const { origin, pathname } = new URL(url);
  const place = `${origin}/.well-known/oauth-protected-resource${pathname}`;
  assert.equal(challenge.resource_metadata, place);
  const { resource, authorization_servers } = await getJson<ResourceMetadata>(send, place);
  assert.equal(resource, url);
  const [issuer] = authorization_servers;
  const server = await getJson<ServerMetadata>(send, `${issuer}/.well-known/oauth-authorization-server`);
  assert.deepEqual(await getJson(send, `${issuer}/.well-known/openid-configuration`), server);
  checkServer(server, issuer);
  return server;
}

function checkServer(server: ServerMetadata, issuer: string | undefined): void {
  assert.equal(server.issuer, issuer);
  assert.ok(server.response_types_supported.includes('code'));
  assert.ok(server.code_challenge_methods_supported?.includes('S256'));
  assert.ok(server.token_endpoint_auth_methods_supported?.includes('none'));
  // Without these two it has another redirect URI for each connector, and registers.
  assert.equal(server.client_id_metadata_document_supported, true);
  assert.equal(server.authorization_response_iss_parameter_supported, true);
}

/** The challenge's scope, and that for refresh tokens where there is one. */
function scopeFor({ scope }: Challenge, { scopes_supported = [] }: ServerMetadata): string {
  assert.ok(scope, 'the challenge names no scope');
  return scopes_supported.includes('offline_access') ? `${scope} offline_access` : scope;
}
