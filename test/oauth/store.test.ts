import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grantsFile } from '../../src/oauth/owner.ts';
import type { Grant } from '../../src/oauth/state.ts';
import { OAuthStore } from '../../src/oauth/store.ts';
import { makeFolder } from '../state/support.ts';
import { openStore, startGrants } from './support.ts';

/** Hears which grants have ended. */
function listenTo(store: OAuthStore): string[] {
  const ended: string[] = [];
  store.listeners.add(({ id }) => ended.push(id));
  return ended;
}

const withoutGrants = (store: OAuthStore) =>
  store.change((state) => ({ state: { ...state, grants: [] }, result: 'done' }));

describe('a change', () => {
  it('is at hand when it is done, and on disk', async () => {
    const folder = await makeFolder();
    const { store, link } = await startGrants({ folder });
    await link();
    expect(store.state).toMatchObject({ version: 1, revision: 1, grants: [{ clientId: 'app' }] });
    expect(JSON.parse(await readFile(join(folder, 'grants.json'), 'utf8'))).toEqual(store.state);
    expect(await withoutGrants(store)).toBe('done');
    expect(store.state).toEqual({ version: 1, revision: 2, grants: [], clients: [] });
  });

  it('that changes nothing writes nothing', async () => {
    const folder = await makeFolder();
    const store = await openStore(folder);
    expect(await store.change((state) => ({ state, result: 'same' }))).toBe('same');
    expect(store.state.revision).toBe(0);
    await expect(readFile(join(folder, 'grants.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is made on what others have written meanwhile', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    await one.link();
    await other.link();
    expect(other.store.state).toMatchObject({ revision: 2, grants: [{}, {}] });
  });

  it('that cannot be written is told, and leaves the state as it is', async () => {
    const folder = await makeFolder();
    const { store, link } = await startGrants({ folder });
    await link();
    const { state } = store;
    await writeFile(join(folder, 'grants.json'), '{');
    await expect(withoutGrants(store)).rejects.toMatchObject({
      code: 'STATE',
      message: expect.stringContaining('the linked clients are lost then'),
    });
    expect(store.state).toBe(state);
  });
});

it('a file that was put back is what counts from then on, though it is older', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'grants.json');
  const { store, grants, link } = await startGrants({ folder });
  await link();
  const [first] = grants.all;
  const backup = await readFile(path);
  for (let count = 0; count < 3; count += 1) await link();
  await writeFile(path, backup);
  await store.reload();
  expect(grants.all).toEqual([first]);
  await link();
  expect(grants.all).toHaveLength(2);
});

it('reads and changes that are under way at once end with the last change', async () => {
  const { store, grants, link } = await startGrants();
  const reloads = Array.from({ length: 5 }, () => [store.reload(), link(), store.reload()]);
  await Promise.all(reloads.flat());
  expect(grants.all).toHaveLength(5);
});

describe('who listens', () => {
  it('hears of each grant that is no more, once', async () => {
    const { store, grants, link } = await startGrants();
    await link();
    await link();
    const ended = listenTo(store);
    const [first = { id: '' }, second = { id: '' }] = grants.all;
    await grants.revokeIds([first.id]);
    await store.reload();
    expect(ended).toEqual([first.id]);
    await withoutGrants(store);
    expect(ended).toEqual([first.id, second.id]);
  });

  it('hears nothing of what is new', async () => {
    const { store, link } = await startGrants();
    const ended = listenTo(store);
    await link();
    expect(ended).toEqual([]);
  });

  it('hears of what another process has ended, when it looks and by itself', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    await one.link();
    await other.store.reload();
    const ended = listenTo(other.store);
    const [grant] = other.grants.all as [Grant];
    await one.grants.revokeIds('all');
    expect(ended).toEqual([]);
    await expect.poll(() => ended).toEqual([grant.id]);
    expect(other.grants.all).toEqual([]);
  });

  it('hears of all when the file is taken away', async () => {
    const folder = await makeFolder();
    const { store, grants, link } = await startGrants({ folder });
    await link();
    const ended = listenTo(store);
    const [grant] = grants.all as [Grant];
    await rm(join(folder, 'grants.json'));
    await store.reload();
    expect(ended).toEqual([grant.id]);
    expect(store.state.revision).toBe(0);
    await link();
    expect(grants.all).toHaveLength(1);
  });
});

it('looks no more once it is closed, twice without harm', async () => {
  const file = grantsFile(await makeFolder());
  const watched: unknown[] = [];
  const watch = file.watch.bind(file);
  file.watch = (listener) => {
    const end = watch(listener);
    return () => {
      watched.push('ended');
      end();
    };
  };
  const store = await OAuthStore.open(file);
  store.close();
  store.close();
  expect(watched).toEqual(['ended', 'ended']);
});

it('does not open on a file that is none of its own', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'grants.json'), '{"version":2}', { mode: 0o600 });
  await expect(OAuthStore.open(grantsFile(folder))).rejects.toThrow('it was written by a newer version of mcp-bridge');
});
