import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { CatalogRules } from '../../src/config/catalog-settings.ts';
import { UPSTREAM_DEFAULTS } from '../../src/config/defaults.ts';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { createLog, type Log } from '../../src/log.ts';
import { createWatchdog } from '../../src/process/watchdog.ts';
import { Cancellation } from '../../src/protocol/cancellation.ts';
import type { Answer, Ask, Client, Exchange } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { ANYONE } from '../../src/protocol/principal.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { OpenChannel } from '../../src/upstream/channel.ts';
import { shakeHands } from '../../src/upstream/handshake.ts';
import type { Link, LinkEvents } from '../../src/upstream/link.ts';
import { Peer } from '../../src/upstream/peer.ts';
import { openStdio } from '../../src/upstream/stdio-channel.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import { fixture } from '../support/fixtures.ts';

export type Command = Pick<UpstreamSettings, 'command' | 'args'>;

/** What starts a program of `test/upstream/fixtures`. */
export function localFixture(name: string, ...args: string[]): Command {
  const file = fileURLToPath(new URL(`fixtures/${name}.mjs`, import.meta.url));
  return { command: process.execPath, args: [file, ...args] };
}

/** A server that runs in a shell, for tests that start many. */
export function shell(script: string): Command {
  return { command: '/bin/sh', args: ['-c', script] };
}

/** A server that is shown as it is. */
export const NO_RULES: CatalogRules = {
  tools: { allow: [], deny: [] },
  overrides: [],
  promptOverrides: [],
  resourceOverrides: [],
  schemas: 'original',
  results: { maxSize: 0, strip: [] },
};

export function upstreamSettings(changes: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return {
    ...UPSTREAM_DEFAULTS,
    name: 'test',
    origin: 'a test',
    ...fixture('echo-server'),
    env: {},
    cwd: process.cwd(),
    shell: false,
    rules: NO_RULES,
    ...changes,
  };
}

/** A log that keeps its lines. */
export function createLogBook(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ level: 'debug', write: (line) => void lines.push(line.slice(13)) }), lines };
}

/** Opens channels to a server; all of its processes are gone when the test ends. */
export function createOpener(settings: UpstreamSettings, log = createLogBook().log): OpenChannel {
  const watchdog = createWatchdog();
  onTestFinished(() => watchdog.close());
  const open = openStdio({ settings, watchdog, log });
  return (receive) => {
    const channel = open(receive);
    onTestFinished(() => channel.close({ immediately: true }));
    return channel;
  };
}

export const OPENING = RawJson.parse(
  '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}',
);

/** How the bridge introduces itself. */
export const INFO = RawJson.parse('{"name":"bridge","version":"1"}');
export const NO_EVENTS: LinkEvents = { notification() {}, ask: () => undefined };

export interface LinkTestOptions extends Partial<UpstreamSettings> {
  readonly events?: Partial<LinkEvents>;
  readonly log?: Log;
}

/** An open link to a server. */
export async function openLink({ events, log, ...changes }: LinkTestOptions = {}): Promise<Link> {
  const settings = upstreamSettings(changes);
  const { name, callTimeout, protocol } = settings;
  const book = log ?? createLogBook().log;
  return shakeHands({
    peer: new Peer({ name, callTimeout, open: createOpener(settings, book) }),
    protocol,
    opening: OPENING,
    info: INFO,
    timeout: 20_000,
    events: { ...NO_EVENTS, ...events },
    log: book,
  });
}

/**
 * An upstream with its log; closed when the test ends.
 * @param open by default, what starts the process of the settings.
 */
export function createUpstream(
  changes: Partial<UpstreamSettings> = {},
  open?: OpenChannel,
): { upstream: Upstream; lines: string[] } {
  const settings = upstreamSettings(changes);
  const { log, lines } = createLogBook();
  const upstream = new Upstream({ settings, open: open ?? createOpener(settings, log), info: INFO, log });
  onTestFinished(() => upstream.close({ immediately: true }));
  return { upstream, lines };
}

export interface TestClient extends Client {
  readonly sent: RawJson[];
  readonly asked: Ask[];
  leave(): void;
}

/** A client with these capabilities that answers each question with its own name. */
export function createClient(name = 'client', changes: Partial<Client> = {}): TestClient {
  const sent: RawJson[] = [];
  const asked: Ask[] = [];
  const closed = new Cancellation();
  const capabilities = changes.capabilities ?? {};
  return {
    principal: ANYONE,
    opening: OPENING.with({ capabilities, clientInfo: { name, version: '1' } }),
    capabilities,
    tenure: 'session',
    listens: true,
    readsResultTypes: false,
    logLevel: undefined,
    yield: () => false,
    closed,
    sent,
    asked,
    send: (frame) => void sent.push(frame),
    ask(ask) {
      asked.push(ask);
      return answerOf(name);
    },
    leave: () => closed.cancel(new Error('the session has ended')),
    ...changes,
  };
}

export interface TestExchange extends Exchange {
  readonly notified: RawJson[];
  readonly asked: Ask[];
  cancel(reason?: string): void;
}

/** A request of a client, of a tool's name and arguments or of any other method. */
export function createExchange(
  request: RawJson | string,
  { client = createClient(), args = {}, ...changes }: Partial<Exchange> & { args?: object } = {},
): TestExchange {
  const frame = typeof request === 'string' ? requestFrame('tools/call', { name: request, arguments: args }) : request;
  const notified: RawJson[] = [];
  const asked: Ask[] = [];
  const cancellation = new Cancellation();
  return {
    method: frame.string('method') ?? '',
    frame,
    client,
    cancellation,
    notified,
    asked,
    notify: (message) => void notified.push(message),
    ask(ask) {
      asked.push(ask);
      return answerOf('the call');
    },
    cancel: (reason = 'cancelled by the client') => cancellation.cancel(new Error(reason)),
    ...changes,
  };
}

function answerOf(from: string): Promise<Answer> {
  return Promise.resolve(RawJson.of({ jsonrpc: '2.0', id: 99, result: { from } }));
}

/** What an answer has to say: the structured content of a tool, else the whole result, else the error. */
export function contentOf(answer: Answer): Record<string, unknown> {
  const { result, error } = answer.value as { result?: Record<string, unknown>; error?: Record<string, unknown> };
  return (result?.structuredContent ?? result ?? error) as Record<string, unknown>;
}
