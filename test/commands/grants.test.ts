import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grants } from '../../src/commands/grants.ts';
import type { GrantsAction } from '../../src/config/subcommands.ts';
import type { Grant } from '../../src/oauth/state.ts';
import { CLIENT, DAY, startGrants, type TestGrants } from '../oauth/support.ts';
import { makeFolder } from '../state/support.ts';
import { createOutput } from './support.ts';

const LS = { kind: 'ls', json: false } as const;

async function run(command: GrantsAction, folder: string): Promise<string> {
  const output = createOutput();
  await grants(command, folder, output);
  return output.text();
}

/** Two clients that are linked: one for reading only, and one a day later. */
async function linkTwo(): Promise<TestGrants & { folder: string; ids: [string, string] }> {
  const folder = await makeFolder();
  const test = await startGrants({ folder });
  const program = { ...CLIENT, id: 'program', name: 'A program' };
  await test.link({ client: program, redirectUri: 'http://127.0.0.1:7777/cb', readOnly: true });
  test.clock.pass(DAY);
  await test.link();
  const [first, second] = test.grants.all as [Grant, Grant];
  return { ...test, folder, ids: [first.id, second.id] };
}

describe('grants ls', () => {
  it('shows a table of who is linked', async () => {
    const { folder, ids } = await linkTwo();
    expect((await run(LS, folder)).split('\n')).toEqual([
      'ID        Client                                  Access     Linked      Expires     Resource',
      `${ids[0]}  A program (a program on this computer)  read-only  2026-01-01  2026-01-15  https://h.example/mcp`,
      `${ids[1]}  App (app.example)                       all        2026-01-02  2026-01-16  https://h.example/mcp`,
      '',
    ]);
  });

  it('tells programs more, and no secret', async () => {
    const { folder, ids, refresh, clock, link } = await linkTwo();
    const { refreshToken } = await link();
    clock.pass(DAY);
    await refresh(refreshToken);
    const text = await run({ kind: 'ls', json: true }, folder);
    const [first, , third] = JSON.parse(text);
    expect(first).toEqual({
      id: ids[0],
      client: 'A program',
      redirect: 'a program on this computer',
      resource: 'https://h.example/mcp',
      access: 'read-only',
      linked: '2026-01-01T00:00:00.000Z',
      refreshed: '2026-01-01T00:00:00.000Z',
      expires: '2026-01-15T00:00:00.000Z',
    });
    expect(third).toMatchObject({
      linked: '2026-01-02T00:00:00.000Z',
      refreshed: '2026-01-03T00:00:00.000Z',
      expires: '2026-01-17T00:00:00.000Z',
    });
    expect(text).not.toMatch(/[\w-]{43}/);
  });

  it('says that nobody is, and leaves no file for that', async () => {
    const folder = await makeFolder();
    expect(await run(LS, join(folder, 'state'))).toBe('No client is linked. To link one: mcp-bridge pair\n');
    expect(await run({ kind: 'ls', json: true }, folder)).toBe('[]\n');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('grants revoke', () => {
  it('ends what it is told to, and says so', async () => {
    const { folder, ids, store } = await linkTwo();
    const revoked = await run({ kind: 'revoke', ids: [ids[1]] }, folder);
    expect(revoked).toBe(`${ids[1]}  App is not linked any more\n`);
    await store.reload();
    expect(store.state.grants.map(({ id }) => id)).toEqual([ids[0]]);
  });

  it('ends all', async () => {
    const { folder, ids, store } = await linkTwo();
    const all = { kind: 'revoke', ids: 'all' } as const;
    expect(await run(all, folder)).toBe(
      `${ids[0]}  A program is not linked any more\n${ids[1]}  App is not linked any more\n`,
    );
    await store.reload();
    expect(store.state.grants).toEqual([]);
    expect(await run(all, folder)).toBe('No client is linked.\n');
  });

  it('ends none when there is one that it does not know', async () => {
    const { folder, ids, store } = await linkTwo();
    const command = { kind: 'revoke', ids: [ids[0], 'unknown', 'x'] } as const;
    await expect(run(command, folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'no client is linked as unknown, x; mcp-bridge grants ls shows all',
    });
    await store.reload();
    expect(store.state.grants).toHaveLength(2);
  });
});

it('a file that cannot be used is named', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'grants.json'), 'nonsense', { mode: 0o600 });
  await expect(run(LS, folder)).rejects.toMatchObject({
    code: 'STATE',
    message: expect.stringContaining(join(folder, 'grants.json')),
  });
});
