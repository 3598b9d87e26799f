import { messageOf } from '../errors.ts';
import { parseJson } from './json.ts';

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it. Milliseconds, default 5 s. */
  readonly limit?: number;
  /** Whether the messages of a stream that have come so far are all that is waited for. Default: none is. */
  readonly isEnough?: (messages: readonly unknown[]) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Without parameters, in lower case; empty when the answer names none. */
  readonly type: string;
  /** The whole body; of an event stream nothing. */
  readonly text: string;
  /** What is in a JSON body, or in the events of a stream. */
  readonly messages: readonly unknown[];
  /** Until the headers had come. Milliseconds. */
  readonly ms: number;
  /** Until the first event of a stream had come. Milliseconds. */
  readonly firstEvent: number | undefined;
}

/** Sends a request, follows no redirect, and resolves with the answer. Rejects with {@link NoAnswer} when there is none. */
export type Send = (request: Outgoing) => Promise<Answer>;

/** Why a request was not answered, in words for the owner. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export interface SendOptions {
  /** Default the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Aborted when nobody wants to know any more; then the reason is thrown. Default never. */
  readonly signal?: AbortSignal;
}

export function createSend({ fetch = globalThis.fetch, signal = new AbortController().signal }: SendOptions): Send {
  return async ({ method, url, headers = {}, body = null, limit = PATIENCE, isEnough = () => true }) => {
    const timeout = AbortSignal.timeout(limit);
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    try {
      const init = { method, headers: { ...OWN_HEADERS, ...headers }, body, redirect: 'manual' } as const;
      const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, timeout]) });
      const [type = ''] = (response.headers.get('content-type') ?? '').toLowerCase().split(';');
      const head = { status: response.status, headers: response.headers, type: type.trim(), ms: elapsed() };
      const isStream = head.type === 'text/event-stream';
      return { ...head, ...(isStream ? await readEvents(response, isEnough, elapsed) : await readBody(response)) };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new NoAnswer(`no answer to ${method} within ${limit / 1000} s`, { cause: error });
      throw error instanceof NoAnswer ? error : new NoAnswer(reasonOf(error), { cause: error });
    }
  };
}

/** ChatGPT gives up a new connector whose first answers take longer. Milliseconds. */
export const PATIENCE = 5000;

/** Bytes of one answer. */
const LARGEST = 16 * 2 ** 20;

const OWN_HEADERS = { 'User-Agent': 'mcp-bridge-doctor' };

type Content = Pick<Answer, 'text' | 'messages' | 'firstEvent'>;

async function readBody(response: Response): Promise<Content> {
  let text = '';
  for await (const chunk of chunksOf(response)) text += chunk;
  const parsed = parseJson(text);
  return { text, messages: parsed === undefined ? [] : [parsed], firstEvent: undefined };
}

/** Reads the events of a stream (HTML, 9.2.6) until it ends or they are enough. */
async function readEvents(
  response: Response,
  isEnough: NonNullable<Outgoing['isEnough']>,
  elapsed: () => number,
): Promise<Content> {
  const messages: unknown[] = [];
  let firstEvent: number | undefined;
  let rest = '';
  if (!isEnough(messages)) {
    for await (const chunk of chunksOf(response)) {
      // Not all of a long event anew with each chunk.
      const mayEnd = BLANK_LINE.test(rest.slice(-'\r\n\r'.length) + chunk);
      rest += chunk;
      if (!mayEnd) continue;
      const blocks = rest.split(BLANK_LINE);
      rest = blocks.pop() ?? '';
      messages.push(...blocks.map(dataOf).filter((data) => data !== undefined));
      if (messages.length > 0) firstEvent ??= elapsed();
      if (isEnough(messages)) break;
    }
  }
  await response.body?.cancel();
  return { text: '', messages, firstEvent };
}

const BLANK_LINE = /\r?\n\r?\n/;

/** The message of an event; `undefined` where it carries none, as comments and priming events do. */
function dataOf(block: string): unknown {
  const lines = block.split(/\r?\n/).filter((line) => line.startsWith('data:'));
  return parseJson(lines.map((line) => line.slice('data:'.length)).join('\n'));
}

async function* chunksOf({ body }: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let size = 0;
  for await (const chunk of body?.values({ preventCancel: true }) ?? []) {
    size += chunk.byteLength;
    if (size > LARGEST) break;
    yield decoder.decode(chunk, { stream: true });
  }
  if (size <= LARGEST) return;
  // Not in the loop, which holds the stream.
  await body?.cancel();
  throw new NoAnswer(`the answer is longer than ${LARGEST / 2 ** 20} MiB`);
}

/** fetch only says that it failed; why is further down. */
function reasonOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  return cause === undefined ? messageOf(error) : reasonOf(cause);
}
