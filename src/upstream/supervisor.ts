import { BridgeError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OpenChannel } from './channel.ts';
import type { Link } from './link.ts';
import { Peer } from './peer.ts';

export type LinkState = 'idle' | 'starting' | 'ready' | 'failed' | 'closed';

export interface SupervisorOptions {
  readonly name: string;
  readonly open: OpenChannel;
  /** Makes a link of a connection. Rejects when there can be none. */
  shakeHands(peer: Peer): Promise<Link>;
  /** A link has been opened; whatever is sent here reaches the server before any other request. */
  up?(link: Link): void;
  /** The server could not be started, or is gone without having been told to go. */
  down?(reason: BridgeError): void;
  readonly callTimeout: number;
  /** Milliseconds without a request until the server is stopped; 0 is never. */
  readonly idleTimeout: number;
  /** Whether a server that died is started again at once, rather than with the next request. */
  readonly eager: boolean;
  readonly log: Log;
}

/**
 * Keeps one server within reach: starts its link when it is needed, and again when it died. A server that keeps dying is
 * given rest for longer and longer; requests in that time fail at once and say when the next attempt will be.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #state: LinkState = 'idle';
  /** The connection, from the moment it is tried. */
  #peer: Peer | undefined;
  #link: Link | undefined;
  #starting: Promise<Link> | undefined;
  #failures = 0;
  #retryAt = 0;
  #lastRest = 0;
  #startedAt = 0;
  #lastError: BridgeError | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Connections that are on their way out. */
  readonly #ending = new Set<Peer>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The open link, if there is one now. */
  get link(): Link | undefined {
    return this.#state === 'ready' && !this.#peer?.isEnding ? this.#link : undefined;
  }

  get lastError(): BridgeError | undefined {
    return this.#lastError;
  }

  /** How often it has failed since it last was up for a while. */
  get failures(): number {
    return this.#failures;
  }

  /** For how long it has been starting now, in milliseconds; 0 when it is not. */
  get startingFor(): number {
    return this.#state === 'starting' ? Date.now() - this.#startedAt : 0;
  }

  /** Ends its rest: there is reason to think that it can be started by now. */
  forgive(): void {
    this.#retryAt = 0;
  }

  /**
   * The link, started if need be.
   * @throws BridgeError when it cannot be started, is resting after failures, or has been closed.
   */
  acquire(): Promise<Link> {
    this.#postponeIdleStop();
    if (this.link) return Promise.resolve(this.link);
    // A server that is on its way out is started again when it is gone.
    if (this.#state === 'ready' && this.#peer) return this.#peer.closed.then(() => this.acquire());
    if (this.#starting) return this.#starting;
    if (this.#state === 'closed') return Promise.reject(new BridgeError('CLOSED', `${this.#options.name}: closed`));
    const rest = this.#retryAt - Date.now();
    if (rest > 0) return Promise.reject(this.#resting(rest));
    this.#starting = this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Ends the server for good. Twice without harm; resolves when its processes are gone. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#idleTimer);
    await Promise.all([this.#peer, ...this.#ending].map((peer) => peer?.close(options)));
  }

  async #start(): Promise<Link> {
    const { name, open, shakeHands, up, callTimeout, log } = this.#options;
    clearTimeout(this.#retryTimer);
    this.#state = 'starting';
    this.#startedAt = Date.now();
    const peer = new Peer({ name, open, callTimeout, served: () => this.#postponeIdleStop() });
    this.#peer = peer;
    let link: Link;
    try {
      link = await shakeHands(peer);
    } catch (error) {
      this.#end(peer);
      const reason = error instanceof BridgeError ? error : new BridgeError('UPSTREAM_START', messageOf(error));
      throw this.#failed(reason);
    }
    if (this.#isClosed) throw new BridgeError('CLOSED', `${name}: closed`);
    const readyAt = Date.now();
    const fields = { pid: peer.pid, ms: readyAt - this.#startedAt };
    if (this.#lastError) log.info(`${name}: runs again`, fields);
    else log.debug(`${name}: ready`, fields);
    this.#link = link;
    this.#state = 'ready';
    this.#lastError = undefined;
    peer.closed.then((reason) => this.#onGone(peer, reason, readyAt));
    up?.(link);
    this.#postponeIdleStop();
    return link;
  }

  /** Asked for anew each time, since the state may change while {@link #start} waits. */
  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #onGone(peer: Peer, reason: BridgeError, readySince: number): void {
    if (this.#peer !== peer || this.#state !== 'ready') return;
    if (Date.now() - readySince > STABLE_AFTER) this.#failures = 0;
    this.#end(peer);
    this.#failed(reason);
  }

  #failed(reason: BridgeError): BridgeError {
    if (this.#isClosed) return reason;
    this.#state = 'failed';
    this.#link = undefined;
    this.#failures += 1;
    // A command that is missing will not be there in the next moment either.
    const rest = restAfter(this.#failures + (reason.code === 'SPAWN' ? 1 : 0));
    this.#retryAt = Date.now() + rest;
    this.#report(reason, rest);
    this.#lastError = reason;
    if (this.#options.eager) this.#scheduleRetry(rest);
    this.#options.down?.(reason);
    return reason;
  }

  /** A failure that is the same as before, after the same rest, is no news. */
  #report(reason: BridgeError, rest: number): void {
    const { eager, log } = this.#options;
    const soon = eager ? 'starting it again' : 'started again when needed';
    const message = `${reason.message} (${rest > 0 ? `next attempt in ${Math.ceil(rest / 1000)} s` : soon})`;
    const isNews = reason.message !== this.#lastError?.message || rest !== this.#lastRest;
    this.#lastRest = rest;
    if (isNews) log.warn(message);
    else log.debug(message);
  }

  #scheduleRetry(rest: number): void {
    this.#retryTimer = setTimeout(() => this.acquire().catch(() => {}), rest); // acquire() has logged the failure.
    this.#retryTimer.unref();
  }

  #resting(rest: number): BridgeError {
    const { name } = this.#options;
    const why = this.#lastError?.message.replace(`${name}: `, '') ?? 'it failed';
    const times = this.#failures === 1 ? 'once' : `${this.#failures} times`;
    const message = `${name}: failed ${times}, next attempt in ${Math.ceil(rest / 1000)} s. ${why}`;
    return new BridgeError('UPSTREAM_BACKOFF', message, { cause: this.#lastError });
  }

  #postponeIdleStop(): void {
    const { idleTimeout } = this.#options;
    if (idleTimeout === 0 || this.#isClosed) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#stopIfIdle(), idleTimeout);
    this.#idleTimer.unref();
  }

  #stopIfIdle(): void {
    const peer = this.link?.peer;
    if (!peer) return;
    if (peer.inFlight > 0) return this.#postponeIdleStop();
    this.#state = 'idle';
    this.#link = undefined;
    this.#options.log.debug(`${this.#options.name}: stopped, as it was idle`);
    this.#end(peer);
  }

  #end(peer: Peer): void {
    this.#ending.add(peer);
    void peer.close().finally(() => this.#ending.delete(peer));
  }
}

/** A server that was up this long has not failed because of how it was started. Milliseconds. */
const STABLE_AFTER = 30_000;
const LONGEST_REST = 60_000;

/** Rest before the next start after so many failures in a row: none after the first, then 1 s, 2 s, 4 s, ... Milliseconds. */
function restAfter(failures: number): number {
  return failures <= 1 ? 0 : Math.min(LONGEST_REST, 1000 * 2 ** (failures - 2));
}
