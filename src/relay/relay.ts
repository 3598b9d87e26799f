import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import type { Notification } from '../protocol/message.ts';

/** What the wires see of everything behind them: one catalog that answers. */
export interface Relay {
  /** Opens the client's way to the servers, for the request that asked for it. Resolves with an `InitializeResult`, or an error. */
  open(client: Client, exchange: Exchange): Promise<Answer>;
  /** Lets a client hear of what happens at the servers until it is gone. Done by {@link open}; for one that was opened elsewhere. */
  join(client: Client): void;
  /** Answers any other request. Never rejects. */
  handle(exchange: Exchange): Promise<Answer>;
  /** Takes a notification of the client that concerns the servers. */
  notify(client: Client, notification: Notification): void;
}
