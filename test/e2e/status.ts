import type { BridgeStatus, ServerStatus } from '../../src/bridge/status.ts';
import type { Bridge } from '../support/bridge.ts';
import { rawRequest } from '../support/http.ts';

/** What the bridge says about itself at `/status`. */
export async function statusOf({ localUrl }: Bridge): Promise<BridgeStatus> {
  const { text } = await rawRequest('GET', `${localUrl}/status`);
  return JSON.parse(text);
}

/** What it says about one of its servers. */
export async function serverStatusOf(bridge: Bridge, name: string): Promise<ServerStatus> {
  const { servers } = await statusOf(bridge);
  const server = servers.find((each) => each.name === name);
  if (!server) throw new Error(`/status names no server ${name}`);
  return server;
}
