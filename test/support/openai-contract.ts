import { z } from 'zod';

/** What a client of OpenAI's tunnels may send, after docs/openapi.json (0.0.1) and docs/protocol.md of github.com/openai/tunnel-client. */

/** `X-Tunnel-MCP-Server-Info`, version 1. Nothing else may be in it, and "no" is said by leaving it out. */
export const SERVER_INFO = z.strictObject({
  version: z.literal(1),
  channels: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z\d_-]+$/), proc_affinity: z.literal(true).optional() }))
    .max(32)
    .refine((channels) => new Set(channels.map(({ name }) => name)).size === channels.length, 'names are unique'),
});

export const POLL_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(25).optional(),
  timeout_ms: z.coerce.number().int().min(1).optional(),
});

const ID = z.union([z.string(), z.number()]);
const NOTIFICATION = z.looseObject({ jsonrpc: z.literal('2.0'), id: z.never().optional(), method: z.string() });
const RESPONSE = z
  .looseObject({
    jsonrpc: z.literal('2.0'),
    id: ID,
    method: z.never().optional(),
    result: z.unknown().optional(),
    error: z.looseObject({ code: z.number().int(), message: z.string(), data: z.unknown().optional() }).optional(),
  })
  .refine((message) => (message.result === undefined) !== (message.error === undefined), 'a result or an error')
  .refine(({ error }) => isProvenance(error?.data), 'a failure is described as the contract says');

/** `x-tunnel-failure-schema`. */
const PROVENANCE = z
  .looseObject({
    version: z.literal(1),
    source: z.enum([
      'target_http',
      'dns',
      'tls',
      'connect',
      'transport_closed',
      'timeout',
      'protocol',
      'client_internal',
    ]),
    transport_error_kind: z.string().min(1).max(64).optional(),
    upstream_response_received: z.boolean(),
    upstream_status: z.number().int().min(400).max(599).optional(),
  })
  .refine(({ source, upstream_status }) => (source === 'target_http') === (upstream_status !== undefined))
  .refine(({ source, upstream_response_received: isReceived }) => source !== 'target_http' || isReceived)
  .refine(({ source, upstream_response_received: isReceived }) => source !== 'transport_closed' || !isReceived);

function isProvenance(data: unknown): boolean {
  const failure = (data as { tunnel_failure?: unknown } | null | undefined)?.tunnel_failure;
  return failure === undefined || PROVENANCE.safeParse(failure).success;
}

const HEADERS = z.partialRecord(
  z.enum([
    'Content-Type',
    'Mcp-Session-Id',
    'Mcp-Protocol-Version',
    'Last-Event-ID',
    'Access-Control-Expose-Headers',
    'WWW-Authenticate',
  ]),
  z.array(z.string().min(1)),
);

const COMMON = {
  request_id: z.string().min(1),
  channel: z.string().nullable().optional(),
  resp_headers: HEADERS.optional(),
  resp_code: z.number().int().min(200).max(599),
};

/** `TunnelResponsePayload`, with what each type of it holds. */
export const PAYLOAD = z.discriminatedUnion('resp_type', [
  z.strictObject({ ...COMMON, resp_type: z.literal('jsonrpc_response'), resp_json: RESPONSE }),
  z.strictObject({ ...COMMON, resp_type: z.literal('jsonrpc_notify'), resp_json: NOTIFICATION }),
  z.strictObject({ ...COMMON, resp_type: z.literal('notify_ack') }),
  z.strictObject({ ...COMMON, resp_type: z.literal('session_termination_response') }),
]);
