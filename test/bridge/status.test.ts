import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { countTools, isReadOnly, readiness, serverStatus } from '../../src/bridge/status.ts';
import type { Fleet } from '../../src/upstream/fleet.ts';
import { filterOf, viewOf } from '../catalog/settings.ts';
import { type Part, type PlayOptions, playRelays, playUpstream, ruled } from '../relay/support.ts';
import { upstreamSettings } from '../upstream/support.ts';

const reads = (name: string) => ({ name, annotations: { readOnlyHint: true } });
const offers = (...tools: object[]): Part => ({ answer: () => ({ result: { tools } }) });
const SILENT: Part = { answer: () => ({ error: { code: 1, message: 'not now' } }) };
const FLEET = { lastWordsOf: ({ name }) => `${name} says so` } as Fleet;

async function play(parts: Part[], options: PlayOptions = {}) {
  const played = await playRelays(parts, options);
  for (const { upstream } of played.played) upstream.start();
  await played.settled;
  const statuses = () => played.relays.inventories.map((inventory) => serverStatus(inventory, played.relays, FLEET));
  return { ...played, statuses };
}

describe('the status of a server', () => {
  it('counts what clients see of it, what of that only reads, and what is hidden', async () => {
    const part = offers(
      reads('x'),
      { name: 'y' },
      { name: 'odd', inputSchema: { type: 'string' } },
      { name: 'denied' },
    );
    const { statuses } = await play(
      [part, offers()],
      ruled({ schemas: 'strict', tools: filterOf({ deny: ['denied'] }) }),
    );
    expect(statuses()).toMatchObject([
      { name: 'a', state: 'ready', links: 1, tools: 2, readOnlyTools: 1, hiddenTools: 2, lastWords: 'a says so' },
      { name: 'b', tools: 0, readOnlyTools: 0, hiddenTools: 0, error: undefined, errorCode: undefined },
    ]);
    expect(statuses()[0]?.startedIn).toBeGreaterThanOrEqual(0);
  });

  it('counts marks as clients see them', async () => {
    const overrides = [{ glob: 'y', origin: 'a test', annotations: { readOnlyHint: true } }];
    const { statuses } = await play([offers(reads('x'), { name: 'y' }, { name: 'z' })], ruled({ overrides }));
    expect(statuses()[0]).toMatchObject({ tools: 3, readOnlyTools: 2, hiddenTools: 0 });
  });

  it('counts nothing before it has told, and says what is wrong', async () => {
    const { statuses, played } = await play([SILENT]);
    expect(statuses()[0]).toMatchObject({
      state: 'ready',
      tools: undefined,
      readOnlyTools: undefined,
      hiddenTools: undefined,
      startedIn: undefined,
    });
    played[0]?.die();
    await expect.poll(() => statuses()[0]?.error).toBe('test: it died');
    expect(statuses()[0]?.errorCode).toBe('UPSTREAM_EXITED');
  });
});

describe('the tools at a place', () => {
  const parts = [offers(reads('x'), { name: 'y' }, { name: 'z' }), offers(reads('x'))];

  it('are counted as they are shown there', async () => {
    const views = [viewOf('reads', { tools: filterOf({ readOnly: true }) }), viewOf('b', { servers: ['b'] })];
    const { relays } = await play(parts, { views, tools: filterOf({ deny: ['z'] }) });
    const counts = ['', 'servers/a', 'servers/b', 'views/reads', 'views/b'].map((place) => countTools(relays, place));
    expect(counts).toEqual([
      { read: 2, write: 1 },
      { read: 1, write: 1 },
      { read: 1, write: 0 },
      { read: 2, write: 0 },
      { read: 1, write: 0 },
    ]);
  });

  it('are those of the servers that have told; not known where none has, or there is no such place', async () => {
    const { relays } = await play([SILENT, offers(reads('x'))], { views: [viewOf('a', { servers: ['a'] })] });
    const counts = ['', 'servers/a', 'servers/b', 'views/a', 'views/none'].map((place) => countTools(relays, place));
    expect(counts).toEqual([{ read: 1, write: 0 }, undefined, { read: 1, write: 0 }, undefined, undefined]);
  });
});

describe('a place', () => {
  const parts = [offers(), offers()];
  const places = ['', 'servers/a', 'views/reads', 'views/all', 'views/none'];
  const views = [viewOf('reads', { tools: filterOf({ readOnly: true }) }), viewOf('all')];
  const READING = ruled({ tools: filterOf({ readOnly: true }) });

  it.each<[string, PlayOptions, string[]]>([
    ['a view', { views }, ['views/reads']],
    ['all servers', { views, tools: filterOf({ readOnly: true }) }, ['', 'servers/a', 'views/reads', 'views/all']],
    ['each server', { views, ...READING }, ['', 'servers/a', 'views/reads', 'views/all']],
    [
      'one server of two',
      { views, upstreams: [upstreamSettings({ name: 'a', ...READING.settings }), upstreamSettings({ name: 'b' })] },
      ['servers/a', 'views/reads'],
    ],
    ['nobody', { views: [viewOf('all')], tools: filterOf({ readOnly: false, destructive: false }) }, []],
  ])('is for reading alone where all that it shows is: %s', async (_, options, expected) => {
    const { relays } = await playRelays(parts, options);
    expect(places.filter((place) => isReadOnly(relays, place))).toEqual(expected);
  });
});

describe('a server', () => {
  it('is ready when it answers a ping, or will be started by whoever needs it', async () => {
    const parts = { answers: { answer: () => ({ result: {} }) }, refuses: { answer: () => ({ error: { code: 1 } }) } };
    const upstreams = Object.entries(parts).map(([name, part]) => playUpstream(part, { name }).upstream);
    for (const upstream of upstreams) await upstream.shared.acquire();
    const lazy = playUpstream({}, { name: 'lazy', lazy: true }).upstream;
    // That it knows no ping shows that it lives.
    expect(await readiness([...upstreams, lazy])).toEqual({ answers: true, refuses: true, lazy: true });
  });

  it('is not ready when it is not up, or has ended', async () => {
    const starting = playUpstream({ start: new Promise(() => {}) }, { name: 'starting' }).upstream;
    starting.start();
    const dead = playUpstream({}, { name: 'dead' });
    await dead.upstream.shared.acquire();
    await dead.upstream.close();
    expect(await readiness([starting, dead.upstream])).toEqual({ starting: false, dead: false });
  });

  it('is not ready when it has not answered after two seconds', async () => {
    const { upstream } = playUpstream({ answer: () => undefined }, { name: 'busy' });
    await upstream.shared.acquire();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let verdict: unknown;
    void readiness([upstream]).then((ready) => {
      verdict = ready;
    });
    await vi.advanceTimersByTimeAsync(1999);
    expect(verdict).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(verdict).toEqual({ busy: false });
  });
});
