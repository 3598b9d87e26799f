import { SERVER_INFO, TASKS_EXTENSION } from './envelope.ts';
import { RawJson } from './raw-json.ts';
import { LATEST_2025, REVISIONS } from './revisions.ts';

/** What 2026-07-28 has that the revisions with sessions have not, in the shape of results. */

/** Requests whose results say how long they may be kept (server/utilities/caching). */
export const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** Requests that may be answered with questions (basic/patterns/mrtr, "Supported Requests"). */
export const MULTI_ROUND: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Requests and notifications of earlier revisions that this one has given up (changelog). */
export const REMOVED: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/list',
  'tasks/result',
  'notifications/initialized',
  'notifications/roots/list_changed',
]);

/** How long a result stays fresh (server/utilities/caching). */
export interface Freshness {
  /** Milliseconds. */
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

/** A result that may be kept by nobody. */
export const STALE: Freshness = { ttlMs: 0, cacheScope: 'private' };

/** How long a result may be kept; `undefined` when it does not say. */
export function freshnessOf(result: RawJson): Freshness | undefined {
  const ttlMs = result.get('ttlMs');
  if (typeof ttlMs !== 'number') return undefined;
  return { ttlMs, cacheScope: result.string('cacheScope') === 'public' ? 'public' : 'private' };
}

/** The `InitializeResult` that says what a `DiscoverResult` does. `name`: the server's, where it does not say. */
export function openedFrom(discovered: RawJson, name: string): RawJson {
  const meta = discovered.raw('_meta');
  const rest = meta?.without(SERVER_INFO);
  const bare = discovered.without('resultType', 'ttlMs', 'cacheScope', 'supportedVersions', '_meta');
  return bare.with({
    protocolVersion: LATEST_2025,
    capabilities: discovered.raw('capabilities') ?? {},
    serverInfo: meta?.raw(SERVER_INFO) ?? { name, version: '' },
    _meta: rest && rest.keys.length > 0 ? rest : undefined,
  });
}

/** The `DiscoverResult` that says what an `InitializeResult` does. What every result has is left to whoever sends it. */
export function discoveredFrom(opened: RawJson): RawJson {
  const capabilities = opened.raw('capabilities') ?? RawJson.of({});
  return opened.without('protocolVersion', 'serverInfo').with({
    supportedVersions: REVISIONS,
    capabilities: capabilities.has('tasks') ? withTasksExtension(capabilities) : capabilities,
  });
}

/** Tasks of 2025-11-25 are offered as the extension they have become since. */
function withTasksExtension(capabilities: RawJson): RawJson {
  const extensions = capabilities.raw('extensions') ?? RawJson.of({});
  return capabilities.without('tasks').with({ extensions: extensions.with({ [TASKS_EXTENSION]: {} }) });
}
