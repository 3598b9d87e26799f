import { RawJson } from './raw-json.ts';

/**
 * The JSON text of a request id or progress token. Comparing the text keeps `1` and `"1"` apart, as JSON-RPC does, and
 * echoing it keeps ids that no JavaScript number can hold.
 */
export type IdText = string;

/** A JSON-RPC 2.0 message. `frame` is the message itself, with every member the sender gave it. */
export type Message = Request | Notification | Response;

export interface Request {
  readonly kind: 'request';
  readonly id: IdText;
  readonly method: string;
  readonly frame: RawJson;
}

export interface Notification {
  readonly kind: 'notification';
  readonly method: string;
  readonly frame: RawJson;
}

/** A result or an error. `id` is `null` (the text) when the sender could not tell the request's. */
export interface Response {
  readonly kind: 'response';
  readonly id: IdText;
  readonly frame: RawJson;
}

/** What is wrong with a message, as the JSON-RPC error that answers it. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  readonly code: number;
  readonly id: IdText;
  readonly data: unknown;

  constructor(code: number, message: string, id: IdText = 'null', data?: unknown) {
    super(message);
    this.code = code;
    this.id = id;
    this.data = data;
  }
}

/** Error codes of JSON-RPC 2.0 (section 5.1), the ones MCP's SDKs added to them, and those of MCP's revisions. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
export const SERVER_ERROR = -32000;
export const REQUEST_TIMEOUT = -32001;
/** Up to 2025-11-25; later revisions say {@link INVALID_PARAMS}. */
export const RESOURCE_NOT_FOUND = -32002;
/** 2026-07-28, basic, "Error Codes". */
export const HEADER_MISMATCH = -32020;
export const MISSING_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;
/** 2025-11-25 only (client/elicitation, "URL Mode"). */
export const URL_ELICITATION_REQUIRED = -32042;

/** Who wrote a message. A client's is checked to the last character and must mean the same to every receiver. */
export type Sender = 'client' | 'server';

/**
 * Parses text from a peer: a message, or a batch of them (JSON-RPC section 6).
 * @throws MessageError with {@link PARSE_ERROR} when it is not JSON, else {@link INVALID_REQUEST}.
 */
export function parseMessages(text: string, sender: Sender): Message | Message[] {
  const strings = sender === 'server' && text.length > LARGE ? 'unchecked' : 'checked';
  const toMessage = (frame: RawJson) => {
    const message = classify(frame);
    if (sender === 'client') checkUnambiguous(message);
    // Answers pass on to whoever asked; the rest is acted upon here, where nobody expects a broken string any more.
    else if (strings === 'unchecked' && message.kind !== 'response') RawJson.parse(frame.text);
    return message;
  };
  try {
    const json = RawJson.parse(text, strings);
    if (!json.isArray) return toMessage(json);
    const items = json.items();
    if (items.length === 0) throw new MessageError(INVALID_REQUEST, 'Invalid Request: an empty batch');
    return items.map(toMessage);
  } catch (error) {
    throw error instanceof SyntaxError ? new MessageError(PARSE_ERROR, `Parse error: ${error.message}`) : error;
  }
}

/** Characters from which on it pays not to look into the strings of a server's answer. */
const LARGE = 16 * 1024;

/** A request of our own. Its id is set by whoever sends it. */
export function requestFrame(method: string, params?: unknown): RawJson {
  return RawJson.of({ jsonrpc: '2.0', id: null, method, params });
}

export function notificationFrame(method: string, params?: unknown): RawJson {
  return RawJson.of({ jsonrpc: '2.0', method, params });
}

/** A result of our own. Its id is set by the wire that sends it, unless given. */
export function resultFrame(result: unknown, id: IdText = 'null'): RawJson {
  return withId(RawJson.of({ jsonrpc: '2.0', id: null, result }), id);
}

/** An error of our own. Its id is set by the wire that sends it, unless given. */
export function errorFrame(code: number, message: string, data?: unknown, id: IdText = 'null'): RawJson {
  return withId(RawJson.of({ jsonrpc: '2.0', id: null, error: { code, message, data } }), id);
}

/** The frame under another id. */
export function withId(frame: RawJson, id: IdText | number): RawJson {
  return frame.with({ id: idJson(id) });
}

/** The frame with other members in its `params`. */
export function withParams(frame: RawJson, changes: Readonly<Record<string, unknown>>): RawJson {
  return frame.with({ params: (frame.raw('params') ?? RawJson.of({})).with(changes) });
}

/** The frame with other members in its `result`. */
export function withResult(frame: RawJson, changes: Readonly<Record<string, unknown>>): RawJson {
  return frame.with({ result: (frame.raw('result') ?? RawJson.of({})).with(changes) });
}

/** The progress token of a request (`params._meta.progressToken`), as JSON text. */
export function progressTokenOf(frame: RawJson): IdText | undefined {
  return frame.raw('params')?.raw('_meta')?.raw('progressToken')?.text;
}

/** The request or the notification's frame with another progress token. */
export function withProgressToken(frame: RawJson, token: IdText | number): RawJson {
  const value = idJson(token);
  const params = frame.raw('params') ?? RawJson.of({});
  if (params.has('progressToken')) return frame.with({ params: params.with({ progressToken: value }) });
  const meta = (params.raw('_meta') ?? RawJson.of({})).with({ progressToken: value });
  return frame.with({ params: params.with({ _meta: meta }) });
}

function idJson(id: IdText | number): RawJson {
  return RawJson.verbatim(String(id));
}

function classify(frame: RawJson): Message {
  if (!frame.isObject) throw new MessageError(INVALID_REQUEST, 'Invalid Request: not an object');
  const id = frame.raw('id')?.text;
  const isIdValid = id !== undefined && (id.startsWith('"') || /^-?\d/.test(id));
  const invalid = (why: string) =>
    new MessageError(INVALID_REQUEST, `Invalid Request: ${why}`, isIdValid ? id : 'null');
  if (frame.raw('jsonrpc')?.text !== '"2.0"') throw invalid('"jsonrpc" must be "2.0"');
  if (!frame.has('method')) {
    if (frame.has('result') === frame.has('error')) throw invalid('neither a request nor a response');
    if (!isIdValid && id !== 'null') throw invalid('a response must have an "id"');
    return { kind: 'response', id, frame };
  }
  const method = frame.string('method');
  if (method === undefined) throw invalid('"method" must be a string');
  if (frame.raw('params')?.isObject === false) throw invalid('"params" must be an object');
  if (id === undefined) return { kind: 'notification', method, frame };
  if (!isIdValid) throw invalid('"id" must be a string or a number');
  return { kind: 'request', id, method, frame };
}

const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

/**
 * Refuses what one receiver reads differently from another: a filter must see what the server will see.
 * @throws MessageError {@link INVALID_REQUEST}.
 */
function checkUnambiguous(message: Message): void {
  const { frame } = message;
  const id = message.kind === 'notification' ? 'null' : message.id;
  const params = frame.raw('params');
  const repeated = frame.repeatedKey ?? params?.repeatedKey ?? params?.raw('_meta')?.repeatedKey;
  if (repeated !== undefined)
    throw new MessageError(INVALID_REQUEST, `Invalid Request: the key ${repeated} occurs twice`, id);
  const isFiltered = message.kind !== 'response' && message.method === 'tools/call';
  const lookalike =
    lookalikeOf(frame, ENVELOPE) ?? (isFiltered && params ? lookalikeOf(params, ['name', 'arguments']) : undefined);
  if (lookalike === undefined) return;
  throw new MessageError(INVALID_REQUEST, `Invalid Request: the key ${lookalike} is written like another one`, id);
}

/** A key that differs from a known one only by case: parsers as lax as Go's take it for that one. */
function lookalikeOf(json: RawJson, known: readonly string[]): string | undefined {
  for (const key of json.keys) {
    // By way of upper case, since `ſ` is an `s` to such a parser.
    if (!known.includes(key) && known.includes(key.toUpperCase().toLowerCase())) return JSON.stringify(key);
  }
  return undefined;
}
