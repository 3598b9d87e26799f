import { AUTHORIZATION } from './authorization.ts';
import { type Finding, failed, findingOf, type Outcome } from './finding.ts';
import { HANDSHAKE } from './handshake.ts';
import { KNOCK } from './knock.ts';
import { REACH } from './reach.ts';
import { RESOURCE } from './resource.ts';
import { endSessions } from './rpc.ts';
import { createSend, NoAnswer } from './send.ts';
import { STREAMS } from './streams.ts';
import { TOOLS } from './tools.ts';
import { type Check, newChart, type Visit } from './visit.ts';

export interface ExamineOptions {
  /** A bearer token to try. It is sent to the URL and nowhere else. */
  readonly token?: string | undefined;
  /** Whether to register a client, which the server may remember. Default false. */
  readonly register?: boolean;
  /** Sends the requests. With one of your own, the URL's name and certificate are its business, and not looked at. */
  readonly fetch?: typeof globalThis.fetch;
  /** Aborted when nobody wants to know any more. Default never. */
  readonly signal?: AbortSignal;
}

/**
 * Plays ChatGPT against an MCP endpoint (Streamable HTTP), step by step, and tells what it finds as it goes. Beside asking it calls
 * one tool, if there is one that is marked as read-only and needs no arguments. Rejects only when it is aborted.
 */
export async function* examine(address: string, options: ExamineOptions = {}): AsyncGenerator<Finding, void> {
  const visit = startVisit(address, options);
  try {
    for (const check of CHECKS) {
      if (visit.chart.isOver) return;
      const outcome = await lookAt(check, visit);
      if (outcome) yield findingOf(check.name, check.title, outcome);
    }
  } finally {
    await endSessions(visit);
  }
}

/** In the order of a connection: each may rely on what those before it have learnt. */
const CHECKS: readonly Check[] = [
  ...REACH,
  ...KNOCK,
  ...RESOURCE,
  ...AUTHORIZATION,
  ...HANDSHAKE,
  ...TOOLS,
  ...STREAMS,
];

function startVisit(address: string, options: ExamineOptions): Visit {
  const { token, register = false, fetch, signal = new AbortController().signal } = options;
  return {
    address,
    url: new URL(address),
    token,
    register,
    send: createSend({ fetch, signal }),
    isDirect: fetch === undefined,
    signal,
    chart: newChart(),
  };
}

async function lookAt(check: Check, visit: Visit): Promise<Outcome | undefined> {
  try {
    return await check.look(visit);
  } catch (error) {
    if (error instanceof NoAnswer)
      return failed(error.message, 'See whether the server, or what stands before it, was overloaded or has ended.');
    // Of the engine, about its stack.
    if (error instanceof RangeError)
      return failed('its answer is nested too deeply to be looked into', 'Clients cannot read it either: correct it.');
    throw error;
  }
}
