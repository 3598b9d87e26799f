import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { counterIn, countOn, deadPid, makeFolder, nextLine, useWriters } from './support.ts';

const startWriter = useWriters();

/** Well below the ten seconds after which a change gives up. Milliseconds. */
const AT_ONCE = 5000;

async function makePath(): Promise<string> {
  return join(await makeFolder(), 'state.json');
}

/** What a process leaves that was killed while it held the lock. Resolves with its path. */
async function leaveDraft(path: string, owner: string): Promise<string> {
  const draft = join(`${path}.lock`, `${owner}-${randomUUID()}`);
  await mkdir(dirname(draft), { recursive: true });
  await writeFile(draft, '{ "count": 10');
  return draft;
}

async function makeOld(draft: string): Promise<void> {
  const longAgo = new Date(Date.now() - 31_000);
  await utimes(draft, longAgo, longAgo);
}

describe('several processes', () => {
  it('lose none of each other’s changes', async () => {
    const path = await makePath();
    const writers = await Promise.all(Array.from({ length: 4 }, () => startWriter('fifty', path)));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    expect(await counterIn(path).read()).toEqual({ count: 200 });
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('that find the same stale lock never both hold the next one', async () => {
    const path = await makePath();
    const writers = await Promise.all(Array.from({ length: 3 }, () => startWriter('ask', path)));
    await Promise.all(writers.map(nextLine));
    const pid = deadPid();
    for (let round = 0; round < 25; round++) {
      await leaveDraft(path, `${pid}-0`);
      const counts = writers.map(async (writer) => {
        writer.send('count on');
        return (await once(writer, 'message'))[0];
      });
      const before = round * writers.length;
      expect((await Promise.all(counts)).sort((a, b) => a - b)).toEqual([before + 1, before + 2, before + 3]);
    }
  });
});

describe('a process that is killed', () => {
  it('at any moment leaves a valid file that has all it said was written, and nothing that blocks', async () => {
    const path = await makePath();
    const file = counterIn(path);
    const killOne = async () => {
      const writer = await startWriter('endless', path);
      let said = Number(await nextLine(writer));
      await delay(randomInt(12)); // The moment is to be any.
      writer.kill('SIGKILL');
      for await (const line of writer.lines) said = Number(line);
      await writer.ended;
      const askedAt = performance.now();
      expect(await countOn(file)).toBeGreaterThan(said);
      expect(performance.now() - askedAt).toBeLessThan(AT_ONCE);
    };
    const killMany = async () => {
      for (let killed = 0; killed < 25; killed++) await killOne();
    };
    await Promise.all([killMany(), killMany()]);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('while it changes the state leaves the state of before, and a lock that the next one removes', async () => {
    const path = await makePath();
    await countOn(counterIn(path));
    const writer = await startWriter('die', path);
    expect(await writer.ended).toBe('SIGKILL');
    expect(await readdir(`${path}.lock`)).toHaveLength(1);
    expect(await counterIn(path).read()).toEqual({ count: 1 });
    expect(await countOn(counterIn(path))).toBe(2);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('blocks nobody who has its process id by now, as in a container', async () => {
    const path = await makePath();
    await leaveDraft(path, `${process.pid}-0`);
    expect(await countOn(counterIn(path))).toBe(1);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });
});

describe('a lock of a living process', () => {
  it('is taken over after half a minute', async () => {
    const path = await makePath();
    const draft = await leaveDraft(path, `${process.ppid}-0`);
    await makeOld(draft);
    expect(await countOn(counterIn(path))).toBe(1);
    expect(await readdir(dirname(path))).toEqual(['state.json']);
  });

  it('that was taken over is noticed by who slept that long: it writes nothing over, and makes its change again', async () => {
    const path = await makePath();
    const sleeper = await startWriter('sleep', path);
    expect(await nextLine(sleeper)).toBe('sleeps');
    const [draft = ''] = await readdir(`${path}.lock`);
    await makeOld(join(`${path}.lock`, draft));
    const successor = await startWriter('sleep', path);
    expect(await nextLine(successor)).toBe('sleeps');
    sleeper.kill('SIGCONT');
    // Time to do the wrong thing; nothing can be seen of its doing the right one, which is to wait.
    expect(await Promise.race([sleeper.ended, delay(300, 'waits')])).toBe('waits');
    successor.kill('SIGCONT');
    expect(await Promise.all([sleeper.ended, successor.ended])).toEqual([0, 0]);
    expect(await counterIn(path).read()).toEqual({ count: 2 });
  });

  it('is respected: a change gives up after ten seconds, and says who is in its way', async () => {
    const path = await makePath();
    await leaveDraft(path, `${process.ppid}-0`);
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const change = countOn(counterIn(path));
    // It may not have begun to wait yet, so time goes on until it gives up.
    const clock = setInterval(() => vi.advanceTimersByTime(10_001), 20);
    onTestFinished(() => clearInterval(clock));
    await expect(change).rejects.toMatchObject({ code: 'STATE' });
    await expect(change).rejects.toThrow(`${path} cannot be changed: process ${process.ppid} keeps it locked`);
    expect(await counterIn(path).read()).toEqual({ count: 0 });
    expect(await readdir(`${path}.lock`)).toHaveLength(1);
  });

  it('does not keep anybody from reading', async () => {
    const path = await makePath();
    await countOn(counterIn(path));
    await leaveDraft(path, `${process.ppid}-0`);
    expect(await counterIn(path).read()).toEqual({ count: 1 });
  });
});
