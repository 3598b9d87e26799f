import { randomBytes } from 'node:crypto';
import type { Settings, TunnelSettings } from '../config/settings.ts';
import type { Endpoints } from '../downstream/endpoints.ts';
import { messageOf } from '../errors.ts';
import { HostGuard } from '../http/guard.ts';
import { type Listener, type ListenOptions, listen } from '../http/listen.ts';
import { createLocalApp } from '../http/local-app.ts';
import { createMounts, type Mounts } from '../http/mounts.ts';
import { createPublicApp } from '../http/public-app.ts';
import { createUpgrades } from '../http/upgrades.ts';
import type { Log } from '../log.ts';
import type { ToolCount } from '../oauth/context.ts';
import type { Window } from '../oauth/pairing.ts';
import { createWatchdog } from '../process/watchdog.ts';
import { announce } from '../state/running.ts';
import { type Place, TunnelKeeper, type TunnelState } from '../tunnel/keeper.ts';
import { ProofRoute } from '../tunnel/proof.ts';
import { openerOf } from '../tunnel/providers.ts';
import type { CloseOptions } from '../tunnel/tunnel.ts';
import type { Access } from './access.ts';
import { type BridgeUrls, urlsAt } from './urls.ts';

/** The owner, as far as there is somebody at a terminal. */
export interface Ear {
  /** Puts a question. Resolves with `false` where nobody can answer. */
  ask(question: string): Promise<boolean>;
  /** Tells how far something has come that takes its time. */
  tellProgress(text: string): void;
}

export interface ReachOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly access: Access;
  readonly endpoints: Endpoints;
  readonly owner: Ear;
  /** Everything there is to know about the bridge, without secrets. */
  status(): unknown;
  readiness(): Promise<Readonly<Record<string, boolean>>>;
  /** How many tools are at a place of the endpoints; `undefined` while that is not known. */
  toolsAt(place: string): ToolCount | undefined;
  /** Whether only what is marked read-only is there. */
  isReadOnly(place: string): boolean;
  /** Opens a pairing window; `undefined` where nobody is let in that way. */
  pair(): Window | undefined;
}

/** Where the bridge is reached: its ports, and the origin by which clients know it. */
export class Reach {
  readonly #options: ReachOptions;
  readonly #closers: ((options?: CloseOptions) => Promise<void>)[] = [];
  readonly #proof = new ProofRoute();
  readonly #key = randomBytes(32).toString('base64url');
  readonly #guard: HostGuard;
  /** The paths that tokens are bound to. One array for good, as whoever was handed it looks at it again. */
  readonly #resources: string[] = [];
  #mounts: Mounts | undefined;
  #keeper: TunnelKeeper | undefined;
  #withdraw = async () => {};
  #own: string | undefined;
  #public: string | undefined;
  #local = '';

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#public = options.settings.publicUrl;
    this.#guard = new HostGuard(options.settings);
    this.#guard.admit(this.#public);
  }

  /** `undefined` where there is none. */
  get tunnel(): TunnelState | undefined {
    return this.#keeper?.state;
  }

  /** Resolves once the tunnel is up, or has failed for the first time; at once where there is none. */
  get settled(): Promise<void> {
    return this.#keeper?.settled ?? Promise.resolve();
  }

  /** Of the moment: the issuer of grants, and part of what they are good for. */
  get origin(): string {
    return this.#public ?? this.#own ?? '';
  }

  /** `undefined` while nothing listens. */
  get urls(): BridgeUrls | undefined {
    return this.#urlsUnder(this.#options.access.base);
  }

  /** The same as far as it is for everybody to know. */
  get knownUrls(): BridgeUrls | undefined {
    return this.#urlsUnder(this.#options.access.base === '' ? '' : '/...');
  }

  /** Listens on both ports. @throws BridgeError when one cannot be had, or what is kept of clients cannot be used. */
  async open(): Promise<void> {
    const { settings, access } = this.#options;
    const { host, port } = settings;
    const own = await this.#keep(listen({ host, port, ...(await this.#createHandlers()), flag: '--port' }));
    this.#own = own.origin;
    this.#local = (await this.#listenLocally(port === 0 ? 0 : own.port + 1)).origin;
    if (settings.tunnel) await this.#startTunnel(settings.tunnel, own.port);
    else this.#tellOfOtherOrigins();
    if (access.pairing || settings.tunnel) await this.#announce();
  }

  /** Stops listening, and ends the tunnel. Twice without harm, also to hurry. */
  async close(options?: CloseOptions): Promise<void> {
    await Promise.all([...this.#closers.map((close) => close(options)), this.#withdraw()]);
  }

  /** Takes note of what the endpoints serve now. */
  updateRoutes(): void {
    const served = [...this.#options.endpoints.routes.values()].map(({ resource }) => resource);
    this.#resources.splice(0, Infinity, ...new Set(served), ...(this.#mounts?.resources ?? []));
  }

  async #createHandlers(): Promise<Pick<ListenOptions, 'handler' | 'upgrade'>> {
    const { settings, access, endpoints, log } = this.#options;
    const { healthPaths } = settings;
    const { routes } = endpoints;
    const guard = this.#guard;
    const origin = () => this.origin;
    const mounts = await createMounts({ mounts: settings.mounts, base: access.base, origin, log });
    this.#mounts = mounts;
    this.updateRoutes();
    const placeOf = (path: string) => routes.get(path)?.place ?? '';
    const place = {
      origin,
      resources: this.#resources,
      toolsOf: (path: string) => this.#options.toolsAt(placeOf(path)),
      isReadOnly: (path: string) => this.#options.isReadOnly(placeOf(path)),
    };
    const onEnd = (principalId: string) => {
      endpoints.end(principalId);
      mounts.end(principalId);
    };
    const door = await access.createDoor(place, onEnd);
    const isSecret = access.base !== '';
    const handler = createPublicApp({ ...door, guard, routes, proof: this.#proof, mounts, healthPaths, isSecret, log });
    return { handler, upgrade: createUpgrades({ ...door, guard, mounts }) };
  }

  async #startTunnel(settings: TunnelSettings, port: number): Promise<void> {
    const { access, log, owner } = this.#options;
    const { folder, base, ownToken: endpointToken } = access;
    const watchdog = createWatchdog({ log });
    const path = base + this.#options.settings.streamableHttpPath;
    this.#keeper = new TunnelKeeper({
      name: settings.provider,
      open: await openerOf(settings, { folder, path, endpointToken, owner }),
      target: { host: targetHost(this.#options.settings.host), port },
      watchdog,
      proof: this.#proof,
      log,
      admit: (origin) => this.#guard.admit(origin),
      onUp: (place) => this.#moveTo(place),
    });
    this.#keeper.start();
    const keeper = this.#keeper;
    this.#closers.push(async (options) => {
      await keeper.close(options);
      await watchdog.close();
    });
  }

  /** The bridge is reached at another place from now on: its metadata, issuer and grants go with it. */
  #moveTo(place: Place | undefined): void {
    const { log, settings } = this.#options;
    const before = this.#public;
    this.#public = place?.origin;
    if (!place) return log.info('the tunnel is up');
    const { firstByte, streamsPost, streamsGet } = place.proof;
    log.info('the tunnel is up', { url: this.knownUrls?.public, firstByte, streamsPost, streamsGet });
    if (!streamsPost) log.warn('the tunnel holds events back: long calls may seem to hang');
    if (!streamsGet && settings.outputTransport === 'sse')
      log.warn('the tunnel holds answers to GET back, so that SSE does not work through it; serve Streamable HTTP');
    if (before !== undefined && before !== place.origin)
      log.warn(
        `the public URL has changed from ${before} to ${place.origin}: clients have to be given the new one, and linked to it`,
      );
    else this.#tellOfOtherOrigins();
    void this.#announce();
  }

  /** Lets commands of the owner's find this bridge. */
  async #announce(): Promise<void> {
    const { access, log } = this.#options;
    const { urls } = this;
    const url = urls?.public ?? urls?.mcp ?? urls?.sse ?? '';
    try {
      this.#withdraw = await announce(access.folder, { local: this.#local, key: this.#key, url });
    } catch (error) {
      log.warn(`commands cannot find this bridge: ${messageOf(error)}`);
    }
  }

  /** The owner's side. Nobody has to know its port, so a free one will do where the usual one is taken. */
  async #listenLocally(usual: number): Promise<Listener> {
    const { settings, status, readiness, pair } = this.#options;
    const host = '127.0.0.1';
    const guard = new HostGuard({ host, allowedHosts: [], corsOrigins: [] });
    const handler = createLocalApp({ guard, status, readiness, pair, key: this.#key });
    const flag = '--local-port';
    const { localPort } = settings;
    if (localPort !== undefined) return this.#keep(listen({ host, port: localPort, handler, flag }));
    return this.#keep(
      listen({ host, port: usual, handler, flag }).catch(() => listen({ host, port: 0, handler, flag })),
    );
  }

  #urlsUnder(base: string): BridgeUrls | undefined {
    if (this.#own === undefined) return undefined;
    return urlsAt({ own: this.#own, public: this.#public, local: this.#local }, this.#options.settings, base);
  }

  /** What was granted at another URL is no good at this one: its clients would be refused without a word of why. */
  #tellOfOtherOrigins(): void {
    const { elsewhere } = this.#options.access.status;
    if (elsewhere.length === 0) return;
    this.#options.log.warn(
      `clients are linked to ${elsewhere.join(', ')}, which is not where this bridge is (${this.origin}). If it was there before, remove the connector in each client, add it again with the new URL, and link it`,
    );
  }

  async #keep(starting: Promise<Listener>): Promise<Listener> {
    const listener = await starting;
    this.#closers.push(() => listener.close());
    return listener;
  }
}

/** Where programs of this machine reach what listens at an address. */
function targetHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
