import { mergeCapabilities, mergeInstructions } from '../catalog/merge.ts';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import { resultFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { LATEST_2025 } from '../protocol/revisions.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { linkInTime } from './patience.ts';
import type { View } from './view.ts';

/** What a server may turn out to have that is still starting: a client asks for no list that was not declared. */
const POSSIBLE = { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} };

/** A single server introduces itself: its info, instructions and capabilities pass as they are. */
export async function openSingle(upstream: Upstream, exchange: Exchange): Promise<Answer> {
  const { opened, freshness } = await upstream.link(exchange.client);
  return resultFrame(exchange.client.readsResultTypes && freshness ? opened.with({ ...freshness }) : opened);
}

/** Several servers introduce themselves as one, as far as they are up in time. Never fails: the rest may come later. */
export async function openMerged(view: View, exchange: Exchange, info: RawJson): Promise<Answer> {
  const links = await Promise.all(view.upstreams.map((upstream) => linkInTime(upstream, exchange)));
  const opened = links.map((link) => link?.opened);
  const capabilities = opened.map((result) => (result ? result.get('capabilities') : POSSIBLE));
  const instructions = view.upstreams.map(({ name }, index) => ({
    server: name,
    prefix: view.tools.prefixOf(name),
    instructions: opened[index]?.string('instructions'),
  }));
  return resultFrame({
    protocolVersion: LATEST_2025,
    capabilities: mergeCapabilities(capabilities),
    serverInfo: info,
    instructions: mergeInstructions(instructions),
  });
}
