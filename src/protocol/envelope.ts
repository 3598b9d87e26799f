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

/** What 2025-11-25 marks everything with that belongs to a task (basic/utilities/tasks). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

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
  return withoutParamsMeta(frame, PROTOCOL_VERSION, CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL);
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
  return withoutParamsMeta(frame, SUBSCRIPTION_ID);
}

/** The params or the result without keys of its `_meta`, which goes with the last of them. */
export function withoutMeta(json: RawJson, ...keys: readonly string[]): RawJson {
  const meta = json.raw('_meta')?.without(...keys);
  if (!meta) return json;
  return meta.keys.length === 0 ? json.without('_meta') : json.with({ _meta: meta });
}

function withMeta(frame: RawJson, meta: RawJson): RawJson {
  return frame.with({ params: (frame.raw('params') ?? EMPTY).with({ _meta: meta }) });
}

function withoutParamsMeta(frame: RawJson, ...keys: readonly string[]): RawJson {
  const params = frame.raw('params');
  return params ? frame.with({ params: withoutMeta(params, ...keys) }) : frame;
}

const EMPTY = RawJson.of({});
