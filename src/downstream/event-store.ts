/** One server-sent event of a stream that can be resumed. */
export interface StoredEvent {
  /** Counts up over all streams. */
  readonly number: number;
  readonly data: string;
}

/** Remembers sent events for clients that come back with `Last-Event-ID`. The oldest go first once the limit is reached. */
export class EventStore {
  readonly #maxSize: number;
  readonly #streams = new Map<string, StoredEvent[]>();
  /** The stream of each event, oldest event first. */
  readonly #order = new Map<number, string>();
  #size = 0;
  #lastNumber = 0;

  /** @param maxSize characters of all events together. The newest event is kept even if it is longer. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  append(stream: string, data: string): StoredEvent {
    this.#lastNumber += 1;
    const event = { number: this.#lastNumber, data };
    const events = this.#streams.get(stream);
    if (events) events.push(event);
    else this.#streams.set(stream, [event]);
    this.#order.set(event.number, stream);
    this.#size += data.length;
    this.#evict(event.number);
    return event;
  }

  /** The stream's events after the one with this number, oldest first. */
  after(stream: string, number: number): StoredEvent[] {
    return (this.#streams.get(stream) ?? []).filter((event) => event.number > number);
  }

  forget(stream: string): void {
    for (const event of this.#streams.get(stream) ?? []) this.#remove(event);
    this.#streams.delete(stream);
  }

  #evict(newest: number): void {
    for (const [number, stream] of this.#order) {
      if (this.#size <= this.#maxSize || number === newest) return;
      const events = this.#streams.get(stream);
      const oldest = events?.shift();
      if (oldest) this.#remove(oldest);
      if (events?.length === 0) this.#streams.delete(stream);
    }
  }

  #remove({ number, data }: StoredEvent): void {
    this.#order.delete(number);
    this.#size -= data.length;
  }
}
