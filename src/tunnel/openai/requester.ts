import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
  /** Cuts the connection, also while the answer is being read. */
  readonly signal: AbortSignal;
}

/**
 * Sends requests to one origin over connections that are kept until it is closed. Not with fetch, which merges headers of one name and
 * keeps its connections to itself.
 */
export class Requester {
  readonly #isSecure: boolean;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(origin: string) {
    this.#isSecure = new URL(origin).protocol === 'https:';
    this.#agent = new (this.#isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true });
  }

  /** Resolves when the headers of the answer are there. No redirect is followed: it would take the token along. */
  send({ url, body, ...options }: OutgoingRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = this.#isSecure ? httpsRequest : httpRequest;
      request(url, { ...options, agent: this.#agent })
        .once('response', resolve)
        .on('error', reject)
        .end(body);
    });
  }

  /** Cuts what is open. */
  close(): void {
    this.#agent.destroy();
  }
}

/** Whether a request failed before anything of it was written: nobody was found, or nobody answered the door. */
export function isUnsent(error: unknown): boolean {
  // A name with several addresses, none of which could be connected to.
  if (error instanceof AggregateError) return error.errors.every(isUnsent);
  return error instanceof Error && 'syscall' in error && ['connect', 'getaddrinfo'].includes(String(error.syscall));
}
