import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { createLog } from '../../src/log.ts';
import { notificationFrame } from '../../src/protocol/message.ts';
import type { RawJson } from '../../src/protocol/raw-json.ts';
import { Inventory } from '../../src/relay/inventory.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { createClient } from '../upstream/support.ts';
import { type Part, playUpstream } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets everything happen that needs no more time than given. */
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const CHANGED = notificationFrame('notifications/tools/list_changed');
const named = (...names: string[]) => ({ result: { tools: names.map((name) => ({ name })) } });
const namesOf = (tools: readonly RawJson[]) => tools.map((tool) => tool.get('name'));
/** Each request's answer: how long it takes in milliseconds, and the tool that it tells of. */
const answersAfter = (...answers: [number, string][]) => {
  const next = answers.values();
  return () => {
    const [delay, tool] = next.next().value ?? [0, ''];
    return new Promise<object>((resolve) => setTimeout(resolve, delay, named(tool)));
  };
};

function takeInventory(part: Part, settings: Partial<UpstreamSettings> = {}) {
  const played = playUpstream(part, settings);
  const { upstream } = played;
  const lines: string[] = [];
  const ups: boolean[] = [];
  const log = createLog({ write: (line) => void lines.push(line.slice(13)) });
  const taken: unknown[] = [];
  const inventory = new Inventory({
    upstream,
    log,
    onUp: (isFirst) => void ups.push(isFirst),
    onTools: (tools) => void taken.push(namesOf(tools)),
  });
  const names = () => inventory.tools && namesOf(inventory.tools);
  let isSettled = false;
  inventory.settled.then(() => {
    isSettled = true;
  });
  return { ...played, inventory, names, taken, lines, ups, isSettled: () => isSettled };
}

describe('what a server offers', () => {
  it('is known once it is up and has told, all pages of it', async () => {
    const pages = [
      {
        tools: [
          { name: 'read', annotations: { readOnlyHint: true } },
          { name: 'write', annotations: { readOnlyHint: 1 } },
        ],
        nextCursor: 'more',
      },
      { tools: [{ name: 'erase' }, {}] },
    ];
    const { upstream, inventory, ups, isSettled } = takeInventory({
      async answer() {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { result: pages.shift() };
      },
    });
    upstream.start();
    await pass(99);
    expect([inventory.tools, inventory.startedIn, ups, isSettled()]).toEqual([undefined, undefined, [], false]);
    await pass(1);
    expect(inventory.tools?.map((tool) => tool.get('name'))).toEqual(['read', 'write', 'erase', undefined]);
    expect([inventory.startedIn, ups, isSettled()]).toEqual([100, [true], true]);
  });

  it('is nothing when it has declared no tools, and it is not asked', async () => {
    const { upstream, inventory, received, isSettled } = takeInventory({ capabilities: { prompts: {} } });
    upstream.start();
    await pass();
    expect([inventory.tools, isSettled()]).toEqual([[], true]);
    expect(requestsOf(received, 'tools/list')).toEqual([]);
  });

  it('is asked for again when it changes, and the first start counts', async () => {
    const answers = [named('a'), named('a', 'b')];
    const { upstream, inventory, names, ups, say } = takeInventory({ answer: () => answers.shift() });
    upstream.start();
    await pass();
    const { startedIn } = inventory;
    await pass(1000);
    say(notificationFrame('notifications/prompts/list_changed'));
    await pass();
    expect(names()).toEqual(['a']);
    say(CHANGED);
    await pass();
    expect([names(), inventory.startedIn, ups]).toEqual([['a', 'b'], startedIn, [true]]);
  });

  it('is asked for again when it has died and is up again', async () => {
    const answers = [named('a'), named('b')];
    const { upstream, names, ups, die } = takeInventory({ answer: () => answers.shift() });
    upstream.start();
    await pass();
    die();
    await pass();
    expect([names(), ups]).toEqual([['b'], [true, false]]);
  });

  it('is what it offers to all: what it offers to a client of its own is not asked for', async () => {
    const { upstream, inventory, received, ups, say } = takeInventory({ answer: () => named('a') }, { lazy: true });
    await upstream.link(createClient('own', { capabilities: { roots: {} } }));
    say(CHANGED);
    await pass();
    expect([inventory.tools, ups]).toEqual([undefined, []]);
    expect(requestsOf(received, 'tools/list')).toEqual([]);
  });
});

describe('a server that does not tell', () => {
  it('is up nevertheless, and what it has told before stays', async () => {
    const error = { error: { code: -32603, message: 'not today' } };
    const answers = [error, named('a'), error];
    const { upstream, inventory, names, lines, ups, isSettled, say } = takeInventory({ answer: () => answers.shift() });
    upstream.start();
    await pass();
    const warning = 'warn  test: cannot list its tools: test: tools/list failed: not today';
    expect([inventory.tools, inventory.startedIn, ups, isSettled()]).toEqual([undefined, undefined, [true], true]);
    expect(lines).toEqual([warning]);
    for (const isCurrent of [true, false]) {
      say(CHANGED);
      await pass();
      expect([names(), inventory.isCurrent]).toEqual([['a'], isCurrent]);
    }
    expect(lines).toEqual([warning, warning]);
  });

  it('counts as told although it changes meanwhile, and an answer that comes late replaces no newer one', async () => {
    const answer = answersAfter([20, 'first'], [50, 'late'], [10, 'newest']);
    const { upstream, names, isSettled, say } = takeInventory({ answer });
    upstream.start();
    await pass();
    say(CHANGED);
    say(CHANGED);
    await pass(10);
    expect([names(), isSettled()]).toEqual([['newest'], false]);
    await pass(10);
    expect([names(), isSettled()]).toEqual([['newest'], true]);
    await pass(100);
    expect(names()).toEqual(['newest']);
  });

  it('as it changes is told of by its first answer, which is not passed on, until there is another', async () => {
    const answer = answersAfter([20, 'first'], [50, 'second']);
    const { upstream, inventory, names, taken, isSettled, say } = takeInventory({ answer });
    upstream.start();
    await pass();
    say(CHANGED);
    await pass(20);
    expect([names(), taken, inventory.isCurrent, isSettled()]).toEqual([['first'], [], false, true]);
    await pass(50);
    expect([names(), taken, inventory.isCurrent]).toEqual([['second'], [['second']], true]);
  });

  it('as it cannot be started is not waited for', async () => {
    const { upstream, inventory, ups, isSettled, die } = takeInventory({ start: new Promise(() => {}) });
    upstream.start();
    await pass();
    expect(isSettled()).toBe(false);
    die();
    await pass();
    expect([inventory.tools, ups, isSettled()]).toEqual([undefined, [], true]);
  });

  it('as it is to be started only when needed is not waited for', async () => {
    const { upstream, names, isSettled } = takeInventory({ answer: () => named('a') }, { lazy: true });
    await pass();
    expect([isSettled(), upstream.state]).toEqual([true, 'idle']);
    await upstream.shared.acquire();
    await pass();
    expect(names()).toEqual(['a']);
  });

  it('is not waited for longer than for a start', async () => {
    const answer = () => new Promise<never>(() => {});
    const { upstream, inventory, lines, isSettled } = takeInventory({ answer }, { startTimeout: 1000 });
    upstream.start();
    await pass(999);
    expect(isSettled()).toBe(false);
    await pass(2);
    expect([inventory.tools, isSettled()]).toEqual([undefined, true]);
    expect(lines.join()).toContain('no answer to tools/list in time');
  });
});
