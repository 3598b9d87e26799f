import {
  type ClientCapabilities as ClientCapabilitiesV2,
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpTransportV2,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioTransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type ClientCapabilities,
  CreateMessageRequestSchema,
  type CreateMessageResult,
  ElicitRequestSchema,
  type ElicitResult,
  ListRootsRequestSchema,
  type Root,
} from '@modelcontextprotocol/sdk/types.js';
import { createInbox, type Inbox } from './inbox.ts';

export interface PeerOptions {
  /** Default `test-client`. */
  name?: string;
  /** On top of what the handlers below declare. */
  capabilities?: ClientCapabilities;
  /** Each of these declares its capability and answers the server's questions of that kind. */
  elicit?: (message: string) => ElicitResult | Promise<ElicitResult>;
  sample?: (message: string) => CreateMessageResult | Promise<CreateMessageResult>;
  roots?: () => Root[] | Promise<Root[]>;
  /** Sent with every HTTP request. */
  headers?: Record<string, string>;
  /** Of the 2025 era: asked for in place of the newest that the SDK knows. */
  revision?: string;
}

/** How to start a server on stdio. The environment is the SDK's short list and `env`. */
export interface StdioCommand {
  command: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** A connected client of an SDK. */
export interface Peer<C = Client, T = unknown> extends AsyncDisposable {
  readonly client: C;
  readonly transport: T;
  /** The notifications that came, but for progress, which the SDK hands to the call's `onprogress`. */
  readonly inbox: Inbox;
  /** Closes the connection, without ending the session (DELETE). */
  close(): Promise<void>;
}

/** SDK v1 over Streamable HTTP. */
export function connectHttp(
  url: string,
  options: PeerOptions = {},
): Promise<Peer<Client, StreamableHTTPClientTransport>> {
  return connectV1(new StreamableHTTPClientTransport(new URL(url), withHeaders(options)), options);
}

/** SDK v1 over HTTP+SSE; `url` is that of the stream. */
export function connectSse(url: string, options: PeerOptions = {}): Promise<Peer<Client, SSEClientTransport>> {
  return connectV1(new SSEClientTransport(new URL(url), withHeaders(options)), options);
}

/** SDK v1 over stdio. */
export function connectStdio(
  command: StdioCommand,
  options: PeerOptions = {},
): Promise<Peer<Client, StdioClientTransport>> {
  return connectV1(new StdioClientTransport(withStateHome(command)), options);
}

/** The SDKs hand on few variables, and not where these tests keep their state. */
function withStateHome({ env, ...command }: StdioCommand) {
  const { XDG_STATE_HOME = '' } = process.env;
  return { ...command, env: { XDG_STATE_HOME, ...env }, stderr: 'ignore' } as const;
}

/** Which eras a client of SDK v2 offers: `legacy` only 2025, `auto` 2026 first, a pinned revision nothing else. */
export type Negotiation = 'legacy' | 'auto' | { pin: string };

/** SDK v2 over Streamable HTTP. */
export function connectHttpV2(
  url: string,
  negotiation: Negotiation,
  options: PeerOptions = {},
): Promise<Peer<ClientV2, HttpTransportV2>> {
  return connectV2(new HttpTransportV2(new URL(url), withHeaders(options)), negotiation, options);
}

/** SDK v2 over stdio. */
export function connectStdioV2(
  command: StdioCommand,
  negotiation: Negotiation,
  options: PeerOptions = {},
): Promise<Peer<ClientV2, StdioTransportV2>> {
  return connectV2(new StdioTransportV2(withStateHome(command)), negotiation, options);
}

async function connectV1<T extends Transport>(transport: T, options: PeerOptions): Promise<Peer<Client, T>> {
  const { elicit, sample, roots } = options;
  const client = new Client(infoOf(options), { capabilities: capabilitiesOf(options) });
  const inbox = createInbox();
  client.fallbackNotificationHandler = inbox.add;
  if (elicit) client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicit(params.message));
  if (sample) client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sample(firstText(params.messages)));
  if (roots) client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: await roots() }));
  if (options.revision !== undefined) askFor(options.revision, transport);
  await client.connect(transport);
  return toPeer(client, transport, inbox);
}

async function connectV2<T extends Parameters<ClientV2['connect']>[0]>(
  transport: T,
  negotiation: Negotiation,
  options: PeerOptions,
): Promise<Peer<ClientV2, T>> {
  const { elicit, sample, roots } = options;
  const client = new ClientV2(infoOf(options), {
    // The same object in stricter types: v2 wants JSON values where v1 takes any object.
    capabilities: capabilitiesOf(options) as ClientCapabilitiesV2,
    versionNegotiation: { mode: negotiation },
    ...(options.revision !== undefined && { supportedProtocolVersions: [options.revision] }),
  });
  const inbox = createInbox();
  client.fallbackNotificationHandler = inbox.add;
  if (elicit) client.setRequestHandler('elicitation/create', ({ params }) => elicit(params.message));
  if (sample) client.setRequestHandler('sampling/createMessage', ({ params }) => sample(firstText(params.messages)));
  if (roots) client.setRequestHandler('roots/list', async () => ({ roots: await roots() }));
  await client.connect(transport);
  return toPeer(client, transport, inbox);
}

function toPeer<C extends { close(): Promise<void> }, T>(client: C, transport: T, inbox: Inbox): Peer<C, T> {
  return { client, transport, inbox, close: () => client.close(), [Symbol.asyncDispose]: () => client.close() };
}

/** SDK v1 has no option for it. */
function askFor(protocolVersion: string, transport: Transport): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const opening = 'method' in message && message.method === 'initialize';
    return send(opening ? { ...message, params: { ...message.params, protocolVersion } } : message, options);
  };
}

function infoOf({ name = 'test-client' }: PeerOptions): { name: string; version: string } {
  return { name, version: '1.0.0' };
}

function capabilitiesOf({ capabilities, elicit, sample, roots }: PeerOptions): ClientCapabilities {
  return {
    ...(elicit && { elicitation: {} }),
    ...(sample && { sampling: {} }),
    ...(roots && { roots: { listChanged: true } }),
    ...capabilities,
  };
}

function withHeaders({ headers = {} }: PeerOptions): { requestInit: RequestInit } {
  return { requestInit: { headers } };
}

function firstText(messages: readonly { content: unknown }[]): string {
  const content = [messages[0]?.content].flat()[0] as { text?: string } | undefined;
  return content?.text ?? '';
}
