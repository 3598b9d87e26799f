import { metaOf, withoutMeta } from '../protocol/envelope.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/** What ChatGPT tells of the person who uses it, and where to find them again (Apps SDK reference, "`_meta` fields the client provides"). */
const PERSONAL = [
  'openai/userLocation',
  'openai/userAgent',
  'openai/locale',
  'openai/subject',
  'openai/session',
  'openai/organization',
  'openai/widgetSessionId',
];

/**
 * The message without what its client tells of a person. `_meta` goes with the last of its members, as a client that has nothing
 * to tell sends none. A message that holds nothing personal is itself.
 */
export function withoutPersonalMeta(frame: RawJson): RawJson {
  const meta = metaOf(frame);
  const params = frame.raw('params');
  if (!meta || !params || !PERSONAL.some((key) => meta.has(key))) return frame;
  return frame.with({ params: withoutMeta(params, ...PERSONAL) });
}
