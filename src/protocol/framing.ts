import type { Writable } from 'node:stream';
import type { IdText } from './message.ts';

/** What a reader of newline-delimited messages calls. */
export interface LineHandlers {
  /** A whole line, without its end. Never empty. */
  line(text: string): void;
  /** A line that was longer than allowed. */
  oversized(line: OversizedLine): void;
}

/** What is known of a line that was dropped. */
export interface OversizedLine {
  readonly bytes: number;
  readonly envelope: Envelope;
}

/** What the ends of a message tell about it. */
export interface Envelope {
  /** The request's id; `null` (the text) when it cannot be told. */
  readonly id: IdText;
  readonly isResponse: boolean;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** How much of an oversized line's ends is kept: enough for the envelope around the payload. */
const KEPT_BYTES = 1024;

/**
 * Cuts a byte stream into lines (MCP's stdio framing). Linear in the bytes whatever the chunks: parts of a line are
 * collected and joined once, and characters are decoded only when they are complete.
 */
export class LineReader {
  readonly #maxLine: number;
  readonly #handlers: LineHandlers;
  #parts: Buffer[] = [];
  #length = 0;
  #oversized: { head: Buffer; tail: Buffer } | undefined;

  /** @param maxLine longest line in bytes; the rest of a longer one is read and dropped. */
  constructor(maxLine: number, handlers: LineHandlers) {
    this.#maxLine = maxLine;
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#collect(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#collect(chunk.subarray(start));
  }

  /** The stream has ended; what was not ended by a newline counts as a line. */
  end(): void {
    this.#finish();
  }

  #collect(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#maxLine) this.#discard(part);
    else this.#parts.push(part);
  }

  #discard(part: Buffer): void {
    if (!this.#oversized) {
      const whole = Buffer.concat([...this.#parts, part]);
      this.#oversized = {
        head: Buffer.from(whole.subarray(0, KEPT_BYTES)),
        tail: Buffer.from(whole.subarray(-KEPT_BYTES)),
      };
      this.#parts = [];
    } else {
      this.#oversized.tail = Buffer.concat([this.#oversized.tail, part.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
    }
  }

  #finish(): void {
    const oversized = this.#oversized;
    const bytes = this.#length;
    const parts = this.#parts;
    this.#oversized = undefined;
    this.#length = 0;
    this.#parts = [];
    if (oversized)
      this.#handlers.oversized({ bytes, envelope: envelopeOf(oversized.head.toString(), oversized.tail.toString()) });
    else if (bytes > 0) this.#deliver(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  }

  #deliver(line: Buffer): void {
    const end = line[line.length - 1] === CARRIAGE_RETURN ? line.length - 1 : line.length;
    if (end > 0) this.#handlers.line(line.toString('utf8', 0, end));
  }
}

/** Strings are taken as a whole: they may hold brackets. */
const HAS_METHOD = /^\s*\{(?:"(?:[^"\\]|\\.)*"|[^"{}[\]])*?"method"\s*:/;

/**
 * Reads the envelope of a message that cannot be read as a whole, where its id stands before or after the payload.
 * A string inside the payload cannot be taken for it: its quotes would be escaped.
 */
function envelopeOf(head: string, tail: string): Envelope {
  // Strict, since of a message that was not read nothing is known to be JSON.
  const string = String.raw`"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"`;
  const id = String.raw`"id"\s*:\s*(${string}|-?(?:0|[1-9]\d*))`;
  const scalars = '(?:"(?:jsonrpc|method)"\\s*:\\s*"[^"]*"\\s*,\\s*)*';
  const atStart = new RegExp(`^\\s*\\{\\s*${scalars}${id}\\s*,`).exec(head);
  const atEnd = new RegExp(`,\\s*${id}\\s*(?:,\\s*"jsonrpc"\\s*:\\s*"2\\.0"\\s*)?\\}\\s*$`).exec(tail);
  return { id: atStart?.[1] ?? atEnd?.[1] ?? 'null', isResponse: !HAS_METHOD.test(head) };
}

/** The envelope of a line that is no message but was to be one: cut off, say, or with another thread's words inside. */
export function envelopeOfBroken(line: string): Envelope | undefined {
  const head = line.slice(0, KEPT_BYTES);
  const tail = line.slice(-KEPT_BYTES);
  if (!/"jsonrpc"\s*:\s*"2\.0"/.test(head + tail)) return undefined;
  const envelope = envelopeOf(head, tail);
  return envelope.id === 'null' ? undefined : envelope;
}

/** JSON without the line breaks it may be spread over, which it allows nowhere but between its tokens. */
export function onOneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replaceAll(/[\r\n]+/g, ' ') : json;
}

/**
 * Writes messages as lines. What is sent within one turn of the event loop leaves in one write (half of a relay's time
 * would go into system calls otherwise), and nothing is written while the reader is behind.
 */
export class LineWriter {
  readonly #stream: Writable;
  #queue = '';
  #scheduled = false;
  #blocked = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => {
      this.#blocked = false;
      this.flush();
    });
  }

  /** Bytes (about: characters, before they are encoded) that wait for the reader. */
  get backlog(): number {
    return this.#queue.length + this.#stream.writableLength;
  }

  /** Sends one message, given as JSON text. */
  send(text: string): void {
    this.#queue += `${onOneLine(text)}\n`;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Writes at once what would wait for the end of this turn of the event loop. */
  flush(): void {
    if (this.#blocked || this.#queue === '' || !this.#stream.writable) return;
    const queue = this.#queue;
    this.#queue = '';
    this.#blocked = !this.#stream.write(queue);
  }

  /** Ends the stream once all is written. */
  end(done?: () => void): void {
    this.#blocked = false;
    this.flush();
    this.#stream.end(done);
  }
}
