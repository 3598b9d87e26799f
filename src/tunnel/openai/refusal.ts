import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { BridgeError, messageOf } from '../../errors.ts';
import { oneLine } from '../../log.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/** A status of the control plane that is not the one hoped for. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** What it says is to be waited. Milliseconds. */
  readonly retryAfter: number;

  constructor(status: number, message: string, retryAfter: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Reads an answer that is none. */
export async function refusalOf(response: IncomingMessage): Promise<Refusal> {
  const status = response.statusCode ?? 0;
  const words = wordsOf(await text(response));
  return new Refusal(status, `${status} ${words}`.trim(), parseRetryAfter(response.headers['retry-after']));
}

/** What passes by itself: polls are repeated then (docs/protocol.md, "Errors, retries, and concurrency"). */
export function isTransient(error: unknown): boolean {
  // A token or an address that cannot even be written down will not become right.
  if (!(error instanceof Refusal)) return !(error instanceof TypeError);
  return error.status >= 500 || error.status === 408 || error.status === 429;
}

/** Milliseconds to wait before the next attempt, at least. */
export function retryAfterOf(error: unknown): number {
  return error instanceof Refusal ? error.retryAfter : 0;
}

/** The error as the owner shall see it. */
export function explain(error: unknown, tunnelId: string): BridgeError {
  const status = error instanceof Refusal ? error.status : 0;
  const advice = ADVICE[status] ?? '';
  const message = `OpenAI does not serve the tunnel ${tunnelId}: ${messageOf(error)}${advice}`;
  return new BridgeError('TUNNEL', message, { cause: error });
}

const SETTINGS = 'https://platform.openai.com/settings/organization';
const CHECK_ID = `. Compare its id with ${SETTINGS}/tunnels`;
const ADVICE: Readonly<Record<number, string>> = {
  400: CHECK_ID,
  401: `. Compare the runtime key with ${SETTINGS}/api-keys; it has to be of the tunnel's organization`,
  403: `. Give the owner of the runtime key the permissions Tunnels Read and Use: ${SETTINGS}/people/roles`,
  404: CHECK_ID,
};

/** The error's code and message, where the body is one (docs/openapi.json, `APIErrorResponse`). */
function wordsOf(body: string): string {
  try {
    const error = RawJson.parse(body).raw('error');
    const words = [error?.string('code'), error?.string('message')].filter(Boolean).join(': ');
    return oneLine(words).slice(0, LONGEST_QUOTE);
  } catch {
    return ''; // Something in between has answered, in HTML say. The status has to do.
  }
}

const LONGEST_QUOTE = 300;

/** Seconds, or a date (RFC 9110, section 10.2.3). What is neither, or past, is no time to wait. */
function parseRetryAfter(value = ''): number {
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return delay > 0 ? Math.min(delay, LONGEST_WAIT) : 0;
}

/** No single answer may keep us away for longer. Milliseconds. */
const LONGEST_WAIT = 60_000;
