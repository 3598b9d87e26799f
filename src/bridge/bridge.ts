import type { Readable, Writable } from 'node:stream';
import type { Settings } from '../config/settings.ts';
import { Endpoints } from '../downstream/endpoints.ts';
import { serveStdio } from '../downstream/stdio.ts';
import { BridgeError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import type { Pairing, Window } from '../oauth/pairing.ts';
import { ownExchange } from '../protocol/exchange.ts';
import { RawJson } from '../protocol/raw-json.ts';
import type { Inventory } from '../relay/inventory.ts';
import type { RelaySwitch } from '../relay/relay-switch.ts';
import { Relays } from '../relay/relays.ts';
import { placeOfView } from '../relay/routers.ts';
import type { Published } from '../state/published.ts';
import { Fleet } from '../upstream/fleet.ts';
import { VERSION } from '../version.ts';
import { Access, stateFolderOf } from './access.ts';
import { reportTools, type ToolReport } from './catalog-report.ts';
import { fixedChanges } from './fixed-changes.ts';
import { type Ear, Reach } from './reach.ts';
import {
  type BridgeStatus,
  countTools,
  isReadOnly,
  logReady,
  readiness,
  type ServerStatus,
  serverStatus,
} from './status.ts';
import type { BridgeUrls } from './urls.ts';

/**
 * Starts a bridge. Resolves when it listens; the servers start meanwhile.
 * @throws BridgeError when a port cannot be had, a filter cannot be read, or what is kept of clients cannot be used.
 */
export async function startBridge(settings: Settings, log: Log = createLog(), owner: Ear = DEAF): Promise<Bridge> {
  const info = RawJson.of({ name: 'mcp-bridge', title: 'mcp-bridge', version: VERSION });
  const fleet = new Fleet({ settings: settings.upstreams, info, log });
  // What it is checked with takes its time to load, and the servers are not waiting.
  const { Published } = await import('../state/published.ts');
  const published = await Published.open(stateFolderOf(settings), log);
  const catalog = settings.configFile ?? process.cwd();
  const publishedAt = (place: string) => published.catalog(`${catalog} ${place}`);
  // Who starts a bridge for itself asks it anew each time.
  const tellsOfFrozenLists = settings.outputTransport !== 'stdio';
  const options = { settings, upstreams: fleet.upstreams, publishedAt, tellsOfFrozenLists, info, log };
  const relays = await Relays.create(options);
  const access = await Access.open(settings, log);
  const bridge = new Bridge({ settings, log, fleet, relays, published, access, owner });
  await bridge.start();
  return bridge;
}

/** The stages that a bridge is made of. */
interface BridgeParts {
  readonly settings: Settings;
  readonly log: Log;
  readonly fleet: Fleet;
  readonly relays: Relays;
  readonly published: Published;
  readonly access: Access;
  readonly owner: Ear;
}

/** Where nobody can be asked. */
const DEAF: Ear = { ask: async () => false, tellProgress() {} };

/** A running bridge: the stages of the flow, made and ended together. */
export class Bridge {
  readonly #started: Settings;
  /** Of these, what can change while it runs. */
  #settings: Settings;
  readonly #log: Log;
  readonly #fleet: Fleet;
  readonly #relays: Relays;
  readonly #published: Published;
  readonly #access: Access;
  readonly #endpoints: Endpoints;
  readonly #reach: Reach;
  /** Takes its turn. */
  #reloading = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor({ settings, log, fleet, relays, published, access, owner }: BridgeParts) {
    this.#started = settings;
    this.#settings = settings;
    this.#log = log;
    this.#fleet = fleet;
    this.#relays = relays;
    this.#published = published;
    this.#access = access;
    this.#endpoints = new Endpoints({ settings, relays: relays.all, base: access.base });
    this.#reach = new Reach({
      settings,
      log,
      access,
      owner,
      endpoints: this.#endpoints,
      status: () => this.status(),
      readiness: () => readiness(fleet.upstreams),
      toolsAt: (place) => countTools(relays, place),
      isReadOnly: (place) => isReadOnly(relays, place),
      pair: () => this.openPairing(),
    });
  }

  /** Where it can be reached; `undefined` when it serves stdin and stdout. */
  get urls(): BridgeUrls | undefined {
    return this.#reach.urls;
  }

  /** Where the owner lets clients in; `undefined` where that is not how it is done. */
  get pairing(): Pairing | undefined {
    return this.#access.pairing;
  }

  /** Whether a client is to be linked right after the start: none is yet, or the owner wants one more. */
  get awaitsClient(): boolean {
    return this.#started.pair || this.#access.status.linked === 0;
  }

  /** Where the owner finds the bearer token that was made for them; `undefined` where there is none. */
  get tokenFile(): string | undefined {
    return this.#access.token?.file;
  }

  /** Resolves once each server is up and has told its tools, or has failed for the first time. Lazy ones are not waited for. */
  get settled(): Promise<void> {
    return this.#relays.settled;
  }

  /** Resolves once the tunnel is up, or has failed for the first time; at once where there is none. */
  get reached(): Promise<void> {
    return this.#reach.settled;
  }

  /** Listens, then starts the servers: a port that is taken is known before anything else has happened. */
  async start(): Promise<void> {
    try {
      if (this.#started.outputTransport !== 'stdio') await this.#reach.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#relays.forget((principalId) => this.#access.isOver(principalId));
    this.#fleet.start();
  }

  status(): BridgeStatus {
    const { sessions } = this.#endpoints;
    const { knownUrls: urls, tunnel } = this.#reach;
    const { outdatedClients } = this.#relays;
    const access = this.#access.status;
    return { version: VERSION, urls, tunnel, access, sessions, servers: this.#servers(), outdatedClients };
  }

  /**
   * What clients see, and do not see, at a place: the catalog of all servers, or a view. Of servers that have not told yet nothing.
   * @throws BridgeError `USAGE` when there is no such view.
   */
  async tools(view?: string): Promise<ToolReport[]> {
    return reportTools(this.#relayOf(view).router, this.#relays.inventories);
  }

  /** Calls a tool, as a client would that has no name and cannot be asked. Resolves with a JSON-RPC response. @throws BridgeError as `tools`. */
  async callTool(name: string, args: object, view?: string): Promise<{ result?: unknown; error?: unknown }> {
    const answer = await this.#relayOf(view).handle(ownExchange('tools/call', { name, arguments: args }));
    return { result: answer.get('result'), error: answer.get('error') };
  }

  /**
   * Takes up other settings while it runs: starts and ends only the servers that they concern, lets calls in flight be answered, and tells
   * clients that the lists may have changed. What cannot change in a running bridge stays, and is warned of.
   * @throws BridgeError when a glob cannot be read; then nothing has changed.
   */
  reload(settings: Settings): Promise<void> {
    const reloading = this.#reloading.then(() => this.#reload(settings));
    this.#reloading = reloading.catch(() => {}); // Whoever asked for it is told.
    return reloading;
  }

  /** Opens a window in which a client can be linked; `undefined` where that is not how it is done. */
  openPairing(): Window | undefined {
    const window = this.pairing?.open();
    if (window) this.#log.info('pairing is open for ten minutes');
    return window;
  }

  /** Serves one client over streams. Resolves when the input has ended and all is answered. */
  serveStdio(input: Readable, output: Writable): Promise<void> {
    const { maxMessage } = this.#started;
    return serveStdio({ relay: this.#relays.merged, input, output, maxMessage, log: this.#log });
  }

  /** Ends sessions, servers and listeners; resolves when their processes are gone. Twice without harm. */
  async close(options: { immediately?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    if (options.immediately) await Promise.all([this.#fleet.close(options), this.#reach.close(options)]);
    await this.#closing;
  }

  #servers() {
    return this.#relays.inventories.map((inventory) => this.#statusOf(inventory));
  }

  #statusOf(inventory: Inventory): ServerStatus {
    return serverStatus(inventory, this.#relays, this.#fleet);
  }

  /** Says of a server that was started later what is said of the others at the start. */
  #tellReady(inventory: Inventory): void {
    if (this.#relays.inventories.includes(inventory)) logReady(this.#statusOf(inventory), this.#log);
  }

  #relayOf(view: string | undefined): RelaySwitch {
    const relay = view === undefined ? this.#relays.merged : this.#relays.all.get(placeOfView(view));
    if (relay) return relay;
    const known = this.#settings.views.map(({ name }) => name).join(', ');
    throw new BridgeError('USAGE', `there is no view ${view}; there ${known === '' ? 'are none' : `is ${known}`}`);
  }

  async #reload(settings: Settings): Promise<void> {
    if (this.#closing) return;
    const before = this.#fleet.upstreams;
    const upstreams = this.#fleet.plan(settings.upstreams);
    const { answered } = await this.#relays.update({ settings, upstreams });
    this.#endpoints.update(this.#relays.all);
    this.#reach.updateRoutes();
    const { started, ended } = this.#fleet.adopt(upstreams, answered);
    this.#log.info('the configuration has changed and is taken up', { started, ended });
    for (const inventory of this.#relays.inventories)
      if (!before.includes(inventory.upstream)) void inventory.settled.then(() => this.#tellReady(inventory));
    const fixed = fixedChanges(this.#started, settings);
    if (fixed.length > 0)
      this.#log.warn(`${fixed.join(', ')}: changed in the configuration; start the bridge anew for that`);
    this.#settings = settings;
  }

  async #close(options: { immediately?: boolean }): Promise<void> {
    this.#access.close();
    await this.#published.flush();
    this.#endpoints.close();
    await this.#reach.close(options);
    await this.#reloading; // What it starts is to be ended, too.
    await this.#fleet.close(options);
  }
}
