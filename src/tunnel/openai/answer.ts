import { RawJson } from '../../protocol/raw-json.ts';
import type { Command } from './command.ts';

/** What is posted for a command: any number of notifications, then one of the others. */
export interface Answer {
  readonly type: 'jsonrpc_notify' | 'jsonrpc_response' | 'notify_ack' | 'session_termination_response';
  /** HTTP's. */
  readonly status: number;
  readonly headers: Headers;
  readonly message?: RawJson;
}

/** Several values of one name stay apart. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** Whether the command is done with it. */
export function isFinal({ type }: Answer): boolean {
  return type !== 'jsonrpc_notify';
}

/** The answer as JSON (docs/openapi.json, `TunnelResponsePayload`). The message goes in as the text it is. */
export function payloadOf({ requestId, channel }: Command, { type, status, headers, message }: Answer): string {
  const payload = {
    request_id: requestId,
    channel,
    resp_json: message,
    resp_headers: headers,
    resp_code: status,
    resp_type: type,
  };
  return RawJson.of(payload).text;
}
