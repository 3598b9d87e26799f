import { BridgeError } from '../errors.ts';
import { Cancellation } from '../protocol/cancellation.ts';
import { subscriptionOf, TASKS_EXTENSION, withEnvelope } from '../protocol/envelope.ts';
import { type Answer, type Client, type Exchange, NOBODY, withCancellation, withFrame } from '../protocol/exchange.ts';
import {
  errorFrame,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  type Notification,
  type Request,
  requestFrame,
  resultFrame,
} from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { CACHEABLE, type Freshness, freshnessOf, openedFrom, REMOVED } from '../protocol/stateless.ts';
import { ACKNOWLEDGED } from '../protocol/subscriptions.ts';
import { awaitTask } from './awaited-task.ts';
import { answerInput } from './input-rounds.ts';
import type { Link, LinkEvents } from './link.ts';
import { Listening } from './listening.ts';
import type { Peer } from './peer.ts';

export interface StatelessLinkOptions {
  readonly peer: Peer;
  /** The server's `DiscoverResult`. */
  readonly discovered: RawJson;
  /** How the bridge introduces itself where a client does not: `Implementation` of the specification. */
  readonly info: RawJson;
  readonly events: LinkEvents;
}

/**
 * A link of 2026-07-28: each request says all there is to know about its client, and a question is the result of the call
 * it belongs to. What the rest of the bridge says in the words of the revisions with sessions is said in this one's.
 */
export class StatelessLink implements Link {
  readonly peer: Peer;
  readonly opened: RawJson;
  readonly freshness: Freshness | undefined;
  readonly asksWithinCalls = true;
  readonly #info: RawJson;
  readonly #events: LinkEvents;
  readonly #listening: Listening;
  /** What this revision has no request for. */
  readonly #own: Readonly<Record<string, (frame: RawJson, exchange: Exchange) => Promise<Answer> | Answer>> = {
    ping: (_, exchange) => this.#send(requestFrame('server/discover'), exchange),
    // The level stands in each request.
    'logging/setLevel': () => resultFrame({}),
    'resources/subscribe': (frame) => this.#listening.subscribe(frame.raw('params')?.string('uri') ?? ''),
    'resources/unsubscribe': (frame) => this.#listening.unsubscribe(frame.raw('params')?.string('uri') ?? ''),
  };

  constructor({ peer, discovered, info, events }: StatelessLinkOptions) {
    this.peer = peer;
    this.opened = openedFrom(discovered, peer.name);
    this.freshness = freshnessOf(discovered);
    this.#info = info;
    this.#events = events;
    this.#listening = new Listening({
      peer,
      capabilities: this.opened.raw('capabilities'),
      wrap: (frame) => this.#wrapped(frame, NOBODY),
      hear: (notification) => this.#tell(notification, []),
    });
    peer.receive = (message) => {
      if (message.kind === 'request') this.#refuse(message);
      else this.#dispatch(message);
    };
  }

  /** Has the server tell of changes. @throws Error when it refuses. */
  listen(): Promise<void> {
    return this.#listening.open();
  }

  async request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    const own = Object.hasOwn(this.#own, exchange.method) ? this.#own[exchange.method] : undefined;
    if (own) return own(frame, exchange);
    if (exchange.client.readsResultTypes) return this.#send(frame, exchange);
    let request = frame;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const answer = await this.#sendPlain(request, exchange);
      const result = answer.raw('result');
      if (result?.string('resultType') !== 'input_required') return answer;
      request = await answerInput(frame, result, exchange);
    }
    throw new BridgeError('BUSY', `${this.peer.name}: still asks for input after ${MAX_ROUNDS} rounds`);
  }

  notify(frame: RawJson): void {
    // Each request says what these would say.
    if (!REMOVED.has(frame.string('method') ?? '')) this.peer.send(frame);
  }

  /** For a client that knows no types of results: a task it can do without is waited for. */
  async #sendPlain(frame: RawJson, exchange: Exchange): Promise<Answer> {
    const answer = await this.#send(frame, exchange);
    if (!needsTasks(answer)) return plain(answer, exchange.method);
    const extensions = { [TASKS_EXTENSION]: {} };
    const created = await this.#send(frame, exchange, extensions);
    const result = created.raw('result');
    if (result?.string('resultType') !== 'task') return plain(created, exchange.method);
    // What is said about the task does not end with the call: that the call was given up has to be said, too.
    const aboutTask = (request: RawJson) => withCancellation(withFrame(exchange, request), new Cancellation());
    return awaitTask(result, exchange, (request) => this.#send(request, aboutTask(request), extensions));
  }

  #send(frame: RawJson, exchange: Exchange, extensions?: object): Promise<Answer> {
    return this.peer.request(this.#wrapped(frame, exchange.client, extensions), exchange);
  }

  #wrapped(frame: RawJson, client: Client, extensions?: object): RawJson {
    const { opening } = client;
    const declared = opening.raw('capabilities')?.without('tasks') ?? RawJson.of({});
    const capabilities = declared.with({
      extensions: extensions && (declared.raw('extensions') ?? RawJson.of({})).with({ ...extensions }),
    });
    const info = opening.raw('clientInfo') ?? this.#info;
    return withEnvelope(frame, { capabilities, info, logLevel: logLevelOf(client) });
  }

  #dispatch(notification: Notification): void {
    const subscription = subscriptionOf(notification);
    if (subscription !== undefined) return this.#listening.take(notification, subscription);
    const { exchanges } = this.peer;
    const isLog = notification.method === 'notifications/message';
    // A server logs for requests that asked for it, and names none of them.
    const mayBeMeant = isLog ? exchanges.filter(({ client }) => logLevelOf(client) !== undefined) : exchanges;
    this.#tell(notification, mayBeMeant);
  }

  /** What is about our own requests means nothing to clients, or something else: they count theirs, too. */
  #tell(notification: Notification, inFlight: readonly Exchange[]): void {
    if (!ABOUT_REQUESTS.has(notification.method)) this.#events.notification(notification, inFlight);
  }

  /** This revision has no requests of servers. */
  #refuse({ id, method }: Request): void {
    this.peer.send(errorFrame(METHOD_NOT_FOUND, `Method not found: ${method}`, undefined, id));
  }
}

const ABOUT_REQUESTS: ReadonlySet<string> = new Set(['notifications/cancelled', ACKNOWLEDGED]);

/** Sessions hear what a server thinks fit until they say what they want; here, a server has to be told. */
function logLevelOf({ logLevel, tenure }: Client): string | undefined {
  return logLevel ?? (tenure === 'session' ? 'info' : undefined);
}

/** How often a server may ask within one call: enough for a long form, too few for an endless loop. */
const MAX_ROUNDS = 10;

/** The answer without what results only say of themselves in this revision. A question stays what it is. */
function plain(answer: Answer, method: string): Answer {
  const result = answer.raw('result');
  if (!result || result.string('resultType') === 'input_required') return answer;
  const bare = CACHEABLE.has(method)
    ? result.without('resultType', 'ttlMs', 'cacheScope')
    : result.without('resultType');
  return answer.with({ result: bare });
}

/** Whether a server refuses a call to a client that knows of no tasks (SEP-2663). */
function needsTasks(answer: Answer): boolean {
  const error = answer.raw('error');
  if (error?.get('code') !== MISSING_CAPABILITY) return false;
  return error.raw('data')?.raw('requiredCapabilities')?.raw('extensions')?.has(TASKS_EXTENSION) === true;
}
