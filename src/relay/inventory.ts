import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { ownExchange } from '../protocol/exchange.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type Collected, collectPages, TOOLS } from './lists.ts';
import { within } from './patience.ts';

export interface InventoryOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  /** Called when the server is up and has been asked for its tools, whether it answered or not. `isFirst`: it has not been, or failed, before. */
  onUp(isFirst: boolean): void;
  /** Called whenever the server has told its tools, and has not said meanwhile that they have changed. */
  onTools(tools: readonly RawJson[]): void;
}

/** What an upstream's shared link offers, known since it came up and kept up to date: for the terminal, the status, and reports. */
export class Inventory {
  readonly upstream: Upstream;
  /** The definitions as the server made them; `undefined` until it has. */
  tools: readonly RawJson[] | undefined;
  /** From the start of the bridge's interest to the first list, in milliseconds. */
  startedIn: number | undefined;
  /** Resolves once the server is up and has been asked, or has failed, or is of no interest any more; at once if it is not to be started yet. */
  readonly settled: Promise<void>;
  readonly #log: Log;
  readonly #createdAt = performance.now();
  readonly #onTools: InventoryOptions['onTools'];
  readonly #unlisten: () => void;
  #settle = () => {};
  /** Counts the times that the server was asked. */
  #asked = 0;
  /** Which of these was answered by what is known: the last answer to come may be an older one. */
  #told = 0;

  constructor({ upstream, log, onUp, onTools }: InventoryOptions) {
    this.upstream = upstream;
    this.#log = log;
    this.#onTools = onTools;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (upstream.settings.lazy) this.#settle();
    let isFirst = true;
    this.#unlisten = upstream.listen({
      up: async (lane) => {
        if (lane !== upstream.sharedLane) return;
        await this.refresh();
        onUp(isFirst);
        isFirst = false;
        this.#settle();
      },
      down: () => {
        isFirst = false;
        this.#settle();
      },
      notification: ({ method }, lane) => {
        if (method === 'notifications/tools/list_changed' && lane === upstream.sharedLane) this.refresh();
      },
    });
  }

  /** Whether these are the tools as the server has them now: it has not been asked again since, be it in vain. */
  get isCurrent(): boolean {
    return this.#told === this.#asked;
  }

  /** Stops listening to the server. */
  close(): void {
    this.#unlisten();
    this.#settle();
  }

  /** Asks the server for its tools. Never rejects. */
  async refresh(): Promise<void> {
    const { upstream } = this;
    this.#asked += 1;
    const turn = this.#asked;
    try {
      const hasTools = upstream.shared.link?.opened.raw('capabilities')?.has('tools');
      const { items } = hasTools ? await this.#collect() : { items: [] };
      this.startedIn ??= Math.round(performance.now() - this.#createdAt);
      if (turn < this.#told) return;
      this.#told = turn;
      this.tools = items;
      if (this.isCurrent) this.#onTools(items);
    } catch (error) {
      this.#log.warn(`${upstream.name}: cannot list its tools: ${messageOf(error)}`);
    }
  }

  /** A server gets as long to tell its tools as it gets to start: until then nothing is settled. */
  #collect(): Promise<Collected> {
    const { name, settings } = this.upstream;
    const patience = { message: `${name}: no answer to ${TOOLS.method} in time`, limit: settings.startTimeout };
    return within(ownExchange(TOOLS.method), patience, (exchange) => collectPages(this.upstream, TOOLS, exchange));
  }
}
