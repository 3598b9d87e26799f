import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Access, stateFolderOf } from '../../src/bridge/access.ts';
import { createLog } from '../../src/log.ts';
import { resolve } from '../config/resolve.ts';
import { makeFolder } from '../state/support.ts';

const ORIGIN = 'https://h.example';
const TOKEN = 'correct-horse-battery';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What a command line makes of who may come in, and a door that was made with it. */
async function openAccess(argv: readonly string[], folder?: string) {
  const stateFolder = folder ?? (await makeFolder());
  const { settings } = await resolve([...argv, '--state-folder', stateFolder, '--', 'x']);
  const access = await Access.open(settings, createLog({ level: 'none' }));
  onTestFinished(() => access.close());
  const ended: string[] = [];
  const place = { origin: () => ORIGIN, resources: ['/mcp'], isReadOnly: () => false, toolsOf: () => undefined };
  const { gate, pages } = await access.createDoor(place, (id) => ended.push(id));
  const admit = (token?: string) =>
    gate.admit({ headers: token === undefined ? {} : { authorization: `Bearer ${token}` } } as IncomingMessage, '/mcp');
  return { access, pages, admit, ended, folder: stateFolder };
}

/** The challenge that somebody gets who is not let in. */
async function challengeFor(admitted: Promise<unknown>): Promise<string> {
  const error = await admitted.then(
    () => undefined,
    (refusal) => refusal,
  );
  expect(error).toMatchObject({ status: 401 });
  return error.headers['WWW-Authenticate'];
}

const METADATA = `Bearer resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp"`;

describe('auth none', () => {
  it('lets everybody in, and keeps nothing', async () => {
    const { access, pages, admit, folder } = await openAccess([]);
    expect(await admit()).toEqual({ id: '', readOnly: false });
    expect([pages, access.pairing, access.base, access.token, access.secretPath]).toEqual([
      undefined,
      undefined,
      '',
      undefined,
      undefined,
    ]);
    expect(access.status).toEqual({ auth: 'none', pairing: undefined, linked: undefined, elsewhere: [] });
    expect(await readdir(folder)).toEqual([]);
  });

  it('may hide behind a path that nobody can guess, which stays the same', async () => {
    const folder = await makeFolder();
    const { access, admit } = await openAccess(['--secret-path'], folder);
    expect(access.base).toMatch(/^\/[\w-]{43}$/);
    expect(access.secretPath).toEqual({ value: access.base.slice(1), file: join(folder, 'secret-path') });
    expect(await readFile(join(folder, 'secret-path'), 'utf8')).toBe(`${access.base.slice(1)}\n`);
    expect(await admit()).toEqual({ id: '', readOnly: false });
    expect((await openAccess(['--secret-path'], folder)).access.base).toBe(access.base);
    expect(JSON.stringify(access.status)).not.toContain(access.base.slice(1));
  });
});

describe('auth token', () => {
  it('lets in who has the token that was named', async () => {
    const { access, pages, admit, folder } = await openAccess(['--token', TOKEN]);
    expect(await admit(TOKEN)).toEqual({ id: 'token', readOnly: false });
    for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), 'x']) await challengeFor(admit(wrong));
    expect(await challengeFor(admit())).toBe('Bearer');
    expect([pages, access.pairing, access.token]).toEqual([undefined, undefined, undefined]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes one where none was named, and keeps it', async () => {
    const folder = await makeFolder();
    const { access, admit } = await openAccess(['--auth', 'token'], folder);
    expect(access.token).toEqual({ value: expect.stringMatching(/^[\w-]{43}$/), file: join(folder, 'token') });
    expect(await admit(access.token?.value)).toEqual({ id: 'token', readOnly: false });
    expect((await openAccess(['--auth', 'token'], folder)).access.token).toEqual(access.token);
    expect(access.status).toEqual({ auth: 'token', pairing: undefined, linked: undefined, elsewhere: [] });
  });

  it('does not start on a token file that is no good', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'token'), 'short', { mode: 0o600 });
    await expect(openAccess(['--auth', 'token'], folder)).rejects.toMatchObject({ code: 'STATE' });
  });
});

describe('auth oauth', () => {
  it('links clients, and says where', async () => {
    const { access, pages, admit } = await openAccess(['--auth', 'oauth']);
    expect(await challengeFor(admit())).toBe(`${METADATA}, scope="mcp"`);
    expect(await challengeFor(admit('made-up'))).toContain('error="invalid_token"');
    expect(pages?.serves('/authorize')).toBe(true);
    expect(access.status).toEqual({ auth: 'oauth', pairing: false, linked: 0, elsewhere: [] });
    access.pairing?.open();
    expect(access.status.pairing).toBe(true);
    access.close();
    access.close();
    expect(access.status.pairing).toBe(false);
  });

  it('has neither pairing nor a count before it has a door', async () => {
    const { settings } = await resolve(['--auth', 'oauth', '--state-folder', await makeFolder(), '--', 'x']);
    const access = await Access.open(settings, createLog({ level: 'none' }));
    expect([access.pairing, access.status.linked]).toEqual([undefined, undefined]);
    access.close();
  });

  it('takes a static token as well, and no other', async () => {
    const { access, admit, folder } = await openAccess(['--auth', 'oauth', '--token', TOKEN]);
    expect(await admit(TOKEN)).toEqual({ id: 'token', readOnly: false });
    await challengeFor(admit('made-up'));
    expect(access.token).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not start on a file of grants that is no good', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'grants.json'), '{', { mode: 0o600 });
    await expect(openAccess(['--auth', 'oauth'], folder)).rejects.toMatchObject({ code: 'STATE' });
  });
});

describe('auth external', () => {
  it('sends clients to the other issuer, and takes a static token as well', async () => {
    const argv = ['--issuer', 'https://issuer.example', '--auth', 'external', '--token', TOKEN];
    const { access, pages, admit } = await openAccess(argv);
    expect(await challengeFor(admit())).toBe(METADATA);
    expect(await admit(TOKEN)).toEqual({ id: 'token', readOnly: false });
    await challengeFor(admit('made-up'));
    expect(pages?.serves('/authorize')).toBe(false);
    expect([access.pairing, access.status.linked]).toEqual([undefined, undefined]);
  });
});

describe('the state folder', () => {
  it('is the one that is named, else the platform’s', () => {
    expect(stateFolderOf({ stateFolder: '/state' })).toBe('/state');
    vi.stubEnv('XDG_STATE_HOME', undefined);
    vi.stubEnv('LOCALAPPDATA', undefined);
    const folder = stateFolderOf({ stateFolder: undefined });
    expect(folder.startsWith(homedir())).toBe(true);
    expect(folder.endsWith('mcp-bridge')).toBe(true);
  });
});
