import { withParams } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/** The request with what it is about as its server calls it; untouched when that is the same. */
export function inServerWords(frame: RawJson, member: 'name' | 'uri', own: string): RawJson {
  return frame.raw('params')?.string(member) === own ? frame : withParams(frame, { [member]: own });
}
