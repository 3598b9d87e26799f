import type { ServerResponse } from 'node:http';
import { onOneLine } from '../protocol/framing.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { EventStore, StoredEvent } from './event-store.ts';
import type { Outlet } from './session.ts';

export interface EventStreamOptions {
  /** Name of the stream within {@link EventStreamOptions.store}; part of its event ids. */
  readonly id: string;
  /** Keeps the events for a client that comes back. Without one the stream cannot be resumed, and its events carry no ids. */
  readonly store?: EventStore | undefined;
  /** Tells whether a connection begins with an empty event, so that the client has an id to resume from. Default: no. */
  readonly priming?: () => boolean;
}

/**
 * A stream of server-sent events (HTML Standard, section 9.2) that outlives the connection it is read through:
 * what is sent while nobody is connected waits in the store.
 */
export class EventStream implements Outlet {
  readonly id: string;
  readonly #store: EventStore | undefined;
  readonly #priming: () => boolean;
  #response: ServerResponse | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #pending = '';
  #delivered = 0;
  #ended = false;

  constructor({ id, store, priming = () => false }: EventStreamOptions) {
    this.id = id;
    this.#store = store;
    this.#priming = priming;
  }

  get isConnected(): boolean {
    return this.#response !== undefined;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Sends a message; `false` when nobody is connected and nothing keeps it. */
  send(frame: RawJson): boolean {
    if (this.#ended || !(this.#response || this.#store)) return false;
    const event = this.#store?.append(this.id, frame.text);
    if (this.#response) this.#write(event ? this.#render(event) : `event: message\ndata: ${onOneLine(frame.text)}\n\n`);
    if (this.#response && event) this.#delivered = event.number;
    return true;
  }

  /** Sends an event that is no message. */
  sendEvent(event: string, data: string): void {
    this.#write(`event: ${event}\ndata: ${data}\n\n`);
  }

  /**
   * Lets a response carry the stream from here on, in place of the one before. `after`: the number of the last event the
   * client has seen; by default what was sent before.
   */
  connect(response: ServerResponse, after = this.#delivered): void {
    this.#flush();
    clearInterval(this.#heartbeat);
    this.#response?.end();
    this.#response = response;
    response.writeHead(200, STREAM_HEADERS);
    response.on('close', () => this.#disconnect(response));
    const missed = this.#store?.after(this.id, after) ?? [];
    this.#delivered = missed.at(-1)?.number ?? after;
    const greeting =
      !this.#ended && this.#priming()
        ? `retry: ${RETRY_AFTER}\nid: ${this.#eventId(this.#delivered)}\ndata: \n\n`
        : ':\n\n';
    this.#write((missed.length === 0 ? greeting : '') + missed.map((event) => this.#render(event)).join(''));
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_EVERY);
    this.#heartbeat.unref();
    if (this.#ended) this.#finish();
  }

  /** Ends the stream: the connection is closed once all is sent, and what a client missed can still be fetched. */
  end(): void {
    this.#ended = true;
    this.#finish();
  }

  #finish(): void {
    clearInterval(this.#heartbeat); // A slow client may take longer to read the rest.
    this.#flush();
    this.#response?.end();
  }

  #disconnect(response: ServerResponse): void {
    if (this.#response !== response) return;
    clearInterval(this.#heartbeat);
    this.#response = undefined;
    this.#pending = '';
  }

  #render(event: StoredEvent): string {
    return `event: message\nid: ${this.#eventId(event.number)}\ndata: ${onOneLine(event.data)}\n\n`;
  }

  #eventId(number: number): string {
    return `${this.id}_${number}`;
  }

  /** What is sent within one turn of the event loop leaves in one write. */
  #write(text: string): void {
    if (this.#pending === '') queueMicrotask(() => this.#flush());
    this.#pending += text;
  }

  #flush(): void {
    const text = this.#pending;
    const response = this.#response;
    this.#pending = '';
    if (text === '' || !response) return;
    response.write(text);
    // A reader this far behind would fill the memory. It may come back and resume.
    if (response.writableLength > MAX_BACKLOG) response.destroy();
  }
}

/** Splits an event id into its stream and number; `undefined` when it is none of ours. */
export function parseEventId(id: string): { stream: string; number: number } | undefined {
  const match = /^([\w-]+)_(\d+)$/.exec(id);
  return match ? { stream: match[1] as string, number: Number(match[2]) } : undefined;
}

/** Proxies and tunnels cut connections that are silent for 30 to 125 s; half of the least leaves room. Milliseconds. */
const HEARTBEAT_EVERY = 15_000;
/** What a client waits before it reconnects. Milliseconds. */
const RETRY_AFTER = 1000;
/** Bytes that may wait for a slow reader: four of the largest messages. */
const MAX_BACKLOG = 256 * 1024 * 1024;

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const;
