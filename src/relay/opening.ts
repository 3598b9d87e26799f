import { mergeCapabilities, mergeInstructions } from '../catalog/merge.ts';
import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import { resultFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { LATEST_2025 } from '../protocol/revisions.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { patienceWith, within } from './patience.ts';
import type { View } from './view.ts';

/** What a server may turn out to have that is still starting: a client asks for no list that was not declared. */
const POSSIBLE = { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} };

/** A single server introduces itself: its info, instructions and capabilities pass as they are. */
export async function openSingle(upstream: Upstream, client: Client): Promise<Answer> {
  const link = await upstream.laneFor(client).supervisor.acquire();
  return resultFrame(link.opened);
}

/** Several servers introduce themselves as one, as far as they are up in time. Never fails: the rest may come later. */
export async function openMerged(view: View, exchange: Exchange, info: RawJson): Promise<Answer> {
  const opened = await Promise.all(view.upstreams.map((upstream) => openedOf(upstream, exchange)));
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

async function openedOf(upstream: Upstream, exchange: Exchange): Promise<RawJson | undefined> {
  try {
    const { supervisor } = upstream.laneFor(exchange.client);
    const patience = { message: `${upstream.name}: not up in time`, limit: patienceWith(supervisor) };
    return (await within(exchange, patience, () => supervisor.acquire())).opened;
  } catch {
    return undefined; // The supervisor has logged why.
  }
}
