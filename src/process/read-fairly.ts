import type { Readable } from 'node:stream';

/**
 * Hears what a child says. Of one that says more than can be looked at only a piece is taken in each turn of the event loop, so that the rest of the
 * bridge does not wait: else 32 are read at once, each of which may be thousands of lines.
 */
export function readFairly(stream: Readable, hear: (chunk: Buffer) => void): void {
  stream.on('data', (chunk: Buffer) => {
    hear(chunk);
    if (chunk.length < FULL) return;
    stream.pause();
    setImmediate(() => stream.resume());
  });
}

/** Of a piece that is smaller, nothing was left behind. Bytes that libuv makes room for. */
const FULL = 64 * 1024;
