import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../src/log.ts';
import { grantsFile, Owner, type OwnerOptions } from '../../src/oauth/owner.ts';
import { makeFolder } from '../state/support.ts';
import { ISSUER, openStore, RESOURCE, startGrants } from './support.ts';

async function openOwner(
  options: Partial<OwnerOptions> = {},
): Promise<{ owner: Owner; ended: string[]; lines: string[] }> {
  const ended: string[] = [];
  const lines: string[] = [];
  const owner = await Owner.open({
    origin: () => ISSUER,
    resources: ['/mcp'],
    isReadOnly: () => false,
    toolsOf: () => undefined,
    folder: await makeFolder(),
    clientDocuments: false,
    log: createLog({ write: (line) => void lines.push(line) }),
    onEnd: (id) => ended.push(id),
    ...options,
  });
  onTestFinished(() => owner.close());
  return { owner, ended, lines };
}

const get = (owner: Owner, path: string, query = '') =>
  owner.pages.handle({ method: 'GET', path, query: new URLSearchParams(query), headers: {}, body: '' });

describe('the owner', () => {
  it('lets in whom a token was given, at its resource', async () => {
    const folder = await makeFolder();
    const { clock, link, opens, written } = await startGrants({ folder });
    const old = await link();
    clock.pass(Date.now() - clock.now());
    const fresh = await link();
    // Noted before, so that nothing is left to be written.
    expect(opens(fresh.accessToken)).toBe(true);
    await written();
    const { owner } = await openOwner({ folder });
    expect(owner.verifier.verify(old.accessToken, RESOURCE)).toBeUndefined();
    expect(owner.verifier.verify(fresh.accessToken, RESOURCE)).toMatchObject({ readOnly: false });
    expect(owner.verifier.verify(fresh.accessToken, `${ISSUER}/sse`)).toBeUndefined();
  });

  it('says where clients learn more, at the origin of the moment', async () => {
    let origin = ISSUER;
    const { owner } = await openOwner({ origin: () => origin });
    origin = 'https://new.example';
    expect(owner.metadataUrl('/mcp')).toBe('https://new.example/.well-known/oauth-protected-resource/mcp');
    expect(JSON.parse((await get(owner, '/.well-known/oauth-protected-resource/mcp')).body)).toMatchObject({
      resource: 'https://new.example/mcp',
      authorization_servers: ['https://new.example'],
    });
    expect(owner.scopeAt('/mcp')).toBe('mcp');
  });

  it('knows who is linked here, and who knows the bridge by another origin', async () => {
    const folder = await makeFolder();
    const { link } = await startGrants({ folder });
    await link();
    await link({ resource: `${ISSUER}/servers/a/mcp` });
    await link({ resource: 'https://old.example/mcp' });
    await link({ resource: 'https://old.example/sse' });
    await link({ resource: 'http://127.0.0.1:8000/mcp' });
    const { owner } = await openOwner({ folder });
    expect(owner.linked).toEqual({ here: 2, elsewhere: ['https://old.example', 'http://127.0.0.1:8000'] });
  });

  it('says whose grant is no more', async () => {
    const folder = await makeFolder();
    const { link, grants } = await startGrants({ folder });
    await link();
    const [grant] = grants.all;
    const { ended } = await openOwner({ folder });
    await grants.revokeIds('all');
    await expect.poll(() => ended).toEqual([`grant:${grant?.id}`]);
  });

  it('opens windows for those pages', async () => {
    const { owner } = await openOwner();
    expect((await get(owner, '/authorize')).status).toBe(403);
    owner.pairing.open();
    expect((await get(owner, '/authorize')).status).toBe(400);
  });

  it('fetches documents of clients only where that is wanted', async () => {
    for (const clientDocuments of [false, true]) {
      const { owner, lines } = await openOwner({ clientDocuments });
      owner.pairing.open();
      // Its address is refused without anybody being asked.
      const reply = await get(owner, '/authorize', 'client_id=https://127.0.0.1/client.json');
      expect(reply.status).toBe(400);
      expect(lines.some((line) => line.includes('is not taken'))).toBe(clientDocuments);
    }
  });

  it('is closed with its window, twice without harm', async () => {
    const { owner } = await openOwner();
    owner.pairing.open();
    owner.close();
    owner.close();
    expect(owner.pairing.isOpen).toBe(false);
  });

  it('is not there while its file is no good', async () => {
    const folder = await makeFolder();
    const path = join(folder, 'grants.json');
    await writeFile(path, '{}', { mode: 0o600 });
    await expect(openOwner({ folder })).rejects.toMatchObject({
      code: 'STATE',
      message: `${path} cannot be used: version is not what it should be. Move it away to start anew; the linked clients are lost then.`,
    });
    expect(await readFile(path, 'utf8')).toBe('{}');
  });
});

it('the file of all bridges of a user is grants.json', async () => {
  const folder = await makeFolder();
  const { link } = await startGrants({ folder });
  await link();
  expect(JSON.parse(await readFile(join(folder, 'grants.json'), 'utf8'))).toEqual((await openStore(folder)).state);
  expect(await grantsFile(await makeFolder()).read()).toEqual({ version: 1, revision: 0, grants: [], clients: [] });
});
