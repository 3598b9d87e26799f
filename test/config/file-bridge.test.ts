// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const TOKEN = 'correct-horse-battery';
const mcpServers = { a: { command: 'x' } };

describe('the token of a config file', () => {
  it.each(['${TOKEN}', '${env:TOKEN}', TOKEN])('may be written as %s', async (token) => {
    const cwd = await folderWith({ mcpServers, bridge: { auth: 'token', token } });
    const { settings, warnings } = await resolve([], { cwd, env: { TOKEN } });
    expect(settings.token).toBe(TOKEN);
    expect(warnings).toEqual([]);
  });

  it('gives way to the one of the environment', async () => {
    const cwd = await folderWith({ mcpServers, bridge: { token: TOKEN } });
    const { settings } = await resolve([], { cwd, env: { MCP_BRIDGE_TOKEN: 'another-token-of-mine' } });
    expect(settings.token).toBe('another-token-of-mine');
  });

  it.each([
    ['${TOKEN}', {}, /^mcp-bridge\.json: bridge\.token: the variable TOKEN is not set; /],
    ['${TOKEN:-}', {}, /^mcp-bridge\.json: bridge\.token: expected a token of at least 16 .*, got something else$/],
    ['${TOKEN}', { TOKEN: 'short' }, /^mcp-bridge\.json: bridge\.token: expected .*, got something else$/],
  ])('is refused when %s is %j, and not shown', async (token, env, message) => {
    const cwd = await folderWith({ mcpServers, bridge: { token } });
    await expect(resolve([], { cwd, env })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(message),
    });
  });
});

describe('the state folder', () => {
  it('of a config file starts from its folder, that of a flag from the working folder', async () => {
    const folder = await folderWith({ mcpServers, bridge: { stateFolder: '${NAME}/state' } });
    const argv = ['--config', join(folder, 'mcp-bridge.json')];
    const env = { NAME: 'mine' };
    expect((await resolve(argv, { cwd: '/', env })).settings.stateFolder).toBe(join(folder, 'mine/state'));
    const flagged = await resolve([...argv, '--state-folder', 'here'], { cwd: folder, env });
    expect(flagged.settings.stateFolder).toBe(join(folder, 'here'));
  });
});
