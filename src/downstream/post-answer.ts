import type { ServerResponse } from 'node:http';
import { RawJson } from '../protocol/raw-json.ts';
import type { EventStream } from './event-stream.ts';
import type { Outlet } from './session.ts';

export interface PostAnswerOptions {
  readonly response: ServerResponse;
  /** Makes what carries the answer once it streams. */
  createStream(): EventStream;
  /** What the client can read. */
  readonly accepts: { readonly json: boolean; readonly stream: boolean };
  /** How many requests the POST held, and whether as a batch. */
  readonly requests: number;
  readonly isBatch: boolean;
}

/**
 * The answer to a POST: plain JSON, which costs least, until the call has something to say before its result, or has been
 * silent for so long that a proxy might cut the connection. From then on it is a stream.
 */
export class PostAnswer implements Outlet {
  readonly #options: PostAnswerOptions;
  readonly #answers: RawJson[] = [];
  readonly #silence: NodeJS.Timeout;
  #stream: EventStream | undefined;
  #open: number;

  constructor(options: PostAnswerOptions) {
    this.#options = options;
    this.#open = options.requests;
    this.#silence = setTimeout(() => this.#startStream(), STREAM_AFTER);
    if (!options.accepts.json) this.#startStream();
  }

  /** Sends a message ahead of the result. */
  send(frame: RawJson): boolean {
    return this.#startStream()?.send(frame) ?? false;
  }

  /**
   * Takes the answer to one of the POST's requests; `undefined` when the client gave it up. `status` is the one of an answer that
   * does not stream.
   */
  settle(frame: RawJson | undefined, status = 200): void {
    this.#open -= 1;
    if (frame && this.#stream) this.#stream.send(frame);
    else if (frame) this.#answers.push(frame);
    if (this.#open === 0) this.#finish(status);
  }

  #finish(status: number): void {
    clearTimeout(this.#silence);
    const { response, isBatch } = this.#options;
    // A request that was given up gets no answer: an empty stream says so, an empty body would be broken JSON.
    const stream = this.#answers.length === 0 ? this.#startStream() : this.#stream;
    if (stream) return stream.end();
    if (this.#answers.length === 0) return void response.writeHead(202).end();
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/json');
    response.end(isBatch ? RawJson.of(this.#answers).text : this.#answers[0]?.text);
  }

  #startStream(): EventStream | undefined {
    const { response, createStream, accepts } = this.#options;
    if (this.#stream || !accepts.stream) return this.#stream;
    clearTimeout(this.#silence);
    this.#stream = createStream();
    if (!response.destroyed) this.#stream.connect(response);
    for (const answer of this.#answers.splice(0)) this.#stream.send(answer);
    return this.#stream;
  }
}

/** Longer than nearly every call, and well within the patience of the proxies in between. Milliseconds. */
const STREAM_AFTER = 5000;
