import type { BridgeStatus, ServerStatus } from '../../src/bridge/status.ts';
import type { BridgeUrls } from '../../src/bridge/urls.ts';
import type { Reachable } from '../../src/terminal/clients.ts';

/** A server that is up, but for what is said otherwise. */
export function server(name: string, status: Partial<ServerStatus> = {}): ServerStatus {
  return {
    name,
    state: 'ready',
    pid: 1000,
    links: 1,
    tools: 12,
    readOnlyTools: 5,
    hiddenTools: 0,
    startedIn: 1234,
    error: undefined,
    errorCode: undefined,
    lastWords: undefined,
    ...status,
  };
}

/** A server that has not told yet what it has. */
export function startingServer(name: string, lastWords?: string): ServerStatus {
  return server(name, {
    state: 'starting',
    tools: undefined,
    readOnlyTools: undefined,
    hiddenTools: undefined,
    startedIn: undefined,
    lastWords,
  });
}

export function failedServer(name: string, reason: string): ServerStatus {
  return { ...startingServer(name), state: 'failed', pid: undefined, links: 0, error: `${name}: ${reason}` };
}

/** A server that waits for its first request. */
export function lazyServer(name: string): ServerStatus {
  return { ...startingServer(name), state: 'idle', pid: undefined, links: 0 };
}

export const URLS: BridgeUrls = {
  mcp: 'http://127.0.0.1:8000/mcp',
  sse: 'http://127.0.0.1:8000/sse',
  public: undefined,
  local: 'http://127.0.0.1:8001',
};

export function statusWith(servers: readonly ServerStatus[], urls: BridgeStatus['urls'] = URLS): BridgeStatus {
  const access = { auth: 'none', pairing: undefined, linked: undefined, elsewhere: [] } as const;
  return {
    version: '1.2.3',
    urls,
    tunnel: undefined,
    access,
    sessions: { streamableHttp: 0, sse: 0 },
    servers,
    outdatedClients: [],
  };
}

/** A bridge as clients find it. */
export function reachable(urls: Partial<BridgeUrls> = {}, auth: BridgeStatus['access']['auth'] = 'none'): Reachable {
  const access = { auth, pairing: undefined, linked: undefined, elsewhere: [] };
  return { urls: { ...URLS, ...urls }, access, tunnel: undefined };
}
