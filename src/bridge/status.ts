import { isMarkedReadOnly } from '../catalog/annotations.ts';
import type { BridgeErrorCode } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ToolCount } from '../oauth/context.ts';
import { ownExchange } from '../protocol/exchange.ts';
import type { Inventory } from '../relay/inventory.ts';
import { within } from '../relay/patience.ts';
import type { Relays } from '../relay/relays.ts';
import type { TunnelState } from '../tunnel/keeper.ts';
import type { Fleet } from '../upstream/fleet.ts';
import type { LinkState } from '../upstream/supervisor.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { AccessStatus } from './access.ts';
import type { BridgeUrls } from './urls.ts';

/** How the bridge is, without secrets. */
export interface BridgeStatus {
  readonly version: string;
  readonly urls: BridgeUrls | undefined;
  /** `undefined` where none was asked for. */
  readonly tunnel: TunnelState | undefined;
  readonly access: AccessStatus;
  readonly sessions: { readonly streamableHttp: number; readonly sse: number };
  readonly servers: readonly ServerStatus[];
  /** Clients that still show an old list of tools, by how they call themselves. */
  readonly outdatedClients: readonly string[];
}

export interface ServerStatus {
  readonly name: string;
  readonly state: LinkState;
  readonly pid: number | undefined;
  /** Processes that run for it now. */
  readonly links: number;
  /** How many tools clients see, and how many of them the server marks as read-only; `undefined` until it has told. */
  readonly tools: number | undefined;
  readonly readOnlyTools: number | undefined;
  /** How many tools the filters hide. */
  readonly hiddenTools: number | undefined;
  /** From the start to its first list of tools, in milliseconds. */
  readonly startedIn: number | undefined;
  readonly error: string | undefined;
  readonly errorCode: BridgeErrorCode | undefined;
  /** Its last line on stderr. */
  readonly lastWords: string | undefined;
}

/** What there is to say of a server. */
export function serverStatus({ upstream, tools, startedIn }: Inventory, relays: Relays, fleet: Fleet): ServerStatus {
  const { lastError, link } = upstream.shared;
  const shown = tools && relays.merged.router.show(upstream, tools);
  return {
    name: upstream.name,
    state: upstream.state,
    pid: link?.peer.pid,
    links: upstream.links,
    tools: shown?.length,
    readOnlyTools: shown?.filter(isMarkedReadOnly).length,
    hiddenTools: tools && shown && tools.length - shown.length,
    startedIn,
    error: lastError?.message,
    errorCode: lastError?.code,
    lastWords: fleet.lastWordsOf(upstream),
  };
}

/** A line for a server that is ready, none for any other: what is wrong has been said. */
export function logReady({ name, state, tools, readOnlyTools, hiddenTools, startedIn }: ServerStatus, log: Log): void {
  const fields = { tools, readOnly: readOnlyTools, hidden: hiddenTools || undefined, ms: startedIn };
  if (state === 'ready') log.info(`${name}: ready`, fields);
}

/** How many tools there are at a place; `undefined` until a server has told. */
export function countTools({ all, inventories }: Relays, place: string): ToolCount | undefined {
  const router = all.get(place)?.router;
  const told = inventories.filter(({ upstream, tools }) => tools && router?.view.upstreams.includes(upstream));
  if (!router || told.length === 0) return undefined;
  const shown = told.flatMap(({ upstream, tools = [] }) => router.show(upstream, tools));
  const read = shown.filter(isMarkedReadOnly).length;
  return { read, write: shown.length - read };
}

/** Whether only what is marked read-only is at a place. */
export function isReadOnly({ all }: Relays, place: string): boolean {
  const view = all.get(place)?.router.view;
  return view?.upstreams.every((upstream) => view.rulesOf(upstream).readsOnly) === true;
}

/** Which servers answer a ping now. One that is started only when needed counts as ready. */
export async function readiness(upstreams: readonly Upstream[]): Promise<Record<string, boolean>> {
  const answers = upstreams.map(async ({ name, state, shared }) => {
    if (state === 'idle') return [name, true] as const;
    const patience = { message: `${name}: no answer to ping in time`, limit: PING_TIMEOUT };
    const ping = within(ownExchange('ping'), patience, async (exchange) =>
      shared.link?.request(exchange.frame, exchange),
    );
    const answer = await ping.catch(() => undefined); // It is not ready, and its log says why.
    return [name, answer !== undefined] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** A server that is busy for longer is not ready for more. Milliseconds. */
const PING_TIMEOUT = 2000;
