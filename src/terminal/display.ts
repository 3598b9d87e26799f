import type { Bridge } from '../bridge/bridge.ts';
import type { Log } from '../log.ts';

/** What the owner sees of a bridge. */
export interface Display {
  readonly log: Log;
  /** Shows how the servers start. Resolves when each is up or has failed; lazy ones are not waited for. */
  follow(bridge: Watched): Promise<void>;
  /** Puts a question to the owner. Resolves with `false` where nobody can answer. */
  ask(question: string): Promise<boolean>;
  /** Tells how far something has come that takes its time. */
  tellProgress(text: string): void;
  /** Shows how the tunnel opens. Resolves when it is up or has failed; at once where there is none. */
  awaitTunnel(bridge: Watched): Promise<void>;
  /** Shows what is served now, and where. */
  report(bridge: Watched): void;
  /** Shows what the owner needs to let clients in. Where nobody reads it, nothing: a log is no place for a code. */
  letIn(bridge: Watched): Promise<void>;
  /** Listens to the owner, or stops to: the shell gives its terminal to whom it likes (`bg` and `fg` after Ctrl-Z). */
  resume(bridge: Watched): Promise<void>;
  /** Ends what is redrawn all the time; the log goes on. Twice without harm. */
  close(): void;
}

/** What a display looks at. */
export type Watched = Pick<
  Bridge,
  'urls' | 'settled' | 'reached' | 'status' | 'pairing' | 'openPairing' | 'awaitsClient' | 'tokenFile'
>;
