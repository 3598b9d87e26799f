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
  readonly upstreams: readonly Upstream[];
  readonly #watchdog: Watchdog;
  readonly #lastWords = new Map<string, string>();

  constructor({ settings, info, log }: FleetOptions) {
    const watchdog = createWatchdog({ log });
    this.#watchdog = watchdog;
    this.upstreams = settings.map((upstream) => {
      const onStderrLine = (line: string) => this.#lastWords.set(upstream.name, line);
      const open = openStdio({ settings: upstream, watchdog, log, onStderrLine });
      return new Upstream({ settings: upstream, open, info, log });
    });
  }

  /** The last line that a server's processes wrote to stderr. */
  lastWordsOf({ name }: Upstream): string | undefined {
    return this.#lastWords.get(name);
  }

  /** Starts the servers, but for those that wait for their first request. */
  start(): void {
    for (const upstream of this.upstreams) upstream.start();
  }

  /** Ends all processes. Twice without harm; resolves when they are gone. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    await Promise.all(this.upstreams.map((upstream) => upstream.close(options)));
    await this.#watchdog.close();
  }
}
