import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { Access, type AccessStatus } from './access.ts';
import type { Settings } from './config/settings.ts';
import { Endpoints } from './downstream/endpoints.ts';
import { serveStdio } from './downstream/stdio.ts';
import type { BridgeErrorCode } from './errors.ts';
import { HostGuard } from './http/guard.ts';
import { type Listener, listen } from './http/listen.ts';
import { createLocalApp } from './http/local-app.ts';
import { createPublicApp } from './http/public-app.ts';
import { createLog, type Log } from './log.ts';
import type { ToolCount } from './oauth/context.ts';
import type { Pairing, Window } from './oauth/pairing.ts';
import { ownExchange } from './protocol/exchange.ts';
import { RawJson } from './protocol/raw-json.ts';
import type { Inventory } from './relay/inventory.ts';
import { within } from './relay/patience.ts';
import { createRelays, type Relays } from './relay/relays.ts';
import { announce } from './state/running.ts';
import { Fleet } from './upstream/fleet.ts';
import type { LinkState } from './upstream/supervisor.ts';
import type { Upstream } from './upstream/upstream.ts';
import { VERSION } from './version.ts';

export interface BridgeUrls {
  /** Streamable HTTP; `undefined` when only SSE is served. */
  readonly mcp: string | undefined;
  /** HTTP+SSE; `undefined` when only Streamable HTTP is served. */
  readonly sse: string | undefined;
  /** The first of these as it is reached from outside; `undefined` when it is not. */
  readonly public: string | undefined;
  /** Status and readiness, on loopback. */
  readonly local: string;
}

/** How the bridge is, without secrets. */
export interface BridgeStatus {
  readonly version: string;
  readonly urls: BridgeUrls | undefined;
  readonly access: AccessStatus;
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
 * @throws BridgeError when a port cannot be had, a filter cannot be read, or what is kept of clients cannot be used.
 */
export async function startBridge(settings: Settings, log: Log = createLog()): Promise<Bridge> {
  const info = RawJson.of({ name: 'mcp-bridge', title: 'mcp-bridge', version: VERSION });
  const fleet = new Fleet({ settings: settings.upstreams, info, log });
  const relays = await createRelays({ ...settings, upstreams: fleet.upstreams, info, log });
  const access = await Access.open(settings, log);
  const bridge = new Bridge({ settings, log, fleet, relays, access });
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
  readonly #access: Access;
  readonly #endpoints: Endpoints;
  readonly #listeners: { close(): Promise<void> }[] = [];
  /** Where the MCP port is reached: the issuer of grants, and part of what they are good for. */
  #origin = '';
  #closing: Promise<void> | undefined;

  constructor({ settings, log, fleet, relays, access }: BridgeParts) {
    this.#settings = settings;
    this.#log = log;
    this.#fleet = fleet;
    this.#relays = relays;
    this.#access = access;
    const single = new Map([...relays.single].map(([upstream, router]) => [upstream.name, router]));
    this.#endpoints = new Endpoints({ settings, merged: relays.merged, single, base: access.base });
  }

  /** Where the owner lets clients in; `undefined` where that is not how it is done. */
  get pairing(): Pairing | undefined {
    return this.#access.pairing;
  }

  /** Whether a client is to be linked right after the start: none is yet, or the owner wants one more. */
  get awaitsClient(): boolean {
    return this.#settings.pair || this.#access.status.linked === 0;
  }

  /** Opens a window in which a client can be linked; `undefined` where that is not how it is done. */
  openPairing(): Window | undefined {
    const window = this.pairing?.open();
    if (window) this.#log.info('pairing is open for ten minutes');
    return window;
  }

  /** Where the owner finds the bearer token that was made for them; `undefined` where there is none. */
  get tokenFile(): string | undefined {
    return this.#access.token?.file;
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
    const { sessions } = this.#endpoints;
    return { version: VERSION, urls: this.#knownUrls(), access: this.#access.status, sessions, servers };
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
    this.#access.close();
    this.#endpoints.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#fleet.close(options);
  }

  async #listen(): Promise<void> {
    const { host, port, publicUrl, corsOrigins, healthPaths } = this.#settings;
    const { routes } = this.#endpoints;
    const { gate, pages } = await this.#access.createDoor(
      {
        origin: () => this.#origin,
        resources: [...new Set([...routes.values()].map(({ resource }) => resource))],
        toolsOf: (path) => this.#countTools(path),
      },
      (principalId) => this.#endpoints.end(principalId),
    );
    const allowedHosts = [...this.#settings.allowedHosts, ...(publicUrl ? [new URL(publicUrl).hostname] : [])];
    const guard = new HostGuard({ host, allowedHosts, corsOrigins });
    const isSecret = this.#access.base !== '';
    const handler = createPublicApp({ guard, gate, routes, pages, healthPaths, isSecret, log: this.#log });
    const { origin, port: taken } = await this.#keep(listen({ host, port, handler, flag: '--port' }));
    this.#origin = publicUrl ?? origin;
    const key = randomBytes(32).toString('base64url');
    const local = await this.#listenLocally(port === 0 ? 0 : taken + 1, key);
    this.urls = this.#urlsAt(origin, local.origin, this.#access.base);
    this.#tellOfOtherOrigins();
    if (this.pairing) {
      const url = this.urls.public ?? this.urls.mcp ?? this.urls.sse ?? origin;
      const withdraw = await announce(this.#access.folder, { local: local.origin, key, url });
      this.#listeners.push({ close: withdraw });
    }
  }

  /** What was granted at another URL is no good at this one: its clients would be refused without a word of why. */
  #tellOfOtherOrigins(): void {
    const { elsewhere } = this.#access.status;
    if (elsewhere.length === 0) return;
    const [before, now] = [elsewhere.join(', '), this.#origin];
    this.#log.warn(
      `clients are linked to ${before}, which is not where this bridge is (${now}). If it was there before, remove the connector in each client, add it again with the new URL, and link it`,
    );
  }

  /** The owner's side. Nobody has to know its port, so a free one will do where the usual one is taken. */
  async #listenLocally(usual: number, key: string): Promise<Listener> {
    const host = '127.0.0.1';
    const handler = createLocalApp({
      guard: new HostGuard({ host, allowedHosts: [], corsOrigins: [] }),
      status: () => this.status(),
      readiness: () => readiness(this.#fleet.upstreams),
      pair: () => this.openPairing(),
      key,
    });
    const flag = '--local-port';
    const { localPort } = this.#settings;
    if (localPort !== undefined) return this.#keep(listen({ host, port: localPort, handler, flag }));
    return this.#keep(
      listen({ host, port: usual, handler, flag }).catch(() => listen({ host, port: 0, handler, flag })),
    );
  }

  #urlsAt(origin: string, local: string, base: string): BridgeUrls {
    const { outputTransport, streamableHttpPath, ssePath, publicUrl } = this.#settings;
    const mcp = outputTransport === 'sse' ? undefined : base + streamableHttpPath;
    const sse = outputTransport === 'streamableHttp' ? undefined : base + ssePath;
    return {
      mcp: mcp && origin + mcp,
      sse: sse && origin + sse,
      public: publicUrl && publicUrl + (mcp ?? sse),
      local,
    };
  }

  /** Where it is, as far as it is for everybody to know. */
  #knownUrls(): BridgeUrls | undefined {
    const { urls } = this;
    if (!urls || this.#access.base === '') return urls;
    return this.#urlsAt(new URL(urls.mcp ?? urls.sse ?? '').origin, urls.local, '/...');
  }

  /** How many tools are seen at a path. */
  #countTools(path: string): ToolCount | undefined {
    const server = this.#endpoints.routes.get(path)?.server;
    const inventories = this.#relays.inventories.filter(({ upstream }) => (server ?? upstream.name) === upstream.name);
    const counts = inventories.map((inventory) => this.#serverStatus(inventory));
    if (counts.every(({ tools }) => tools === undefined)) return undefined;
    const read = counts.reduce((sum, { readOnlyTools = 0 }) => sum + readOnlyTools, 0);
    const all = counts.reduce((sum, { tools = 0 }) => sum + tools, 0);
    return { read, write: all - read };
  }

  async #keep(starting: Promise<Listener>): Promise<Listener> {
    const listener = await starting;
    this.#listeners.push(listener);
    return listener;
  }
}

/** The stages that a bridge is made of. */
interface BridgeParts {
  readonly settings: Settings;
  readonly log: Log;
  readonly fleet: Fleet;
  readonly relays: Relays;
  readonly access: Access;
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
