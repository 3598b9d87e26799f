import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const TOKEN = 'correct-horse-battery';
const FRONT = 'put a tunnel or a proxy that has it in front, and name its address with --public-url';

describe('a start warns', () => {
  it.each([
    [
      ['--token', TOKEN],
      '--token can be read by other users of this machine in its list of processes; set MCP_BRIDGE_TOKEN instead',
    ],
    [
      ['--public-url', 'http://bridge.example.com'],
      `publicUrl http://bridge.example.com: clients refuse OAuth without https, and others can read along; ${FRONT}`,
    ],
    [['--host', '192.168.1.5'], `host 192.168.1.5: clients refuse OAuth without https; ${FRONT}`],
    [
      ['--cloudflared-bin', 'bin/cloudflared', '--tunnel', 'pipenet'],
      '--cloudflared-bin has no effect without --tunnel cloudflared',
    ],
    [['--pair'], 'pair has no effect with auth none; it is for oauth'],
    [['--client-documents', '--auth', 'token'], 'clientDocuments has no effect with auth token; it is for oauth'],
    [
      ['--auth', 'oauth', '--issuer', 'https://issuer.example.com'],
      'external has no effect with auth oauth; it is for external',
    ],
  ])('of %j', async (argv, warning) => {
    expect((await resolve([...argv, '--', 'x'])).warnings).toEqual([warning]);
  });

  it('of a token that nobody is asked for', async () => {
    const { warnings } = await resolve(['--auth', 'none', '--', 'x'], { env: { MCP_BRIDGE_TOKEN: TOKEN } });
    expect(warnings).toEqual(['token has no effect with auth none; it is for token, oauth, external']);
  });

  it('of a token for a named tunnel, when a quick one is opened', async () => {
    const env = { TUNNEL_TOKEN: 'named' };
    expect((await resolve(['--tunnel', '--', 'x'], { env })).warnings).toEqual([
      expect.stringMatching(/^TUNNEL_TOKEN is set, and no hostname is: this is a quick tunnel, .*"hostname": /),
    ]);
    expect((await resolve(['--tunnel', 'pipenet', '--', 'x'], { env })).warnings).toEqual([]);
  });

  it.each([
    ['mounts', { '/widget': { url: 'http://127.0.0.1:5173' } }],
    ['views', { readonly: { tools: { readOnly: true } } }],
  ])('of %s that nobody can reach', async (option, value) => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { [option]: value } });
    expect((await resolve([], { cwd })).warnings).toEqual([]);
    expect((await resolve(['--output-transport', 'stdio'], { cwd })).warnings).toEqual([
      `${option} have no effect with outputTransport stdio, which opens no port`,
    ]);
  });

  it('of nothing that is as it should be', async () => {
    const fine = [
      ['--public-url', 'https://bridge.example.com', '--pair', '--client-documents'],
      ['--public-url', 'http://127.0.0.1:8000'],
      ['--tunnel', '--cloudflared-bin', 'bin/cloudflared', '--pair'],
      ['--host', '192.168.1.5', '--tunnel'],
      ['--public-url', 'http://[::1]:8000'],
      ['--host', '192.168.1.5', '--public-url', 'https://bridge.example.com'],
      ['--host', '192.168.1.5', '--auth', 'token'],
      ['--pair', '--output-transport', 'stdio'],
    ];
    for (const argv of fine) expect((await resolve([...argv, '--', 'x'])).warnings).toEqual([]);
    expect((await resolve(['--', 'x'], { env: { MCP_BRIDGE_TOKEN: TOKEN } })).warnings).toEqual([]);
  });
});
