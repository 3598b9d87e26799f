import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { downloadCloudflared, findCloudflared } from '../../src/tunnel/cloudflared-binary.ts';
import { fixture, install, installOnPath, makeFolder, makeSurroundings, setEnvironment } from './programs.ts';

const yes = async () => true;
const PROGRAM = '#!/bin/sh\necho cloudflared version 2026.8.2\n';

it('takes the one that was named', async () => {
  const bin = await installCloudflared();
  await installOnPath('cloudflared', fixture('cloudflared', 'works'));
  expect(await findCloudflared({ bin, folder: await makeFolder() }, makeSurroundings())).toBe(bin);
});

it('takes the one that the environment names', async () => {
  const bin = await installCloudflared();
  setEnvironment('CLOUDFLARED_BIN', bin);
  expect(await findCloudflared({ folder: await makeFolder() }, makeSurroundings())).toBe(bin);
});

it('does not take another than the one that was named', async () => {
  await installOnPath('cloudflared', fixture('cloudflared', 'works'));
  const finding = findCloudflared({ bin: '/no/cloudflared', folder: await makeFolder(), ask: yes }, makeSurroundings());
  await expect(finding).rejects.toMatchObject({ code: 'SPAWN', message: expect.stringContaining('/no/cloudflared') });
});

it('takes the one on the PATH', async () => {
  const bin = await installCloudflared();
  setEnvironment('PATH', join(bin, '..'));
  expect(await findCloudflared({ folder: await makeFolder() }, makeSurroundings())).toBe(bin);
});

it('passes over one that does not run, and over the script of the npm package, which would download', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'cloudflared'), 'half a dow', { mode: 0o755 });
  const packaged = await makeFolder();
  const marker = join(packaged, 'was-run');
  await writeFile(join(packaged, 'cloudflared.js'), `#!/bin/sh\n: >'${marker}'\n`, { mode: 0o755 });
  await symlink('cloudflared.js', join(packaged, 'cloudflared'));
  setEnvironment('PATH', `${folder}:${packaged}`);
  await expect(findCloudflared({ folder: await makeFolder() }, makeSurroundings())).rejects.toMatchObject({
    code: 'SPAWN',
  });
  await expect(stat(marker)).rejects.toThrow('ENOENT');
});

it('asks before it downloads, and says how to install it otherwise', async () => {
  setEnvironment('PATH', await makeFolder());
  const folder = await makeFolder();
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return false;
  };
  await expect(findCloudflared({ folder, ask }, makeSurroundings())).rejects.toMatchObject({
    code: 'SPAWN',
    message: expect.stringMatching(/^cloudflared is not installed\. Bring it with: .*npm install -g cloudflared$/),
  });
  expect(questions).toEqual([expect.stringContaining('Download version 2026.8.2')]);
  expect(await readdir(folder)).toEqual([]);
});

it('downloads nothing where nobody can be asked', async () => {
  setEnvironment('PATH', await makeFolder());
  const folder = await makeFolder();
  await expect(findCloudflared({ folder }, makeSurroundings())).rejects.toMatchObject({ code: 'SPAWN' });
  expect(await readdir(folder)).toEqual([]);
});

it('asks nobody where the settings allow the download', async () => {
  setEnvironment('PATH', await makeFolder());
  const [folder, surroundings] = [await makeFolder(), makeSurroundings()];
  const source = { folder, download: true, release: await serve('cloudflared', PROGRAM) };
  expect(await readFile(await findCloudflared(source, surroundings), 'utf8')).toBe(PROGRAM);
  expect(surroundings.said.join()).toContain('Downloading cloudflared 2026.8.2 from github.com/cloudflare');
});

it('fetches what it then finds', async () => {
  setEnvironment('PATH', await makeFolder());
  const folder = await makeFolder();
  const progress: unknown[] = [];
  const path = await downloadCloudflared({
    folder,
    ask: yes,
    release: await serve('cloudflared', PROGRAM),
    onProgress: (received, total) => progress.push([received, total]),
  });
  expect(await readFile(path, 'utf8')).toBe(PROGRAM);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(progress.at(-1)).toEqual([PROGRAM.length, PROGRAM.length]);
  expect(await readdir(join(folder, 'bin'))).toHaveLength(1);
  expect(await findCloudflared({ folder }, makeSurroundings())).toBe(path);
});

it('takes it out of an archive', async () => {
  const work = await makeFolder();
  await writeFile(join(work, 'cloudflared'), PROGRAM);
  execFileSync('tar', ['-czf', join(work, 'archive'), '-C', work, 'cloudflared']);
  const release = await serve('cloudflared.tgz', await readFile(join(work, 'archive')));
  const path = await downloadCloudflared({ folder: await makeFolder(), ask: yes, release });
  expect(await readFile(path, 'utf8')).toBe(PROGRAM);
});

it.each([
  ['is not what was published', 'other', /SHA-256 [0-9a-f]{64} instead of/],
  ['is not there', undefined, /answers 404/],
  ['breaks off', 'half', /cloudflared was not downloaded/],
])('keeps nothing of what %s', async (_, fault, message) => {
  const folder = await makeFolder();
  const release = await serve('cloudflared', PROGRAM, fault ?? 'missing');
  const downloading = downloadCloudflared({ folder, ask: yes, release });
  await expect(downloading).rejects.toMatchObject({ code: 'SPAWN', message: expect.stringMatching(message) });
  expect(await readdir(join(folder, 'bin'))).toEqual([]);
});

it('leaves alone one that was downloaded before when the next download fails', async () => {
  const folder = await makeFolder();
  const path = await downloadCloudflared({ folder, ask: yes, release: await serve('cloudflared', PROGRAM) });
  await expect(
    downloadCloudflared({ folder, ask: yes, release: await serve('cloudflared', PROGRAM, 'half') }),
  ).rejects.toThrow('was not downloaded');
  expect(await readFile(path, 'utf8')).toBe(PROGRAM);
});

it('says so when the folder cannot be written to', async () => {
  const folder = join(await makeFolder(), 'state');
  await mkdir(folder);
  await writeFile(join(folder, 'bin'), '');
  const downloading = downloadCloudflared({ folder, ask: yes, release: await serve('cloudflared', PROGRAM) });
  await expect(downloading).rejects.toMatchObject({ code: 'SPAWN', message: expect.stringContaining('Bring it with') });
});

function installCloudflared(): Promise<string> {
  return install('cloudflared', fixture('cloudflared', 'works'));
}

/** Serves a release on loopback: as it is, another one, the first half of it, or none. */
async function serve(name: string, content: string | Buffer, fault?: string) {
  const body = Buffer.from(content);
  const server = createServer((_request, response) => {
    if (fault === 'missing') return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': body.length });
    if (fault === 'half') return response.write(body.subarray(0, 10), () => response.destroy());
    return response.end(fault === 'other' ? Buffer.alloc(body.length) : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${name}`,
    sha256: createHash('sha256').update(body).digest('hex'),
  };
}
