import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeUser } from './import-user.ts';

const FILES = { 'project/.mcp.json': { mcpServers: { a: { command: 'a' }, b: { command: 'b' } } } };

// On Windows, not everybody may make links.
describe.skipIf(process.platform === 'win32')('import to a link', () => {
  it.each([
    ['replaces what it leads to', '{}'],
    ['makes what it leads to', undefined],
  ])('%s, and leaves it a link', async (_what, before) => {
    const { root, cwd, run, config } = await makeUser(FILES);
    const place = join(root, 'dotfiles/bridge.json');
    await mkdir(join(root, 'dotfiles'));
    if (before !== undefined) await writeFile(place, before, { mode: 0o644 });
    await symlink('../dotfiles/bridge.json', join(cwd, 'mcp-bridge.json'));
    await run({ clients: ['claude'], force: true });
    expect((await lstat(join(cwd, 'mcp-bridge.json'))).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(place, 'utf8'))).toEqual(await config());
    expect((await stat(place)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(root, 'dotfiles'))).toEqual(['bridge.json']);
  });
});

describe('import over a file', () => {
  it.each([
    [
      'servers and the section',
      '{ "mcpServers": { "old": {}, "a": { "command": "a" }, "older": {} }, "bridge": { "lazy": true }, }',
      'old, older, and the section bridge',
    ],
    ['the section', '{ "bridge": {} }', 'the section bridge'],
    ['servers, whatever they are called', '{ "servers": { "x\\u001b": {} }, "mcp_servers": { "y": {} } }', 'x , y'],
    ['a server in other words', '{ "mcpServers": { "a": { "command": "a", "lazy": true } } }', 'another a'],
  ])('says what is gone: %s', async (_what, before, gone) => {
    const { cwd, run } = await makeUser(FILES);
    await writeFile(join(cwd, 'mcp-bridge.json'), before);
    const said = await run({ clients: ['claude'], force: true });
    expect(said.slice(said.indexOf('Wrote'))).toBe(
      `Wrote mcp-bridge.json with 2 servers.\nReplaced mcp-bridge.json, which had also: ${gone}\nNext: mcp-bridge\n`,
    );
  });

  it.each([
    ['nothing else was in it', JSON.stringify({ mcpServers: { a: { command: 'a' } } })],
    ['it cannot be read', '{ "bridge": {'],
    ['it holds something else', '[]'],
  ])('says nothing when %s', async (_what, before) => {
    const { cwd, run } = await makeUser(FILES);
    await writeFile(join(cwd, 'mcp-bridge.json'), before);
    expect(await run({ clients: ['claude'], force: true })).not.toContain('Replaced');
  });

  it('tells programs, also of what would be gone', async () => {
    const { cwd, run } = await makeUser(FILES);
    const before = '{ "mcpServers": { "old": {} }, "bridge": {} }';
    await writeFile(join(cwd, 'mcp-bridge.json'), before);
    const said = await run({ clients: ['claude'], json: true, dryRun: true });
    expect(JSON.parse(said)).toMatchObject({ written: false, loss: { servers: ['old'], bridge: true } });
    expect(await readFile(join(cwd, 'mcp-bridge.json'), 'utf8')).toBe(before);
  });
});
