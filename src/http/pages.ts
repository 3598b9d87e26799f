import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyReader } from '../downstream/body.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OAuthReply, OAuthRequest } from '../oauth/reply.ts';

/** Answers requests that are plain values, at paths of its own. */
export interface Pages {
  serves(path: string): boolean;
  handle(request: OAuthRequest): Promise<OAuthReply>;
}

/** Forms and registrations are short. Bytes. */
const MAX_BODY = 16 * 1024;
/** Who takes longer to send so little is not slow but hostile. Milliseconds. */
const BODY_TIMEOUT = 10_000;

/** Lets pages answer HTTP requests. */
export class PageServer {
  readonly #pages: Pages;
  readonly #log: Log;
  readonly #bodies = new BodyReader({ max: MAX_BODY, small: MAX_BODY });

  constructor(pages: Pages, log: Log) {
    this.#pages = pages;
    this.#log = log;
  }

  serves(path: string): boolean {
    return this.#pages.serves(path);
  }

  /** @throws HttpError when the request cannot be read. */
  async serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { method = 'GET', headers, url = '' } = request;
    const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT);
    const body = await this.#bodies.read(request).finally(() => clearTimeout(timer));
    const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
    const reply = await this.#answer({ method, path, query, headers, body });
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  async #answer(request: OAuthRequest): Promise<OAuthReply> {
    try {
      return await this.#pages.handle(request);
    } catch (error) {
      // A disk that is full, say. The owner has to know, strangers have not.
      this.#log.error(`${request.path}: ${messageOf(error)}`);
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      return { status: 503, headers, body: JSON.stringify({ error: 'temporarily_unavailable' }) };
    }
  }
}
