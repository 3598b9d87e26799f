import type { CatalogRules } from '../../src/config/catalog-settings.ts';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import type { Log } from '../../src/log.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { Relays, type RelaysOptions } from '../../src/relay/relays.ts';
import { type CatalogSettings, placeOfServer } from '../../src/relay/routers.ts';
import type { PublishedCatalog } from '../../src/state/published.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { playServer } from '../upstream/played-server.ts';
import { createLogBook, createUpstream, INFO, NO_RULES } from '../upstream/support.ts';

/** What a played server does. */
export interface Part {
  /** Default: tools. */
  readonly capabilities?: object;
  /** Answers a request other than `initialize` with `result` or `error`; `undefined` is silence. May take its time. */
  answer?(method: string, params: RawJson): object | undefined | Promise<object | undefined>;
  /** Answers `initialize` once this has resolved; until then the server is starting. */
  readonly start?: Promise<void>;
}

export interface PlayedUpstream {
  readonly upstream: Upstream;
  /** What the server was sent, oldest first. */
  readonly received: RawJson[];
  /** What was logged. */
  readonly lines: string[];
  /** Lets the server say something of its own. */
  say(frame: RawJson): void;
  /** Ends the server as a crash does. */
  die(): void;
}

/**
 * An upstream whose server is played within the test: for what no process does when asked, such as pages without end, and for
 * tests that turn the clock. Closed when the test ends.
 */
export function playUpstream(part: Part = {}, settings: Partial<UpstreamSettings> = {}): PlayedUpstream {
  const { open, received, say, die } = playServer((frame) => answerTo(frame, part));
  const { upstream, lines } = createUpstream(settings, open);
  return { upstream, received, lines, say, die };
}

export interface PlayedRelays {
  readonly relays: Relays;
  readonly merged: RelaySwitch;
  /** By the server's name. */
  readonly single: ReadonlyMap<string, RelaySwitch>;
  readonly settled: Promise<void>;
  readonly played: readonly PlayedUpstream[];
  /** What each server was sent, oldest first. */
  readonly received: readonly RawJson[][];
}

/** The relays of servers that are played; they are called a, b, ... */
export async function playRelays(
  parts: readonly Part[],
  { settings, publishedAt = () => UNPUBLISHED, log = createLogBook().log, ...options }: PlayOptions = {},
): Promise<PlayedRelays> {
  const played = parts.map((part, index) => playUpstream(part, { name: 'abc'.charAt(index), ...settings }));
  const upstreams = played.map(({ upstream }) => upstream);
  const relays = await Relays.create({ ...catalogOf(upstreams, options), publishedAt, info: INFO, log });
  const single = upstreams.map(({ name }) => [name, relays.all.get(placeOfServer(name)) as RelaySwitch] as const);
  return {
    relays,
    merged: relays.merged,
    single: new Map(single),
    settled: relays.settled,
    played,
    received: played.map(({ received }) => received),
  };
}

/** What relays are made of: these servers, all of them shown as they are but for the changes. */
export function catalogOf(
  upstreams: readonly Upstream[],
  changes: Partial<CatalogSettings> = {},
): Pick<RelaysOptions, 'settings' | 'upstreams'> {
  const settings: CatalogSettings = {
    upstreams: upstreams.map((upstream) => upstream.settings),
    prefix: 'auto',
    tools: { allow: [], deny: [] },
    views: [],
    research: undefined,
    personalMeta: false,
    ...changes,
  };
  return { settings, upstreams };
}

export interface PlayOptions extends Partial<CatalogSettings> {
  /** Of all servers. */
  readonly settings?: Partial<UpstreamSettings>;
  /** What is remembered of the catalog at a place. Default: nothing. */
  publishedAt?(place: string): PublishedCatalog;
  readonly log?: Log;
}

/** Servers that are all shown by these rules. */
export function ruled(rules: Partial<CatalogRules>): PlayOptions {
  return { settings: { rules: { ...NO_RULES, ...rules } } };
}

/** Remembers nothing. */
export const UNPUBLISHED: PublishedCatalog = { aliasOf: () => undefined, readers: [], record() {} };

async function answerTo(frame: RawJson, { capabilities = { tools: {} }, start, answer }: Part) {
  const method = frame.string('method') ?? '';
  if (method !== 'initialize') return answer?.(method, frame.raw('params') ?? RawJson.of({}));
  await start;
  return { result: { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'played', version: '1' } } };
}
