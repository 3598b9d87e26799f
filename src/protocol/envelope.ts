import type { IdText, Notification } from './message.ts';
import { RawJson } from './raw-json.ts';
import { STATELESS } from './revisions.ts';

/** Keys of `_meta` that 2026-07-28 reserves (basic, "General fields"). */
export const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';
export const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
export const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
export const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** The extension for calls that outlive their request (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** What a stateless request says of its client. */
export interface Envelope {
  readonly capabilities: RawJson;
  readonly info: RawJson | undefined;
  readonly logLevel: string | undefined;
}

/** The `_meta` of a request or notification. */
export function metaOf(frame: RawJson): RawJson | undefined {
  return frame.raw('params')?.raw('_meta');
}

/** The request with this envelope around its params. */
export function withEnvelope(frame: RawJson, { capabilities, info, logLevel }: Envelope): RawJson {
  const meta = metaOf(frame) ?? EMPTY;
  return withMeta(
    frame,
    meta.with({
      [PROTOCOL_VERSION]: STATELESS,
      [CLIENT_CAPABILITIES]: capabilities,
      [CLIENT_INFO]: info,
      [LOG_LEVEL]: logLevel,
    }),
  );
}

/** The request as it is without its envelope. */
export function withoutEnvelope(frame: RawJson): RawJson {
  const meta = metaOf(frame)?.without(PROTOCOL_VERSION, CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL);
  return meta ? withMeta(frame, meta) : frame;
}

/** The notification as one of a subscription. */
export function tagged(frame: RawJson, subscription: IdText): RawJson {
  return withMeta(frame, (metaOf(frame) ?? EMPTY).with({ [SUBSCRIPTION_ID]: RawJson.verbatim(subscription) }));
}

/** The subscription that a notification belongs to. */
export function subscriptionOf({ frame }: Notification): IdText | undefined {
  return metaOf(frame)?.raw(SUBSCRIPTION_ID)?.text;
}

/** The notification as it is without its subscription. */
export function untagged(frame: RawJson): RawJson {
  const meta = metaOf(frame)?.without(SUBSCRIPTION_ID);
  return meta ? withMeta(frame, meta) : frame;
}

/** An empty `_meta` is left out. */
function withMeta(frame: RawJson, meta: RawJson): RawJson {
  const params = frame.raw('params') ?? EMPTY;
  return frame.with({ params: meta.keys.length === 0 ? params.without('_meta') : params.with({ _meta: meta }) });
}

const EMPTY = RawJson.of({});
