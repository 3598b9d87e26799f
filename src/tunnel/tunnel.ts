import type { Log } from '../log.ts';
import type { Watchdog } from '../process/watchdog.ts';

/** What is to be reached from outside. */
export interface TunnelTarget {
  /** On this machine: an address to connect to. */
  readonly host: string;
  readonly port: number;
}

/** What a provider works with. */
export interface TunnelSurroundings {
  readonly target: TunnelTarget;
  /** Ends the provider's processes when the bridge is gone. */
  readonly watchdog: Watchdog;
  readonly log: Log;
  /** Aborted when nobody waits for the tunnel any more. */
  readonly signal: AbortSignal;
}

/**
 * Opens a tunnel: one attempt. Resolves when its URL is known and it is connected.
 * Rejects with a BridgeError `TUNNEL` that says what to do.
 */
export type OpenTunnel = (surroundings: TunnelSurroundings) => Promise<Tunnel>;

export interface CloseOptions {
  readonly immediately?: boolean;
}

/** A way from the internet to a port of this machine. */
export interface Tunnel {
  /** The origin where it comes out: `https://example.trycloudflare.com`. `undefined` where there is none, as the provider brings requests itself. */
  readonly origin: string | undefined;
  /** Resolves with the reason when it is open no more, be it that it was closed. */
  readonly closed: Promise<string>;
  /** Resolves when it is gone, its processes included; these are not asked but killed, `immediately`. Twice without harm. */
  close(options?: CloseOptions): Promise<void>;
}
