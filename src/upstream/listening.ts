import { BridgeError } from '../errors.ts';
import { Cancellation } from '../protocol/cancellation.ts';
import { untagged } from '../protocol/envelope.ts';
import { type Answer, ownExchange, withCancellation } from '../protocol/exchange.ts';
import {
  errorFrame,
  type IdText,
  INVALID_PARAMS,
  type Notification,
  requestFrame,
  resultFrame,
} from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { ACKNOWLEDGED, LISTEN, LISTS } from '../protocol/subscriptions.ts';
import type { Peer } from './peer.ts';

export interface ListeningOptions {
  readonly peer: Peer;
  /** What the server declared. */
  readonly capabilities: RawJson | undefined;
  /** Puts the bridge's own envelope around a request. */
  wrap(frame: RawJson): RawJson;
  /** Hears what the server tells, without the subscription's tag. */
  hear(notification: Notification): void;
}

/**
 * The one stream of changes that a link has its server tell (2026-07-28, basic/patterns/subscriptions). Another set of resources
 * takes another stream: the new one is opened before the old one is ended, so that nothing is missed in between.
 */
export class Listening {
  readonly #options: ListeningOptions;
  readonly #uris = new Set<string>();
  #stream: Stream | undefined;
  #next: Stream | undefined;
  /** Streams are changed one after another. */
  #changing: Promise<unknown> = Promise.resolve();
  /** The change that waits for its turn. */
  #upcoming: Promise<void> | undefined;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** Listens to changes of the lists, as far as the server declares them. @throws Error when the server refuses. */
  open(): Promise<void> {
    return this.#change();
  }

  async subscribe(uri: string): Promise<Answer> {
    this.#uris.add(uri);
    try {
      await this.#change();
    } catch (error) {
      this.#uris.delete(uri);
      return errorFrame(INVALID_PARAMS, `Cannot subscribe to ${uri}: ${(error as Error).message}`);
    }
    if (this.#stream?.uris.includes(uri)) return resultFrame({});
    this.#uris.delete(uri);
    return errorFrame(INVALID_PARAMS, `The server does not tell about updates of ${uri}`);
  }

  async unsubscribe(uri: string): Promise<Answer> {
    this.#uris.delete(uri);
    await this.#change().catch(() => {}); // The old stream goes on, and tells what nobody asked for.
    return resultFrame({});
  }

  /** Takes what the server tells on one of our streams. */
  take({ kind, method, frame }: Notification, subscription: IdText): void {
    if (method === ACKNOWLEDGED && this.#next?.id === subscription) this.#use(this.#next, frame);
    else if (subscription === this.#stream?.id) this.#options.hear({ kind, method, frame: untagged(frame) });
  }

  #change(): Promise<void> {
    // One that has not begun yet will find what is wanted by now; else a thousand resources would take a thousand streams.
    this.#upcoming ??= this.#changing.then(() => {
      this.#upcoming = undefined;
      return this.#restart();
    });
    this.#changing = this.#upcoming.catch(() => {}); // Whoever asked for it is told; the next change is another matter.
    return this.#upcoming;
  }

  async #restart(): Promise<void> {
    const notifications = this.#filter();
    if (Object.keys(notifications).length === 0) return this.#end();
    const { peer, wrap } = this.#options;
    const cancellation = new Cancellation();
    const exchange = withCancellation(ownExchange(LISTEN), cancellation);
    const { id, answer } = peer.listen(wrap(requestFrame(LISTEN, { notifications })), exchange);
    const timer = setTimeout(() => cancellation.cancel(UNACKNOWLEDGED), ACKNOWLEDGED_WITHIN);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#next = { id, uris: [], cancellation, acknowledge: resolve };
        answer.then((frame) => {
          const why = frame.raw('error')?.string('message');
          reject(new Error(why === undefined ? 'it ended at once' : peer.redact(why)));
          this.#resume(id);
        }, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#next = undefined;
    }
  }

  /** In the moment of the acknowledgement: what comes next may come at once. */
  #use(stream: Stream, acknowledgement: RawJson): void {
    const uris = acknowledgement.raw('params')?.raw('notifications')?.raw('resourceSubscriptions')?.items() ?? [];
    this.#end();
    this.#stream = { ...stream, uris: uris.map((uri) => uri.value) };
    stream.acknowledge();
  }

  /** A server may end a stream without going itself. */
  #resume(id: IdText): void {
    if (this.#stream?.id !== id) return;
    this.#stream = undefined;
    const open = () => this.open().catch(() => {}); // It wants none any more; what is subscribed to next will tell.
    setTimeout(() => this.#stream ?? open(), RESUMED_AFTER).unref();
  }

  #end(): void {
    this.#stream?.cancellation.cancel(REPLACED);
    this.#stream = undefined;
  }

  #filter(): Record<string, unknown> {
    const { capabilities } = this.#options;
    const lists = LISTS.filter(({ list }) => capabilities?.raw(list)?.get('listChanged') === true);
    return {
      ...Object.fromEntries(lists.map(({ filter }) => [filter, true])),
      ...(this.#uris.size > 0 && { resourceSubscriptions: [...this.#uris] }),
    };
  }
}

/** What a server takes to acknowledge is a moment. Milliseconds. */
const ACKNOWLEDGED_WITHIN = 10_000;
/** Long enough for a server that ends each stream at once. Milliseconds. */
const RESUMED_AFTER = 10_000;
const UNACKNOWLEDGED = new BridgeError('BUSY', 'it was not acknowledged in time');
const REPLACED = new Error('replaced by another subscription');

interface Stream {
  /** Id of the request that opened it. */
  readonly id: IdText;
  /** The resources whose updates it tells. */
  readonly uris: readonly unknown[];
  readonly cancellation: Cancellation;
  acknowledge(): void;
}
