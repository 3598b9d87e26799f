import type { Isolation } from '../config/settings.ts';
import { BridgeError } from '../errors.ts';
import { canonical } from '../protocol/canonical.ts';
import { type Client, canBeAsked } from '../protocol/exchange.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Interests } from './interests.ts';
import type { Supervisor } from './supervisor.ts';

/** A link, as often as it has to be started, with the clients it serves: all that share it, or one at a time. */
export interface Lane {
  /** What its server is told of its clients: who opened it, and what that one can be asked. `undefined` for the shared one. */
  readonly opening: RawJson | undefined;
  readonly supervisor: Supervisor;
  readonly interests: Interests;
  /** Whom alone it serves now. */
  owner: Client | undefined;
  /** Whether its clients have said `notifications/initialized`, so that a server started anew is told at once. */
  initialized: boolean;
  /** Whether its server may still be at something that its last client gave up; it is not lent again then. */
  isTainted: boolean;
}

export interface LanesOptions {
  readonly name: string;
  readonly isolation: Isolation;
  /** Most processes at once. */
  readonly maxLinks: number;
  /** @param client whose it is going to be; `undefined`: all others'. */
  createLane(opening: RawJson | undefined, client: Client | undefined): Lane;
}

/**
 * Which lane serves whom. A client that its server could ask something gets one of its own: for as long as its session lives, or
 * lent for one call from those that know of just the capabilities it has.
 */
export class Lanes {
  /** The lane of all clients without one of their own. */
  readonly shared: Lane;
  /** Whether all share it whatever they can be asked, since the server's questions name their call. */
  everybodyShares = false;
  readonly #options: LanesOptions;
  readonly #owned = new Map<Client, Lane>();
  /** Lent lanes between two calls, the one used longest ago first. */
  readonly #free = new Map<Lane, NodeJS.Timeout>();
  /** Calls that wait for a lane, the first to come first. */
  readonly #waiting = new Set<() => void>();
  /** Lanes on their way out. */
  readonly #ending = new Set<Supervisor>();
  #isClosed = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.shared = options.createLane(undefined, undefined);
  }

  get all(): Lane[] {
    return [this.shared, ...this.#owned.values(), ...this.#free.keys()];
  }

  /** Whether a client needs a lane of its own, as far as can be told by now. */
  needsOwn(client: Client): boolean {
    const { isolation } = this.#options;
    if (isolation === 'session' && client.tenure === 'session') return true;
    return isolation !== 'shared' && !this.everybodyShares && canBeAsked(client);
  }

  /** The lane that a client has already, or shares. */
  find(client: Client): Lane | undefined {
    const owned = this.#owned.get(client);
    if (owned || !this.needsOwn(client)) return owned ?? this.shared;
    return client.tenure === 'none' ? this.#likeOf(client, this.all) : undefined;
  }

  /**
   * The lane that serves a client.
   * @throws BridgeError when it needs one of its own and there are too many already.
   */
  take(client: Client): Lane {
    const existing = this.find(client);
    if (existing) return existing;
    if (this.#isClosed) throw new BridgeError('CLOSED', `${this.#options.name}: closed`);
    if (client.closed.reason) throw new BridgeError('CLOSED', `${this.#options.name}: the session has ended`);
    const lent = client.tenure === 'session' ? undefined : this.#likeOf(client, this.#free.keys());
    const lane = lent ?? this.#create(client);
    if (client.tenure === 'none') this.#release(lane);
    else this.#give(lane, client);
    return lane;
  }

  /**
   * The lane that serves a call: where all are taken, it waits its turn.
   * @param patience milliseconds.
   * @throws BridgeError when it was not its turn in time.
   */
  async takeInTurn(client: Client, patience: number): Promise<Lane> {
    const deadline = Date.now() + patience;
    for (;;) {
      try {
        return this.take(client);
      } catch (error) {
        const isBusy = error instanceof BridgeError && error.code === 'BUSY';
        if (!isBusy || Date.now() >= deadline) throw error;
      }
      await this.#change(Math.min(RETRY_EVERY, deadline - Date.now()));
    }
  }

  /** Whether this is the client's lane, or tells what concerns it. */
  serves(client: Client, lane: Lane): boolean {
    return lane === this.find(client);
  }

  /** Ends all lanes; those who wait for one are told. Twice without harm. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    this.#isClosed = true;
    for (const wake of [...this.#waiting]) wake();
    for (const timer of this.#free.values()) clearTimeout(timer);
    const supervisors = [...this.all.map(({ supervisor }) => supervisor), ...this.#ending];
    await Promise.all(supervisors.map((supervisor) => supervisor.close(options)));
  }

  #give(lane: Lane, client: Client): void {
    clearTimeout(this.#free.get(lane));
    this.#free.delete(lane);
    this.#owned.set(client, lane);
    lane.owner = client;
    client.closed.add(() => {
      this.#owned.delete(client);
      lane.owner = undefined;
      const { link } = lane.supervisor;
      const isClean = link && !lane.isTainted && link.peer.exchanges.every((exchange) => exchange.client !== client);
      if (client.tenure === 'call' && isClean) this.#release(lane);
      else this.#end(lane);
    });
  }

  /** Resolves when a lane has become free, or ended; after `limit` milliseconds at the latest. */
  #change(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limit);
      this.#waiting.add(wake);
    });
  }

  /** Keeps a lane for the next call, for a while. */
  #release(lane: Lane): void {
    const end = () => (isBusy(lane) ? this.#release(lane) : this.#end(lane));
    this.#free.set(lane, setTimeout(end, FREE_FOR).unref());
    this.#wakeNext();
  }

  #create(client: Client): Lane {
    const { name, maxLinks, createLane } = this.#options;
    if (this.all.length >= maxLinks && !this.#makeRoom()) {
      const message = `${name}: ${maxLinks} processes are running for other clients; close one, or raise "maxLinks"`;
      throw new BridgeError('BUSY', message);
    }
    const lane = createLane(client.opening, client);
    if (client.tenure !== 'session') lane.initialized = true;
    return lane;
  }

  /** Ends the lane that was free longest, else the one whose client has been waited for longest. */
  #makeRoom(): boolean {
    const longestFree = [...this.#free.keys()].find((lane) => !isBusy(lane));
    if (longestFree) this.#end(longestFree);
    return longestFree !== undefined || [...this.#owned.keys()].some((client) => client.yield());
  }

  /** A lane whose server was told of the same capabilities. */
  #likeOf(client: Client, lanes: Iterable<Lane>): Lane | undefined {
    const kind = canonical(client.capabilities);
    for (const lane of lanes) {
      if (lane.owner?.tenure === 'session' || lane === this.shared) continue;
      // It may have failed because of what another client says of itself.
      if (lane.supervisor.state === 'failed' && lane.opening?.text !== client.opening.text) continue;
      if (canonical(lane.opening?.get('capabilities')) === kind) return lane;
    }
    return undefined;
  }

  #wakeNext(): void {
    const [wake] = this.#waiting;
    wake?.();
  }

  #end(lane: Lane): void {
    const { supervisor } = lane;
    clearTimeout(this.#free.get(lane));
    this.#free.delete(lane);
    this.#ending.add(supervisor);
    this.#wakeNext();
    void supervisor.close().finally(() => this.#ending.delete(supervisor));
  }
}

/** Whether somebody waits for a lane that is nobody's own: a request that is no call. */
function isBusy({ supervisor }: Lane): boolean {
  return supervisor.state === 'starting' || (supervisor.link?.peer.inFlight ?? 0) > 0;
}

/** A call that begins to wait for its client makes room, too, and does not say so. Milliseconds. */
const RETRY_EVERY = 500;
/** How long a lane waits for its next call. A process that answers at once is worth its memory that long. Milliseconds. */
const FREE_FOR = 60_000;
