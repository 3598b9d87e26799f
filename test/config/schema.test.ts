import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/config/schema.ts';
import { CLASHING, WRONG } from './wrong-configs.ts';

describe('checkConfig', () => {
  it('merges mcpServers, servers and mcp_servers', () => {
    const { servers } = check({
      mcpServers: { a: { command: 'x' } },
      servers: { b: { type: 'stdio', command: 'y' } },
      mcp_servers: { c: { command: 'z' } },
    });
    expect(servers.map(({ name, path, command }) => [name, path, command])).toEqual([
      ['a', 'mcpServers.a', 'x'],
      ['b', 'servers.b', 'y'],
      ['c', 'mcp_servers.c', 'z'],
    ]);
  });

  it('fills a server that says nothing but its command', () => {
    expect(server({ command: 'x' })).toEqual({
      name: 'a',
      path: 'mcpServers.a',
      command: 'x',
      args: [],
      env: {},
      envNames: [],
      envFile: undefined,
      cwd: undefined,
      shell: false,
      rules: { tools: { allow: [], deny: [] }, overrides: [], promptOverrides: [], resourceOverrides: [] },
      options: {},
    });
  });

  it('takes numbers for arguments and variables, and null for no variable', () => {
    expect(server({ command: 'x', args: ['--port', 80], env: { A: 1, B: true, C: null, D: '' } })).toMatchObject({
      args: ['--port', '80'],
      env: { A: '1', B: 'true', D: '' },
    });
  });

  it("reads the bridge's own keys of a server", () => {
    const own = {
      protocol: '2026',
      isolation: 'session',
      startTimeout: '5s',
      callTimeout: 0,
      maxMessage: '1MiB',
      maxLinks: 3,
      idleTimeout: '10m',
      lazy: true,
    };
    const tools = { allow: ['read_*'], deny: ['*_media'], readOnly: true, destructive: false, openWorld: false };
    const read = server({ command: 'x', shell: true, tools, ...own });
    expect(read).toMatchObject({ shell: true, rules: { tools } });
    expect(read?.options).toEqual({ ...own, startTimeout: 5_000, maxMessage: 1_048_576, idleTimeout: 600_000 });
  });

  it.each([
    ['Copilot', { tools: ['search', 'fetch'] }, { allow: ['search', 'fetch'], deny: [] }],
    ['Copilot, with none', { tools: [] }, { allow: [], deny: ['*'] }],
    ['Codex', { enabled_tools: ['a'], disabled_tools: ['b'] }, { allow: ['a'], deny: ['b'] }],
    ['Codex, with nothing enabled', { enabled_tools: [] }, { allow: [], deny: ['*'] }],
    ['Codex, with approvals', { tools: { search: { approval_mode: 'approve' } } }, { allow: [], deny: [] }],
    ['Gemini', { includeTools: ['a'], excludeTools: ['b'] }, { allow: ['a'], deny: ['b'] }],
    ['Roo', { disabledTools: ['b'], alwaysAllow: ['a'] }, { allow: [], deny: ['b'] }],
  ])('keeps the choice of tools made in %s', (_client, keys, tools) => {
    expect(server({ command: 'x', ...keys })?.rules.tools).toEqual(tools);
  });

  it.each([
    [
      { startup_timeout_sec: 1.5, tool_timeout_sec: 60 },
      { startTimeout: 1_500, callTimeout: 60_000 },
    ],
    [{ startup_timeout_ms: 700 }, { startTimeout: 700 }],
    [{ startup_timeout_sec: 9, startTimeout: '3s' }, { startTimeout: 3_000 }],
    [{ timeout: 60, initTimeout: 5 }, {}],
  ])('reads the timeouts %j', (keys, options) => {
    expect(server({ command: 'x', ...keys })?.options).toEqual(options);
  });

  it.each([{ disabled: true }, { enabled: false }, { isActive: false }])(
    'leaves out a server with %j, unchecked',
    (keys) => {
      const nothing = { bridge: {}, servers: [], inputs: [], warnings: [] };
      expect(check({ mcpServers: { a: { tols: 1, ...keys } } })).toEqual({ ...nothing, leftOut: ['a'] });
    },
  );

  it.each(['url', 'serverUrl', 'httpUrl'])(
    'leaves out a server with %s, with a warning, and keeps the others',
    (key) => {
      const { servers, leftOut, warnings } = check({
        mcpServers: { far: { [key]: 'https://x', type: 'http' }, a: { command: 'x' } },
      });
      expect(servers.map(({ name }) => name)).toEqual(['a']);
      expect(leftOut).toEqual(['far']);
      expect(warnings).toEqual(['remote servers are not bridged yet; `far` is left out']);
    },
  );

  it("passes over what other clients and people write into a server's entry", () => {
    const keys = {
      description: 'Notes',
      autoApprove: ['a'],
      timeout: 60,
      tags: ['x'],
      _note: 'mine',
      '//': 'also',
      'x-id': 1,
    };
    expect(server({ command: 'x', ...keys })?.options).toEqual({});
  });

  it('reads the section bridge', () => {
    const { bridge } = check({
      bridge: {
        host: 'localhost',
        port: 9000,
        localPort: 0,
        prefix: 'server',
        tools: { deny: ['delete_*'], readOnly: false },
        watch: false,
        cors: true,
        allowedHosts: ['bridge.example.com'],
        sessionTimeout: '1h',
        maxSessions: 5,
        recreateSessions: true,
        maxMessage: '1MB',
        logLevel: 'debug',
        logFormat: 'json',
        streamableHttpPath: '/a',
        ssePath: '/b',
        messagePath: '/c',
        healthEndpoint: '/d',
        outputTransport: 'sse',
        auth: 'external',
        token: 'correct-horse-battery',
        publicUrl: 'https://bridge.example.com/',
        pair: true,
        stateFolder: 'state',
        external: {
          issuer: 'https://issuer.example.com/',
          jwksUri: 'https://issuer.example.com/keys?kind=jwks',
          audience: 'mcp',
          scopes: ['mcp'],
          subjects: ['ada'],
        },
        secretPath: false,
        clientDocuments: true,
        personalMeta: true,
        dangerouslyNoAuth: false,
        protocol: '2025',
        isolation: 'shared',
        startTimeout: 1_000,
        callTimeout: '2s',
        maxLinks: 2,
        idleTimeout: 0,
        lazy: true,
      },
    });
    expect(bridge).toEqual({
      host: 'localhost',
      port: 9000,
      localPort: 0,
      prefix: 'server',
      tools: { allow: [], deny: ['delete_*'], readOnly: false },
      watch: false,
      corsOrigins: ['loopback'],
      allowedHosts: ['bridge.example.com'],
      sessionTimeout: 3_600_000,
      maxSessions: 5,
      recreateSessions: true,
      maxMessage: 1_000_000,
      logLevel: 'debug',
      logFormat: 'json',
      streamableHttpPath: '/a',
      ssePath: '/b',
      messagePath: '/c',
      healthPaths: ['/d'],
      outputTransport: 'sse',
      auth: 'external',
      token: 'correct-horse-battery',
      publicUrl: 'https://bridge.example.com',
      pair: true,
      stateFolder: 'state',
      external: {
        issuer: 'https://issuer.example.com/',
        jwksUri: 'https://issuer.example.com/keys?kind=jwks',
        audience: 'mcp',
        scopes: ['mcp'],
        subjects: ['ada'],
      },
      secretPath: false,
      clientDocuments: true,
      personalMeta: true,
      dangerouslyNoAuth: false,
      protocol: '2025',
      isolation: 'shared',
      startTimeout: 1_000,
      callTimeout: 2_000,
      maxLinks: 2,
      idleTimeout: 0,
      lazy: true,
    });
  });

  it.each([2026, '2026'])('reads protocol: %j, for a server as for all', (protocol) => {
    const { servers, bridge } = check({ mcpServers: { a: { command: 'x', protocol } }, bridge: { protocol } });
    expect(servers[0]?.options).toEqual({ protocol: '2026' });
    expect(bridge).toEqual({ protocol: '2026' });
  });

  it.each([
    [false, []],
    ['*', ['*']],
    [
      ['http://a.example', 'http://b.example'],
      ['http://a.example', 'http://b.example'],
    ],
  ])('reads cors: %j', (cors, corsOrigins) => {
    expect(check({ bridge: { cors } }).bridge).toEqual({ corsOrigins });
  });

  it('passes over unknown keys beside the servers of a file that is not ours, but not over a typo', () => {
    const { servers, warnings } = check({ mcpServers: {}, globalShortcut: '', preferences: {}, brigde: {} });
    expect(servers).toEqual([]);
    expect(warnings).toEqual(['mcp.json: brigde is ignored; did you mean bridge?']);
  });

  it.each(WRONG)('refuses %j', (data, message) => {
    expect(() => check(data)).toThrow(expect.objectContaining({ code: 'CONFIG', message }));
  });

  it.each(CLASHING)('refuses what clashes: %j', (data, message) => {
    expect(() => check(data)).toThrow(expect.objectContaining({ code: 'CONFIG', message }));
  });
});

function check(data: unknown) {
  return checkConfig(data, 'mcp.json');
}

function server(entry: unknown) {
  return check({ mcpServers: { a: entry } }).servers[0];
}
