import { isDeepStrictEqual } from 'node:util';
import type { UpstreamSettings } from '../config/settings.ts';
import type { Log } from '../log.ts';
import { createWatchdog, type Watchdog } from '../process/watchdog.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { openStdio } from './stdio-channel.ts';
import { Upstream } from './upstream.ts';

export interface FleetOptions {
  readonly settings: readonly UpstreamSettings[];
  /** How the bridge introduces itself to servers: `Implementation` of the specification. */
  readonly info: RawJson;
  readonly log: Log;
}

/** All configured servers, in the order of the configuration, and what outlives the bridge to end them. */
export class Fleet {
  readonly #options: Omit<FleetOptions, 'settings'>;
  readonly #watchdog: Watchdog;
  readonly #lastWords = new Map<string, string>();
  /** Those that are no longer configured, until their last call is answered. */
  readonly #retiring = new Set<Upstream>();
  #upstreams: readonly Upstream[];

  constructor({ settings, ...options }: FleetOptions) {
    this.#options = options;
    this.#watchdog = createWatchdog({ log: options.log });
    this.#upstreams = settings.map((upstream) => this.#create(upstream));
  }

  get upstreams(): readonly Upstream[] {
    return this.#upstreams;
  }

  /** The last line that a server's processes wrote to stderr. */
  lastWordsOf({ name }: Upstream): string | undefined {
    return this.#lastWords.get(name);
  }

  /** Starts the servers, but for those that wait for their first request. */
  start(): void {
    for (const upstream of this.#upstreams) upstream.start();
  }

  /** The servers of other settings: those whose processes these do not concern as they are, the others anew, and not started yet. */
  plan(settings: readonly UpstreamSettings[]): readonly Upstream[] {
    const before = new Map(this.#upstreams.map((upstream) => [upstream.name, upstream]));
    return settings.map((wanted) => {
      const upstream = before.get(wanted.name);
      const stays = upstream && isDeepStrictEqual(processOf(upstream.settings), processOf(wanted));
      return stays ? upstream : this.#create(wanted);
    });
  }

  /**
   * Takes up what was planned: starts what is new, and ends what is out once its calls in flight are answered. Returns how many of each.
   * @param answered resolves when all is answered that may still be on its way to what is out.
   */
  adopt(
    upstreams: readonly Upstream[],
    answered?: Promise<unknown>,
  ): { readonly started: number; readonly ended: number } {
    const out = this.#upstreams.filter((upstream) => !upstreams.includes(upstream));
    const added = upstreams.filter((upstream) => !this.#upstreams.includes(upstream));
    this.#upstreams = upstreams;
    for (const upstream of added) {
      const before = out.find(({ name }) => name === upstream.name);
      if (before) upstream.succeed(before);
      upstream.start();
    }
    for (const upstream of out) {
      this.#retiring.add(upstream);
      void upstream.retire(answered).finally(() => this.#retiring.delete(upstream));
    }
    return { started: added.length, ended: out.length };
  }

  /** Ends all processes. Twice without harm; resolves when they are gone. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    await Promise.all([...this.#upstreams, ...this.#retiring].map((upstream) => upstream.close(options)));
    await this.#watchdog.close();
  }

  #create(settings: UpstreamSettings): Upstream {
    const { info, log } = this.#options;
    const { name } = settings;
    const onStderrLine = (line: string) => this.#lastWords.set(name, line);
    const open = openStdio({ settings, watchdog: this.#watchdog, log, onStderrLine });
    return new Upstream({ settings, open, info, log });
  }
}

/** All that concerns a server's processes. */
function processOf({ rules, origin, ...settings }: UpstreamSettings): object {
  return settings;
}
