import { type CompiledToolFilter, createToolFilter } from '../catalog/filter.ts';
import type { Prefix, ToolFilter } from '../config/settings.ts';
import type { Log } from '../log.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Inventory } from './inventory.ts';
import { Router } from './router.ts';
import { TaskOwners } from './task-owners.ts';
import { createView } from './view.ts';

export interface RelaysOptions {
  readonly upstreams: readonly Upstream[];
  readonly prefix: Prefix;
  /** Applied to the tools of all upstreams. */
  readonly tools: ToolFilter;
  /** How a merged catalog introduces itself: `Implementation` of the specification. */
  readonly info: RawJson;
  /** Whether servers are told what clients say of the person behind them. */
  readonly personalMeta: boolean;
  readonly log: Log;
}

/** The catalogs that are served: of all upstreams, and of each alone. */
export interface Relays {
  readonly merged: Router;
  readonly single: ReadonlyMap<Upstream, Router>;
  readonly inventories: readonly Inventory[];
  /** Resolves once each server is up and has told its tools, or has failed. Lazy ones are not waited for. */
  readonly settled: Promise<void>;
}

/** A filter with what it is applied to, and where it was configured. */
interface PlacedFilter {
  readonly filter: CompiledToolFilter;
  readonly origin: string;
  readonly upstreams: readonly Upstream[];
}

/**
 * Creates the relays. Create them before the upstreams are started, so that nothing is missed.
 * @throws BridgeError when a filter cannot be read.
 */
export async function createRelays({
  upstreams,
  prefix,
  tools,
  info,
  personalMeta,
  log,
}: RelaysOptions): Promise<Relays> {
  const filters = await placeFilters(upstreams, tools);
  const filtersOf = (upstream: Upstream) =>
    filters.filter((placed) => placed.upstreams.includes(upstream)).map(({ filter }) => filter);
  const common = { info, owners: new TaskOwners(), personalMeta, log };
  const merged = new Router({ ...common, view: createView({ upstreams, prefix, filtersOf }) });
  // What is hidden by the name it has among all is hidden at its server's own URL too.
  const exposedTool = (upstream: Upstream, tool: string) => merged.exposedTool(upstream, tool);
  const createSingle = (upstream: Upstream) =>
    new Router({ ...common, view: createView({ upstreams: [upstream], prefix: 'none', filtersOf, exposedTool }) });
  const single = new Map(upstreams.map((upstream) => [upstream, createSingle(upstream)]));
  const inventories = upstreams.map((upstream) => {
    const onUp = (isFirst: boolean) => {
      merged.announceRecovery(upstream, isFirst);
      single.get(upstream)?.announceRecovery(upstream, isFirst);
    };
    return new Inventory({ upstream, log, onUp });
  });
  const settled = Promise.all(inventories.map((inventory) => inventory.settled));
  return {
    merged,
    single,
    inventories,
    settled: settled.then(() => reportUnmatched(filters, inventories, merged, log)),
  };
}

async function placeFilters(upstreams: readonly Upstream[], tools: ToolFilter): Promise<PlacedFilter[]> {
  const ofServers = upstreams.map(async (upstream) => {
    const { origin, tools: own } = upstream.settings;
    return { filter: await createToolFilter([own]), origin, upstreams: [upstream] };
  });
  const ofAll = { filter: await createToolFilter([tools]), origin: 'tools of all servers', upstreams };
  return [ofAll, ...(await Promise.all(ofServers))];
}

/** A glob that matches no tool protects nothing, or shows nothing: likely a slip of the pen. */
function reportUnmatched(
  filters: readonly PlacedFilter[],
  inventories: readonly Inventory[],
  merged: Router,
  log: Log,
): void {
  for (const { filter, origin, upstreams } of filters) {
    const concerned = inventories.filter(({ upstream }) => upstreams.includes(upstream));
    // What a server that is down would have to say is not known.
    if (concerned.some(({ tools }) => !tools)) continue;
    const names = concerned.flatMap(({ upstream, tools = [] }) =>
      tools.map(({ name }) => ({ own: name, exposed: merged.exposedTool(upstream, name) })),
    );
    for (const { glob, kind } of filter.unmatched(names)) log.warn(`${origin}: ${kind} "${glob}" matches no tool`);
  }
}
