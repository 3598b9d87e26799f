import { BridgeError } from '../../src/errors.ts';
import { parseMessages, withId } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { OpenChannel } from '../../src/upstream/channel.ts';

/** Answers a request with `result` or `error`; `undefined` is silence. May take its time. */
export type Play = (request: RawJson) => object | undefined | Promise<object | undefined>;

export interface PlayedServer {
  readonly open: OpenChannel;
  /** What it was sent, oldest first, by all channels that were opened to it. */
  readonly received: RawJson[];
  /** Bytes that it has not read yet. */
  backlog: number;
  /** Whether it has said its last word. */
  isEnding: boolean;
  /** Lets it say something of its own, on the newest channel. */
  say(frame: RawJson): void;
  /** Ends it as a crash does. */
  die(): void;
}

/** A server that is played within the test: for what no process does when asked, and for tests that turn the clock. */
export function playServer(play: Play = () => undefined): PlayedServer {
  const received: RawJson[] = [];
  let say = (_: RawJson) => {};
  let end = (_: BridgeError) => {};
  const server: PlayedServer = {
    received,
    backlog: 0,
    isEnding: false,
    say: (frame) => say(frame),
    die: () => end(new BridgeError('UPSTREAM_EXITED', 'test: it died')),
    open(receive) {
      const closed = new Promise<BridgeError>((resolve) => {
        end = resolve;
      });
      const hear = (frame: RawJson) => {
        for (const message of [parseMessages(frame.text, 'server')].flat()) receive(message);
      };
      const take = async (text: string) => {
        const frame = RawJson.parse(text);
        received.push(frame);
        const id = frame.has('method') ? frame.raw('id')?.text : undefined;
        if (id === undefined) return;
        await undefined; // No server answers before the request has left.
        const members = await play(frame);
        if (members) hear(withId(RawJson.of({ jsonrpc: '2.0', id: null, ...members }), id));
      };
      say = hear;
      const close = end;
      return {
        pid: undefined,
        get isEnding() {
          return server.isEnding;
        },
        get backlog() {
          return server.backlog;
        },
        redact: (text) => text.replaceAll('hunter2', '***'),
        closed,
        send: (text) => void take(text),
        close: async () => close(new BridgeError('CLOSED', 'test: stopped')),
      };
    },
  };
  return server;
}

/** The requests of a method among what a server was sent. */
export function requestsOf(received: readonly RawJson[], method: string): RawJson[] {
  return received.filter((frame) => frame.string('method') === method);
}
