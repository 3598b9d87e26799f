import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Published } from '../../src/state/published.ts';
import type { Reader, ShownName } from '../../src/state/published-state.ts';
import { makeFolder } from './support.ts';

const DAY = 24 * 60 * 60 * 1000;
const EARLY = Date.parse('2026-01-01T00:00:00.000Z');

/** A bridge's memory of what it has shown, and what it logged. */
async function open(folder: string): Promise<Published & { readonly lines: string[] }> {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line.slice(13)) });
  return Object.assign(await Published.open(folder, log), { lines });
}

const tool = (name: string, server = 'files'): ShownName => ({
  exposed: `${server}__${name}`,
  server,
  name,
  program: 'p',
});
const tools = (count: number, server?: string) => Array.from({ length: count }, (_, index) => tool(`${index}`, server));
const reader = (key: string, hash = 'h'): Reader => ({ key, client: `client ${key}`, hash });

const fileIn = (folder: string) => join(folder, 'published.json');

/** Which file it is, and of when: another one after each change. */
async function stampOf(folder: string): Promise<string> {
  const { ino, mtimeNs } = await lstat(fileIn(folder), { bigint: true });
  return `${ino} ${mtimeNs}`;
}

/** Sets the time, and returns what turns it on. */
function setTime(start = EARLY): (milliseconds: number) => void {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  onTestFinished(() => void vi.useRealTimers());
  return (milliseconds) => void vi.setSystemTime(Date.now() + milliseconds);
}

describe('what was shown', () => {
  it('is known at once, and to the bridge that is started next', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    const catalog = first.catalog('all');
    expect([catalog.aliasOf('files__read'), catalog.readers]).toEqual([undefined, []]);
    catalog.record([tool('read'), tool('write')], reader('ann'));
    expect(catalog.aliasOf('files__read')).toMatchObject({ server: 'files', name: 'read' });
    await first.flush();
    const second = (await open(folder)).catalog('all');
    expect(second.aliasOf('files__read')).toMatchObject({ server: 'files', name: 'read' });
    expect(second.aliasOf('files__other')).toBeUndefined();
    expect(second.readers).toEqual([{ ...reader('ann'), seen: expect.stringMatching(/^20.*Z$/) }]);
  });

  it('is told to its owner as readable JSON', async () => {
    setTime();
    const folder = await makeFolder();
    const published = await open(folder);
    published.catalog('all').record([tool('read')], reader('ann'));
    await published.flush();
    const seen = '2026-01-01T00:00:00.000Z';
    const names = [{ exposed: 'files__read', server: 'files', name: 'read', program: 'p', seen }];
    const readers = [{ key: 'ann', client: 'client ann', hash: 'h', seen }];
    const state = { version: 1, catalogs: [{ key: 'all', seen, names, readers }] };
    expect(await readFile(fileIn(folder), 'utf8')).toBe(`${JSON.stringify(state, undefined, 2)}\n`);
    expect(await readdir(folder)).toEqual(['published.json']);
  });

  it('stays what it stood for last, of each catalog by itself', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    const [all, one] = [published.catalog('all'), published.catalog('one')];
    all.record([tool('read')], reader('ann', 'old'));
    await published.flush();
    all.record([{ exposed: 'files__read', server: 'disk', name: 'Read', program: 'p' }], reader('ann', 'new'));
    one.record([tool('write')]);
    for (const memory of [published, await published.flush().then(() => open(folder))]) {
      expect(memory.catalog('all').aliasOf('files__read')).toMatchObject({ server: 'disk', name: 'Read' });
      expect(memory.catalog('all').aliasOf('files__write')).toBeUndefined();
      expect(memory.catalog('one').aliasOf('files__write')).toMatchObject({ server: 'files', name: 'write' });
      expect(memory.catalog('all').readers.map(({ hash }) => hash)).toEqual(['new']);
      expect(memory.catalog('one').readers).toEqual([]);
    }
  });

  it('may be called anything', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    const odd = ['__proto__', 'constructor', '0', '\ud83d', ''];
    published.catalog('__proto__').record(odd.map((name) => ({ exposed: name, server: name, name, program: 'p' })));
    await published.flush();
    const catalog = (await open(folder)).catalog('__proto__');
    expect(odd.map((name) => catalog.aliasOf(name)?.name)).toEqual(odd);
    expect(published.catalog('constructor').aliasOf('__proto__')).toBeUndefined();
  });

  it('is written by itself, all together', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    const keys = ['ann', 'bob', 'carl'];
    for (const key of keys) published.catalog('all').record([tool(`for ${key}`)], reader(key));
    const written = () => readFile(fileIn(folder), 'utf8').catch(() => '');
    await expect.poll(written).not.toBe('');
    const text = await written();
    for (const key of keys) expect(text).toContain(`for ${key}`);
  });

  it('keeps no process alive', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    const published = await open(await makeFolder());
    timers.mockClear();
    published.catalog('all').record([tool('read')]);
    expect(timers.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
    await published.flush();
  });

  it('is written once, and again a day later', async () => {
    const turnOn = setTime();
    const folder = await makeFolder();
    const published = await open(folder);
    const again = async (memory: Published) => {
      memory.catalog('all').record([tool('read'), tool('write')], reader('ann'));
      await memory.flush();
      return stampOf(folder);
    };
    const stamp = await again(published);
    turnOn(DAY - 1);
    expect([await again(published), await again(await open(folder))]).toEqual([stamp, stamp]);
    turnOn(1);
    const later = await again(published);
    expect(later).not.toBe(stamp);
    expect([await again(published), await again(await open(folder))]).toEqual([later, later]);
    published.catalog('all').record([], undefined);
    published.catalog('none').record([]);
    published.catalog('all').record([tool('write')]);
    await published.flush();
    expect(await stampOf(folder)).toBe(later);
  });

  it('is recorded while what came before is being written', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    published.catalog('all').record([tool('one')]);
    const writing = published.flush();
    published.catalog('all').record([tool('two')]);
    await writing;
    expect(published.catalog('all').aliasOf('files__two')).toBeDefined();
    await published.flush();
    const { aliasOf } = (await open(folder)).catalog('all');
    expect([aliasOf('files__one'), aliasOf('files__two')]).not.toContain(undefined);
  });
});

describe('several bridges', () => {
  it('lose nothing of what each of them shows, at whatever moment', async () => {
    const folder = await makeFolder();
    const program = join(await makeFolder(), 'publisher.mjs');
    const entry = fileURLToPath(new URL('fixtures/publisher.mjs', import.meta.url));
    await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm' });
    const servers = ['a', 'b', 'c'];
    const bridges = servers.map((server) =>
      spawn(process.execPath, [program, folder, server, '25'], { stdio: ['ignore', 'inherit', 'inherit'] }),
    );
    onTestFinished(() => bridges.forEach((bridge) => void bridge.kill('SIGKILL')));
    const ends = await Promise.all(bridges.map((bridge) => once(bridge, 'exit')));
    expect(ends.map(([code]) => code)).toEqual([0, 0, 0]);
    const { aliasOf } = (await open(folder)).catalog('all');
    const expected = servers.flatMap((server) => tools(25, server));
    expect(expected.filter(({ exposed }) => !aliasOf(exposed))).toEqual([]);
    expect(await readdir(folder)).toEqual(['published.json']);
  });

  it('write nothing that another has written already', async () => {
    const turnOn = setTime();
    const folder = await makeFolder();
    const [one, other] = [await open(folder), await open(folder)];
    for (const bridge of [one, other]) bridge.catalog('all').record([tool('one'), tool('two')], reader('ann'));
    turnOn(1);
    one.catalog('all').record([tool('three')]);
    await one.flush();
    const stamp = await stampOf(folder);
    await other.flush();
    expect(await stampOf(folder)).toBe(stamp);
    expect(other.catalog('all').aliasOf('files__three')).toBeDefined();
  });

  it('know of what the others have shown once they write themselves', async () => {
    const folder = await makeFolder();
    const [one, other] = [await open(folder), await open(folder)];
    one.catalog('all').record([tool('one')], reader('ann'));
    await one.flush();
    expect(other.catalog('all').aliasOf('files__one')).toBeUndefined();
    other.catalog('all').record([tool('other')], reader('bob'));
    await other.flush();
    expect(other.catalog('all').aliasOf('files__one')).toMatchObject({ server: 'files', name: 'one' });
    expect(
      other
        .catalog('all')
        .readers.map(({ key }) => key)
        .sort(),
    ).toEqual(['ann', 'bob']);
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['{ "version": 1, "catal', 'JSON'],
    ['{ "version": 2, "catalogs": [] }', 'version is not what it should be'],
    ['[]', 'it is not what it should be'],
    [
      '{ "version": 1, "catalogs": [{ "key": "all", "seen": "yesterday", "names": [], "readers": [] }] }',
      'catalogs.0.seen is not what it should be',
    ],
  ])('is left as it is, which is said once; names are known as long as the bridge runs: %s', async (text, reason) => {
    const folder = await makeFolder();
    await writeFile(fileIn(folder), text, { mode: 0o600 });
    const published = await open(folder);
    expect(published.lines).toEqual([expect.stringContaining(`${fileIn(folder)} cannot be used`)]);
    expect(published.lines[0]).toContain(reason);
    const catalog = published.catalog('all');
    for (const name of ['one', 'two']) {
      catalog.record([tool(name)], reader('ann'));
      await published.flush();
    }
    expect(catalog.aliasOf('files__one')).toMatchObject({ server: 'files', name: 'one' });
    expect(catalog.readers).toHaveLength(1);
    expect(published.lines).toHaveLength(1);
    expect(await readFile(fileIn(folder), 'utf8')).toBe(text);
  });

  it('is made up for when it is there no more: then all is written', async () => {
    const folder = await makeFolder();
    await writeFile(fileIn(folder), 'broken', { mode: 0o600 });
    const published = await open(folder);
    published.catalog('all').record([tool('one')]);
    await published.flush();
    await rm(fileIn(folder));
    await published.flush();
    expect((await open(folder)).catalog('all').aliasOf('files__one')).toBeDefined();
  });

  it('may be a folder that is a file', async () => {
    const folder = join(await makeFolder(), 'state');
    await writeFile(folder, '', { mode: 0o600 });
    const published = await open(folder);
    published.catalog('all').record([tool('one')]);
    await published.flush();
    expect(published.catalog('all').aliasOf('files__one')).toBeDefined();
    expect(published.lines).toEqual([expect.stringMatching(/^warn .*state is not a folder/)]);
  });

  it('may be one that cannot be written: something is in its way', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    await writeFile(`${fileIn(folder)}.lock`, '');
    published.catalog('all').record([tool('one')]);
    await published.flush();
    expect(published.catalog('all').aliasOf('files__one')).toBeDefined();
    expect(published.lines).toEqual([expect.stringMatching(/^warn .*published\.json cannot be written/)]);
  });
});

describe('what is remembered', () => {
  it('ends after 180 days in which a name was neither shown nor called', async () => {
    const turnOn = setTime();
    const folder = await makeFolder();
    const first = await open(folder);
    first.catalog('all').record([tool('shown'), tool('called'), tool('gone')], reader('ann'));
    await first.flush();
    turnOn(179 * DAY);
    const second = await open(folder);
    const { aliasOf } = second.catalog('all');
    expect(aliasOf('files__gone')).toBeDefined();
    second.catalog('all').record([tool('shown'), tool('new')], reader('bob'));
    second.catalog('all').record([tool('called')]);
    await second.flush();
    turnOn(DAY);
    const third = (await open(folder)).catalog('all');
    expect(['shown', 'called', 'new', 'gone'].map((name) => third.aliasOf(`files__${name}`) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(third.readers.map(({ key }) => key)).toEqual(['bob']);
  });

  it('is what was shown last, where there is more than 2,000 names', async () => {
    const turnOn = setTime();
    const folder = await makeFolder();
    const published = await open(folder);
    const catalog = published.catalog('all');
    catalog.record(tools(1500, 'old'));
    turnOn(1);
    catalog.record(tools(500, 'older'));
    turnOn(1);
    catalog.record(tools(1500, 'old').slice(0, 1000));
    turnOn(DAY);
    catalog.record([...tools(1000, 'old'), ...tools(600, 'new')]);
    const known = (names: readonly ShownName[]) => names.filter(({ exposed }) => catalog.aliasOf(exposed)).length;
    expect([known(tools(1000, 'old')), known(tools(600, 'new'))]).toEqual([1000, 600]);
    expect([known(tools(500, 'older')), known(tools(1500, 'old'))]).toEqual([400, 1000]);
    await published.flush();
  });

  it('is not written anew each time when a catalog alone has more names', async () => {
    const folder = await makeFolder();
    const published = await open(folder);
    const show = async () => {
      published.catalog('all').record(tools(2500));
      await published.flush();
      return stampOf(folder);
    };
    expect(await show()).toBe(await show());
  });

  it('are the last 100 readers, and what their names begin with', async () => {
    const turnOn = setTime();
    const published = await open(await makeFolder());
    const { record } = published.catalog('all');
    for (let index = 0; index <= 100; index++) {
      record([tool('one')], { key: `${index}`, client: 'x'.repeat(1000), hash: 'h' });
      turnOn(1);
    }
    const { readers } = published.catalog('all');
    expect(readers.map(({ key }) => Number(key))).toEqual(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect(new Set(readers.map(({ client }) => client))).toEqual(new Set(['x'.repeat(100)]));
    await published.flush();
  });

  it('are the last 200 catalogs', async () => {
    const turnOn = setTime();
    const published = await open(await makeFolder());
    for (let index = 0; index <= 200; index++) {
      published.catalog(`${index}`).record([tool('one')]);
      turnOn(1);
    }
    const isKnown = (key: string) => published.catalog(key).aliasOf('files__one') !== undefined;
    expect(['0', '1', '200'].map(isKnown)).toEqual([false, true, true]);
    await published.flush();
  });

  it('is not what a wrong clock has seen in times to come', async () => {
    const turnOn = setTime();
    const folder = await makeFolder();
    const published = await open(folder);
    published.catalog('all').record([{ exposed: 'x', server: 'wrong', name: 'x', program: 'p' }]);
    await published.flush();
    turnOn(-30 * DAY);
    published.catalog('all').record([{ exposed: 'x', server: 'right', name: 'x', program: 'p' }]);
    await published.flush();
    expect((await open(folder)).catalog('all').aliasOf('x')).toMatchObject({ server: 'right', name: 'x' });
  });
});
