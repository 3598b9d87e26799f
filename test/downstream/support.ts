import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Outlet } from '../../src/downstream/session.ts';
import { openEnvelope, type StatelessRequest } from '../../src/downstream/stateless/request.ts';
import type { Answer, Ask, Client, Exchange } from '../../src/protocol/exchange.ts';
import { parseMessages, type Request, requestFrame, resultFrame, withId } from '../../src/protocol/message.ts';
import { ANYONE, type Principal } from '../../src/protocol/principal.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { MCP, REVISION_2026 } from '../support/stateless-request.ts';

/** Serves on a free port of loopback until the test ends, and returns the origin. */
export async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Somebody who had to prove who they are. */
export const principalOf = (id: string, readOnly = false): Principal => ({ id, readOnly });

export interface Sink extends Outlet {
  readonly sent: unknown[];
  isOpen: boolean;
}

/** An outlet that keeps what it is sent, for as long as it is open. */
export function createOutlet(isOpen = true): Sink {
  const sent: unknown[] = [];
  return {
    sent,
    isOpen,
    send(frame) {
      if (this.isOpen) sent.push(frame.value);
      return this.isOpen;
    },
  };
}

export interface TestRelay {
  readonly relay: Relay;
  /** What it was to answer, and how to answer that, in the order of the requests. */
  readonly exchanges: Exchange[];
  readonly answers: ((answer: Answer) => void)[];
  readonly joined: Client[];
  /** The methods of notifications that were meant for the servers. */
  readonly notifications: string[];
}

/** A relay that keeps what it gets, and answers when told. */
export function createRelay(changes: Partial<Relay> = {}): TestRelay {
  const exchanges: Exchange[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const joined: Client[] = [];
  const notifications: string[] = [];
  const relay: Relay = {
    info: undefined,
    open: async () => resultFrame({ protocolVersion: '1999-01-01', serverInfo: { name: 's' }, x: 1 }),
    handle(exchange) {
      exchanges.push(exchange);
      return new Promise((resolve) => answers.push(resolve));
    },
    toolOf: async () => undefined,
    join: (client) => void joined.push(client),
    notify: (_, { method }) => void notifications.push(method),
    presentable: (frame) => frame,
    end() {},
    ...changes,
  };
  return { relay, exchanges, answers, joined, notifications };
}

export interface StatelessOptions {
  readonly id?: string;
  readonly capabilities?: object;
  readonly logLevel?: string;
  /** Further members of `_meta`. */
  readonly meta?: object;
  /** Default: anyone. */
  readonly principal?: Principal;
}

/** A request of 2026-07-28 as it comes, with its envelope around it. */
export function enveloped(
  method: string,
  params: object = {},
  { id = '1', capabilities = {}, logLevel, meta = {} }: StatelessOptions = {},
): Request {
  const _meta = {
    ...meta,
    [`${MCP}protocolVersion`]: REVISION_2026,
    [`${MCP}clientCapabilities`]: capabilities,
    [`${MCP}logLevel`]: logLevel,
  };
  const { text } = withId(requestFrame(method, { ...params, _meta }), id);
  return parseMessages(text, 'client') as Request;
}

/** The same with its envelope taken off. */
export function statelessRequest(method: string, params?: object, options?: StatelessOptions): StatelessRequest {
  return openEnvelope(enveloped(method, params, options), options?.principal ?? ANYONE);
}

/** A question of a server, what it hears of the client's progress, and a way to take it back. */
export function createAsk(method = 'elicitation/create', params: object = {}) {
  const controller = new AbortController();
  const progress: unknown[] = [];
  const ask: Ask = {
    request: { kind: 'request', id: '"server’s"', method, frame: withId(requestFrame(method, params), '"server’s"') },
    signal: controller.signal,
    progress: ({ frame }) => void progress.push(frame.raw('params')?.value),
  };
  return { ask, progress, giveUp: () => controller.abort() };
}
