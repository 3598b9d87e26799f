import { vi } from 'vitest';
import type { BridgeStatus, ServerStatus } from '../../src/bridge/status.ts';
import type { Bridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
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

/** Waits until each server has told its tools, or failed; one that is started when needed is not waited for. Until then, lists may lack some. */
export async function settled(bridge: Bridge): Promise<void> {
  await vi.waitUntil(async () => {
    const { servers } = await statusOf(bridge);
    return servers.every(({ state, tools, error }) => state === 'idle' || tools !== undefined || error !== undefined);
  }, EVENTUALLY);
}
