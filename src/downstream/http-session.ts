import { randomUUID } from 'node:crypto';
import type { Principal } from '../protocol/principal.ts';
import { hasPrimingEvents } from '../protocol/revisions.ts';
import type { Relay } from '../relay/relay.ts';
import type { EventStore } from './event-store.ts';
import { EventStream, parseEventId } from './event-stream.ts';
import { Session } from './session.ts';
import type { Expirable } from './sessions.ts';

export interface HttpSessionOptions {
  readonly id: string;
  readonly relay: Relay;
  readonly principal: Principal;
  readonly store: EventStore;
}

/** A session over Streamable HTTP, with its streams: one of its own, and one for each POST whose answer streams. */
export class HttpSession implements Expirable {
  readonly id: string;
  readonly relay: Relay;
  readonly session: Session;
  /** Carries what belongs to no request; read with GET. What comes before the client reads it waits in the store. */
  readonly standalone: EventStream;
  readonly #store: EventStore;
  readonly #streams = new Map<string, EventStream>();

  constructor({ id, relay, principal, store }: HttpSessionOptions) {
    this.id = id;
    this.relay = relay;
    this.#store = store;
    this.standalone = this.createStream();
    this.session = new Session({ relay, principal, outlet: this.standalone });
  }

  get principal(): Principal {
    return this.session.principal;
  }

  get isBusy(): boolean {
    return this.session.isBusy || [...this.#streams.values()].some((stream) => stream.isConnected);
  }

  /** A stream that can be resumed. */
  createStream(): EventStream {
    const id = randomUUID();
    const stream = new EventStream({ id, store: this.#store, priming: () => hasPrimingEvents(this.session.revision) });
    this.#streams.set(id, stream);
    if (this.#streams.size > MAX_STREAMS) this.#forgetOldest();
    return stream;
  }

  /** Finds the stream that an event belongs to. Only this session's streams are found. */
  resume(lastEventId: string): { stream: EventStream; after: number } | undefined {
    const event = parseEventId(lastEventId);
    const stream = event && this.#streams.get(event.stream);
    return stream && { stream, after: event.number };
  }

  close(): void {
    this.session.close();
    for (const [id, stream] of this.#streams) {
      stream.end();
      this.#store.forget(id);
    }
    this.#streams.clear();
  }

  #forgetOldest(): void {
    for (const [id, stream] of this.#streams) {
      if (stream === this.standalone || !stream.isEnded || stream.isConnected) continue;
      this.#streams.delete(id);
      return this.#store.forget(id);
    }
  }
}

/** Streams that a session's client may come back to. */
const MAX_STREAMS = 64;
