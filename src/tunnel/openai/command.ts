import type { IdText } from '../../protocol/message.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/** What the control plane wants done. */
export type Command = JsonRpcCommand | SessionTermination;

interface Envelope {
  /** Names the command in answers to it. Opaque. */
  readonly requestId: string;
  /** Goes with every answer. Opaque. */
  readonly shardToken: string;
  /** `undefined` when the command names none, which means `main`. */
  readonly channel: string | undefined;
  /** Of the client's request, by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Until when it is worth anything, on the clock of `performance.now()`. */
  readonly deadline: number;
}

export interface JsonRpcCommand extends Envelope {
  readonly type: 'jsonrpc';
  /** As it came. */
  readonly message: RawJson;
  /** The id to answer it under; `undefined` when it is no request. */
  readonly id: IdText | undefined;
}

export interface SessionTermination extends Envelope {
  readonly type: 'session_termination';
}

/** A command that cannot be carried out. */
export interface UnknownCommand {
  readonly type: 'unknown';
  readonly requestId: string;
  readonly why: string;
}

/**
 * Reads the answer to a poll.
 * @param receivedAt when its headers came, on the clock of `performance.now()`.
 * @throws SyntaxError when it is not JSON.
 */
export function parseCommands(text: string, receivedAt: number): (Command | UnknownCommand)[] {
  const commands = RawJson.parse(text).raw('commands')?.items() ?? [];
  return commands.map((command) => parseCommand(command, receivedAt));
}

/** Told by its type, never by the members it happens to have (docs/protocol.md, "Future command types"). */
function parseCommand(json: RawJson, receivedAt: number): Command | UnknownCommand {
  const requestId = json.string('request_id') ?? '';
  const shardToken = json.string('shard_token') ?? '';
  const unknown = (why: string) => ({ type: 'unknown', requestId, why }) as const;
  if (requestId === '' || shardToken === '') return unknown('it has no request_id or no shard_token');
  const envelope = {
    requestId,
    shardToken,
    channel: json.string('channel'),
    headers: parseHeaders(json.raw('headers')),
    deadline: receivedAt + parseTimeout(json.get('response_timeout')),
  };
  const type = json.string('command_type');
  if (type === 'session_termination') return { ...envelope, type };
  if (type !== 'jsonrpc') return unknown(`its type is ${JSON.stringify(type)}`);
  const message = json.raw('jsonrpc');
  if (!message?.isObject) return unknown('it has no message');
  const id = message.has('method') ? message.raw('id')?.text : undefined;
  return { ...envelope, type, message, id };
}

function parseHeaders(json: RawJson | undefined): Record<string, string[]> {
  // No object: its names are anybody's choice, and `constructor` is one.
  const headers = new Map<string, string[]>();
  for (const key of json?.keys ?? []) {
    const items = json?.raw(key)?.items() ?? [];
    const values = items.map(({ value }) => value).filter(isFieldValue);
    const name = key.toLowerCase();
    if (values.length > 0) headers.set(name, [...(headers.get(name) ?? []), ...values]);
  }
  return Object.fromEntries(headers);
}

/** What of RFC 9110, section 5.5, everybody takes. The rest was never sent as a header. */
function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\t\x20-\x7e]+$/.test(value);
}

/** Milliseconds of a `response_timeout`. One that is not to be understood counts as none ("Response timeout"). */
function parseTimeout(value: unknown): number {
  const [, amount, unit] = (typeof value === 'string' && /^(\d+)(ns|us|ms|s|m|h)$/.exec(value)) || [];
  const timeout = unit === undefined ? LONGEST : Number(amount) * (MILLISECONDS[unit] ?? 1);
  return Math.min(timeout, LONGEST);
}

const MILLISECONDS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Nobody waits any longer, and what nobody waits for must not take up room for ever. Milliseconds: an hour. */
const LONGEST = 3_600_000;
