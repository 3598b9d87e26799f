import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/config/schema.ts';

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
      tools: { allow: [], deny: [] },
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
    const read = server({ command: 'x', shell: true, tools: { allow: ['read_*'], deny: ['*_media'] }, ...own });
    expect(read).toMatchObject({ shell: true, tools: { allow: ['read_*'], deny: ['*_media'] } });
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
    expect(server({ command: 'x', ...keys })?.tools).toEqual(tools);
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
      expect(check({ mcpServers: { a: { tols: 1, ...keys } } })).toEqual({ bridge: {}, servers: [], warnings: [] });
    },
  );

  it.each(['url', 'serverUrl', 'httpUrl'])(
    'leaves out a server with %s, with a warning, and keeps the others',
    (key) => {
      const { servers, warnings } = check({
        mcpServers: { far: { [key]: 'https://x', type: 'http' }, a: { command: 'x' } },
      });
      expect(servers.map(({ name }) => name)).toEqual(['a']);
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
        tools: { deny: ['delete_*'] },
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
      tools: { allow: [], deny: ['delete_*'] },
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

  it.each([
    [[], 'mcp.json: expected an object'],
    [{}, 'mcp.json: no servers in it; expected one of mcpServers, servers, mcp_servers and bridge'],
    [{ mcpServers: [] }, 'mcp.json: mcpServers: expected an object'],
    [{ mcpServers: { a: 'x' } }, 'mcp.json: mcpServers.a: expected an object'],
    [{ mcpServers: { ' ': { command: 'x' } } }, 'mcp.json: mcpServers: a server has an empty name'],
    [{ mcpServers: {}, bridge: {}, mcpServer: {} }, 'mcp.json: mcpServer: unknown key; did you mean mcpServers?'],
    [{ bridge: [] }, 'mcp.json: bridge: expected an object, got a list'],
    [{ bridge: { prot: 1 } }, 'mcp.json: bridge.prot: unknown key; did you mean port?'],
    [{ bridge: { frobnicate: 1 } }, 'mcp.json: bridge.frobnicate: unknown key'],
    [{ bridge: { tools: { alow: [] } } }, 'mcp.json: bridge.tools.alow: unknown key; did you mean allow?'],
    [{ bridge: { port: 'x' } }, 'mcp.json: bridge.port: expected a port from 0 to 65535, got "x"'],
    [{ bridge: { port: null } }, 'mcp.json: bridge.port: expected a port from 0 to 65535, got null'],
    [{ bridge: { tools: { allow: 'x' } } }, 'mcp.json: bridge.tools.allow: expected a list, got "x"'],
    [{ bridge: { ssePath: 'sse' } }, 'mcp.json: bridge.ssePath: expected a path that starts with /, got "sse"'],
    [{ bridge: { external: { isuer: 'x' } } }, 'mcp.json: bridge.external.isuer: unknown key; did you mean issuer?'],
    [
      { bridge: { external: { jwksUri: 'http://issuer.example.com/keys' } } },
      'mcp.json: bridge.external.jwksUri: expected an https URL (http only on this machine) without a fragment, got "http://issuer.example.com/keys"',
    ],
    [{ bridge: { external: { subjects: 'ada' } } }, 'mcp.json: bridge.external.subjects: expected a list, got "ada"'],
    [of({ tols: {} }), 'mcp.json: mcpServers.files.tols: unknown key; did you mean tools?'],
    [of({ frobnicate: 1 }), 'mcp.json: mcpServers.files.frobnicate: unknown key'],
    [of({ tools: { readonly: true } }), 'mcp.json: mcpServers.files.tools.readonly: unknown key'],
    [
      of({ tools: { deny: [{}] } }),
      'mcp.json: mcpServers.files.tools.deny[0]: expected a text that is not empty, got an object',
    ],
    [of({ args: '-y' }), 'mcp.json: mcpServers.files.args: expected a list, got "-y"'],
    [of({ args: [['-y']] }), 'mcp.json: mcpServers.files.args[0]: expected a text, got a list'],
    [of({ env: [] }), 'mcp.json: mcpServers.files.env: expected an object, got a list'],
    [of({ env: { A: {} } }), 'mcp.json: mcpServers.files.env.A: expected a text, got an object'],
    [of({ protocol: 2024 }), 'mcp.json: mcpServers.files.protocol: expected auto, 2025 or 2026, got 2024'],
    [of({ isolation: 'all' }), 'mcp.json: mcpServers.files.isolation: expected auto, shared or session, got "all"'],
    [of({ type: 'sse' }), 'mcp.json: mcpServers.files.type: expected stdio or local, got "sse"'],
    [of({ command: '' }), 'mcp.json: mcpServers.files.command: expected a text that is not empty, got ""'],
    [{ mcpServers: { files: {} } }, 'mcp.json: mcpServers.files.command: missing; expected a text that is not empty'],
    [
      { mcpServers: { files: { command: 'x' } }, servers: { files: { command: 'y' } } },
      'mcp.json: servers.files: the name is taken by mcpServers.files; rename one',
    ],
  ])('refuses %j', (data, message) => {
    expect(() => check(data)).toThrow(expect.objectContaining({ code: 'CONFIG', message }));
  });
});

function check(data: unknown) {
  return checkConfig(data, 'mcp.json');
}

function server(entry: unknown) {
  return check({ mcpServers: { a: entry } }).servers[0];
}

function of(keys: object) {
  return { mcpServers: { files: { command: 'x', ...keys } } };
}
