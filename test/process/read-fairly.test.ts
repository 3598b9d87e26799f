import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readFairly } from '../../src/process/spawn.ts';

it('hears of a child that floods a piece a turn, and of all of it', async () => {
  const stream = new PassThrough({ highWaterMark: 1024 });
  for (let piece = 0; piece < 20; piece += 1) stream.write('x');
  const heard: string[] = [];
  readFairly(stream, (chunk) => heard.push(String(chunk)));
  await nextTurn();
  expect(heard.length).toBeLessThan(5);
  stream.end();
  await expect.poll(() => heard.join('')).toBe('x'.repeat(20));
});
