import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const ISSUER = 'https://issuer.example.com';
const PUBLIC = 'https://bridge.example.com';
const TOKEN = 'correct-horse-battery';
const OPEN = '--dangerously-no-auth';

describe('auth, when nobody has chosen it,', () => {
  it.each([
    ['none', []],
    ['none', ['--host', '::1']],
    ['none', ['--secret-path']],
    ['none', ['--host', '0.0.0.0', OPEN]],
    ['none', ['--public-url', PUBLIC, OPEN]],
    ['none', ['--host', '0.0.0.0', '--output-transport', 'stdio']],
    ['none', ['--tunnel', OPEN]],
    ['oauth', ['--public-url', PUBLIC]],
    ['oauth', ['--public-url', 'http://127.0.0.1:8000']],
    ['oauth', ['--host', '192.168.1.5']],
    ['oauth', ['--tunnel']],
    ['oauth', ['--tunnel', '--host', '0.0.0.0']],
    ['oauth', ['--host', '0.0.0.0', '--public-url', PUBLIC]],
    ['oauth', ['--public-url', PUBLIC, '--token', TOKEN]],
    ['token', ['--token', TOKEN]],
    ['external', ['--issuer', ISSUER, '--tunnel']],
    ['external', ['--issuer', ISSUER]],
    ['external', ['--issuer', ISSUER, '--public-url', PUBLIC]],
  ])('is %s for %j', async (auth, argv) => {
    expect((await resolve([...argv, '--', 'x'])).settings.auth).toBe(auth);
    expect((await resolve([...argv, '--auth', 'auto', '--', 'x'])).settings.auth).toBe(auth);
  });
});

describe('auth, when somebody has chosen it,', () => {
  it.each([
    ['oauth', []],
    ['oauth', ['--host', '0.0.0.0', '--public-url', PUBLIC]],
    ['token', ['--host', '0.0.0.0']],
    ['external', ['--issuer', ISSUER]],
    ['none', ['--host', '0.0.0.0', OPEN]],
    ['none', ['--host', '0.0.0.0', '--secret-path']],
    ['none', ['--public-url', PUBLIC, '--secret-path']],
    ['none', ['--tunnel', '--secret-path']],
    ['token', ['--tunnel']],
    ['external', ['--host', '0.0.0.0', '--output-transport', 'stdio']],
  ])('stays %s with %j', async (auth, argv) => {
    expect((await resolve(['--auth', auth, ...argv, '--', 'x'])).settings.auth).toBe(auth);
  });

  it('is what the flag says, else the environment, else the file', async () => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { auth: 'oauth' } });
    const env = { MCP_BRIDGE_AUTH: 'token' };
    expect((await resolve([], { cwd })).settings.auth).toBe('oauth');
    expect((await resolve([], { cwd, env })).settings.auth).toBe('token');
    expect((await resolve(['--auth', 'none'], { cwd, env })).settings.auth).toBe('none');
  });
});

describe('what would let strangers in', () => {
  it.each(['0.0.0.0', '::', '0', '192.168.1.5', 'bridge.example.com', '127.evil.example.com'])(
    'is refused: auth none at %s, until it is said in so many words',
    async (host) => {
      await expect(resolve(['--host', host, '--auth', 'none', '--', 'x'])).rejects.toMatchObject({
        code: 'USAGE',
        message:
          `host ${host} reaches beyond this machine, and with auth none anyone could use the tools; ` +
          'drop auth none, or add --secret-path, or --dangerously-no-auth if that is what you want',
      });
      expect((await resolve(['--host', host, OPEN, '--', 'x'])).settings).toMatchObject({ host, auth: 'none' });
      expect((await resolve(['--host', host, '--output-transport', 'stdio', '--', 'x'])).settings.host).toBe(host);
    },
  );

  it('is refused: auth none behind a public URL', async () => {
    await expect(resolve(['--public-url', PUBLIC, '--auth', 'none', '--', 'x'])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^publicUrl https:\/\/bridge\.example\.com reaches beyond this machine, /),
    });
  });

  it('is refused: auth none behind a tunnel', async () => {
    await expect(resolve(['--tunnel', '--auth', 'none', '--', 'x'])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^the tunnel cloudflared reaches beyond this machine, .* --secret-path/),
    });
  });

  it.each(['localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]', 'mcp.localhost'])('is not %s', async (host) => {
    expect((await resolve(['--host', host, '--', 'x'])).settings.auth).toBe('none');
  });
});

describe('what nobody could be let in by', () => {
  it.each([[], ['--auth', 'oauth'], ['--auth', 'external', '--issuer', ISSUER]])(
    'is refused: an address that stands for all of them, with %j %j',
    async (...argv) => {
      await expect(resolve(['--host', '0.0.0.0', ...argv, '--', 'x'])).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/^host 0\.0\.0\.0 is no address .* --public-url .*anyone on the network/),
      });
    },
  );

  it.each([
    [['--auth', 'external'], 'auth external takes the tokens of an issuer, and none is named; add --issuer URL'],
    [['--audience', 'mcp'], 'audience is about the tokens of an issuer, and none is named; add --issuer URL'],
    [
      ['--secret-path', '--public-url', PUBLIC],
      'secretPath stands in for authentication, and auth is oauth; add --auth none, or drop secretPath',
    ],
    [
      ['--secret-path', '--auth', 'token'],
      'secretPath stands in for authentication, and auth is token; add --auth none, or drop secretPath',
    ],
  ])('is refused: %j', async (argv, message) => {
    await expect(resolve([...argv, '--', 'x'])).rejects.toMatchObject({ code: 'USAGE', message });
  });
});

describe('the issuer', () => {
  it('is put together from the file and the flags, without the keys of another one', async () => {
    const external = { issuer: ISSUER, jwksUri: `${ISSUER}/keys`, audience: 'file', subjects: ['ada'] };
    const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { external } });
    expect((await resolve([], { cwd })).settings.external).toEqual({ ...external, scopes: [] });
    const { settings } = await resolve(['--issuer', 'https://other.example.com/', '--audience', 'flag'], { cwd });
    expect(settings.external).toEqual({
      issuer: 'https://other.example.com/',
      audience: 'flag',
      scopes: [],
      subjects: ['ada'],
    });
  });

  it('that is described in the file has to be named', async () => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { external: { scopes: ['mcp'] } } });
    await expect(resolve([], { cwd })).rejects.toThrow(/^scopes is about the tokens of an issuer, and none is named/);
    expect((await resolve(['--issuer', ISSUER], { cwd })).settings.external).toEqual({
      issuer: ISSUER,
      scopes: ['mcp'],
      subjects: [],
    });
  });
});
