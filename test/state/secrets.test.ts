import { chmod, lstat, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keptSecret } from '../../src/state/secrets.ts';
import { makeFolder, nextLine, useWriters } from './support.ts';

const startWriter = useWriters();
const IS_WINDOWS = process.platform === 'win32';

describe('a kept secret', () => {
  it('has 256 bits, and is the same from then on', async () => {
    const folder = await makeFolder();
    const secret = await keptSecret(folder, 'token');
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(await keptSecret(folder, 'token')).toBe(secret);
  });

  it('is another one under each name', async () => {
    const folder = await makeFolder();
    expect(await keptSecret(folder, 'token')).not.toBe(await keptSecret(folder, 'path'));
  });

  it('stands alone in its file, for the owner only', async () => {
    const folder = await makeFolder();
    const secret = await keptSecret(folder, 'token');
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe(`${secret}\n`);
    if (!IS_WINDOWS) expect((await lstat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  });

  it('is the same for processes that start at once', async () => {
    const folder = await makeFolder();
    const writers = await Promise.all(Array.from({ length: 4 }, () => startWriter('secret', folder)));
    const secrets = await Promise.all(writers.map(nextLine));
    expect(new Set(secrets)).toEqual(new Set([await keptSecret(folder, 'token')]));
  });

  it.each(['', 'short', `${'x'.repeat(43)}\nmore`])('is refused when its file holds %j', async (text) => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'token'), text, { mode: 0o600 });
    const refusal = { code: 'STATE', message: expect.stringContaining(`${join(folder, 'token')} does not hold`) };
    await expect(keptSecret(folder, 'token')).rejects.toMatchObject(refusal);
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe(text);
  });

  it.skipIf(IS_WINDOWS)('is refused when others could have read it', async () => {
    const folder = await makeFolder();
    await keptSecret(folder, 'token');
    await chmod(join(folder, 'token'), 0o640);
    await expect(keptSecret(folder, 'token')).rejects.toThrow(`chmod 600 ${join(folder, 'token')}`);
  });
});
