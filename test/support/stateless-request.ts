import type { Headers } from './http.ts';

/** The revision without a handshake: each request says all there is to know about it. */
export const REVISION_2026 = '2026-07-28';

/** Prefix of the protocol's own members of `_meta`. */
export const MCP = 'io.modelcontextprotocol/';

export interface StatelessOptions {
  /** `clientInfo.name`. Default `stateless-client`. */
  readonly name?: string;
  /** What each request says that the client can do. Default nothing. */
  readonly capabilities?: object;
}

export interface RequestOptions {
  /** Default the next number. */
  readonly id?: string | number;
  /** On top of the headers that the revision demands; `undefined` takes one away. */
  readonly headers?: Headers;
  /** On top of the envelope in `_meta`; `undefined` takes a member away. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Gives the request up. */
  readonly signal?: AbortSignal;
}

/** A request as it goes over HTTP. */
export function toMessage(
  method: string,
  params: object,
  { name = 'stateless-client', capabilities = {} }: StatelessOptions,
  { id = 1, headers, meta }: RequestOptions = {},
): { body: RequestBody; headers: Headers } {
  const _meta = {
    [`${MCP}protocolVersion`]: REVISION_2026,
    [`${MCP}clientInfo`]: { name, version: '1.0.0' },
    [`${MCP}clientCapabilities`]: capabilities,
    ...meta,
  };
  const body = { jsonrpc: '2.0' as const, id, method, params: { ...params, _meta } };
  return { body, headers: { ...headersFor(body), ...headers } };
}

/** A value as a header carries it (specification 2026-07-28, basic/transports/streamable-http, "Value Encoding"). */
export function encodeHeader(value: string): string {
  const isPlain = /^[!-~]([\t -~]*[!-~])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}

export interface RequestBody {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> & { readonly _meta: Readonly<Record<string, unknown>> };
}

const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

function headersFor({ method, params }: RequestBody): Headers {
  const name = params[NAMED_BY[method] ?? ''];
  return {
    'mcp-protocol-version': String(params._meta[`${MCP}protocolVersion`] ?? REVISION_2026),
    'mcp-method': method,
    'mcp-name': typeof name === 'string' ? encodeHeader(name) : undefined,
  };
}
