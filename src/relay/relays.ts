import type { ResearchSettings } from '../config/catalog-settings.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { PublishedCatalog } from '../state/published.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { FrozenLists } from './frozen-lists.ts';
import { Inventory } from './inventory.ts';
import { KeptResults } from './kept-results.ts';
import { RelaySwitch } from './relay-switch.ts';
import { Reports } from './reports.ts';
import type { Router } from './router.ts';
import { type CatalogSettings, createRouters, MERGED, type RoutersOptions } from './routers.ts';
import { TaskOwners } from './task-owners.ts';

export interface RelaysOptions extends Pick<RoutersOptions, 'settings' | 'upstreams' | 'info' | 'log'> {
  /** What was shown at a place, as far as it is remembered over restarts. */
  publishedAt(place: string): PublishedCatalog;
  /** Whether the owner is told of clients that hold on to old lists. Default: yes. */
  readonly tellsOfFrozenLists?: boolean;
}

/** The catalogs that are served: of all upstreams, of each alone, and the views. */
export class Relays {
  readonly #options: RelaysOptions;
  readonly #log: Log;
  readonly #shared: Pick<RoutersOptions, 'owners' | 'kept' | 'frozenAt'>;
  readonly #frozen = new Map<string, FrozenLists>();
  readonly #switches = new Map<string, RelaySwitch>();
  readonly #inventories = new Map<Upstream, Inventory>();
  readonly #reports: Reports;
  #research: ResearchSettings | undefined;

  /**
   * Creates the relays. Create them before the upstreams are started, so that nothing is missed.
   * @throws BridgeError when a glob cannot be read.
   */
  static async create(options: RelaysOptions): Promise<Relays> {
    const relays = new Relays(options);
    await relays.update(options);
    return relays;
  }

  private constructor(options: RelaysOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#reports = new Reports(options.log);
    const frozenAt = (place: string) => {
      const frozen =
        this.#frozen.get(place) ?? new FrozenLists({ place, published: options.publishedAt(place), log: options.log });
      this.#frozen.set(place, frozen);
      return frozen;
    };
    this.#shared = { owners: new TaskOwners(), kept: new KeptResults(), frozenAt };
  }

  /** By their places; see `createRouters`. The same ones for as long as there is such a place. */
  get all(): ReadonlyMap<string, RelaySwitch> {
    return this.#switches;
  }

  /** Of all upstreams. */
  get merged(): RelaySwitch {
    return this.#switches.get(MERGED) as RelaySwitch;
  }

  /** In the order of the configuration. */
  get inventories(): readonly Inventory[] {
    return [...this.#inventories.values()];
  }

  /** Clients that hold on to lists which are out of date, by how they call themselves. */
  get outdatedClients(): readonly string[] {
    const outdated = [...this.#switches.keys()].flatMap((place) => this.#frozen.get(place)?.outdated ?? []);
    return [...new Set(outdated)];
  }

  /** Resolves once each server is up and has told its tools, or has failed. Lazy ones are not waited for. */
  get settled(): Promise<void> {
    return Promise.all(this.inventories.map((inventory) => inventory.settled)).then(() => {});
  }

  /**
   * Serves other settings, and other servers. What is being answered goes on as it was begun, until `answered` resolves.
   * @throws BridgeError when a glob cannot be read; then nothing has changed.
   */
  async update({
    settings,
    upstreams,
  }: {
    settings: CatalogSettings;
    upstreams: readonly Upstream[];
  }): Promise<{ readonly answered: Promise<unknown> }> {
    const { info } = this.#options;
    const routers = await createRouters({ ...this.#shared, settings, upstreams, info, log: this.#log });
    this.#research = settings.research;
    this.#takeInventories(upstreams);
    const answered = this.#closeOthers(routers);
    for (const [place, router] of routers) {
      for (const { upstream, tools, isCurrent } of this.inventories)
        if (tools) router.learn(upstream, tools, isCurrent);
      const existing = this.#switches.get(place);
      if (existing) answered.push(existing.turnTo(router));
      else this.#switches.set(place, new RelaySwitch(router));
    }
    void this.#review();
    return { answered: Promise.all(answered) };
  }

  /** Closes the relays of places that are no more. */
  #closeOthers(places: ReadonlyMap<string, unknown>): Promise<void>[] {
    const others = [...this.#switches].filter(([place]) => !places.has(place));
    return others.map(([place, relay]) => {
      this.#switches.delete(place);
      return relay.close();
    });
  }

  /** Forgets what was shown to principals that ended while nobody was there to hear of it. */
  forget(isOver: (principalId: string) => boolean): void {
    for (const frozen of this.#frozen.values()) frozen.end(isOver);
  }

  #takeInventories(upstreams: readonly Upstream[]): void {
    const before = new Map(this.#inventories);
    this.#inventories.clear();
    for (const upstream of upstreams) {
      this.#inventories.set(upstream, before.get(upstream) ?? this.#createInventory(upstream));
      before.delete(upstream);
    }
    for (const inventory of before.values()) inventory.close();
  }

  #createInventory(upstream: Upstream): Inventory {
    const routers = () => [...this.#switches.values()].map(({ router }) => router);
    return new Inventory({
      upstream,
      log: this.#log,
      onUp: (isFirst) => {
        for (const router of routers()) router.announceRecovery(upstream, isFirst);
      },
      onTools: (tools) => {
        for (const router of routers()) router.learn(upstream, tools);
        void this.#review();
      },
    });
  }

  /** Looks at the catalogs as they are now, for what their owner should know of. */
  async #review(): Promise<void> {
    const views = [...this.#switches.values()].map(({ router }) => router.view);
    this.#reports.review(views, this.inventories);
    const { view } = this.merged.router;
    if (this.#research) this.#reports.reviewResearch(this.#research, view, this.inventories);
    for (const { upstream, tools } of this.inventories)
      if (tools) void this.#reports.reviewOthers(upstream, view.rulesOf(upstream));
    for (const [place, { router }] of this.#switches) {
      const told = this.inventories.filter(({ upstream }) => router.view.upstreams.includes(upstream));
      // What a server that is down, or does not tell, would show is not known.
      if (this.#options.tellsOfFrozenLists === false || told.some(({ tools, isCurrent }) => !tools || !isCurrent))
        continue;
      const comparing = this.#frozen.get(place)?.compare((readOnly) => shownBy(router, told, readOnly));
      await comparing?.catch((error) => this.#log.debug(`the catalog cannot be looked at: ${messageOf(error)}`));
    }
  }
}

async function shownBy(router: Router, told: readonly Inventory[], readOnly: boolean): Promise<RawJson[]> {
  const own = await router.ownTools(readOnly);
  return [...own, ...told.flatMap(({ upstream, tools = [] }) => router.show(upstream, tools, readOnly))];
}
