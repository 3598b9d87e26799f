import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findConfigFile, readConfigFile } from '../../src/config/file.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('findConfigFile', () => {
  it('prefers mcp-bridge.json to mcp-bridge.jsonc', async () => {
    expect(findConfigFile(await temporaryFolder({}))).toBeUndefined();
    expect(findConfigFile(await temporaryFolder({ 'mcp-bridge.jsonc': '{}' }))).toBe('mcp-bridge.jsonc');
    expect(findConfigFile(await temporaryFolder({ 'mcp-bridge.jsonc': '{}', 'mcp-bridge.json': '{}' }))).toBe(
      'mcp-bridge.json',
    );
  });
});

describe('readConfigFile', () => {
  it('reads JSON with comments, trailing commas and a byte order mark', async () => {
    const text =
      '\uFEFF{\n  // the servers\n  "mcpServers": { "a": { "command": "x", /* none */ "args": [], }, },\n}\n';
    const folder = await temporaryFolder({ 'mcp.json': text });
    expect(await readConfigFile('mcp.json', folder)).toEqual({
      label: 'mcp.json',
      folder,
      data: { mcpServers: { a: { command: 'x', args: [] } } },
    });
  });

  it('reads TOML by the name of the file', async () => {
    const folder = await temporaryFolder({ 'config.toml': '[mcp_servers.a]\ncommand = "x"\n' });
    expect((await readConfigFile('config.toml', folder)).data).toEqual({ mcp_servers: { a: { command: 'x' } } });
  });

  it.each(['.vscode', '.cursor'])('takes the project for the workspace of a file in %s', async (editor) => {
    const folder = await temporaryFolder({ [`${editor}/mcp.json`]: '{}', 'other/mcp.json': '{}' });
    expect((await readConfigFile(`${editor}/mcp.json`, folder)).folder).toBe(folder);
    expect((await readConfigFile(join(folder, 'other/mcp.json'), '/')).folder).toBe(join(folder, 'other'));
  });

  it.each([
    ['mcp.json', '{\n  "a": 1\n  "b": 2\n}', 'mcp.json:3:3: comma expected'],
    ['mcp.json', '{ "a": tru }', 'mcp.json:1:8: invalid symbol'],
    ['mcp.json', '{ "a": "x', 'mcp.json:1:8: unexpected end of string'],
    ['mcp.json', '', 'mcp.json:1:1: value expected'],
    ['mcp.json', '{} {}', 'mcp.json:1:4: end of file expected'],
    ['mcp.json', '{\n"mcpServers": {\n "a": {},\n "a": {} } }', 'mcp.json:4:2: the key "a" is there twice'],
    ['mcp.json', '{ "servers": {}, "servers": {} }', 'mcp.json:1:18: the key "servers" is there twice'],
    ['config.toml', 'a = 1\n[x\nb = 2', /^config\.toml:2:\d: [^\n]+$/],
    ['config.toml', '[a]\nx = 1\n[a]\n', /^config\.toml:3:\d: [^\n]*already defined[^\n]*$/],
  ])('names file, line and column of what is broken: %s %j', async (name, text, message) => {
    const folder = await temporaryFolder({ [name]: text });
    await expect(readConfigFile(name, folder)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(exactly(message)),
    });
  });

  it('says so of a file in another encoding', async () => {
    const folder = await temporaryFolder({});
    await writeFile(join(folder, 'mcp.json'), Buffer.from('\uFEFF{}', 'utf16le'));
    await expect(readConfigFile('mcp.json', folder)).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'mcp.json: cannot be read: it is not UTF-8; save it in that encoding',
    });
  });

  it('lets a key be there twice where that harms no server', async () => {
    const folder = await temporaryFolder({ 'mcp.json': '{ "servers": { "a": { "env": { "X": "1", "X": "2" } } } }' });
    expect((await readConfigFile('mcp.json', folder)).data).toEqual({ servers: { a: { env: { X: '2' } } } });
  });

  it('says where it looked for a file that is not there', async () => {
    const folder = await temporaryFolder({});
    await expect(readConfigFile('mcp.json', folder)).rejects.toMatchObject({
      code: 'CONFIG',
      message: `mcp.json: no such file (looked for ${join(folder, 'mcp.json')})`,
    });
    await expect(readConfigFile(folder, '/')).rejects.toThrow(`${folder}: cannot be read: EISDIR`);
  });
});

function exactly(message: string | RegExp): RegExp {
  return typeof message === 'string' ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : message;
}
