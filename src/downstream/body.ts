import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PARSE_ERROR } from '../protocol/message.ts';
import { HttpError } from './http-error.ts';

/** Reads request bodies. All that are being read share one budget, so that many large ones cannot fill the memory. */
export class BodyReader {
  readonly #maxBody: number;
  readonly #budget: number;
  #reading = 0;

  /** @param maxBody longest body in bytes. */
  constructor(maxBody: number) {
    this.#maxBody = maxBody;
    this.#budget = 4 * maxBody;
  }

  /**
   * The whole body as text.
   * @throws HttpError 413 when it is longer than allowed, 503 when too much is being read at once, 400 when it is not UTF-8
   *   or ends early.
   */
  async read(request: IncomingMessage): Promise<string> {
    if (Number(request.headers['content-length']) > this.#maxBody) throw this.#tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        length += chunk.length;
        this.#reading += chunk.length;
        if (length > this.#maxBody) throw this.#tooLarge();
        if (this.#reading > this.#budget)
          throw new HttpError(503, 'Too much is being sent at once; try again', { headers: { 'Retry-After': '1' } });
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof HttpError ? error : new HttpError(400, 'The request body ended early');
    } finally {
      this.#reading -= length;
    }
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    if (!isUtf8(body)) throw new HttpError(400, 'Parse error: the request body is not UTF-8', { code: PARSE_ERROR });
    return body.toString();
  }

  #tooLarge(): HttpError {
    // The rest of the body is not read, so the connection cannot be used again.
    return new HttpError(413, `The request body is longer than ${this.#maxBody} bytes (--max-message)`, {
      headers: { Connection: 'close' },
    });
  }
}
