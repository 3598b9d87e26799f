import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CompiledRules, compileLayer, compileRules } from '../../src/catalog/rules.ts';
import type { Prefix, ToolFilter } from '../../src/config/catalog-settings.ts';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { Listing } from '../../src/relay/listing.ts';
import { TOOLS } from '../../src/relay/lists.ts';
import { ToldTools } from '../../src/relay/told-tools.ts';
import { createView } from '../../src/relay/view.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange, createLogBook } from '../upstream/support.ts';
import { type Part, playUpstream } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface ViewOptions {
  readonly settings?: Partial<UpstreamSettings>;
  readonly filter?: ToolFilter;
  readonly prefix?: Prefix;
}

/** The listing of a view of servers that are played; they are called a, b, ... */
async function createListing(parts: Part[], { settings, filter, prefix = 'auto' }: ViewOptions = {}) {
  const { log, lines } = createLogBook();
  const played = parts.map((part, index) => playUpstream(part, { name: 'abc'.charAt(index), ...settings }));
  const layers = filter ? [await compileLayer(filter, 'a test')] : [];
  const upstreams = played.map(({ upstream }) => upstream);
  const rules = await Promise.all(upstreams.map((upstream) => compileRules(upstream.settings, layers)));
  const view = createView({
    rules: new Map(upstreams.map((upstream, index) => [upstream, rules[index] as CompiledRules])),
    prefix,
  });
  return {
    listing: new Listing(view, new ToldTools(upstreams), log),
    view,
    lines,
    upstreams,
    received: played.map(({ received }) => received),
  };
}

const offers = (name: string, more: object = {}, ms = 0): Part => ({
  answer: (method) =>
    new Promise((resolve) =>
      setTimeout(resolve, ms, method === 'tools/list' ? { result: { tools: [{ name }], ...more } } : {}),
    ),
});
const BROKEN: Part = { answer: () => ({ error: { code: -32603, message: 'not today' } }) };
const READS = { client: createClient('stateless', { readsResultTypes: true }) };
const listTools = (options = {}) => createExchange(requestFrame('tools/list'), options);

/** What a list holds, once enough time has passed. */
async function list({ listing }: Pick<Awaited<ReturnType<typeof createListing>>, 'listing'>, options = {}) {
  const answer = listing.list(listTools(options), TOOLS).catch(({ message }) => RawJson.of({ error: { message } }));
  await vi.advanceTimersByTimeAsync(300_000);
  return contentOf(await answer);
}

describe('a list of several servers', () => {
  it('holds what each has, under the names of the view, in the order of the configuration', async () => {
    const created = await createListing([offers('x', {}, 50), { capabilities: { prompts: {} } }, offers('x')]);
    expect(await list(created)).toEqual({ tools: [{ name: 'a__x' }, { name: 'c__x' }] });
    expect(requestsOf(created.received[1] ?? [], 'tools/list')).toEqual([]);
  });

  it('goes without a server that fails, which is logged, unless all do', async () => {
    const { listing, lines } = await createListing([BROKEN, offers('x')]);
    expect(await list({ listing })).toEqual({ tools: [{ name: 'b__x' }] });
    expect(lines).toEqual(['debug left out of tools/list: a: tools/list failed: not today']);
    expect(await list(await createListing([BROKEN, BROKEN]))).toEqual({ message: 'a: tools/list failed: not today' });
  });

  it('goes without one that takes more than 4 s, but waits for one that is the only one', async () => {
    expect(await list(await createListing([offers('x', {}, 4001), offers('y')]))).toEqual({
      tools: [{ name: 'b__y' }],
    });
    expect(await list(await createListing([offers('x', {}, 100_000), BROKEN]))).toEqual({ tools: [{ name: 'a__x' }] });
  });

  it('waits for 4 s also for servers that have less than that to start', async () => {
    const created = await createListing([offers('x', {}, 3000), offers('y')], { settings: { startTimeout: 1000 } });
    expect(await list(created)).toEqual({ tools: [{ name: 'a__x' }, { name: 'b__y' }] });
  });

  it('may be kept by its client alone, as long as the part that goes stale first; what is left out may come any time', async () => {
    const parts = [offers('x', { ttlMs: 5000, cacheScope: 'public' }), offers('y', { ttlMs: 1000 })];
    const tools = [{ name: 'a__x' }, { name: 'b__y' }];
    expect(await list(await createListing(parts), READS)).toEqual({ tools, ttlMs: 1000, cacheScope: 'private' });
    expect(await list(await createListing([...parts, BROKEN]), READS)).toMatchObject({ ttlMs: 0 });
    // Clients of the revisions with sessions have no use for it.
    expect(await list(await createListing(parts))).toEqual({ tools });
  });
});

describe('a list of one server', () => {
  it('passes as it is', async () => {
    const created = await createListing([offers('x', { nextCursor: 'n', ttlMs: 5, cacheScope: 'public' })]);
    expect(await list(created, READS)).toEqual({
      tools: [{ name: 'x' }],
      nextCursor: 'n',
      ttlMs: 5,
      cacheScope: 'public',
    });
  });

  it('is private when tools may be hidden, also where none is', async () => {
    const filter = { allow: [], deny: ['y'] };
    const answers = [
      offers('x', { ttlMs: 5, cacheScope: 'public' }),
      offers('y', { ttlMs: 5, cacheScope: 'public' }),
    ].map(async (part) => list(await createListing([part], { filter }), READS));
    expect(await Promise.all(answers)).toEqual([
      { tools: [{ name: 'x' }], ttlMs: 5, cacheScope: 'private' },
      { tools: [], ttlMs: 5, cacheScope: 'private' },
    ]);
    expect(await list(await createListing([offers('x')], { filter }))).toEqual({ tools: [{ name: 'x' }] });
  });
});

describe('what a server says of a tool', () => {
  it('is read from its list, once', async () => {
    const { listing, upstreams, received } = await createListing([offers('x', { more: 1 }), offers('y')]);
    const define = async (name: string) => {
      const defined = listing.define(listTools(), upstreams[0] as never, name);
      await vi.advanceTimersByTimeAsync(10);
      return (await defined)?.value;
    };
    expect([await define('x'), await define('x'), await define('z')]).toEqual([
      { name: 'x' },
      { name: 'x' },
      undefined,
    ]);
    expect(received.map((frames) => requestsOf(frames, 'tools/list').length)).toEqual([1, 0]);
  });

  it('is not waited for longer than 4 s, as a call may go well without, but for its start', async () => {
    let start = () => {};
    const { listing, upstreams } = await createListing([
      {
        start: new Promise((resolve) => {
          start = resolve;
        }),
        answer: () => new Promise(() => {}),
      },
    ]);
    let outcome: string | undefined;
    listing.define(listTools(), upstreams[0] as never, 'x').catch(({ message }) => {
      outcome = message;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    start();
    await vi.advanceTimersByTimeAsync(3999);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toBe('a: no answer to tools/list in time');
  });

  it.each([1, 2])('is not learnt from a list that was begun before it changed: %i servers', async (servers) => {
    const created = await createListing(Array.from({ length: servers }, () => offers('x', {}, 100)));
    const listed = created.listing.list(listTools(), TOOLS);
    await vi.advanceTimersByTimeAsync(50);
    expect(requestsOf(created.received[0] ?? [], 'tools/list')).toHaveLength(1);
    created.view.definitions.forget('a');
    await vi.advanceTimersByTimeAsync(50);
    expect(contentOf(await listed)).toMatchObject({ tools: { length: servers } });
    expect(created.view.definitions.of('a', 'x')).toBeUndefined();
  });

  it('is read to its end when a client has seen only the beginning', async () => {
    const page = (params: RawJson) =>
      params.has('cursor') ? { tools: [{ name: 'y' }] } : { tools: [{ name: 'x' }], nextCursor: 'more' };
    const { listing, upstreams, received } = await createListing([
      { answer: (_, params) => ({ result: page(params) }) },
    ]);
    const define = async (name: string) => (await listing.define(listTools(), upstreams[0] as never, name))?.value;
    await listing.list(listTools(), TOOLS);
    expect([await define('x'), requestsOf(received[0] ?? [], 'tools/list').length]).toEqual([{ name: 'x' }, 1]);
    expect([await define('y'), await define('z')]).toEqual([{ name: 'y' }, undefined]);
    expect(requestsOf(received[0] ?? [], 'tools/list')).toHaveLength(3);
  });
});

describe('a name that nobody has seen', () => {
  const find = async ({ listing, view }: Awaited<ReturnType<typeof createListing>>, name: string) => {
    const found = listing.find(createExchange(requestFrame('tools/call')), TOOLS, () => view.tools.lookup(name));
    await vi.advanceTimersByTimeAsync(10);
    return found;
  };

  it('is looked for in the lists, and one that was found needs none', async () => {
    const created = await createListing([offers('x'), offers('y')], { prefix: 'none' });
    expect(await find(created, 'y')).toMatchObject({ server: 'b', name: 'y' });
    expect(await find(created, 'x')).toMatchObject({ server: 'a', name: 'x' });
    expect(created.received.map((frames) => requestsOf(frames, 'tools/list').length)).toEqual([1, 1]);
    expect(await find(created, 'z')).toBeUndefined();
  });

  it('stays unknown when no list can be read', async () => {
    expect(await find(await createListing([BROKEN, BROKEN], { prefix: 'none' }), 'x')).toBeUndefined();
  });
});
