import type { Readable, Writable } from 'node:stream';
import type { Settings } from '../config/settings.ts';
import { Endpoints } from '../downstream/endpoints.ts';
import { serveStdio } from '../downstream/stdio.ts';
import { createLog, type Log } from '../log.ts';
import type { Pairing, Window } from '../oauth/pairing.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { createRelays, type Relays } from '../relay/relays.ts';
import { Fleet } from '../upstream/fleet.ts';
import { VERSION } from '../version.ts';
import { Access } from './access.ts';
import { type Ear, Reach } from './reach.ts';
import { type BridgeStatus, countTools, readiness, serverStatus } from './status.ts';
import type { BridgeUrls } from './urls.ts';

/**
 * Starts a bridge. Resolves when it listens; the servers start meanwhile.
 * @throws BridgeError when a port cannot be had, a filter cannot be read, or what is kept of clients cannot be used.
 */
export async function startBridge(settings: Settings, log: Log = createLog(), owner: Ear = DEAF): Promise<Bridge> {
  const info = RawJson.of({ name: 'mcp-bridge', title: 'mcp-bridge', version: VERSION });
  const fleet = new Fleet({ settings: settings.upstreams, info, log });
  const relays = await createRelays({ ...settings, upstreams: fleet.upstreams, info, log });
  const access = await Access.open(settings, log);
  const bridge = new Bridge({ settings, log, fleet, relays, access, owner });
  await bridge.start();
  return bridge;
}

/** The stages that a bridge is made of. */
interface BridgeParts {
  readonly settings: Settings;
  readonly log: Log;
  readonly fleet: Fleet;
  readonly relays: Relays;
  readonly access: Access;
  readonly owner: Ear;
}

/** Where nobody can be asked. */
const DEAF: Ear = { ask: async () => false, tellProgress() {} };

/** A running bridge: the stages of the flow, made and ended together. */
export class Bridge {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #fleet: Fleet;
  readonly #relays: Relays;
  readonly #access: Access;
  readonly #endpoints: Endpoints;
  readonly #reach: Reach;
  #closing: Promise<void> | undefined;

  constructor({ settings, log, fleet, relays, access, owner }: BridgeParts) {
    this.#settings = settings;
    this.#log = log;
    this.#fleet = fleet;
    this.#relays = relays;
    this.#access = access;
    const single = new Map([...relays.single].map(([upstream, router]) => [upstream.name, router]));
    this.#endpoints = new Endpoints({ settings, merged: relays.merged, single, base: access.base });
    this.#reach = new Reach({
      settings,
      log,
      access,
      owner,
      endpoints: this.#endpoints,
      status: () => this.status(),
      readiness: () => readiness(fleet.upstreams),
      toolsOf: (server) => countTools(this.#servers().filter(({ name }) => (server ?? name) === name)),
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
    return this.#settings.pair || this.#access.status.linked === 0;
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
      if (this.#settings.outputTransport !== 'stdio') await this.#reach.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#fleet.start();
  }

  status(): BridgeStatus {
    const { sessions } = this.#endpoints;
    const { knownUrls: urls, tunnel } = this.#reach;
    return { version: VERSION, urls, tunnel, access: this.#access.status, sessions, servers: this.#servers() };
  }

  /** Opens a window in which a client can be linked; `undefined` where that is not how it is done. */
  openPairing(): Window | undefined {
    const window = this.pairing?.open();
    if (window) this.#log.info('pairing is open for ten minutes');
    return window;
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

  #servers() {
    return this.#relays.inventories.map((inventory) => serverStatus(inventory, this.#relays, this.#fleet));
  }

  async #close(options: { immediately?: boolean }): Promise<void> {
    this.#access.close();
    this.#endpoints.close();
    await this.#reach.close();
    await this.#fleet.close(options);
  }
}
