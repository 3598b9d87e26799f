import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PARSE_ERROR } from '../protocol/message.ts';
import { HttpError } from './http-error.ts';

export interface BodyLimits {
  /** Longest body, in bytes. */
  readonly max: number;
  /** Up to this length a body is always taken, so that unfinished large ones do not lock everybody out. Default: a 1024th of `max`. */
  readonly small?: number;
  /** How to raise the limit, for those who run into it. */
  readonly hint?: string;
}

/** Reads request bodies. All large ones that are being read share one budget, so that many of them cannot fill the memory. */
export class BodyReader {
  readonly #maxBody: number;
  readonly #budget: number;
  readonly #small: number;
  readonly #hint: string;
  #reading = 0;

  constructor({ max, small = max / 1024, hint = '' }: BodyLimits) {
    this.#maxBody = max;
    this.#budget = 4 * max;
    this.#small = small;
    this.#hint = hint;
  }

  /**
   * The whole body as text.
   * @throws HttpError 413 when it is longer than allowed, 503 when too much is being read at once, 400 when it is not UTF-8
   *   or ends early.
   */
  async read(request: IncomingMessage): Promise<string> {
    if (Number(request.headers['content-length']) > this.#maxBody) {
      request.resume(); // The rest is read and dropped: a client that is cut off while it sends does not see the answer.
      throw this.#tooLarge();
    }
    const body = await this.#collect(request);
    if (!isUtf8(body)) throw new HttpError(400, 'Parse error: the request body is not UTF-8', { code: PARSE_ERROR });
    return body.toString();
  }

  #collect(request: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] = [];
      let length = 0;
      const settle = (error?: HttpError) => {
        request.off('data', onData).resume();
        this.#reading -= length;
        if (error) reject(error);
        else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
        chunks = [];
        length = 0;
      };
      const onData = (chunk: Buffer) => {
        length += chunk.length;
        this.#reading += chunk.length;
        chunks.push(chunk);
        if (length > this.#maxBody) settle(this.#tooLarge());
        else if (length > this.#small && this.#reading > this.#budget)
          settle(new HttpError(503, TOO_MUCH, { headers: { 'Retry-After': '1' } }));
      };
      request.on('data', onData);
      request.once('end', () => settle());
      request.once('error', () => settle(new HttpError(400, 'The request body ended early')));
    });
  }

  #tooLarge(): HttpError {
    return new HttpError(413, `The request body is longer than ${this.#maxBody} bytes${this.#hint}`);
  }
}

const TOO_MUCH = 'Too much is being sent at once; try again';
