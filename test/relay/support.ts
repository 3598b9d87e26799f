import { onTestFinished } from 'vitest';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { BridgeError } from '../../src/errors.ts';
import { parseMessages, resultFrame, withId } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { OpenChannel } from '../../src/upstream/channel.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import { createLogBook, upstreamSettings } from '../upstream/support.ts';

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
  const received: RawJson[] = [];
  const { log, lines } = createLogBook();
  let say = (_: RawJson) => {};
  let die = () => {};
  const open: OpenChannel = (receive) => {
    const closed = new Promise<BridgeError>((resolve) => {
      die = () => resolve(new BridgeError('UPSTREAM_EXITED', 'test: it died'));
    });
    say = (frame) => receive([parseMessages(frame.text, 'server')].flat()[0] as never);
    const play = async (text: string) => {
      const frame = RawJson.parse(text);
      received.push(frame);
      const answer = frame.has('id') ? await answerTo(frame, part) : undefined;
      if (answer) say(withId(answer, frame.raw('id')?.text ?? 'null'));
    };
    return {
      pid: undefined,
      backlog: 0,
      redact: (text) => text,
      closed,
      send: (text) => void play(text),
      close: async () => die(),
    };
  };
  const info = RawJson.of({ name: 'bridge', version: '1' });
  const upstream = new Upstream({ settings: upstreamSettings(settings), open, info, log });
  onTestFinished(() => upstream.close());
  return { upstream, received, lines, say: (frame) => say(frame), die: () => die() };
}

async function answerTo(frame: RawJson, { capabilities = { tools: {} }, start, answer }: Part) {
  const method = frame.string('method') ?? '';
  if (method === 'initialize') {
    await start;
    return resultFrame({ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'played', version: '1' } });
  }
  const members = await answer?.(method, frame.raw('params') ?? RawJson.of({}));
  return members && RawJson.of({ jsonrpc: '2.0', id: null, ...members });
}

/** The requests of a method among what a server was sent. */
export function requestsOf(received: readonly RawJson[], method: string): RawJson[] {
  return received.filter((frame) => frame.string('method') === method);
}
