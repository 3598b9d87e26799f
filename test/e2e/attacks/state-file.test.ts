import { chmod, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBridge } from '../../support/bridge.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import { ECHO, readState, refreshed, startTarget, use } from './attacker.ts';

const EMPTY = JSON.stringify({ version: 1, revision: 0, grants: [], clients: [] });

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
  path = join(folder, 'grants.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The last words of a bridge that does not start with the folder. */
async function lastWords(args: readonly string[] = []): Promise<string> {
  const flags = ['--auth', 'oauth', '--state-folder', folder, ...args];
  const start = async () => {
    await using _bridge = await startBridge([...flags, ...ECHO]);
    return 'it started';
  };
  return start().catch((error: Error) => error.message);
}

// The superuser may read and write everything, and on Windows files have no mode; what is refused is refused there as well.
describe.skipIf(process.platform === 'win32')('a bridge does not start', () => {
  it.each<[string, string, () => Promise<unknown>]>([
    ['is no JSON', 'JSON', () => writeFile(path, '{"version":1,', { mode: 0o600 })],
    ['is empty', 'JSON', () => writeFile(path, '', { mode: 0o600 })],
    ['is something else', 'it', () => writeFile(path, '[]', { mode: 0o600 })],
    ['is of a newer version', 'newer version', () => writeFile(path, EMPTY.replace('1', '2'), { mode: 0o600 })],
    [
      'has a grant with a token in place of a hash',
      'grants.0',
      () =>
        writeFile(path, EMPTY.replace('"grants":[]', '"grants":[{"id":"x","family":"mcpb_refresh_"}]'), {
          mode: 0o600,
        }),
    ],
    [
      'can be read by the group',
      'chmod 600',
      async () => {
        await writeFile(path, EMPTY);
        await chmod(path, 0o640);
      },
    ],
    [
      'can be written by all',
      'chmod 600',
      async () => {
        await writeFile(path, EMPTY);
        await chmod(path, 0o602);
      },
    ],
    [
      'is a symbolic link',
      'symbolic link',
      async () => {
        await writeFile(join(folder, 'elsewhere'), EMPTY, { mode: 0o600 });
        await symlink(join(folder, 'elsewhere'), path);
      },
    ],
  ])('when the file %s; it says so in one line, and leaves it', async (_, reason, tamper) => {
    await tamper();
    const before = { text: await readFile(path, 'utf8'), mode: (await stat(path)).mode };
    const [end = '', ...lines] = (await lastWords()).trimEnd().split('\n');
    expect(end).toMatch(/^The bridge ended before it listened \(code [1-9]\d*\):$/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(path);
    expect(lines[0]).toContain(reason);
    expect({ text: await readFile(path, 'utf8'), mode: (await stat(path)).mode }).toEqual(before);
  });

  it('when others may put files into the folder', async () => {
    await chmod(folder, 0o777);
    expect(await lastWords()).toMatch(/code [1-9]\d*\):\n.*chmod 700/);
  });

  it.each([
    ['token', ['--auth', 'token']],
    ['secret-path', ['--auth', 'none', '--secret-path']],
  ])('when the kept %s was replaced by one that can be guessed', async (name, args) => {
    await writeFile(join(folder, name), 'guessed\n', { mode: 0o600 });
    const words = await lastWords(args);
    expect(words).toMatch(/code [1-9]\d*\):\n.*does not hold a secret/);
    expect(words).not.toContain('guessed');
  });
});

describe('a file that is spoiled while the bridge runs', () => {
  it('gives nobody a token, ends nobody’s, and is not written over', async () => {
    await using bridge = await startTarget();
    const link = await linkByHand({ bridge });
    const { path: own, text } = await readState(bridge);
    await writeFile(own, 'spoiled');
    expect(await refreshed(bridge, link)).toBe('503 temporarily_unavailable');
    expect(await use(bridge, link.tokens.access_token)).toBe(200);
    expect(await readFile(own, 'utf8')).toBe('spoiled');

    // As whoever restores a backup does: at once.
    await writeFile(`${own}.backup`, text, { mode: 0o600 });
    await rename(`${own}.backup`, own);
    expect(await refreshed(bridge, link)).toBe('200');
  });
});
