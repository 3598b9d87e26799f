import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { createProxyMiddleware, RequestHandler } from 'http-proxy-middleware';
import type { Mount } from '../config/settings.ts';
import { HttpError, sendError } from '../downstream/http-error.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Principal } from '../protocol/principal.ts';
import { answerHeaders, type Place, requestHeaders, rootOf, upgradeHeaders, WEB_SOCKET } from './mount-headers.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface MountedOptions {
  readonly mount: Mount;
  /** Where it is here. */
  readonly path: string;
  /** The public origin of the moment. */
  readonly origin: () => string;
  readonly log: Log;
  /** For a connection to it, and for its answer to the opening of a web socket. Milliseconds. */
  readonly connectTimeout: number;
  readonly createProxy: typeof createProxyMiddleware<IncomingMessage, ServerResponse>;
}

/**
 * Another web server under the bridge's origin. Its path here stands for the path of its URL, so there are two ways: `/app` for
 * `http://127.0.0.1:5173` takes the path away, and `/app` for `http://127.0.0.1:5173/app` keeps it. The second is for servers that write
 * their own paths into pages, as Vite does with its `base`: bodies pass as they are, so those paths have to be right already.
 */
export class Mounted {
  /** The path under which tokens are bound; `undefined` where nobody is asked for one. */
  readonly resource: string | undefined;
  /** Whether web sockets are passed on. */
  readonly ws: boolean;
  readonly #options: MountedOptions;
  readonly #place: Place;
  readonly #proxy: RequestHandler<IncomingMessage, ServerResponse>;
  /** What is going on, and on whose behalf. */
  readonly #open = new Map<ServerResponse | Duplex, string>();

  constructor(options: MountedOptions) {
    const { mount, path, createProxy } = options;
    const url = new URL(mount.url);
    this.resource = mount.auth ? path : undefined;
    this.ws = mount.ws;
    this.#options = options;
    this.#place = { path, url };
    this.#proxy = createProxy({
      target: url.origin,
      // Dev servers refuse names that they do not know.
      changeOrigin: true,
      pathRewrite: (asked) => this.#pathThere(asked),
      on: {
        proxyReq: (outgoing, _, response) => this.#send(outgoing, response),
        proxyRes: (answer, _, response) => this.#passOn(answer, response),
        proxyReqWs: (outgoing, _, socket) => this.#sendUpgrade(outgoing, socket),
        error: (error, request, response) => this.#fail(error, request, response),
      },
    });
  }

  /** @throws HttpError when it is not a request to pass on. */
  serve(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    checkScope(principal);
    checkMeasure(request);
    this.#track(response, principal);
    // Before the proxy, and not in its events: it skips those of requests with `Expect`.
    request.headers = { ...requestHeaders(request.headers, this.#place, this.#options.origin()), ...this.#ownHeaders };
    void this.#proxy(request, response, (error) => sendError(response, error));
  }

  /** @throws HttpError when it is not a request to pass on. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, principal: Principal): void {
    checkScope(principal);
    this.#track(socket, principal);
    request.headers = { ...upgradeHeaders(request.headers, this.#place, this.#options.origin()), ...this.#ownHeaders };
    this.#proxy.upgrade(request, socket, head);
  }

  /** Cuts what goes on for a principal. */
  end(principalId: string): void {
    for (const [open, id] of this.#open) if (id === principalId) open.destroy();
  }

  get #ownHeaders(): Record<string, string> {
    const { headers } = this.#options.mount;
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  }

  #track(open: ServerResponse | Duplex, { id }: Principal): void {
    this.#open.set(open, id);
    open.once('close', () => this.#open.delete(open));
  }

  #pathThere(asked: string): string {
    const { path, url } = this.#place;
    const there = rootOf(url) + asked.slice(path.length);
    return there.startsWith('/') ? there : `/${there}`;
  }

  #send(outgoing: ClientRequest, response: ServerResponse): void {
    // The proxy lets go of a request only when its own answer has begun.
    if (response.destroyed) outgoing.destroy();
    response.once('close', () => outgoing.destroy());
    const timer = this.#limit(outgoing);
    const connected = this.#place.url.protocol === 'https:' ? 'secureConnect' : 'connect';
    outgoing.socket?.once(connected, () => clearTimeout(timer));
  }

  #passOn(answer: IncomingMessage, response: ServerResponse): void {
    if (answer.statusCode === 401 && this.resource !== undefined) {
      // Clients would take it for the bridge's own, and throw away a token that is good.
      this.#warn('it asks for credentials; give them in the `headers` of the mount');
      answer.resume();
      return sendError(response, new HttpError(502, 'What is mounted here does not let the bridge in'));
    }
    const { vary } = answer.headers;
    answer.headers = answerHeaders(answer.headers, this.#place);
    // What has been said about this answer already holds too.
    if (response.hasHeader('Vary')) answer.headers.vary = [response.getHeader('Vary'), vary].filter(Boolean).join(', ');
    // The proxy does not tell its client when an answer breaks off,
    answer.once('close', () => {
      if (!answer.complete) response.destroy();
    });
    // nor that one has begun in which nothing has been said yet.
    if (answer.headers['content-length'] === undefined) setImmediate(() => response.flushHeaders());
  }

  #sendUpgrade(outgoing: ClientRequest, socket: Socket): void {
    const timer = this.#limit(outgoing);
    socket.once('close', () => outgoing.destroy());
    // These come before the proxy's own listeners, which write what is in `headers`.
    outgoing.once('response', (answer) => {
      clearTimeout(timer);
      answer.headers = { ...answerHeaders(answer.headers, this.#place), connection: 'close' };
    });
    outgoing.once('upgrade', (answer, there) => {
      answer.headers = { ...answerHeaders(answer.headers, this.#place), ...WEB_SOCKET };
      // A pipe says goodbye for those that do, and not for those that are cut.
      socket.once('close', () => there.destroy());
      // Ahead of the proxy, which would have an answer written into what is a web socket by now.
      there.once('error', () => socket.destroy());
      there.once('close', () => socket.destroy());
    });
  }

  /** Ends a request that gets nowhere, until it is closed, or no request any more. Whether an answer comes late is its server's business. */
  #limit(outgoing: ClientRequest): NodeJS.Timeout {
    const timer = setTimeout(() => outgoing.destroy(new LateError()), this.#options.connectTimeout);
    outgoing.once('close', () => clearTimeout(timer));
    return timer;
  }

  #fail(error: NodeJS.ErrnoException, request: IncomingMessage, response: ServerResponse | Socket): void {
    if (response.destroyed) return;
    this.#warn(error.code ?? messageOf(error));
    const failure =
      error.code === 'ETIMEDOUT'
        ? new HttpError(504, 'What is mounted here does not answer in time')
        : new HttpError(502, 'What is mounted here cannot be reached');
    if (response instanceof ServerResponse) sendError(response, failure);
    else refuseUpgrade(request, response, failure);
  }

  #warn(reason: string): void {
    const { mount, log } = this.#options;
    // Its path may be a secret.
    log.warn(`mount ${mount.path}: no answer from ${this.#place.url.origin}: ${reason}`);
  }
}

class LateError extends Error {
  readonly code = 'ETIMEDOUT';
}

/** @throws HttpError 403. */
function checkScope({ readOnly }: Principal): void {
  // Which of the requests only read, nobody here can tell.
  if (!readOnly) return;
  throw new HttpError(403, 'This client may only read; what is mounted here needs full access', {
    headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' },
  });
}

/** @throws HttpError 411. */
function checkMeasure({ method, headers }: IncomingMessage): void {
  // The proxy would say that there is no body, and send it all the same: as the start of another request.
  if ((method === 'DELETE' || method === 'OPTIONS') && headers['transfer-encoding'] !== undefined)
    throw new HttpError(411, `The body of ${method} needs a Content-Length here`);
}
