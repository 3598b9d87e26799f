import { Cancellation } from '../protocol/cancellation.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { type Patience, within } from './patience.ts';

/** Something that is read once for all who want it at the same time. It is given up when all of them have. */
export class SharedReading<T> {
  readonly #patience: Patience;
  readonly #cancellation = new Cancellation();
  readonly #result: Promise<T>;
  readonly #waiting = new Set<Exchange>();
  #isDone = false;

  /**
   * @param exchange of whoever wants it first; it is read on behalf of that client.
   * @param patience with the reading, whoever joins it.
   */
  constructor(exchange: Exchange, patience: Patience, read: (patient: Exchange) => Promise<T>) {
    const { method, frame, client } = exchange;
    // What the server says meanwhile is for a request of the same client that is still being answered.
    const newest = () => [...this.#waiting].findLast((waiting) => waiting.client === client);
    const shared: Exchange = {
      method,
      frame,
      client,
      cancellation: this.#cancellation,
      notify: (message) => newest()?.notify(message),
      ask: (question) => (newest() ?? client).ask(question),
    };
    this.#patience = patience;
    this.#result = within(shared, patience, read);
    this.#result.then(
      () => {
        this.#isDone = true;
      },
      (error) => this.#cancellation.cancel(error),
    );
  }

  /** Whether it has failed, or was given up: then it is of no use to whoever comes now. */
  get isLost(): boolean {
    return this.#cancellation.reason !== undefined;
  }

  /** What was read. @throws what the reading failed with, and while it is under way the client's reason for giving its request up. */
  async wait(exchange: Exchange): Promise<T> {
    if (this.#isDone) return this.#result;
    this.#waiting.add(exchange);
    try {
      return await within(exchange, this.#patience, () => this.#result);
    } finally {
      this.#waiting.delete(exchange);
      if (this.#waiting.size === 0 && !this.#isDone)
        this.#cancellation.cancel(new Error('nobody waits for it any more'));
    }
  }
}
