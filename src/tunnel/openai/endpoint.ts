import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { LineReader } from '../../protocol/framing.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { standardHeaders } from '../../protocol/standard-headers.ts';
import type { Headers } from './answer.ts';
import { Requester } from './requester.ts';

export interface EndpointOptions {
  readonly endpoint: string;
  readonly endpointToken?: string | undefined;
}

/** The bridge's own Streamable HTTP endpoint, as its clients see it. */
export class Endpoint {
  readonly #url: string;
  readonly #headers: OutgoingHttpHeaders;
  readonly #requester: Requester;

  constructor({ endpoint, endpointToken }: EndpointOptions) {
    this.#url = endpoint;
    this.#headers = endpointToken === undefined ? {} : { authorization: `Bearer ${endpointToken}` };
    this.#requester = new Requester(endpoint);
  }

  /**
   * Posts a message on behalf of a client, with what of its headers is the protocol's. Everything else of them concerns the way
   * between it and OpenAI (`Authorization`, `Origin`, `Host`).
   */
  post(message: RawJson, headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    const all = {
      accept: 'application/json, text/event-stream',
      ...standardHeaders(message),
      ...ofProtocol(headers),
      ...this.#headers,
      'content-type': 'application/json',
    };
    return this.#requester.send({ method: 'POST', url: this.#url, headers: all, body: message.text, signal });
  }

  /** Ends the session that the headers name. */
  terminate(headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    const all = { ...ofProtocol(headers), ...this.#headers };
    return this.#requester.send({ method: 'DELETE', url: this.#url, headers: all, signal });
  }

  close(): void {
    this.#requester.close();
  }
}

/** The headers of an answer that concern whoever asked, of those that the protocol lets through. */
export function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const entries = ANSWERED.map((name) => [name, headersDistinct[name.toLowerCase()]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [(typeof ANSWERED)[number], string[]] => !!entry[1]));
}

/** Without `WWW-Authenticate`: it names URLs of this machine, and no tokens are given out through this tunnel. */
const ANSWERED = ['Content-Type', 'Mcp-Session-Id', 'Mcp-Protocol-Version', 'Last-Event-ID'] as const;

/**
 * The messages of an answer, be it one as JSON or a stream of them.
 * @throws SyntaxError when one is not JSON.
 */
export async function* messagesOf(response: IncomingMessage): AsyncGenerator<RawJson, void> {
  const type = response.headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) return yield* eventsOf(response);
  const body = await text(response);
  if (type.startsWith('application/json') && body !== '') yield parse(body);
}

/** The bridge writes each message as one `data` line, and comments and empty events in between. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<RawJson, void> {
  const lines: string[] = [];
  const oversized = () => {}; // There are none without a limit, and the bridge has its own.
  const reader = new LineReader(Number.POSITIVE_INFINITY, { line: (line) => lines.push(line), oversized });
  for await (const chunk of response) {
    reader.push(chunk);
    const data = lines.splice(0).flatMap((line) => DATA.exec(line)?.slice(1) ?? []);
    for (const message of data) yield parse(message);
  }
}

const DATA = /^data: ?(.*\S.*)$/s;

/** The bridge has looked at it already. */
function parse(json: string): RawJson {
  return RawJson.parse(json, 'unchecked');
}

function ofProtocol(headers: Headers): Record<string, string[]> {
  const entries = Object.entries(headers).filter(([name]) => PASSED_ON.test(name));
  return Object.fromEntries(entries.map(([name, values]) => [name, [...values]]));
}

const PASSED_ON = /^(?:mcp-[\w-]+|accept)$/;
