import type { RawAnswer } from '../http.ts';

/** As far as the clients here look at it. */
export interface Tool {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export type Result = Readonly<Record<string, unknown>>;

/** The result at the end of an answer. @throws Error when there is none. */
export function resultOf({ status, text, messages }: RawAnswer): Result {
  const { result } = messages.at(-1) ?? {};
  if (status !== 200 || result === undefined) throw new Error(`No result (${status}): ${text}`);
  return result;
}

/** The request that opens a session. */
export function initializeRequest(id: number, name: string): object {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1.0.0' } };
  return { jsonrpc: '2.0', id, method: 'initialize', params };
}
