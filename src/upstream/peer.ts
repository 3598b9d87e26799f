import { BridgeError } from '../errors.ts';
import { type Answer, type Exchange, NOBODY } from '../protocol/exchange.ts';
import {
  type IdText,
  type Message,
  type Notification,
  notificationFrame,
  progressTokenOf,
  type Request,
  withId,
  withProgressToken,
} from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Channel, OpenChannel } from './channel.ts';
import type { Redact } from './redact.ts';

export interface PeerOptions {
  readonly name: string;
  readonly open: OpenChannel;
  /** For one call, milliseconds; 0 is none. */
  readonly callTimeout: number;
  /** A client's request has been answered or given up. */
  served?(): void;
}

export interface AskOptions {
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
  /** What the error says when time is up. */
  readonly message: string;
}

/**
 * The other end of a channel, whatever revision it speaks: requests get an id and a progress token of the bridge's own, so that
 * many clients fit on it, and answers and progress find their way back.
 */
export class Peer {
  readonly name: string;
  readonly #channel: Channel;
  readonly #callTimeout: number;
  readonly #served: (() => void) | undefined;
  readonly #pending = new Map<IdText, Pending>();
  readonly #onCallTimeout = () =>
    new BridgeError('CALL_TIMEOUT', `${this.name}: no answer within ${this.#callTimeout} ms`);
  #receive: ((message: Incoming) => void) | undefined;
  /** What came before there was anybody to take it. */
  readonly #early: Incoming[] = [];
  #lastId = 0;
  #gone: BridgeError | undefined;

  constructor({ name, open, callTimeout, served }: PeerOptions) {
    this.name = name;
    this.#callTimeout = callTimeout;
    this.#served = served;
    this.#channel = open((message) => this.#take(message));
    this.#channel.closed.then((reason) => this.#fail(reason));
  }

  /** Takes what is neither an answer nor progress, from the first message on. */
  set receive(receive: (message: Incoming) => void) {
    this.#receive = receive;
    for (const message of this.#early.splice(0)) receive(message);
  }

  /** Resolves with the reason once the server is gone. */
  get closed(): Promise<BridgeError> {
    return this.#channel.closed;
  }

  /** Whether it answers no more, and is about to go. */
  get isEnding(): boolean {
    return this.#channel.isEnding;
  }

  get pid(): number | undefined {
    return this.#channel.pid;
  }

  /** For words of the server that are quoted. */
  get redact(): Redact {
    return this.#channel.redact;
  }

  /** How many requests wait for an answer, but for those that wait until they are called off. */
  get inFlight(): number {
    return [...this.#pending.values()].filter(({ isEndless }) => !isEndless).length;
  }

  /** The exchanges that wait for an answer, oldest first. */
  get exchanges(): Exchange[] {
    return [...this.#pending.values()].flatMap(({ exchange }) => exchange ?? []);
  }

  /**
   * Sends an exchange's request. `frame` is the request as this server is to see it.
   * @throws BridgeError when the server dies, does not read, or the call's time is over; the client's reason when it gives up.
   */
  request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    if (this.#channel.backlog > MAX_BACKLOG) {
      const message = `${this.name}: the server does not read its input; ${this.#channel.backlog} bytes are waiting`;
      return Promise.reject(new BridgeError('BUSY', message));
    }
    return this.#call(frame, { exchange, timeout: this.#callTimeout, onTimeout: this.#onCallTimeout }).answer;
  }

  /** Sends a request of the bridge's own. @throws BridgeError `UPSTREAM_START` when time is up, or the server dies. */
  ask(frame: RawJson, { timeout, message }: AskOptions): Promise<Answer> {
    const onTimeout = () => new BridgeError('UPSTREAM_START', `${this.name}: ${message}`);
    return this.#call(frame, { timeout, onTimeout }).answer;
  }

  /** Sends a request that is answered only when it ends: what comes meanwhile names it by its id. */
  listen(frame: RawJson, exchange: Exchange): { readonly id: IdText; readonly answer: Promise<Answer> } {
    return this.#call(frame, { exchange, timeout: 0, onTimeout: this.#onCallTimeout, isEndless: true });
  }

  /** Sends a notification or a response. */
  send(frame: RawJson): void {
    this.#channel.send(frame.text);
  }

  /** Ends the server. Requests in flight fail with the reason. Twice without harm. */
  close(options?: { immediately?: boolean }): Promise<void> {
    return this.#channel.close(options);
  }

  #call(
    frame: RawJson,
    { exchange, timeout, onTimeout, isEndless = false }: CallOptions,
  ): { id: IdText; answer: Promise<Answer> } {
    this.#lastId += 1;
    const number = this.#lastId;
    const id = String(number);
    const lost = this.#gone ?? exchange?.cancellation.reason;
    if (lost) return { id, answer: Promise.reject(lost) };
    const answer = new Promise<Answer>((resolve, reject) => {
      const token = exchange && progressTokenOf(frame);
      const giveUp = (reason: Error) => {
        this.#settle(id);
        if (exchange) this.#cancel(number, reason.message);
        reject(reason);
      };
      const timer = timeout > 0 ? setTimeout(() => giveUp(onTimeout()), timeout) : undefined;
      exchange?.cancellation.add(giveUp);
      this.#pending.set(id, { exchange, token, timer, isEndless, giveUp, resolve, reject });
      const own = withId(frame, number);
      this.#channel.send((token === undefined ? own : withProgressToken(own, number)).text);
    });
    return { id, answer };
  }

  /** Takes a request off the books, if it is still on them. */
  #settle(id: IdText): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    const { exchange, timer, giveUp } = pending;
    this.#pending.delete(id);
    clearTimeout(timer);
    exchange?.cancellation.delete(giveUp);
    if (exchange && exchange.client !== NOBODY) this.#served?.();
    return pending;
  }

  #cancel(requestId: number, reason: string): void {
    this.send(notificationFrame('notifications/cancelled', { requestId, reason }));
  }

  #take(message: Message): void {
    // The answer to a cancelled request may still come (specification 2025-11-25, cancellation).
    if (message.kind === 'response') this.#settle(message.id)?.resolve(message.frame);
    else if (message.kind === 'notification' && message.method === 'notifications/progress')
      this.#progress(message.frame);
    else if (this.#receive) this.#receive(message);
    else this.#early.push(message);
  }

  /** Progress belongs to the exchange whose token it carries; without one that waits for it, to nobody. */
  #progress(frame: RawJson): void {
    const key = frame.raw('params')?.raw('progressToken')?.text;
    const pending = key === undefined ? undefined : this.#pending.get(key);
    if (pending?.exchange && pending.token !== undefined) {
      pending.exchange.notify(withProgressToken(frame, pending.token));
    }
  }

  #fail(reason: BridgeError): void {
    this.#gone = reason;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }
}

/** A server that leaves this much unread is stuck; more would only fill the memory. Bytes. */
const MAX_BACKLOG = 256 * 1024 * 1024;

type Incoming = Request | Notification;

interface Pending {
  readonly exchange: Exchange | undefined;
  /** The client's own progress token, as JSON text. */
  readonly token: IdText | undefined;
  readonly timer: NodeJS.Timeout | undefined;
  readonly isEndless: boolean;
  /** Ends it for a reason the server is told of. */
  readonly giveUp: (reason: Error) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

interface CallOptions {
  readonly exchange?: Exchange;
  readonly timeout: number;
  onTimeout(): BridgeError;
  readonly isEndless?: boolean;
}
