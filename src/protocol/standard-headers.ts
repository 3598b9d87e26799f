import { metaOf, PROTOCOL_VERSION } from './envelope.ts';
import type { RawJson } from './raw-json.ts';

/**
 * The headers that repeat what a message of 2026-07-28 says (transports, "Standard Request Headers"), for whoever stands in between and
 * does not read bodies. None for a message that says nothing of its revision: it is of one with sessions.
 */
export function standardHeaders(message: RawJson): Record<string, string> {
  const version = metaOf(message)?.string(PROTOCOL_VERSION);
  const method = message.string('method');
  if (version === undefined || method === undefined) return {};
  const name = nameIn(method, message);
  return {
    'mcp-protocol-version': encode(version),
    'mcp-method': encode(method),
    ...(name !== undefined && { 'mcp-name': encode(name) }),
  };
}

/** What `Mcp-Name` repeats of a message; `undefined` where there is nothing. */
export function nameIn(method: string, message: RawJson): string | undefined {
  const member = Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined;
  return member === undefined ? undefined : message.raw('params')?.string(member);
}

/** Whether text can be the name of a header (RFC 9110, section 5.1). */
export function isFieldName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text);
}

/** The member of `params` that `Mcp-Name` repeats (SEP-2663 for tasks). */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** As a header carries it ("Value Encoding"): what is not plain, or looks encoded, is encoded. */
function encode(value: string): string {
  const isPlain = /^[!-~](?:[\t -~]*[!-~])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}
