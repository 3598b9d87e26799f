import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/config/flags.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { folderWith } from './resolve.ts';

/** What the settings are where nobody is served. */
async function resolve(bridge: object, { env = {}, argv = [] }: { env?: NodeJS.ProcessEnv; argv?: string[] } = {}) {
  const flags = parseFlags(argv);
  if (flags.kind !== 'run') throw new Error(`parsed as ${flags.kind}`);
  const cwd = await folderWith({ mcpServers: { a: { command: 'a' }, b: { command: 'b' } }, bridge });
  const splitCommand = (command: string) => ({ command, args: [] });
  return resolveSettings({ flags, env, cwd, splitCommand, serves: false });
}

describe('settings for a bridge that serves nobody', () => {
  it('open no port and ask nobody who they are, whatever the file says of that', async () => {
    const { settings, warnings } = await resolve({
      tunnel: { provider: 'ngrok', token: `\${NOT_SET}` },
      publicUrl: 'https://h.example',
      auth: 'external',
      external: { audience: 'x' },
      token: `\${NOT_SET}`,
      secretPath: true,
      host: '0.0.0.0',
      port: 8000,
      localPort: 8000,
      streamableHttpPath: '/sse',
      mounts: { '/servers': { url: 'http://127.0.0.1:1', headers: { a: `\${NOT_SET}` } } },
      outputTransport: 'sse',
      views: { v: {} },
    });
    expect(settings).toMatchObject({ outputTransport: 'stdio', auth: 'none', secretPath: false, mounts: [] });
    expect(settings).toMatchObject({ tunnel: undefined, publicUrl: undefined, token: undefined, external: undefined });
    expect(warnings).toEqual([]);
  });

  it('have the same catalog', async () => {
    const { settings } = await resolve({
      prefix: 'server',
      tools: { deny: ['x'] },
      schemas: 'original',
      views: { v: { servers: ['a'] } },
      research: { search: 'a__s', fetch: 'resources' },
      lazy: true,
      stateFolder: 's',
      logLevel: 'debug',
      logFormat: 'json',
    });
    expect(settings).toMatchObject({
      prefix: 'server',
      tools: { allow: [], deny: ['x'] },
      views: [{ name: 'v', servers: ['a'] }],
      research: { search: { tool: 'a__s' } },
      stateFolder: expect.stringMatching(/[\\/]s$/),
      upstreams: [{ lazy: true, rules: { schemas: 'original' } }, {}],
      logLevel: 'debug',
      logFormat: 'json',
    });
  });

  it('come from those variables that concern the catalog, and no others are looked at', async () => {
    const env = {
      ...{ MCP_BRIDGE_PORT: 'none', MCP_BRIDGE_TUNNEL: 'none', MCP_BRIDGE_TOKEN: 'short', MCP_BRIDGE_PUBLIC_URL: 'x' },
      ...{ MCP_BRIDGE_PREFIX: 'none', MCP_BRIDGE_LAZY: 'yes', MCP_BRIDGE_LOG_LEVEL: 'error' },
      ...{ MCP_BRIDGE_STATE_FOLDER: '/there', MCP_BRIDGE_PREFX: 'a slip' },
    };
    const { settings, warnings } = await resolve({}, { env });
    expect(settings).toMatchObject({ prefix: 'none', upstreams: [{ lazy: true }, {}], logLevel: 'error' });
    expect(settings.stateFolder).toMatch(/there$/);
    expect(warnings).toEqual([expect.stringContaining('did you mean MCP_BRIDGE_PREFIX?')]);
  });

  it('are refused for what is wrong with the catalog', async () => {
    const message = expect.stringContaining('views.v.servers');
    await expect(resolve({ views: { v: { servers: ['x'] } } })).rejects.toMatchObject({ code: 'CONFIG', message });
    await expect(resolve({}, { env: { MCP_BRIDGE_PREFIX: 'x' } })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
