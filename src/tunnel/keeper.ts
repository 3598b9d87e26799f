import { setTimeout as pause } from 'node:timers/promises';
import { BridgeError, messageOf } from '../errors.ts';
import { type Log, oneLine } from '../log.ts';
import type { Watchdog } from '../process/watchdog.ts';
import type { Proof, ProofRoute } from './proof.ts';
import type { CloseOptions, OpenTunnel, Tunnel, TunnelTarget } from './tunnel.ts';

export interface KeeperOptions {
  /** For messages: the provider. */
  readonly name: string;
  readonly open: OpenTunnel;
  readonly target: TunnelTarget;
  readonly watchdog: Watchdog;
  readonly proof: Pick<ProofRoute, 'prove' | 'isAlive'>;
  readonly log: Log;
  /** Lets requests for an origin in, before it is proved; `undefined`: for none any more. */
  admit(origin: string | undefined): void;
  /** Hears of each tunnel that is up: where it comes out, once that has been proved. */
  onUp(place: Place | undefined): void;
  /** Between two looks at a tunnel that is up. Milliseconds. Default a minute. */
  readonly watchInterval?: number;
  /** Before the second attempt; each one after that takes twice as long, up to five minutes, until a tunnel has lasted. Milliseconds. Default 2 s. */
  readonly firstDelay?: number;
}

/** Where a tunnel comes out, and how it was found to be. */
export interface Place {
  readonly origin: string;
  readonly proof: Proof;
}

export type TunnelState =
  | { readonly kind: 'opening' }
  /** Without a place where the provider brings requests itself. */
  | { readonly kind: 'up'; readonly place: Place | undefined }
  | { readonly kind: 'down'; readonly reason: string; readonly isFinal: boolean };

const WATCH_INTERVAL = 60_000;
/** Looks that may fail in a row: networks have their moments. */
const MAX_FAILURES = 3;
const FIRST_DELAY = 2000;
const LAST_DELAY = 5 * 60_000;

/** Keeps a tunnel open: proves it, watches it, and opens it anew when it is gone. */
export class TunnelKeeper {
  readonly #options: KeeperOptions;
  readonly #end = new AbortController();
  #state: TunnelState = { kind: 'opening' };
  #settle = () => {};
  #running: Promise<void> | undefined;
  #tunnel: Tunnel | undefined;
  /** Resolves once the tunnel is up, or the first attempt has failed. */
  readonly settled: Promise<void>;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get state(): TunnelState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#keep();
  }

  /** Twice without harm, also to hurry; resolves when the tunnel is gone. */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#end.abort();
    // How that ends is told to who has closed it first.
    if (options.immediately) this.#tunnel?.close(options).catch(() => {});
    await this.#running;
    this.#settle();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#end;
    const { admit, firstDelay = FIRST_DELAY } = this.#options;
    let delay = firstDelay;
    while (!signal.aborted) {
      this.#state = { kind: 'opening' };
      const { hasLasted, isFinal, ...gone } = await this.#attempt();
      if (signal.aborted) return;
      const reason = oneLine(gone.reason); // The words of whoever has answered end up in a terminal.
      if (hasLasted) delay = firstDelay;
      this.#state = { kind: 'down', reason, isFinal };
      admit(undefined);
      this.#settle();
      this.#tell(reason, isFinal ? undefined : delay);
      if (isFinal) return;
      await pause(delay, undefined, { signal }).catch(() => {}); // Only closing wakes it early.
      delay = Math.min(delay * 2, LAST_DELAY);
    }
  }

  /** Opens the tunnel, and resolves when it is gone. Never rejects. */
  async #attempt(): Promise<{ reason: string; hasLasted: boolean; isFinal: boolean }> {
    const { name, open, target, watchdog, log, admit, onUp, watchInterval = WATCH_INTERVAL } = this.#options;
    const attempt = new AbortController();
    const signal = AbortSignal.any([this.#end.signal, attempt.signal]);
    let upSince = Number.POSITIVE_INFINITY;
    // One that is gone at once, each time, is no reason to ask its provider for another every other second.
    const hasLasted = () => performance.now() - upSince >= watchInterval;
    try {
      const tunnel = await open({ target, watchdog, log, signal });
      this.#tunnel = tunnel;
      const { origin, closed } = tunnel;
      admit(origin);
      const place = origin === undefined ? undefined : { origin, proof: await this.#prove(origin, closed, signal) };
      signal.throwIfAborted(); // Of a bridge that ends, nobody is told where it is.
      this.#state = { kind: 'up', place };
      upSince = performance.now();
      onUp(place);
      this.#settle();
      const reason = await Promise.race([closed, this.#watch(origin, signal)]);
      return { reason, hasLasted: hasLasted(), isFinal: false };
    } catch (error) {
      // A program that is not there will not be there in a minute.
      const isFinal = error instanceof BridgeError && error.code !== 'TUNNEL';
      return { reason: messageOf(error), hasLasted: hasLasted(), isFinal };
    } finally {
      attempt.abort();
      await this.#tunnel?.close().catch((error) => log.warn(`${name}: the tunnel was not closed: ${messageOf(error)}`));
      this.#tunnel = undefined;
    }
  }

  #prove(origin: string, closed: Promise<string>, signal: AbortSignal): Promise<Proof> {
    return Promise.race([this.#options.proof.prove(origin, { signal }), failing(closed)]);
  }

  /** Resolves when the bridge does not answer at the origin any more, or nobody wants to know. Without an origin, there is nothing to look at. */
  async #watch(origin: string | undefined, signal: AbortSignal): Promise<string> {
    const { proof, watchInterval = WATCH_INTERVAL } = this.#options;
    for (let failures = 0; failures < MAX_FAILURES; ) {
      await pause(watchInterval, undefined, { signal, ref: false }).catch(() => {}); // Only the end wakes it early.
      if (signal.aborted) return 'it was closed';
      failures = origin === undefined || (await proof.isAlive(origin, signal)) ? 0 : failures + 1;
    }
    return `${origin} does not lead here any more`;
  }

  #tell(reason: string, delay: number | undefined): void {
    const { name, log } = this.#options;
    if (delay === undefined) log.error(`${name}: there is no tunnel: ${reason}`);
    else log.warn(`${name}: the tunnel is down: ${reason} (next attempt in ${Math.round(delay / 1000)} s)`);
  }
}

/** Rejects when the tunnel closes. */
function failing(closed: Promise<string>): Promise<never> {
  const failure = closed.then((reason) => {
    throw new BridgeError('TUNNEL', reason);
  });
  failure.catch(() => {}); // Whoever waits for it is told; later, nobody does.
  return failure;
}
