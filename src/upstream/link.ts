import type { Answer, Ask, Exchange } from '../protocol/exchange.ts';
import type { Notification } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Freshness } from '../protocol/stateless.ts';
import type { Peer } from './peer.ts';

/** One live connection to a server, ready for exchanges. Which revision is spoken on it is its own business. */
export interface Link {
  readonly peer: Peer;
  /** What the server said of itself, as an `InitializeResult`. */
  readonly opened: RawJson;
  /** For how long that holds; `undefined` when the server did not say. */
  readonly freshness: Freshness | undefined;
  /** Whether each question of the server is part of a call, so that it can be shared by clients that may be asked. */
  readonly asksWithinCalls: boolean;
  /**
   * Answers an exchange. `frame` is its request as this server is to see it (names mapped back).
   * @throws BridgeError when the server dies, or the call's time is over.
   */
  request(frame: RawJson, exchange: Exchange): Promise<Answer>;
  /** Hands on a notification of a client. */
  notify(frame: RawJson): void;
}

/** What a server sends on its own account, outside the answer to any one exchange. */
export interface LinkEvents {
  /** `inFlight`: the exchanges that it may belong to, oldest first. */
  notification(notification: Notification, inFlight: readonly Exchange[]): void;
  /** Resolves with the client's answer; rejects, or `undefined`, when there is nobody who can be asked. */
  ask(ask: Ask, inFlight: readonly Exchange[]): Promise<Answer> | undefined;
}
