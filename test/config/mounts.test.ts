// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const VITE = { url: 'http://127.0.0.1:5173' };

async function settingsWith(mounts: unknown, bridge: object = {}, env: NodeJS.ProcessEnv = {}) {
  const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { ...bridge, mounts } });
  return (await resolve([], { cwd, env })).settings;
}

describe('mounts', () => {
  it('are behind the gate and without web sockets, unless they say otherwise', async () => {
    const { mounts } = await settingsWith(
      {
        '/widget': VITE,
        '/other/': { url: 'https://mcp.example.com/v1/', headers: { 'X-Key': 'a ${KEY}' }, ws: true, auth: false },
      },
      {},
      { KEY: 'secret' },
    );
    expect(mounts).toEqual([
      { path: '/widget', url: 'http://127.0.0.1:5173', headers: {}, ws: false, auth: true },
      { path: '/other', url: 'https://mcp.example.com/v1', headers: { 'X-Key': 'a secret' }, ws: true, auth: false },
    ]);
  });

  it.each([
    [{ widget: VITE }, 'mounts: expected a path such as /widget, of letters, digits and ._~-, got "widget"'],
    [{ '/': VITE }, 'mounts: expected a path '],
    [{ '/a//b': VITE }, 'mounts: expected a path '],
    [{ '/a/../b': VITE }, 'mounts: expected a path '],
    [{ '/%6dcp': VITE }, 'mounts: expected a path '],
    [{ '/a': VITE, '/a/': VITE }, 'mounts: /a is there twice; drop one of them'],
    [{ '/a': {} }, 'mounts./a.url: missing; expected an address '],
    [{ '/a': { url: 'ftp://a.example.com' } }, 'mounts./a.url: expected an address '],
    [{ '/a': { url: 'https://me:secret@a.example.com' } }, 'mounts./a.url: expected an address '],
    [{ '/a': { url: 'https://a.example.com/?b' } }, 'mounts./a.url: expected an address '],
    [{ '/a': { ...VITE, header: {} } }, 'mounts./a.header: unknown key; did you mean headers?'],
    [{ '/a': { ...VITE, headers: { 'X Key': 'a' } } }, 'mounts./a.headers: expected a header\'s name, got "X Key"'],
    [{ '/a': { ...VITE, headers: { 'X-Key': '${LINES}' } } }, 'mounts./a.headers.X-Key: expected a text of one line, '],
    [{ '/a': { ...VITE, headers: { 'X-Key': '${NONE}' } } }, 'mounts./a.headers.X-Key: the variable NONE is not set'],
  ])('are refused: %j', async (mounts, message) => {
    await expect(settingsWith(mounts, {}, { LINES: 'a\r\nB: c' })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`mcp-bridge.json: bridge.${message}`),
    });
  });

  it.each([
    ['/mcp', {}, '/mcp'],
    ['/message', {}, '/message'],
    ['/api', { streamableHttpPath: '/api/v1/mcp' }, '/api/v1/mcp'],
    ['/healthz', { healthEndpoint: '/healthz' }, '/healthz'],
    ['/authorize', { auth: 'oauth' }, '/authorize'],
    ['/.well-known', {}, '/.well-known'],
    ['/.well-known/mine', {}, '/.well-known'],
    ['/servers', {}, '/servers'],
    ['/servers/mine', {}, '/servers'],
    ['/views/mine', {}, '/views'],
  ])('do not cover what is the bridge’s own: %s with %j', async (path, bridge, own) => {
    await expect(settingsWith({ [path]: VITE }, bridge)).rejects.toMatchObject({
      code: 'USAGE',
      message: `the mount ${path} covers ${own}, which is the bridge's own; give it another path`,
    });
  });

  it.each(['/mcps', '/mcp-inspector', '/server', '/authorize'])('may stand beside it: %s', async (path) => {
    expect((await settingsWith({ [path]: VITE })).mounts).toHaveLength(1);
  });
});
