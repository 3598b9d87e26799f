import { BridgeError, messageOf } from '../errors.ts';
import { type Answer, type Ask, type Exchange, NOBODY } from '../protocol/exchange.ts';
import {
  errorFrame,
  type IdText,
  METHOD_NOT_FOUND,
  type Message,
  type Notification,
  notificationFrame,
  progressTokenOf,
  type Request,
  type Response,
  requestFrame,
  resultFrame,
  withId,
  withParams,
  withProgressToken,
} from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import type { Channel, OpenChannel } from './channel.ts';

/** What a server sends on its own account, outside the answer to any one exchange. */
export interface LinkEvents {
  notification(notification: Notification, inFlight: readonly Exchange[]): void;
  /** Resolves with the client's answer; rejects, or `undefined`, when there is nobody who can be asked. */
  ask(ask: Ask, inFlight: readonly Exchange[]): Promise<Answer> | undefined;
  /** A client's request has been answered or given up. */
  served?(): void;
}

export interface LinkOptions {
  readonly name: string;
  readonly open: OpenChannel;
  readonly events: LinkEvents;
  /** For one call, milliseconds; 0 is none. */
  readonly callTimeout: number;
}

/** One live connection to a server of the 2025 era: gives every request an id and a progress token of its own, so that many clients fit on it. */
export class Link {
  readonly #name: string;
  readonly #channel: Channel;
  readonly #events: LinkEvents;
  readonly #callTimeout: number;
  readonly #pending = new Map<IdText, Pending>();
  /** The server's questions that are being answered, by the server's own ids. */
  readonly #asks = new Map<IdText, AbortController>();
  readonly #onCallTimeout = () =>
    new BridgeError('CALL_TIMEOUT', `${this.#name}: no answer within ${this.#callTimeout} ms`);
  #lastId = 0;
  #opened: RawJson | undefined;
  #gone: BridgeError | undefined;

  constructor({ name, open, events, callTimeout }: LinkOptions) {
    this.#name = name;
    this.#events = events;
    this.#callTimeout = callTimeout;
    this.#channel = open((message) => this.#receive(message));
    this.#channel.closed.then((reason) => this.#fail(reason));
  }

  /** Resolves with the reason once the server is gone. */
  get closed(): Promise<BridgeError> {
    return this.#channel.closed;
  }

  get pid(): number | undefined {
    return this.#channel.pid;
  }

  /** How many requests wait for an answer. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** The server's `InitializeResult`. Empty until {@link open} has resolved. */
  get opened(): RawJson {
    return this.#opened ?? RawJson.of({});
  }

  /**
   * Opens the session: `initialize` with these params. The caller sends `notifications/initialized` when the client does.
   * @throws BridgeError when the server refuses, dies, or stays silent for `timeout` milliseconds.
   */
  async open(params: RawJson, timeout: number): Promise<void> {
    const answer = await this.#send(requestFrame('initialize', params), {
      timeout,
      onTimeout: () => new BridgeError('UPSTREAM_START', `${this.#name}: no answer to initialize within ${timeout} ms`),
    });
    this.#check(answer);
    const result = answer.raw('result');
    if (!result?.isObject) {
      const why = answer.raw('error')?.string('message') ?? 'the answer is no object';
      const message = `${this.#name}: the server refused initialize: ${this.#channel.redact(why)}`;
      throw new BridgeError('UPSTREAM_START', message);
    }
    this.#opened = result;
  }

  /**
   * Answers an exchange. `frame` is its request as this server is to see it (names mapped back).
   * @throws BridgeError when the server dies, or the call's time is over.
   */
  request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    if (this.#channel.backlog > MAX_BACKLOG) {
      const message = `${this.#name}: the server does not read its input; ${this.#channel.backlog} bytes are waiting`;
      return Promise.reject(new BridgeError('BUSY', message));
    }
    return this.#send(frame, { exchange, timeout: this.#callTimeout, onTimeout: this.#onCallTimeout });
  }

  notify(frame: RawJson): void {
    this.#channel.send(frame.text);
  }

  /** Ends the server. Requests in flight fail with the reason. */
  close(options?: { immediately?: boolean }): Promise<void> {
    return this.#channel.close(options);
  }

  /** Other answers pass unread; this one is read by many from now on. */
  #check({ text }: Answer): void {
    try {
      RawJson.parse(text);
    } catch (cause) {
      const message = `${this.#name}: the answer to initialize is broken: ${messageOf(cause)}`;
      throw new BridgeError('UPSTREAM_START', message, { cause });
    }
  }

  #send(frame: RawJson, { exchange, timeout, onTimeout }: SendOptions): Promise<Answer> {
    const lost = this.#gone ?? exchange?.cancellation.reason;
    if (lost) return Promise.reject(lost);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const token = exchange && progressTokenOf(frame);
      const giveUp = (reason: Error) => {
        this.#take(String(id));
        if (exchange) this.#cancel(id, reason.message);
        reject(reason);
      };
      const timer = timeout > 0 ? setTimeout(() => giveUp(onTimeout()), timeout) : undefined;
      exchange?.cancellation.add(giveUp);
      this.#pending.set(String(id), { exchange, token, timer, giveUp, resolve, reject });
      const own = withId(frame, id);
      this.#channel.send((token === undefined ? own : withProgressToken(own, id)).text);
    });
  }

  /** Takes a request off the books, if it is still on them. */
  #take(id: IdText): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    const { exchange, timer, giveUp } = pending;
    this.#pending.delete(id);
    clearTimeout(timer);
    exchange?.cancellation.delete(giveUp);
    if (exchange && exchange.client !== NOBODY) this.#events.served?.();
    return pending;
  }

  #cancel(requestId: number, reason: string): void {
    this.notify(notificationFrame('notifications/cancelled', { requestId, reason }));
  }

  #receive(message: Message): void {
    if (message.kind === 'response') this.#settle(message);
    else if (message.kind === 'request') this.#serve(message);
    else this.#dispatch(message);
  }

  #settle({ id, frame }: Response): void {
    // The answer to a cancelled request may still come (specification 2025-11-25, cancellation).
    this.#take(id)?.resolve(frame);
  }

  #dispatch(notification: Notification): void {
    const { method, frame } = notification;
    if (method === 'notifications/progress') return this.#progress(frame);
    if (method === 'notifications/cancelled') {
      const id = frame.raw('params')?.raw('requestId')?.text;
      return id === undefined ? undefined : this.#asks.get(id)?.abort();
    }
    this.#events.notification(notification, this.#exchanges());
  }

  /** Progress belongs to the exchange whose token it carries; without one that waits for it, to nobody. */
  #progress(frame: RawJson): void {
    const key = frame.raw('params')?.raw('progressToken')?.text;
    const pending = key === undefined ? undefined : this.#pending.get(key);
    if (pending?.exchange && pending.token !== undefined) {
      pending.exchange.notify(withProgressToken(frame, pending.token));
    }
  }

  async #serve(request: Request): Promise<void> {
    if (request.method === 'ping') return this.#channel.send(resultFrame({}, request.id).text);
    const controller = new AbortController();
    this.#asks.set(request.id, controller);
    const answer = await this.#answerAsk(request, controller.signal);
    this.#asks.delete(request.id);
    // A question the server has given up is not answered (specification 2025-11-25, cancellation).
    if (!controller.signal.aborted) this.#channel.send(withId(answer, request.id).text);
  }

  async #answerAsk(request: Request, signal: AbortSignal): Promise<Answer> {
    const token = progressTokenOf(request.frame);
    const progress = ({ frame }: Notification) => {
      if (token !== undefined) this.notify(withParams(frame, { progressToken: RawJson.verbatim(token) }));
    };
    try {
      const answer = this.#events.ask({ request, signal, progress }, this.#exchanges());
      return (await answer) ?? errorFrame(METHOD_NOT_FOUND, `No client here answers ${request.method}`);
    } catch (error) {
      return errorFrame(METHOD_NOT_FOUND, messageOf(error));
    }
  }

  #exchanges(): Exchange[] {
    return [...this.#pending.values()].flatMap(({ exchange }) => exchange ?? []);
  }

  #fail(reason: BridgeError): void {
    this.#gone = reason;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(reason);
    for (const controller of this.#asks.values()) controller.abort();
  }
}

/** A server that leaves this much unread is stuck; more would only fill the memory. Bytes. */
const MAX_BACKLOG = 256 * 1024 * 1024;

interface Pending {
  readonly exchange: Exchange | undefined;
  /** The client's own progress token, as JSON text. */
  readonly token: IdText | undefined;
  readonly timer: NodeJS.Timeout | undefined;
  /** Ends it for a reason the server is told of. */
  readonly giveUp: (reason: Error) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

interface SendOptions {
  readonly exchange?: Exchange;
  readonly timeout: number;
  onTimeout(): BridgeError;
}
