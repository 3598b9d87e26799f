import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp, connectHttpV2, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { type RpcMessage, rawPost } from '../support/http.ts';
import { REVISION_2026 } from '../support/stateless-request.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A server whose tools a test defines, and which writes down all that reaches it. */
export interface CatalogServer extends AsyncDisposable {
  /** For `mcpServers`. */
  readonly entry: { readonly command: string; readonly args: string[] };
  /** Every line that has come so far. */
  heard(): Promise<string[]>;
  /** Has it offer other tools; it announces them. */
  define(tools: readonly object[]): Promise<void>;
}

/** @param tools definitions, or the JSON text of a list of them. */
export async function createCatalogServer(tools: readonly object[] | string): Promise<CatalogServer> {
  const folder = await temporaryFolder();
  const [definitions, heard] = [join(folder.path, 'tools.json'), join(folder.path, 'heard')];
  const define = (text: string) => writeFile(definitions, text);
  await define(typeof tools === 'string' ? tools : JSON.stringify(tools));
  await writeFile(heard, '');
  return {
    entry: fixture('catalog-server', '--tools', definitions, '--heard', heard),
    heard: async () => (await readFile(heard, 'utf8')).split('\n'),
    define: (changed) => define(JSON.stringify(changed)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Starts a bridge that remembers nothing of others. */
export async function startFreshBridge(config: object, ...args: string[]): Promise<Bridge> {
  const folder = await temporaryFolder();
  const remove = () => folder[Symbol.asyncDispose]();
  try {
    const bridge = await startBridge(['--state-folder', folder.path, ...args], { config });
    const stop = () => bridge.stop().finally(remove);
    return { ...bridge, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface ListedTool {
  readonly name: string;
  readonly [member: string]: unknown;
}

/** A client of any kind, as far as tools go. */
export interface ToolClient extends AsyncDisposable {
  list(): Promise<ListedTool[]>;
  /** The structured result of a call. Rejects with what the error says. */
  call(name: string, args?: Record<string, unknown>): Promise<unknown>;
}

/** Every way by which a client can come to a place: `''` is the catalog of all servers, `servers/NAME` and `views/NAME` are the others. */
export const TOOL_CLIENTS: Readonly<Record<string, (bridge: Bridge, place: string) => Promise<ToolClient>>> = {
  'a session of 2025': (bridge, place) => connect(connectHttp(urlAt(bridge, place))),
  'a session over SSE': (bridge, place) => connect(connectSse(urlAt(bridge, place, 'sse'))),
  'the newer SDK in a session of 2025': (bridge, place) => connect(connectHttpV2(urlAt(bridge, place), 'legacy')),
  'the newer SDK of 2026': (bridge, place) => connect(connectHttpV2(urlAt(bridge, place), { pin: REVISION_2026 })),
  'no session': async (bridge, place) => {
    const ask = async (method: string, params: object): Promise<Record<string, unknown>> => {
      const { messages } = await rawPost(urlAt(bridge, place), { jsonrpc: '2.0', id: 1, method, params });
      return resultOf(messages);
    };
    return {
      list: async () => (await ask('tools/list', {})).tools as ListedTool[],
      call: async (name, args = {}) => (await ask('tools/call', { name, arguments: args })).structuredContent,
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

export function urlAt({ origin }: { readonly origin: string }, place: string, end: 'mcp' | 'sse' = 'mcp'): string {
  return `${origin}/${place === '' ? '' : `${place}/`}${end}`;
}

/** What both generations of the SDK can do. */
interface SdkPeer extends AsyncDisposable {
  readonly client: {
    listTools(): Promise<{ tools: ListedTool[] }>;
    callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  };
}

async function connect(connecting: Promise<SdkPeer>): Promise<ToolClient> {
  const peer = await connecting;
  return {
    list: async () => (await peer.client.listTools()).tools,
    async call(name, args = {}) {
      const result: { structuredContent?: unknown } = await peer.client.callTool({ name, arguments: args });
      return result.structuredContent;
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

function resultOf(messages: readonly RpcMessage[]): Record<string, unknown> {
  const { result, error } = messages.at(-1) ?? {};
  if (!result) throw new Error(error?.message ?? 'There is no answer.');
  return result;
}
