import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import type { Notification } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/** What the wires see of everything behind them: one catalog that answers. */
export interface Relay {
  /** Says who answers here, to the exchange's client. Resolves with an `InitializeResult`, or an error. Never rejects. */
  open(exchange: Exchange): Promise<Answer>;
  /** Lets a client hear of what happens at the servers until it is gone. */
  join(client: Client): void;
  /** Answers any other request. Never rejects. */
  handle(exchange: Exchange): Promise<Answer>;
  /** How what answers here calls itself: `Implementation` of the specification. `undefined` while that is not known. */
  readonly info: RawJson | undefined;
  /** The definition of the tool that a call names, as it is shown here; `undefined` when there is none. Never rejects. */
  toolOf(exchange: Exchange): Promise<RawJson | undefined>;
  /** Takes a notification of the client that concerns the servers. */
  notify(client: Client, notification: Notification): void;
  /** A client's message as far as servers may see it: what it opens with is for them too. All else is seen to here. */
  presentable(frame: RawJson): RawJson;
  /** Has the servers give up what goes on there for a principal that is none any more. */
  end(principalId: string): void;
}
