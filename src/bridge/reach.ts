import { randomBytes } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import type { Endpoints } from '../downstream/endpoints.ts';
import { HostGuard } from '../http/guard.ts';
import { type Listener, listen } from '../http/listen.ts';
import { createLocalApp } from '../http/local-app.ts';
import { createPublicApp } from '../http/public-app.ts';
import type { Log } from '../log.ts';
import type { ToolCount } from '../oauth/context.ts';
import type { Window } from '../oauth/pairing.ts';
import { announce } from '../state/running.ts';
import type { Access } from './access.ts';
import { type BridgeUrls, urlsAt } from './urls.ts';

export interface ReachOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly access: Access;
  readonly endpoints: Endpoints;
  /** Everything there is to know about the bridge, without secrets. */
  status(): unknown;
  readiness(): Promise<Readonly<Record<string, boolean>>>;
  /** How many tools a server has, or all of them. */
  toolsOf(server: string | undefined): ToolCount | undefined;
  /** Opens a pairing window; `undefined` where nobody is let in that way. */
  pair(): Window | undefined;
}

/** Where the bridge is reached: its ports, and the origin by which clients know it. */
export class Reach {
  readonly #options: ReachOptions;
  readonly #closers: (() => Promise<void>)[] = [];
  #own: string | undefined;
  #public: string | undefined;
  #local = '';

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#public = options.settings.publicUrl;
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
    const { settings, access, endpoints, log } = this.#options;
    const { host, port, allowedHosts, corsOrigins, healthPaths } = settings;
    const { routes } = endpoints;
    const resources = [...new Set([...routes.values()].map(({ resource }) => resource))];
    const toolsOf = (path: string) => this.#options.toolsOf(routes.get(path)?.server);
    const onEnd = (principalId: string) => endpoints.end(principalId);
    const { gate, pages } = await access.createDoor({ origin: () => this.origin, resources, toolsOf }, onEnd);
    const guard = new HostGuard({ host, allowedHosts, corsOrigins });
    guard.admit(this.#public);
    const isSecret = access.base !== '';
    const handler = createPublicApp({ guard, gate, routes, pages, healthPaths, isSecret, log });
    const { origin, port: taken } = await this.#keep(listen({ host, port, handler, flag: '--port' }));
    this.#own = origin;
    const key = randomBytes(32).toString('base64url');
    this.#local = (await this.#listenLocally(port === 0 ? 0 : taken + 1, key)).origin;
    if (!access.pairing) return;
    this.#tellOfOtherOrigins();
    const url = this.urls?.public ?? this.urls?.mcp ?? this.urls?.sse ?? origin;
    this.#closers.push(await announce(access.folder, { local: this.#local, key, url }));
  }

  /** Stops listening. Twice without harm. */
  async close(): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()));
  }

  /** The owner's side. Nobody has to know its port, so a free one will do where the usual one is taken. */
  async #listenLocally(usual: number, key: string): Promise<Listener> {
    const { settings, status, readiness, pair } = this.#options;
    const host = '127.0.0.1';
    const guard = new HostGuard({ host, allowedHosts: [], corsOrigins: [] });
    const handler = createLocalApp({ guard, status, readiness, pair, key });
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
