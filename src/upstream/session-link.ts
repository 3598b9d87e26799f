import { messageOf } from '../errors.ts';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import {
  errorFrame,
  type IdText,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  type Notification,
  progressTokenOf,
  type Request,
  resultFrame,
  withId,
  withParams,
} from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import type { Link, LinkEvents } from './link.ts';
import type { Peer } from './peer.ts';

export interface SessionLinkOptions {
  readonly peer: Peer;
  /** The server's `InitializeResult`. */
  readonly opened: RawJson;
  readonly events: LinkEvents;
}

/** A link of the revisions with sessions (2024-11-05 to 2025-11-25): the server asks with requests of its own, which name no call. */
export class SessionLink implements Link {
  readonly peer: Peer;
  readonly opened: RawJson;
  readonly freshness = undefined;
  readonly asksWithinCalls = false;
  readonly #events: LinkEvents;
  /** The server's questions that are being answered, by the server's own ids. */
  readonly #asks = new Map<IdText, AbortController>();

  constructor({ peer, opened, events }: SessionLinkOptions) {
    this.peer = peer;
    this.opened = opened;
    this.#events = events;
    peer.receive = (message) => {
      if (message.kind === 'request') this.#serve(message);
      else this.#dispatch(message);
    };
    peer.closed.then(() => {
      for (const controller of this.#asks.values()) controller.abort();
    });
  }

  request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    const params = exchange.client.readsResultTypes ? frame.raw('params') : undefined;
    // A server of these revisions has no state to come back to: it was another one's.
    if (params?.has('requestState')) return Promise.resolve(UNKNOWN_STATE);
    // Nor has it tasks that take answers this way: who knows of any here has not come this far (downstream/stateless/tasks).
    if (params && exchange.method === 'tasks/update') return Promise.resolve(UNKNOWN_TASK);
    return this.peer.request(frame, exchange);
  }

  notify(frame: RawJson): void {
    this.peer.send(frame);
  }

  #dispatch(notification: Notification): void {
    if (notification.method !== 'notifications/cancelled')
      return this.#events.notification(notification, this.peer.exchanges);
    const id = notification.frame.raw('params')?.raw('requestId')?.text;
    if (id !== undefined) this.#asks.get(id)?.abort();
  }

  async #serve(request: Request): Promise<void> {
    if (request.method === 'ping') return this.peer.send(resultFrame({}, request.id));
    const controller = new AbortController();
    this.#asks.set(request.id, controller);
    const answer = await this.#answerAsk(request, controller.signal);
    this.#asks.delete(request.id);
    // A question the server has given up is not answered (specification 2025-11-25, cancellation).
    if (!controller.signal.aborted) this.peer.send(withId(answer, request.id));
  }

  async #answerAsk(request: Request, signal: AbortSignal): Promise<Answer> {
    const token = progressTokenOf(request.frame);
    const progress = ({ frame }: Notification) => {
      if (token !== undefined) this.peer.send(withParams(frame, { progressToken: RawJson.verbatim(token) }));
    };
    try {
      const answer = this.#events.ask({ request, signal, progress }, this.peer.exchanges);
      return (await answer) ?? errorFrame(METHOD_NOT_FOUND, `No client here answers ${request.method}`);
    } catch (error) {
      return errorFrame(METHOD_NOT_FOUND, messageOf(error));
    }
  }
}

const UNKNOWN_STATE = errorFrame(INVALID_PARAMS, 'requestState belongs to no call that is waiting; call again');
const UNKNOWN_TASK = errorFrame(INVALID_PARAMS, 'Unknown task');
