import { Cancellation } from '../protocol/cancellation.ts';
import { type Answer, type Ask, type Client, capabilityFor, type Exchange, type Tenure } from '../protocol/exchange.ts';
import {
  errorFrame,
  type IdText,
  INTERNAL_ERROR,
  METHOD_NOT_FOUND,
  type Message,
  type Notification,
  notificationFrame,
  progressTokenOf,
  type Request,
  type Response,
  withId,
  withProgressToken,
  withResult,
} from '../protocol/message.ts';
import type { Principal } from '../protocol/principal.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { ASSUMED_REVISION, negotiateRevision, type Revision } from '../protocol/revisions.ts';
import { isSevereEnough } from '../protocol/severity.ts';
import type { Relay } from '../relay/relay.ts';

/** Where messages to a client can be put: an answer that streams, a stream of its own, stdout. */
export interface Outlet {
  /** Sends a message; `false` when it cannot be delivered this way. */
  send(frame: RawJson): boolean;
}

export interface SessionOptions {
  readonly relay: Relay;
  readonly principal: Principal;
  /** Where messages go that belong to no request. */
  readonly outlet: Outlet;
  /** Whether it lives for one request only: one that came without a session. */
  readonly isTransient?: boolean;
}

/** One client of the 2025 era: its calls in flight, and the questions it has been asked. Knows messages, but no wire. */
export class Session implements Client {
  readonly principal: Principal;
  readonly tenure: Tenure;
  readonly listens: boolean;
  readonly readsResultTypes = false;
  readonly closed = new Cancellation();
  revision: Revision = ASSUMED_REVISION;
  opening = RawJson.of({});
  capabilities: Readonly<Record<string, unknown>> = {};
  logLevel: string | undefined;
  readonly #relay: Relay;
  readonly #outlet: Outlet;
  readonly #calls = new Set<Call>();
  readonly #asks = new Map<IdText, PendingAsk>();
  #lastAsk = 0;

  constructor({ relay, principal, outlet, isTransient = false }: SessionOptions) {
    this.#relay = relay;
    this.principal = principal;
    this.#outlet = outlet;
    this.tenure = isTransient ? 'none' : 'session';
    this.listens = !isTransient;
  }

  /** Whether requests of the client are being worked on. */
  get isBusy(): boolean {
    return this.#calls.size > 0;
  }

  /**
   * Answers a request of the client. What the server says meanwhile goes to `outlet`.
   * Resolves with the answer under the client's own id, or `undefined` when the client has cancelled the request.
   */
  async call(request: Request, outlet: Outlet): Promise<RawJson | undefined> {
    const call = new Call(request, this, outlet);
    this.#calls.add(call);
    try {
      const answer = await this.#answer(call);
      return call.cancellation.reason ? undefined : withId(answer, request.id);
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Takes a notification of the client. */
  notify(notification: Notification): void {
    const params = notification.frame.raw('params');
    if (notification.method === 'notifications/cancelled') {
      const id = params?.raw('requestId')?.text;
      for (const call of this.#calls) if (call.id === id) call.cancellation.cancel(CANCELLED);
    } else if (notification.method === 'notifications/progress') {
      const token = params?.raw('progressToken')?.text;
      if (token !== undefined) this.#asks.get(token)?.ask.progress(notification);
    } else {
      this.#relay.notify(this, notification);
    }
  }

  /** Takes the client's answer to a question. One that nobody waits for is dropped. */
  settle({ id, frame }: Response): void {
    this.#asks.get(id)?.resolve(frame);
  }

  send(frame: RawJson): void {
    if (this.#wants(frame)) this.#outlet.send(frame);
  }

  ask(ask: Ask): Promise<Answer> {
    return this.askThrough(this.#outlet, ask);
  }

  /** Sessions end when they are over. */
  yield(): boolean {
    return false;
  }

  /** Notifies the client through a call's outlet, or through the session's own where that one cannot take it. */
  notifyThrough(outlet: Outlet, frame: RawJson): void {
    if (this.#wants(frame) && !outlet.send(frame)) this.#outlet.send(frame);
  }

  /** Asks the client through a call's outlet, or through the session's own where that one cannot take it. */
  askThrough(outlet: Outlet, ask: Ask): Promise<Answer> {
    const { method } = ask.request;
    const capability = capabilityFor(method);
    if (capability && !(capability in this.capabilities)) {
      return Promise.resolve(errorFrame(METHOD_NOT_FOUND, `No client here answers ${method}`));
    }
    this.#lastAsk += 1;
    const id = this.#lastAsk;
    const key = String(id);
    const frame = withId(ask.request.frame, id);
    const sent = progressTokenOf(frame) === undefined ? frame : withProgressToken(frame, id);
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        this.#asks.delete(key);
        resolve(answer);
      };
      if (this.closed.reason) return settle(UNREACHABLE);
      this.#asks.set(key, { ask, resolve: settle });
      ask.signal.addEventListener('abort', () => {
        if (!this.#asks.delete(key)) return;
        this.notifyThrough(outlet, notificationFrame('notifications/cancelled', { requestId: id }));
        resolve(UNREACHABLE);
      });
      if (!outlet.send(sent) && !this.#outlet.send(sent)) settle(UNREACHABLE);
    });
  }

  /** Ends the session: its calls are cancelled, its questions fail. Twice without harm. */
  close(): void {
    if (this.closed.reason) return;
    for (const call of this.#calls) call.cancellation.cancel(SESSION_ENDED);
    for (const { resolve } of [...this.#asks.values()]) resolve(UNREACHABLE);
    this.closed.cancel(SESSION_ENDED);
  }

  #answer(call: Call): Promise<Answer> {
    if (call.method === 'initialize') return this.#open(call);
    if (call.method === 'logging/setLevel') this.logLevel = call.frame.raw('params')?.string('level') ?? this.logLevel;
    return this.#relay.handle(call);
  }

  async #open(call: Call): Promise<Answer> {
    const params = this.#relay.presentable(call.frame).raw('params') ?? RawJson.of({});
    this.revision = negotiateRevision(params.get('protocolVersion'));
    const capabilities = params.raw('capabilities');
    this.capabilities = capabilities?.isObject ? (capabilities.value as Record<string, unknown>) : {};
    this.opening = params.with({ protocolVersion: this.revision });
    const answer = await this.#relay.open(call);
    if (!answer.has('result')) return answer;
    this.#relay.join(this);
    return withResult(answer, { protocolVersion: this.revision });
  }

  #wants(frame: RawJson): boolean {
    if (this.logLevel === undefined || frame.string('method') !== 'notifications/message') return true;
    return isSevereEnough(frame.raw('params')?.get('level'), this.logLevel);
  }
}

/** Takes any message of a client whose answers all go to one outlet. Resolves when it is dealt with. */
export async function receive(session: Session, message: Message, outlet: Outlet): Promise<void> {
  if (message.kind === 'notification') return session.notify(message);
  if (message.kind === 'response') return session.settle(message);
  const answer = await session.call(message, outlet);
  if (answer) outlet.send(answer);
}

/** A request of the client while it is being worked on. */
class Call implements Exchange {
  readonly id: IdText;
  readonly method: string;
  readonly frame: RawJson;
  readonly client: Session;
  readonly #outlet: Outlet;
  readonly cancellation = new Cancellation();

  constructor({ id, method, frame }: Request, client: Session, outlet: Outlet) {
    this.id = id;
    this.method = method;
    this.frame = frame;
    this.client = client;
    this.#outlet = outlet;
  }

  notify(frame: RawJson): void {
    this.client.notifyThrough(this.#outlet, frame);
  }

  ask(ask: Ask): Promise<Answer> {
    return this.client.askThrough(this.#outlet, ask);
  }
}

interface PendingAsk {
  readonly ask: Ask;
  resolve(answer: Answer): void;
}

const CANCELLED = new Error('cancelled by the client');
const SESSION_ENDED = new Error('the session has ended');
const UNREACHABLE = errorFrame(INTERNAL_ERROR, 'The client cannot be asked: it has no open stream');
