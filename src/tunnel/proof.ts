import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { BridgeError, messageOf } from '../errors.ts';

/** What has come back through a tunnel. */
export interface Proof {
  /** From the request to the first byte of its answer, in milliseconds. */
  readonly firstByte: number;
  /** Whether events arrive as they are sent, in answers to POST and to GET. */
  readonly streamsPost: boolean;
  readonly streamsGet: boolean;
}

export interface ProveOptions {
  readonly signal: AbortSignal;
  /** How long a new name may take to be known. Milliseconds. Default 45 s. */
  readonly patience?: number;
}

/** Names of tunnels are hardly ever known at once. Milliseconds. */
const PATIENCE = 45_000;
const INTERVAL = 1000;
const TIMEOUT = 15_000;
/** Characters. The own answer has a hundred; the rest is for the title of somebody else's page. */
const LONGEST_ANSWER = 64 * 1024;
/** Between the two events of a stream. Milliseconds. */
const GAP = 600;

/** A route that nobody can guess, by which the bridge finds out whether a public URL leads to itself, and how. */
export class ProofRoute {
  readonly path = `/.well-known/mcp-bridge/${randomBytes(16).toString('hex')}`;
  readonly #nonce = randomBytes(16).toString('hex');

  /** Answers two events, one at once and one a little later. */
  async serve(_: IncomingMessage, response: ServerResponse): Promise<void> {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    response.write(`data: ${this.#nonce}\n\n`);
    await pause(GAP);
    response.end(`data: ${this.#nonce}\n\n`);
  }

  /** @throws BridgeError `TUNNEL` when what answers there is not this bridge. */
  async prove(origin: string, { signal, patience = PATIENCE }: ProveOptions): Promise<Proof> {
    const post = await this.#firstAnswer(origin, signal, performance.now() + patience);
    const get = await this.#ask('GET', origin, signal).catch(() => undefined);
    const streamsGet = get !== undefined && get.gap > GAP / 2;
    return { firstByte: Math.round(post.firstByte), streamsPost: post.gap > GAP / 2, streamsGet };
  }

  /** Whether the bridge still answers there. */
  async isAlive(origin: string, signal: AbortSignal): Promise<boolean> {
    return this.#ask('POST', origin, signal).then(
      () => true,
      () => false,
    );
  }

  async #firstAnswer(origin: string, signal: AbortSignal, until: number): Promise<Arrival> {
    for (;;) {
      try {
        return await this.#ask('POST', origin, signal);
      } catch (error) {
        if (signal.aborted || performance.now() > until) {
          const message = `${origin} does not lead to this bridge: ${messageOf(error)}`;
          throw new BridgeError('TUNNEL', message, { cause: error });
        }
        await pause(INTERVAL);
      }
    }
  }

  async #ask(method: 'GET' | 'POST', origin: string, signal: AbortSignal): Promise<Arrival> {
    const start = performance.now();
    const response = await fetch(origin + this.path, {
      method,
      headers: HEADERS,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
    const arrivals: number[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      arrivals.push(performance.now());
      if (text.length > LONGEST_ANSWER) break; // Leaving the loop ends the connection.
    }
    const [first = performance.now()] = arrivals;
    const received = text.split(this.#nonce).length - 1;
    if (response.status !== 200 || received !== 2) throw new Error(describe(response.status, text));
    return { firstByte: first - start, gap: (arrivals.at(-1) ?? first) - first };
  }
}

interface Arrival {
  readonly firstByte: number;
  /** Between the first and the last bytes. Milliseconds. */
  readonly gap: number;
}

/** The second keeps a free ngrok domain from answering with a page about itself. */
const HEADERS = { Accept: 'text/event-stream', 'Ngrok-Skip-Browser-Warning': '1', 'User-Agent': 'mcp-bridge' };

function describe(status: number, text: string): string {
  const [, title] = /<title>([^<]{1,80})/i.exec(text) ?? [];
  return `HTTP ${status}${title === undefined ? '' : ` (${title.trim()})`}, and not its answer`;
}
