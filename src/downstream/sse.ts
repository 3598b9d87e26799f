import type { IncomingMessage, ServerResponse } from 'node:http';
import { INVALID_REQUEST, parseMessages } from '../protocol/message.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Relay } from '../relay/relay.ts';
import type { BodyReader } from './body.ts';
import { EventStream } from './event-stream.ts';
import { HttpError, sendError } from './http-error.ts';
import { receive, Session } from './session.ts';
import type { Expirable, Sessions } from './sessions.ts';

export interface SseOptions {
  readonly relay: Relay;
  readonly sessions: Sessions<SseSession>;
  readonly bodies: BodyReader;
  /** Path to which clients are told to POST. */
  readonly messagePath: string;
}

/** A client of the HTTP+SSE transport: its stream is its session. */
export class SseSession implements Expirable {
  readonly relay: Relay;
  readonly session: Session;
  readonly stream: EventStream;

  constructor(id: string, relay: Relay, principal: Principal) {
    this.relay = relay;
    this.stream = new EventStream({ id });
    this.session = new Session({ relay, principal, outlet: this.stream });
  }

  get principal(): Principal {
    return this.session.principal;
  }

  get isBusy(): boolean {
    return this.stream.isConnected;
  }

  close(): void {
    this.session.close();
    this.stream.end();
  }
}

/** The HTTP+SSE transport (specification 2024-11-05, basic/transports): one GET stream for all answers, and a path for POSTs. */
export class Sse {
  readonly #options: SseOptions;

  constructor(options: SseOptions) {
    this.#options = options;
  }

  /** Serves the stream's path. Never throws. */
  handleStream(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    try {
      if (request.method !== 'GET')
        throw new HttpError(405, 'The stream is read with GET', { headers: { Allow: 'GET' } });
      const { relay, sessions, messagePath } = this.#options;
      const { stream } = sessions.add((id) => new SseSession(id, relay, principal), principal);
      stream.connect(response);
      stream.sendEvent('endpoint', `${messagePath}?sessionId=${stream.id}`);
      response.once('close', () => sessions.close(stream.id));
    } catch (error) {
      sendError(response, error);
    }
  }

  /** Serves the path for POSTs. Never rejects. */
  async handleMessage(request: IncomingMessage, response: ServerResponse, principal: Principal): Promise<void> {
    try {
      if (request.method !== 'POST')
        throw new HttpError(405, 'Messages are sent with POST', { headers: { Allow: 'POST' } });
      const { session, stream } = this.#find(request, principal);
      const body = parseMessages(await this.#options.bodies.read(request), 'client');
      if (Array.isArray(body))
        throw new HttpError(400, 'Invalid Request: this transport has no batches', { code: INVALID_REQUEST });
      response.writeHead(202).end('Accepted');
      await receive(session, body, stream);
    } catch (error) {
      sendError(response, error);
    }
  }

  #find(request: IncomingMessage, principal: Principal): SseSession {
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId');
    if (id === null) throw new HttpError(400, 'The parameter sessionId is missing');
    const found = this.#options.sessions.get(id, principal);
    if (found?.relay !== this.#options.relay) throw new HttpError(404, 'Session not found');
    return found;
  }
}
