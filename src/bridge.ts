import type { Readable, Writable } from 'node:stream';
import type { Settings } from './config/settings.ts';
import { Endpoints } from './downstream/endpoints.ts';
import { serveStdio } from './downstream/stdio.ts';
import type { BridgeErrorCode } from './errors.ts';
import { HostGuard } from './http/guard.ts';
import { type Listener, listen } from './http/listen.ts';
import { createLocalApp } from './http/local-app.ts';
import { createPublicApp } from './http/public-app.ts';
import { createLog, type Log } from './log.ts';
import { ownExchange } from './protocol/exchange.ts';
import { RawJson } from './protocol/raw-json.ts';
import type { Inventory } from './relay/inventory.ts';
import { within } from './relay/patience.ts';
import { createRelays, type Relays } from './relay/relays.ts';
import { Fleet } from './upstream/fleet.ts';
import type { LinkState } from './upstream/supervisor.ts';
import type { Upstream } from './upstream/upstream.ts';
import { VERSION } from './version.ts';

export interface BridgeUrls {
  /** Streamable HTTP; `undefined` when only SSE is served. */
  readonly mcp: string | undefined;
  /** HTTP+SSE; `undefined` when only Streamable HTTP is served. */
  readonly sse: string | undefined;
  /** Status and readiness, on loopback. */
  readonly local: string;
}

export interface BridgeStatus {
  readonly version: string;
  readonly urls: BridgeUrls | undefined;
  readonly sessions: { readonly streamableHttp: number; readonly sse: number };
  readonly servers: readonly ServerStatus[];
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

/**
 * Starts a bridge. Resolves when it listens; the servers start meanwhile.
 * @throws BridgeError when a port cannot be had or a filter cannot be read.
 */
export async function startBridge(settings: Settings, log: Log = createLog()): Promise<Bridge> {
  const info = RawJson.of({ name: 'mcp-bridge', title: 'mcp-bridge', version: VERSION });
  const fleet = new Fleet({ settings: settings.upstreams, info, log });
  const relays = await createRelays({ ...settings, upstreams: fleet.upstreams, info, log });
  const bridge = new Bridge({ settings, log, fleet, relays });
  await bridge.start();
  return bridge;
}

/** A running bridge: the stages of the flow, made and ended together. */
export class Bridge {
  /** Where it can be reached; `undefined` when it serves stdin and stdout. */
  urls: BridgeUrls | undefined;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #fleet: Fleet;
  readonly #relays: Relays;
  readonly #endpoints: Endpoints;
  readonly #listeners: Listener[] = [];
  #closing: Promise<void> | undefined;

  constructor({ settings, log, fleet, relays }: { settings: Settings; log: Log; fleet: Fleet; relays: Relays }) {
    this.#settings = settings;
    this.#log = log;
    this.#fleet = fleet;
    this.#relays = relays;
    const single = new Map([...relays.single].map(([upstream, router]) => [upstream.name, router]));
    this.#endpoints = new Endpoints({ settings, merged: relays.merged, single });
  }

  /** Resolves once each server is up and has told its tools, or has failed for the first time. Lazy ones are not waited for. */
  get settled(): Promise<void> {
    return this.#relays.settled;
  }

  /** Listens, then starts the servers: a port that is taken is known before anything else has happened. */
  async start(): Promise<void> {
    try {
      if (this.#settings.outputTransport !== 'stdio') await this.#listen();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#fleet.start();
  }

  status(): BridgeStatus {
    const servers = this.#relays.inventories.map((inventory) => this.#serverStatus(inventory));
    return { version: VERSION, urls: this.urls, sessions: this.#endpoints.sessions, servers };
  }

  /** Serves one client over streams. Resolves when the input has ended and all is answered. */
  serveStdio(input: Readable, output: Writable): Promise<void> {
    const { maxMessage } = this.#settings;
    return serveStdio({ relay: this.#relays.merged, input, output, maxMessage, log: this.#log });
  }

  /** Ends sessions, servers and listeners; resolves when their processes are gone. Twice without harm. */
  async close(options: { immediately?: boolean } = {}): Promise<void> {
    if (options.immediately) void this.#fleet.close(options);
    this.#closing ??= this.#close(options);
    await this.#closing;
  }

  #serverStatus({ upstream, tools, startedIn }: Inventory): ServerStatus {
    const { lastError, link } = upstream.shared;
    const shown = tools?.filter(({ name }) => this.#relays.merged.showsTool(upstream, name));
    return {
      name: upstream.name,
      state: upstream.state,
      pid: link?.peer.pid,
      links: upstream.links,
      tools: shown?.length,
      readOnlyTools: shown?.filter(({ isReadOnly }) => isReadOnly).length,
      hiddenTools: tools && shown && tools.length - shown.length,
      startedIn,
      error: lastError?.message,
      errorCode: lastError?.code,
      lastWords: this.#fleet.lastWordsOf(upstream),
    };
  }

  async #close(options: { immediately?: boolean }): Promise<void> {
    this.#endpoints.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#fleet.close(options);
  }

  async #listen(): Promise<void> {
    const { host, port, allowedHosts, corsOrigins, healthPaths, streamableHttpPath, ssePath, outputTransport } =
      this.#settings;
    const guard = new HostGuard({ host, allowedHosts, corsOrigins });
    const { routes } = this.#endpoints;
    const handler = createPublicApp({ guard, routes, healthPaths, log: this.#log });
    const { origin, port: taken } = await this.#keep(listen({ host, port, handler, flag: '--port' }));
    const local = await this.#listenLocally(port === 0 ? 0 : taken + 1);
    this.urls = {
      mcp: outputTransport === 'sse' ? undefined : origin + streamableHttpPath,
      sse: outputTransport === 'streamableHttp' ? undefined : origin + ssePath,
      local: local.origin,
    };
  }

  /** The owner's side. Nobody has to know its port, so a free one will do where the usual one is taken. */
  async #listenLocally(usual: number): Promise<Listener> {
    const host = '127.0.0.1';
    const handler = createLocalApp({
      guard: new HostGuard({ host, allowedHosts: [], corsOrigins: [] }),
      status: () => this.status(),
      readiness: () => readiness(this.#fleet.upstreams),
    });
    const flag = '--local-port';
    const { localPort } = this.#settings;
    if (localPort !== undefined) return this.#keep(listen({ host, port: localPort, handler, flag }));
    return this.#keep(
      listen({ host, port: usual, handler, flag }).catch(() => listen({ host, port: 0, handler, flag })),
    );
  }

  async #keep(starting: Promise<Listener>): Promise<Listener> {
    const listener = await starting;
    this.#listeners.push(listener);
    return listener;
  }
}

/** Which servers answer a ping now. One that is started only when needed counts as ready. */
async function readiness(upstreams: readonly Upstream[]): Promise<Record<string, boolean>> {
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
