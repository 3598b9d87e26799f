import type { Readable, Writable } from 'node:stream';
import type { Log } from '../log.ts';
import { LineReader, LineWriter } from '../protocol/framing.ts';
import { errorFrame, INVALID_REQUEST, type Message, MessageError, parseMessages } from '../protocol/message.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { hasBatches } from '../protocol/revisions.ts';
import type { Relay } from '../relay/relay.ts';
import { receive, Session } from './session.ts';
import { StatelessStdio } from './stateless/stdio.ts';

export interface StdioOptions {
  readonly relay: Relay;
  readonly input: Readable;
  readonly output: Writable;
  /** Longest message in bytes. */
  readonly maxMessage: number;
  readonly log: Log;
}

/** The stdio transport: one client, whose messages come on `input`. Resolves when the input has ended and all is answered, or nobody reads the answers. */
export function serveStdio({ relay, input, output, maxMessage, log }: StdioOptions): Promise<void> {
  const writer = new LineWriter(output);
  const outlet = {
    send(frame: RawJson): boolean {
      writer.send(frame.text);
      return true;
    },
  };
  const session = new Session({ relay, principal: ANYONE, outlet });
  const stateless = new StatelessStdio({ relay, outlet });
  const calls = new Set<Promise<void>>();
  const take = (message: Message) => {
    const answering = stateless.takes(message) ? stateless.receive(message) : receive(session, message, outlet);
    const call = answering.finally(() => calls.delete(call));
    calls.add(call);
  };
  const reader = new LineReader(maxMessage, {
    line(text) {
      try {
        const body = parseMessages(text, 'client');
        if (!Array.isArray(body)) return take(body);
        if (!hasBatches(session.revision))
          throw new MessageError(INVALID_REQUEST, 'Invalid Request: this revision has no batches');
        for (const message of body) take(message);
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        outlet.send(errorFrame(error.code, error.message, undefined, error.id));
      }
    },
    oversized({ envelope: { id }, bytes }) {
      log.warn('a message on stdin was too long', { bytes, limit: maxMessage });
      const message = `Invalid Request: longer than ${maxMessage} bytes (--max-message)`;
      outlet.send(errorFrame(INVALID_REQUEST, message, undefined, id));
    },
  });
  return new Promise((resolve) => {
    input.on('data', (chunk: Buffer) => reader.push(chunk));
    // Nobody reads the answers any more.
    output.once('error', () => {
      stateless.close();
      session.close();
      resolve();
    });
    input.once('close', async () => {
      reader.end();
      stateless.endSubscriptions();
      const patience = new Promise((timeUp) => setTimeout(timeUp, LAST_ANSWERS).unref());
      await Promise.race([Promise.all(calls), patience]);
      stateless.close();
      session.close();
      writer.end(resolve);
    });
  });
}

/** How long answers are waited for that a client may still want when it has said all: it may have come through a pipe. Milliseconds. */
const LAST_ANSWERS = 60_000;
