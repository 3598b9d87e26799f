import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readFairly } from '../../src/process/read-fairly.ts';

function createChild(...pieces: Buffer[]): { stream: PassThrough; heard: Buffer[] } {
  const stream = new PassThrough();
  for (const piece of pieces) stream.write(piece);
  const heard: Buffer[] = [];
  readFairly(stream, (chunk) => heard.push(chunk));
  return { stream, heard };
}

it('hears of a child that floods a piece a turn, and of all of it', async () => {
  const pieces = Array.from({ length: 20 }, (_, index) => Buffer.alloc(64 * 1024, index));
  const { stream, heard } = createChild(...pieces);
  await nextTurn();
  expect(heard.length).toBeLessThan(5);
  stream.end();
  await expect.poll(() => heard.length).toBe(pieces.length);
  expect(Buffer.concat(heard).equals(Buffer.concat(pieces))).toBe(true);
});

it('hears at once all that a child with little to say has said', async () => {
  const { heard } = createChild(...Array.from({ length: 20 }, () => Buffer.from('x')));
  await nextTurn();
  expect(Buffer.concat(heard).toString()).toBe('x'.repeat(20));
});
