// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredStateFolder, type WhereToLook } from '../../src/config/configured-state-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SERVERS = { files: { command: 'files', env: { KEY: '${env:UNSET}' } } };
const configOf = (bridge: object) => JSON.stringify({ mcpServers: SERVERS, bridge });
const find = (where: Partial<WhereToLook> & { cwd: string }) =>
  configuredStateFolder({ stateFolder: undefined, config: undefined, env: {}, ...where });

describe('the state folder of a bridge', () => {
  it('is the one that its config file names, from its folder on, whatever else in the file needs variables', async () => {
    const bridge = { stateFolder: '${env:WHO}/state', token: '${env:UNSET}' };
    const cwd = await temporaryFolder({ 'mcp-bridge.json': configOf(bridge), 'deep/other.json': configOf(bridge) });
    const env = { WHO: 'me' };
    expect(await find({ cwd, env })).toBe(join(cwd, 'me/state'));
    expect(await find({ cwd, env, config: 'deep/other.json' })).toBe(join(cwd, 'deep/me/state'));
  });

  it('is the one that is given, and the file is not looked at', async () => {
    const cwd = await temporaryFolder({ 'mcp-bridge.json': '{' });
    expect(await find({ cwd, stateFolder: 'mine' })).toBe(join(cwd, 'mine'));
  });

  it('is not known where nothing names it', async () => {
    const cwd = await temporaryFolder({ 'other.json': configOf({ stateFolder: 's' }) });
    expect(await find({ cwd })).toBeUndefined();
    expect(await find({ cwd: await temporaryFolder({ 'mcp-bridge.jsonc': configOf({}) }) })).toBeUndefined();
  });

  it.each([
    ['is not there', 'none.json', 'none.json: no such file'],
    ['is broken', 'mcp-bridge.json', 'mcp-bridge.json:1:2: '],
    ['is no config file', 'list.json', 'list.json: '],
  ])('is not guessed where the file %s', async (_, config, message) => {
    const cwd = await temporaryFolder({ 'mcp-bridge.json': '{', 'list.json': '[]' });
    await expect(find({ cwd, config })).rejects.toThrow(message);
  });
});
