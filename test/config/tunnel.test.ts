// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, folderWith, resolve } from './resolve.ts';

const TO = 'me@tunnel.example.com';
const PUBLIC = 'https://bridge.example.com';
const QUICK = { provider: 'cloudflared', download: false };
const NGROK = { NGROK_AUTHTOKEN: 'from-ngrok' };

/** What a command line without a file asks for. */
async function told(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return (await resolve([...argv, '--', 'x'], { env })).settings.tunnel;
}

/** What `bridge.tunnel` of a config file asks for, together with flags and variables. */
async function written(tunnel: unknown, argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { tunnel } });
  return { cwd, ...(await resolve(argv, { cwd, env })).settings };
}

describe('the tunnel of the command line', () => {
  it.each([
    [['--tunnel'], QUICK],
    [['--tunnel', 'Cloudflared'], QUICK],
    [['--tunnel', '--cloudflared-bin', 'bin/it'], { ...QUICK, bin: join(FIXTURES, 'bin/it') }],
    [['--tunnel', 'pipenet'], { provider: 'pipenet', host: 'https://pipenet.dev' }],
    [['--tunnel', 'tailscale'], { provider: 'tailscale', port: 443 }],
    [['--tunnel-to', 'pinggy'], { provider: 'ssh', to: 'pinggy', args: [] }],
    [['--tunnel', 'ssh', '--tunnel-to', 'me@localhost'], { provider: 'ssh', to: 'me@localhost', args: [] }],
    [['--tunnel-command', 'bore {port}'], { provider: 'command', command: 'bore', args: ['{port}'] }],
    [['--tunnel', 'command', '--tunnel-command', 'bore'], { provider: 'command', command: 'bore', args: [] }],
  ])('is read: %j', async (argv, tunnel) => {
    expect(await told(argv)).toEqual(tunnel);
  });

  it('to a host of one’s own takes the public URL for itself', async () => {
    const { settings } = await resolve(['--tunnel-to', TO, '--public-url', PUBLIC, '--', 'x']);
    expect(settings).toMatchObject({
      tunnel: { provider: 'ssh', to: TO, args: [], publicUrl: PUBLIC },
      publicUrl: undefined,
      auth: 'oauth',
    });
  });

  it.each([
    [{ MCP_BRIDGE_TUNNEL: 'pipenet' }, [], 'pipenet'],
    [{ MCP_BRIDGE_TUNNEL_TO: 'serveo' }, [], 'ssh'],
    [{ MCP_BRIDGE_TUNNEL_COMMAND: 'bore' }, [], 'command'],
    [{ MCP_BRIDGE_TUNNEL_TO: 'serveo' }, ['--tunnel', 'ssh'], 'ssh'],
    [{ MCP_BRIDGE_TUNNEL: 'ssh' }, ['--tunnel-to', 'serveo'], 'ssh'],
    [{ MCP_BRIDGE_TUNNEL: 'pipenet' }, ['--tunnel-to', 'serveo'], 'ssh'],
    [{ MCP_BRIDGE_TUNNEL_TO: 'serveo' }, ['--tunnel'], 'cloudflared'],
    [{ MCP_BRIDGE_TUNNEL_TO: 'serveo' }, ['--tunnel-command', 'bore'], 'command'],
    [{ MCP_BRIDGE_CLOUDFLARED_BIN: '/bin/cloudflared' }, [], undefined],
  ])('wins over the environment: %j, %j', async (env, argv, provider) => {
    expect((await told(argv, env))?.provider).toBe(provider);
  });

  it.each([
    [['--tunnel', 'cloudflard'], /^--tunnel: expected cloudflared, ngrok, .* or openai, got "cloudflard"$/],
    [['--tunnel', 'ssh'], /^the tunnel ssh needs a host; add --tunnel-to USER@HOST, or one of localhost\.run, /],
    [['--tunnel', 'command'], /^the tunnel command needs a program that prints a URL; add --tunnel-command /],
    [['--tunnel', 'ngrok'], /^the tunnel ngrok needs the authtoken .* set NGROK_AUTHTOKEN to it \(https:/],
    [['--tunnel', 'openai'], /^the tunnel openai needs the id of a tunnel; write "tunnel": .* the config file$/],
    [['--tunnel-to', TO], /^the tunnel ssh to me@tunnel\.example\.com needs the URL .*; add --public-url URL$/],
    [['--tunnel-to=-oProxyCommand=x'], /^--tunnel-to: expected user@host, or one of /],
    [['--tunnel-to', 'me@-x'], /^--tunnel-to: expected user@host, or one of /],
    [['--tunnel-to', TO, '--tunnel-command', 'x'], /^--tunnel-to and --tunnel-command ask for two tunnels; drop one/],
    [['--tunnel-to', TO, '--tunnel'], /^--tunnel-to is for the tunnel ssh, not cloudflared; drop one of them$/],
    [['--tunnel-command', 'x', '--tunnel', 'ssh'], /^--tunnel-command is for the tunnel command, not ssh; drop one/],
    [['--tunnel-command', 'x "y'], /^--tunnel-command: a quote is open$/],
    [
      ['--tunnel', '--public-url', PUBLIC],
      /^the tunnel cloudflared and publicUrl https:\S+ are two ways in; drop the /,
    ],
    [
      ['--tunnel', '--output-transport', 'stdio'],
      /^the tunnel cloudflared leads to a port, and outputTransport stdio /,
    ],
  ])('is refused: %j', async (argv, message) => {
    await expect(told(argv)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
  });
});

describe('the tunnel of a config file', () => {
  it.each([
    ['cloudflared', QUICK],
    [
      { provider: 'cloudflared', download: true },
      { ...QUICK, download: true },
    ],
    [
      { provider: 'cloudflared', hostname: 'Bridge.example.com', token: '${NAMED}' },
      { ...QUICK, hostname: 'bridge.example.com', token: 'secret' },
    ],
    [
      { provider: 'ngrok', token: 'mine', domain: 'me.ngrok-free.app' },
      { provider: 'ngrok', token: 'mine', domain: 'me.ngrok-free.app' },
    ],
    [
      { provider: 'ssh', to: TO, port: 2222, args: ['-v'], publicUrl: 'https://tunnel.example.com:{port}' },
      { provider: 'ssh', to: TO, port: 2222, args: ['-v'], publicUrl: 'https://tunnel.example.com:{port}' },
    ],
    [
      { provider: 'pipenet', host: 'https://p.example.com/', subdomain: 'Me' },
      { provider: 'pipenet', host: 'https://p.example.com', subdomain: 'me' },
    ],
    [
      { provider: 'tailscale', port: 8443 },
      { provider: 'tailscale', port: 8443 },
    ],
    [
      { provider: 'command', command: '${workspaceFolder}/it', args: ['--to', '{origin}', '${NAMED}'] },
      { provider: 'command', command: expect.stringMatching(/^\/.*\/it$/), args: ['--to', '{origin}', 'secret'] },
    ],
    [
      { provider: 'openai', tunnelId: 'tunnel_1', token: 'key' },
      { provider: 'openai', tunnelId: 'tunnel_1', token: 'key', baseUrl: 'https://api.openai.com' },
    ],
  ])('is read: %j', async (given, tunnel) => {
    expect((await written(given, [], { NAMED: 'secret' })).tunnel).toEqual(tunnel);
  });

  it('names a program by its path, or by one from the folder of the file', async () => {
    const { cwd, tunnel } = await written({ provider: 'cloudflared', bin: 'bin/it' });
    expect(tunnel).toEqual({ ...QUICK, bin: join(cwd, 'bin/it') });
  });

  it('goes on where a flag or variable names the same one, and ends where another one is named', async () => {
    const ssh = { provider: 'ssh', to: TO, port: 2222, publicUrl: PUBLIC };
    expect((await written(ssh, ['--tunnel', 'ssh'])).tunnel).toEqual({ ...ssh, args: [] });
    expect((await written(ssh, ['--tunnel-to', TO])).tunnel).toEqual({ ...ssh, args: [] });
    expect((await written({ ...ssh, to: undefined }, ['--tunnel-to', TO])).tunnel).toEqual({ ...ssh, args: [] });
    expect((await written(ssh, ['--tunnel-to', 'pinggy'])).tunnel).toEqual({ provider: 'ssh', to: 'pinggy', args: [] });
    expect((await written(ssh, ['--tunnel'])).tunnel).toEqual(QUICK);
    expect((await written(ssh, [], { MCP_BRIDGE_TUNNEL: 'cloudflared' })).tunnel).toEqual(QUICK);
  });

  it.each([
    ['tunnl', 'tunnel.provider: expected cloudflared, '],
    [{ to: TO }, 'tunnel.provider: missing; expected cloudflared, '],
    [null, 'tunnel: expected an object, '],
    [['ngrok'], 'tunnel: expected an object, '],
    [{ provider: 'ngrok', hostname: 'a.example.com' }, 'tunnel.hostname: unknown key'],
    [{ provider: 'ngrok', domian: 'a.example.com' }, 'tunnel.domian: unknown key; did you mean domain?'],
    [{ provider: 'ngrok', domain: PUBLIC }, 'tunnel.domain: expected a name such as bridge.example.com, without https'],
    [{ provider: 'ssh', to: '-v' }, 'tunnel.to: expected user@host, '],
    [{ provider: 'ssh', to: TO, args: ['-v', {}] }, 'tunnel.args[1]: expected a text, got an object'],
    [{ provider: 'tailscale', port: 80 }, 'tunnel.port: expected 443, 8443 or 10000, got 80'],
    [{ provider: 'openai', tunnelId: '../x' }, 'tunnel.tunnelId: expected the id of a tunnel, '],
    [{ provider: 'openai', baseUrl: 'http://api.example.com' }, 'tunnel.baseUrl: expected an https URL '],
    [{ provider: 'ngrok', token: '${NONE}' }, 'tunnel.token: the variable NONE is not set; '],
    [{ provider: 'ngrok', token: 'not shown' }, 'tunnel.token: expected a token without spaces, got something else'],
    [{ provider: 'command', command: '${NONE:-}' }, 'tunnel.command: expected a text that is not empty, got ""'],
  ])('is refused: %j', async (tunnel, message) => {
    await expect(written(tunnel)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`mcp-bridge.json: bridge.${message}`),
    });
  });
});

describe('the token of a tunnel', () => {
  it.each([
    [{ provider: 'cloudflared', hostname: 'a.example.com' }, { TUNNEL_TOKEN: 'from-cloudflare' }, 'from-cloudflare'],
    [{ provider: 'cloudflared', hostname: 'a.example.com', token: 'own' }, { TUNNEL_TOKEN: 'other' }, 'own'],
    ['cloudflared', { TUNNEL_TOKEN: 'of-another-tunnel' }, undefined],
    ['ngrok', NGROK, 'from-ngrok'],
    [{ provider: 'ngrok', token: 'own' }, NGROK, 'own'],
    [{ provider: 'openai', tunnelId: 'tunnel_1' }, { OPENAI_TUNNEL_TOKEN: 'from-openai' }, 'from-openai'],
  ])('comes from the file, else from its provider’s variable: %j, %j', async (tunnel, env, token) => {
    const settings = await written(tunnel, [], env);
    if (token === undefined) expect(settings.tunnel).not.toHaveProperty('token');
    else expect(settings.tunnel).toHaveProperty('token', token);
  });

  it.each([
    [{ provider: 'cloudflared', hostname: 'a.example.com' }, 'a hostname needs the token of that tunnel; set TUNNEL_'],
    [{ provider: 'cloudflared', token: 'own' }, 'needs the hostname where that tunnel ends; write hostname beside'],
    [{ provider: 'openai', tunnelId: 'tunnel_1' }, 'needs an API key that may use the tunnel; set OPENAI_TUNNEL_TOKEN'],
    ['ngrok', 'set NGROK_AUTHTOKEN'],
  ])('is asked for where it is missing: %j', async (tunnel, message) => {
    const env = { TUNNEL_TOKEN: '', NGROK_AUTHTOKEN: '', OPENAI_TUNNEL_TOKEN: '' };
    await expect(written(tunnel, [], env)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
    });
  });
});

describe('the tunnel openai', () => {
  const openai = { provider: 'openai', tunnelId: 'tunnel_1', token: 'key' };

  it('lets nobody in from outside, so nobody is asked to prove anything', async () => {
    expect((await written(openai)).auth).toBe('none');
    expect((await written(openai, ['--auth', 'none'])).auth).toBe('none');
    expect((await written(openai, ['--host', '192.168.1.5'])).auth).toBe('oauth');
  });

  it('gives no origin to a bridge that has none', async () => {
    await expect(written(openai, ['--host', '0.0.0.0'])).rejects.toThrow(/^host 0\.0\.0\.0 is no address /);
  });
});
