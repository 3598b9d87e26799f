import { CLI, startBridge } from '../support/bridge.ts';
import { openSse, rawPost } from '../support/http.ts';
import { answers, openStdio } from '../support/raw-stdio.ts';
import { parseSseText } from '../support/sse.ts';
import type { TransportName } from '../support/transports.ts';

/** A client without an SDK: what it sends leaves as it was written, and what it gets stays text. */
export interface RawPeer extends AsyncDisposable {
  /** The answer to `initialize`. */
  readonly opened: string;
  /** Sends a request under the next id, with `params` as JSON text. Resolves with every message that came until it was answered; the last is the answer. */
  request(method: string, params?: string): Promise<string[]>;
  /** Sends a notification, with `params` as JSON text. Resolves when it has been taken. */
  notify(method: string, params?: string): Promise<void>;
}

/** Starts a bridge and connects to it. */
export const RAW_OPENERS: Record<TransportName, (args: readonly string[]) => Promise<RawPeer>> = {
  'Streamable HTTP': openOverHttp,
  SSE: openOverSse,
  stdio: (args) =>
    openRawStdio({
      command: process.execPath,
      args: [CLI, '--outputTransport', 'stdio', '--logLevel', 'error', ...args],
    }),
};

/** Starts a server on stdio, which may be a bridge, and connects to it. */
export function openRawStdio(command: { command: string; args?: string[] }): Promise<RawPeer> {
  const server = openStdio(command);
  return begin({
    close: server.close,
    async exchange(text, id) {
      const seen = server.lines().length;
      server.send(`${text}\n`);
      if (id === undefined) return [];
      await server.line((line) => answers(line, id));
      const lines = server.lines().slice(seen);
      // What has come right behind the answer is no part of it.
      return lines.slice(0, lines.findIndex((line) => answers(line, id)) + 1);
    },
  });
}

async function openOverHttp(args: readonly string[]): Promise<RawPeer> {
  const bridge = await startBridge(args);
  let session: string | undefined;
  return begin({
    close: bridge.stop,
    async exchange(body) {
      const { status, headers, text } = await rawPost(bridge.url, body, { 'mcp-session-id': session });
      session ??= headers['mcp-session-id'] as string;
      if (status === 202) return [];
      return headers['content-type'] === 'text/event-stream' ? messagesOf(text) : [text];
    },
  });
}

async function openOverSse(args: readonly string[]): Promise<RawPeer> {
  const bridge = await startBridge(args);
  const stream = await openSse(`${bridge.origin}/sse`);
  const { data: endpoint } = await stream.next(({ event }) => event === 'endpoint');
  return begin({
    async close() {
      stream.close();
      await bridge.stop();
    },
    async exchange(body, id) {
      await rawPost(bridge.origin + endpoint, body);
      const messages: string[] = [];
      while (id !== undefined && !messages.some((text) => answers(text, id))) {
        messages.push((await stream.next(({ data }) => data !== '')).data);
      }
      return messages;
    },
  });
}

interface Wire {
  /** Sends a message and resolves with all that came until the request `id` was answered. */
  exchange(text: string, id?: number): Promise<string[]>;
  close(): Promise<unknown>;
}

async function begin({ exchange, close }: Wire): Promise<RawPeer> {
  let lastId = 0;
  const request: RawPeer['request'] = (method, params = '{}') => {
    lastId += 1;
    return exchange(`{"jsonrpc":"2.0","id":${lastId},"method":"${method}","params":${params}}`, lastId);
  };
  const notify: RawPeer['notify'] = async (method, params = '{}') => {
    await exchange(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
  };
  const opened = await request('initialize', OPENING);
  await notify('notifications/initialized');
  return { opened: opened.at(-1) ?? '', request, notify, [Symbol.asyncDispose]: async () => void (await close()) };
}

const OPENING = '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}';

function messagesOf(stream: string): string[] {
  return parseSseText(stream)
    .map(({ data }) => data)
    .filter((data) => data !== '');
}
