import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { RawJson } from '../../protocol/raw-json.ts';
import { VERSION } from '../../version.ts';
import { type Answer, isFinal, payloadOf } from './answer.ts';
import { type Command, parseCommands, type UnknownCommand } from './command.ts';
import { Refusal, refusalOf } from './refusal.ts';
import { isUnsent, Requester } from './requester.ts';
import { retry } from './retry.ts';
import { within } from './within.ts';

export interface ControlPlaneOptions {
  readonly tunnelId: string;
  readonly token: string;
  readonly baseUrl: string;
  readonly instanceId: string;
}

export interface PollOptions {
  /** Commands that there is room for, 1 to 25. */
  readonly limit: number;
  /** How long the control plane may wait for the first one. Milliseconds. */
  readonly wait: number;
}

/** OpenAI's side of one tunnel. */
export class ControlPlane {
  readonly #url: string;
  readonly #headers: OutgoingHttpHeaders;
  readonly #requester: Requester;

  constructor({ tunnelId, token, baseUrl, instanceId }: ControlPlaneOptions) {
    this.#url = `${baseUrl.replace(/\/+$/, '')}/v1/tunnels/${encodeURIComponent(tunnelId)}`;
    this.#headers = {
      authorization: `Bearer ${token}`,
      'user-agent': `mcp-bridge/${VERSION}`,
      'x-tunnel-client-name': 'mcp-bridge',
      'x-tunnel-client-version': VERSION,
      'x-tunnel-client-instance-id': instanceId,
      'x-tunnel-mcp-server-info': SERVER_INFO,
    };
    this.#requester = new Requester(baseUrl);
  }

  /** The tunnel's name. Throws a {@link Refusal}, or the error of the connection. */
  describe(signal: AbortSignal): Promise<string> {
    const ask = async (limited: AbortSignal) => {
      const response = await this.#send({ method: 'GET', path: '', signal: limited });
      if (response.statusCode !== 200) throw await refusalOf(response);
      return RawJson.parse(await text(response)).string('name') ?? '';
    };
    return within(PATIENCE, ask, signal);
  }

  /** Commands that wait to be carried out; none when `wait` has passed. Throws like {@link describe}. */
  poll({ limit, wait }: PollOptions, signal: AbortSignal): Promise<(Command | UnknownCommand)[]> {
    const ask = async (limited: AbortSignal) => {
      const path = `/poll?limit=${limit}&timeout_ms=${wait}`;
      const response = await this.#send({ method: 'GET', path, signal: limited });
      const receivedAt = performance.now();
      if (response.statusCode === 200) return parseCommands(await text(response), receivedAt);
      if (response.statusCode !== 204) throw await refusalOf(response);
      response.resume();
      return [];
    };
    return within(wait + PATIENCE, ask, signal);
  }

  /**
   * Posts an answer to a command, as often as the protocol allows for. Returns whether anybody has waited for it. Throws like
   * {@link describe}.
   */
  async post(command: Command, answer: Answer, signal: AbortSignal): Promise<boolean> {
    const headers = { 'content-type': 'application/json', 'x-tunnel-shard-token': command.shardToken };
    const body = payloadOf(command, answer);
    const send = async (limited: AbortSignal) => {
      const response = await this.#send({ method: 'POST', path: '/response', headers, body, signal: limited });
      if (response.statusCode !== 200 && response.statusCode !== 404) throw await refusalOf(response);
      response.resume();
      return response.statusCode === 200;
    };
    const isWorthIt = isFinal(answer) ? mayRepeatFinal : mayRepeatNotification;
    return retry(() => within(POST_LIMIT, send, signal), { signal, attempts: POST_ATTEMPTS, isWorthIt });
  }

  close(): void {
    this.#requester.close();
  }

  #send({ path, headers, ...request }: Sent): Promise<IncomingMessage> {
    return this.#requester.send({ ...request, url: this.#url + path, headers: { ...this.#headers, ...headers } });
  }
}

interface Sent {
  readonly method: 'GET' | 'POST';
  /** Below the tunnel's URL. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** docs/protocol.md, "MCP server information": sessions are known to this process only. */
const SERVER_INFO = JSON.stringify({ version: 1, channels: [{ name: 'main', proc_affinity: true }] });

/** A final answer that arrives twice is a final answer: nothing is lost by repeating it. */
function mayRepeatFinal(error: unknown): boolean {
  return !(error instanceof Refusal) || [408, 429, 502, 503, 504].includes(error.status);
}

/** A notification that may have arrived is not sent again: its client would hear it twice. */
function mayRepeatNotification(error: unknown): boolean {
  return error instanceof Refusal ? error.status === 429 : isUnsent(error);
}

/** Beyond what the control plane was allowed to wait. Milliseconds. A poll that hangs would leave the tunnel deaf. */
const PATIENCE = 5000;
/** For one attempt to post an answer, which may be large. Milliseconds. */
const POST_LIMIT = 60_000;
/** About 20 s, in which a control plane can be started anew. */
const POST_ATTEMPTS = 8;
