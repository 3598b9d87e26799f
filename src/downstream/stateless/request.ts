import {
  CLIENT_CAPABILITIES,
  CLIENT_INFO,
  type Envelope,
  LOG_LEVEL,
  metaOf,
  PROTOCOL_VERSION,
  withoutEnvelope,
} from '../../protocol/envelope.ts';
import {
  INVALID_PARAMS,
  type Message,
  MessageError,
  type Request,
  UNSUPPORTED_VERSION,
} from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { REVISIONS, STATELESS } from '../../protocol/revisions.ts';
import { SEVERITIES } from '../../protocol/severity.ts';

/** A request of 2026-07-28 with its envelope taken off, and on whose behalf it came. */
export interface StatelessRequest extends Request {
  readonly envelope: Envelope;
  readonly principal: Principal;
}

/** Whether a message is one of 2026-07-28 or later: the revision is said in the message itself, and in no other one's. */
export function isStateless(message: Message): boolean {
  return message.kind !== 'response' && metaOf(message.frame)?.has(PROTOCOL_VERSION) === true;
}

/**
 * Takes the envelope off a request (basic, "General fields").
 * @throws MessageError -32602 when something is missing, -32022 when the revision is none of ours.
 */
export function openEnvelope(request: Request, principal: Principal): StatelessRequest {
  const { id, frame } = request;
  const meta = metaOf(frame);
  const malformed = (why: string) => new MessageError(INVALID_PARAMS, `Invalid params: ${why}`, id);
  const version = meta?.string(PROTOCOL_VERSION);
  if (version === undefined) throw malformed(`_meta[${JSON.stringify(PROTOCOL_VERSION)}] is missing`);
  if (version !== STATELESS) throw unsupported(version, id);
  const capabilities = meta?.raw(CLIENT_CAPABILITIES);
  if (!capabilities?.isObject) throw malformed(`_meta[${JSON.stringify(CLIENT_CAPABILITIES)}] is missing`);
  const logLevel = meta?.string(LOG_LEVEL);
  if (logLevel !== undefined && !SEVERITIES.some((level) => level === logLevel))
    throw malformed(`there is no log level ${JSON.stringify(logLevel)}`);
  const envelope = { capabilities, info: meta?.raw(CLIENT_INFO), logLevel };
  return { ...request, frame: withoutEnvelope(frame), envelope, principal };
}

/** The error that tells a client which revisions it may choose from. */
export function unsupported(requested: string, id?: string): MessageError {
  const data = { supported: REVISIONS, requested };
  return new MessageError(UNSUPPORTED_VERSION, `Unsupported protocol version: ${requested}`, id, data);
}
