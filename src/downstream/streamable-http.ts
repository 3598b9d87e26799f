import type { IncomingMessage, ServerResponse } from 'node:http';
import { INVALID_REQUEST, type Message, parseMessages, type Request } from '../protocol/message.ts';
import type { Principal } from '../protocol/principal.ts';
import { ASSUMED_REVISION, hasBatches, REVISIONS_2025, type Revision, STATELESS } from '../protocol/revisions.ts';
import type { Relay } from '../relay/relay.ts';
import type { BodyReader } from './body.ts';
import type { EventStore } from './event-store.ts';
import { EventStream } from './event-stream.ts';
import { HttpError, sendError } from './http-error.ts';
import { HttpSession } from './http-session.ts';
import { PostAnswer } from './post-answer.ts';
import { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { servePost } from './stateless/http.ts';
import { isStateless, unsupported } from './stateless/request.ts';
import type { Stateless } from './stateless/stateless.ts';

export interface StreamableHttpOptions {
  readonly relay: Relay;
  /** Serves those who have no sessions. */
  readonly stateless: Stateless;
  readonly sessions: Sessions<HttpSession>;
  readonly store: EventStore;
  readonly bodies: BodyReader;
  /** Whether an unknown session id is taken up as a new session, for clients that ignore the 404. */
  readonly recreateSessions: boolean;
}

/**
 * The Streamable HTTP transport. Each request says which of its two forms it is meant for: the one with sessions (specification
 * 2025-11-25, basic/transports), served here, or the one without (2026-07-28).
 */
export class StreamableHttp {
  readonly #options: StreamableHttpOptions;

  constructor(options: StreamableHttpOptions) {
    this.#options = options;
  }

  /** Serves one request to the endpoint. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, principal: Principal): Promise<void> {
    try {
      if (request.method === 'POST') await this.#post(request, response, principal);
      else if (headerOf(request, 'mcp-protocol-version') === STATELESS)
        throw new HttpError(405, `${STATELESS} has no ${request.method}`, { headers: { Allow: 'POST' } });
      else if (request.method === 'GET') this.#get(request, response, principal);
      else if (request.method === 'DELETE') this.#delete(request, response, principal);
      else
        throw new HttpError(405, `${request.method} is not served here`, { headers: { Allow: 'GET, POST, DELETE' } });
    } catch (error) {
      sendError(response, error);
    }
  }

  async #post(request: IncomingMessage, response: ServerResponse, principal: Principal): Promise<void> {
    const accepts = acceptedTypes(request);
    checkContentType(request);
    const body = parseMessages(await this.#options.bodies.read(request), 'client');
    const messages = Array.isArray(body) ? body : [body];
    if (messages.some((message) => speaksStateless(message, request))) {
      const [message] = messages as [Message];
      if (Array.isArray(body))
        throw new HttpError(400, 'Invalid Request: this revision has no batches', { code: INVALID_REQUEST });
      return servePost(this.#options.stateless, { request, response, message, accepts, principal });
    }
    // It negotiates the revision, so no header can be wrong yet.
    if (messages.some(isInitialize)) return this.#initialize(messages, { response, accepts, principal });
    const revision = revisionOf(request);
    const http = this.#existing(request, principal);
    const session = http?.session ?? this.#transient(response, revision, principal);
    if (Array.isArray(body) && !hasBatches(http ? session.revision : revision)) {
      throw new HttpError(400, 'Invalid Request: this revision has no batches', { code: INVALID_REQUEST });
    }
    for (const message of messages) {
      if (message.kind === 'notification') session.notify(message);
      else if (message.kind === 'response') session.settle(message);
    }
    const requests = messages.filter((message) => message.kind === 'request');
    if (requests.length === 0) return void response.writeHead(202).end();
    const createStream = () => http?.createStream() ?? new EventStream({ id: '' });
    const isBatch = Array.isArray(body);
    const answer = new PostAnswer({ response, createStream, accepts, requests: requests.length, isBatch });
    for (const call of requests) {
      session.call(call, answer).then((frame) => {
        answer.settle(frame);
        if (http) this.#options.sessions.touch(http.id);
      });
    }
  }

  async #initialize(messages: Message[], { response, accepts, principal }: InitializePost): Promise<void> {
    const [request] = messages as [Request];
    if (messages.length > 1)
      throw new HttpError(400, 'Invalid Request: initialize must come alone', { code: INVALID_REQUEST });
    const http = this.#createSession(principal);
    response.setHeader('Mcp-Session-Id', http.id);
    const createStream = () => http.createStream();
    const answer = new PostAnswer({ response, createStream, accepts, requests: 1, isBatch: false });
    // A client that leaves before it has heard of its session cannot come back to it.
    response.once('close', () => response.headersSent || this.#options.sessions.close(http.id));
    const frame = await http.session.call(request, answer);
    const isOpen = frame?.has('result') === true;
    if (!isOpen && !response.headersSent) response.removeHeader('Mcp-Session-Id');
    // Before the session is closed: with it goes the stream that may carry this answer.
    answer.settle(frame);
    if (isOpen) this.#options.sessions.touch(http.id);
    else this.#options.sessions.close(http.id);
  }

  /** Opens the session's own stream, or takes up one that was cut. */
  #get(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    revisionOf(request);
    const http = this.#existing(request, principal);
    if (!http) throw new HttpError(405, 'A stream needs a session', { headers: { Allow: 'POST' } });
    if (!acceptedTypes(request).stream) throw new HttpError(406, 'Not Acceptable: the stream is text/event-stream');
    response.once('close', () => this.#options.sessions.touch(http.id));
    const lastEventId = headerOf(request, 'last-event-id');
    if (lastEventId === undefined) return http.standalone.connect(response);
    const resumed = http.resume(lastEventId);
    if (!resumed) throw new HttpError(400, 'Last-Event-ID names no stream of this session');
    resumed.stream.connect(response, resumed.after);
  }

  #delete(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    revisionOf(request);
    const http = this.#existing(request, principal);
    if (!http) throw new HttpError(400, 'Mcp-Session-Id is missing');
    this.#options.sessions.close(http.id);
    response.writeHead(200).end();
  }

  /** The session a request names, if it names one. Sessions are known only at the URL where they were opened, and to whom opened them. */
  #existing(request: IncomingMessage, principal: Principal): HttpSession | undefined {
    const id = headerOf(request, 'mcp-session-id');
    if (id === undefined) return undefined;
    const { relay, sessions, recreateSessions } = this.#options;
    const http = sessions.get(id, principal);
    if (http?.relay === relay) return http;
    if (recreateSessions && !sessions.has(id) && SESSION_ID.test(id)) return this.#recreateSession(id, principal);
    throw new HttpError(404, 'Session not found');
  }

  #createSession(principal: Principal, id?: string): HttpSession {
    const { relay, sessions, store } = this.#options;
    return sessions.add((newId) => new HttpSession({ id: newId, relay, principal, store }), principal, id);
  }

  /** What its client has declared is lost, so that it shares its servers' processes. */
  #recreateSession(id: string, principal: Principal): HttpSession {
    const http = this.#createSession(principal, id);
    this.#options.relay.join(http.session);
    return http;
  }

  /** Whoever asks without a session is known for this request only; nobody could fetch its answer once the connection is cut. */
  #transient(response: ServerResponse, revision: Revision, principal: Principal): Session {
    const session = new Session({ relay: this.#options.relay, principal, outlet: NOWHERE, isTransient: true });
    session.revision = revision;
    response.once('close', () => session.close());
    return session;
  }
}

interface AcceptedTypes {
  readonly json: boolean;
  readonly stream: boolean;
}

interface InitializePost {
  readonly response: ServerResponse;
  readonly accepts: AcceptedTypes;
  readonly principal: Principal;
}

const NOWHERE = { send: () => false };
/** What {@link Sessions} gives out; nothing else is taken up. */
const SESSION_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What the specification demands, and nearly all send. */
const USUAL_ACCEPT = 'application/json, text/event-stream';

/** Clients say less than the specification demands; whatever leaves us a way to answer is good enough. */
function acceptedTypes({ headers }: IncomingMessage): AcceptedTypes {
  if (headers.accept === USUAL_ACCEPT) return { json: true, stream: true };
  const ranges = (headers.accept || '*/*').toLowerCase().split(',').map(withoutParameters);
  const any = ranges.includes('*/*');
  const json = any || ranges.includes('application/json') || ranges.includes('application/*');
  const stream = any || ranges.includes('text/event-stream') || ranges.includes('text/*');
  if (!json && !stream) throw new HttpError(406, 'Not Acceptable: answers are application/json or text/event-stream');
  return { json, stream };
}

function checkContentType({ headers }: IncomingMessage): void {
  if (headers['content-type'] === 'application/json') return;
  const type = withoutParameters(headers['content-type']?.toLowerCase() ?? '');
  if (type !== 'application/json') throw new HttpError(415, 'Unsupported Media Type: send application/json');
}

/** The media type or range before the first `;`. */
function withoutParameters(type: string): string {
  return type.split(';', 1)[0]?.trim() ?? '';
}

/** The revision that a request names. @throws MessageError -32022 when it is none of ours. */
function revisionOf(request: IncomingMessage): Revision {
  const asked = headerOf(request, 'mcp-protocol-version');
  if (asked === undefined) return ASSUMED_REVISION;
  const revision = REVISIONS_2025.find((known) => known === asked);
  if (revision) return revision;
  throw unsupported(asked);
}

/** What the message says counts. One that says nothing is of the form that its header names, unless it is about to settle that. */
function speaksStateless(message: Message, request: IncomingMessage): boolean {
  if (isStateless(message)) return true;
  return !isInitialize(message) && headerOf(request, 'mcp-protocol-version') === STATELESS;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isInitialize(message: Message): boolean {
  return message.kind === 'request' && message.method === 'initialize';
}
