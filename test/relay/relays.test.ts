import { describe, expect, it } from 'vitest';
import type { ToolOverride } from '../../src/config/catalog-settings.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { Relays } from '../../src/relay/relays.ts';
import type { CatalogSettings } from '../../src/relay/routers.ts';
import type { PublishedCatalog } from '../../src/state/published.ts';
import { filterOf, viewOf } from '../catalog/settings.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange, createLogBook, INFO } from '../upstream/support.ts';
import { catalogOf, type Part, type PlayedUpstream, playUpstream, ruled, UNPUBLISHED } from './support.ts';

const CHANGED = notificationFrame('notifications/tools/list_changed');
const PLAIN = { prefix: 'none' } as const;

const offers = (...names: string[]): Part => ({
  answer: (method, params) => ({
    result: method === 'tools/list' ? { tools: names.map((name) => ({ name })) } : { called: params.get('name') },
  }),
});

const settingsOf = (played: readonly PlayedUpstream[], changes: Partial<CatalogSettings> = {}) =>
  catalogOf(
    played.map(({ upstream }) => upstream),
    changes,
  );

/** The relays of servers that are up and have told. */
async function startRelays(
  played: readonly PlayedUpstream[],
  changes: Partial<CatalogSettings> = {},
  publishedAt: (place: string) => PublishedCatalog = () => UNPUBLISHED,
) {
  const { log, lines } = createLogBook();
  const relays = await Relays.create({ ...settingsOf(played, changes), publishedAt, info: INFO, log });
  for (const { upstream } of played) upstream.start();
  await relays.settled;
  return { relays, lines };
}

async function namesAt(relays: Relays, place: string): Promise<string[]> {
  const answer = await (relays.all.get(place) as RelaySwitch).handle(createExchange(requestFrame('tools/list')));
  return (contentOf(answer) as { tools: { name: string }[] }).tools.map(({ name }) => name);
}
const listsOf = ({ received }: PlayedUpstream) => requestsOf(received, 'tools/list').length;
const tally = (relays: Relays) => relays.inventories.map(({ upstream, tools }) => [upstream.name, tools?.length]);

describe('the relays', () => {
  it('are one for each place, and the servers in the order of the configuration', async () => {
    const played = [playUpstream(offers('x'), { name: 'b' }), playUpstream(offers('y', 'z'), { name: 'a' })];
    const { relays } = await startRelays(played, { views: [viewOf('v', PLAIN)] });
    expect([...relays.all.keys()]).toEqual(['', 'servers/b', 'servers/a', 'views/v']);
    expect(relays.merged).toBe(relays.all.get(''));
    expect(tally(relays)).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
  });

  it('are settled once each server has told or has failed, and do not wait for lazy ones', async () => {
    const played = [
      playUpstream(offers('x'), { name: 'a' }),
      playUpstream({ answer: () => ({ error: { code: 1, message: 'not now' } }) }, { name: 'b' }),
      playUpstream(offers('z'), { name: 'c', lazy: true }),
    ];
    const { relays } = await startRelays(played);
    expect(tally(relays)).toEqual([
      ['a', 1],
      ['b', undefined],
      ['c', undefined],
    ]);
  });

  it('know a new tool everywhere as soon as its server has told', async () => {
    const names = ['x'];
    const played = [
      playUpstream({ answer: () => ({ result: { tools: names.map((name) => ({ name })) } }) }, { name: 'a' }),
      playUpstream(offers('y'), { name: 'b' }),
    ];
    const { relays } = await startRelays(played, { prefix: 'none', views: [viewOf('v', PLAIN)] });
    names.push('new');
    played[0]?.say(CHANGED);
    await expect.poll(() => tally(relays)[0]).toEqual(['a', 2]);
    for (const place of ['', 'views/v']) {
      const before = listsOf(played[0] as PlayedUpstream);
      await relays.all.get(place)?.handle(createExchange('new'));
      expect([
        requestsOf(played[0]?.received ?? [], 'tools/call')
          .at(-1)
          ?.raw('params')
          ?.get('name'),
        before,
      ]).toEqual(['new', listsOf(played[0] as PlayedUpstream)]);
    }
  });

  it('tell clients that a server is up again', async () => {
    const played = [playUpstream(offers('x'), { name: 'a' }), playUpstream(offers('y'), { name: 'b' })];
    const { relays } = await startRelays(played);
    const client = createClient();
    relays.merged.join(client);
    played[0]?.die();
    await expect.poll(() => client.sent.map((frame) => frame.get('method'))).toContain(CHANGED.get('method'));
    expect(requestsOf(played[0]?.received ?? [], 'initialize')).toHaveLength(2);
  });
});

describe('other settings', () => {
  it('are served by the relays that there are, and by new ones at new places', async () => {
    const played = [playUpstream(offers('x', 'y'), { name: 'a' }), playUpstream(offers('z'), { name: 'b' })];
    const { relays } = await startRelays(played, { views: [viewOf('v', PLAIN), viewOf('gone', PLAIN)] });
    const before = new Map(relays.all);
    await relays.update(
      settingsOf(played, { tools: filterOf({ deny: ['y'] }), views: [viewOf('new', PLAIN), viewOf('v', PLAIN)] }),
    );
    expect([...relays.all.keys()].sort()).toEqual(['', 'servers/a', 'servers/b', 'views/new', 'views/v']);
    for (const place of ['', 'servers/a', 'servers/b', 'views/v'])
      expect(relays.all.get(place)).toBe(before.get(place));
    expect([await namesAt(relays, ''), await namesAt(relays, 'servers/a'), await namesAt(relays, 'views/new')]).toEqual(
      [['a__x', 'b__z'], ['x'], ['x', 'z']],
    );
  });

  it('ask no server for what it has told already', async () => {
    const played = [playUpstream(offers('x'), { name: 'a' }), playUpstream(offers('y'), { name: 'b' })];
    const { relays } = await startRelays(played);
    const inventories = relays.inventories;
    await relays.update(settingsOf(played, { prefix: 'none' }));
    expect([relays.inventories, played.map(listsOf)]).toEqual([inventories, [1, 1]]);
    // Without prefixes names are not told from each other until they are known.
    expect(contentOf(await relays.merged.handle(createExchange('y')))).toEqual({ called: 'y' });
    expect(played.map(listsOf)).toEqual([1, 1]);
  });

  it('ask a server again that has told of a change, and not yet of its tools', async () => {
    let tools = ['old'];
    let fails = false;
    const changing: Part = {
      answer(method, params) {
        if (method !== 'tools/list') return { result: { called: params.get('name') } };
        return fails
          ? { error: { code: 1, message: 'not now' } }
          : { result: { tools: tools.map((name) => ({ name })) } };
      },
    };
    const played = [playUpstream(changing, { name: 'a' }), playUpstream(offers('y'), { name: 'b' })] as const;
    const { relays, lines } = await startRelays(played, { prefix: 'none' });
    [tools, fails] = [['new'], true];
    played[0].say(CHANGED);
    await expect.poll(() => lines.join()).toContain('cannot list its tools');
    await relays.update(settingsOf(played, { prefix: 'none' }));
    fails = false;
    expect(contentOf(await relays.merged.handle(createExchange('new')))).toEqual({ called: 'new' });
  });

  it('add and take away servers, whose tools are known from then on, or not any more', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => playUpstream(offers(name), { name })) as [
      PlayedUpstream,
      PlayedUpstream,
      PlayedUpstream,
    ];
    const { relays } = await startRelays([a, b]);
    await relays.update(settingsOf([c, a]));
    c.upstream.start();
    await relays.settled;
    expect(tally(relays)).toEqual([
      ['c', 1],
      ['a', 1],
    ]);
    const before = listsOf(b);
    b.say(CHANGED);
    a.say(CHANGED);
    await expect.poll(() => listsOf(a)).toBe(2);
    expect(listsOf(b)).toBe(before);
  });

  it('change nothing where a glob cannot be read', async () => {
    const played = [playUpstream(offers('x', 'y'), { name: 'a' })];
    const { relays } = await startRelays(played, { tools: filterOf({ deny: ['y'] }) });
    const [places, inventories, { router }] = [[...relays.all.keys()], relays.inventories, relays.merged];
    const broken = settingsOf([playUpstream({}, { name: 'b' })], { tools: filterOf({ deny: ['[a'] }) });
    await expect(relays.update(broken)).rejects.toMatchObject({ code: 'CONFIG' });
    expect([[...relays.all.keys()], relays.inventories, relays.merged.router]).toEqual([places, inventories, router]);
    expect(await namesAt(relays, '')).toEqual(['x']);
  });

  it('are looked at for what is odd about them, without any word of a server', async () => {
    const played = [playUpstream(offers('x'), { name: 'a' })];
    const { relays, lines } = await startRelays(played);
    await relays.update(settingsOf(played, { tools: filterOf({ deny: ['nope'] }) }));
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('deny "nope" matches no tool'),
    ]);
  });
});

describe('clients that keep what they were shown', () => {
  const overrides: ToolOverride[] = [{ glob: 'x', origin: 'a test', title: 'T', annotations: { readOnlyHint: true } }];
  const readAt = (where: string, key: string): ((place: string) => PublishedCatalog) => {
    const reader = { key, client: `openai-mcp ${where}`, hash: 'of another list', seen: '' };
    return (place) => (place === where ? { ...UNPUBLISHED, readers: [reader] } : UNPUBLISHED);
  };

  it('are told of, each once, wherever they were shown it', async () => {
    for (const place of ['', 'servers/a', 'views/v']) {
      const played = [playUpstream(offers('x'), { name: 'a', ...ruled({ overrides }).settings })];
      const { relays, lines } = await startRelays(played, { views: [viewOf('v', PLAIN)] }, readAt(place, 'all:me:'));
      await expect.poll(() => relays.outdatedClients).toEqual([`ChatGPT (openai-mcp ${place})`]);
      played[0]?.say(CHANGED);
      await expect.poll(() => listsOf(played[0] as PlayedUpstream)).toBe(2);
      expect(lines.filter((line) => line.includes('still shows the old list'))).toHaveLength(1);
    }
  });

  it('are not told of before all their servers have told', async () => {
    const play = () => [
      playUpstream(offers('x'), { name: 'a' }),
      playUpstream({ answer: () => ({ error: { code: 1, message: 'not now' } }) }, { name: 'b' }),
    ];
    const { relays: alone } = await startRelays(play(), {}, readAt('servers/a', 'all:me:'));
    await expect.poll(() => alone.outdatedClients).toEqual(['ChatGPT (openai-mcp servers/a)']);
    const { relays } = await startRelays(play(), {}, readAt('', 'all:me:'));
    expect(relays.outdatedClients).toEqual([]);
  });

  it('are not told of while one of their servers has been asked again in vain, and are once it tells', async () => {
    const NOT_NOW = { error: { code: 1, message: 'not now' } };
    const NAMED = { result: { tools: [{ name: 'x' }] } };
    const play = (name: string, ...answers: object[]) => playUpstream({ answer: () => answers.shift() }, { name });
    const [a, b] = [play('a', NAMED, NOT_NOW, NAMED), play('b', NOT_NOW, NAMED)];
    const { relays, lines } = await startRelays([a, b], {}, readAt('', 'all:me:'));
    const count = (text: string) => lines.filter((line) => line.includes(text)).length;
    a.say(CHANGED);
    await expect.poll(() => count('a: cannot list its tools')).toBe(1);
    b.say(CHANGED);
    await expect
      .poll(() => tally(relays))
      .toEqual([
        ['a', 1],
        ['b', 1],
      ]);
    await new Promise(setImmediate); // All that needs no more word of a server has happened then.
    expect(count('still shows the old list')).toBe(0);
    a.say(CHANGED);
    await expect.poll(() => relays.outdatedClients).toEqual(['ChatGPT (openai-mcp )']);
    expect(count('still shows the old list')).toBe(1);
  });

  it.each(['all:', 'read:'])('are none where they were shown just this: %s', async (kind) => {
    const play = () => [
      playUpstream(offers('x', 'y'), { name: 'a', ...ruled({ overrides }).settings }),
      playUpstream(offers('z'), { name: 'b' }),
    ];
    const readers: PublishedCatalog['readers'][number][] = [];
    const record: PublishedCatalog['record'] = (_, reader) => void (reader && readers.push({ ...reader, seen: '' }));
    const { relays: before } = await startRelays(play(), {}, () => ({ ...UNPUBLISHED, record }));
    const principal = { id: 'me', readOnly: kind === 'read:' };
    const client = createClient('openai-mcp', { principal, listens: false });
    await before.merged.handle(createExchange(requestFrame('tools/list'), { client }));
    expect(readers.map(({ key }) => key)).toEqual([`${kind}me:openai-mcp`]);
    const { relays, lines } = await startRelays(play(), {}, () => ({ ...UNPUBLISHED, readers }));
    const told = () => lines.filter((line) => line.includes('still shows the old list'));
    // At the other places it is another list.
    await expect.poll(() => told().length).toBe(2);
    expect(told().filter((line) => line.includes('the tools have changed'))).toEqual([]);
    expect(relays.outdatedClients).toEqual(['ChatGPT (openai-mcp)']);
  });
});
