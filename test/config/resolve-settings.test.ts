// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, folderWith, resolve } from './resolve.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('resolveSettings', () => {
  it('fills in the defaults', async () => {
    const { settings, warnings } = await resolve(['--stdio', 'npx -y some-server'], { cwd: FIXTURES });
    expect(warnings).toEqual([]);
    expect(settings).toEqual({
      upstreams: [
        {
          name: 'some',
          origin: '--stdio',
          command: 'npx',
          args: ['-y', 'some-server'],
          env: {},
          cwd: FIXTURES,
          shell: false,
          protocol: 'auto',
          isolation: 'auto',
          startTimeout: 120_000,
          callTimeout: 0,
          maxMessage: 67_108_864,
          maxLinks: 16,
          idleTimeout: 0,
          lazy: false,
          rules: {
            tools: { allow: [], deny: [] },
            overrides: [],
            promptOverrides: [],
            resourceOverrides: [],
            schemas: 'strict',
            results: { maxSize: 0, strip: [] },
          },
        },
      ],
      host: '127.0.0.1',
      port: 8000,
      localPort: undefined,
      outputTransport: 'all',
      streamableHttpPath: '/mcp',
      ssePath: '/sse',
      messagePath: '/message',
      healthPaths: [],
      corsOrigins: [],
      allowedHosts: [],
      sessionTimeout: 1_800_000,
      maxSessions: 1000,
      recreateSessions: false,
      maxMessage: 67_108_864,
      auth: 'none',
      token: undefined,
      publicUrl: undefined,
      tunnel: undefined,
      mounts: [],
      pair: false,
      stateFolder: undefined,
      external: undefined,
      secretPath: false,
      clientDocuments: false,
      personalMeta: false,
      dangerouslyNoAuth: false,
      prefix: 'auto',
      tools: { allow: [], deny: [] },
      views: [],
      research: undefined,
      configFile: undefined,
      watch: true,
      logLevel: 'info',
      logFormat: 'text',
    });
  });

  it('is frozen to the bottom', async () => {
    const { settings } = await resolve(['--stdio', 'x', '--env', 'A=1']);
    for (const part of [settings, settings.tools.allow, settings.upstreams, settings.upstreams[0]?.env]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('lets flags win over the environment, the environment over the file, the file over the defaults', async () => {
    const cwd = await folderWith({
      mcpServers: {
        a: { command: 'x', callTimeout: '2s', startTimeout: '2s', isolation: 'shared', protocol: '2026' },
        b: { command: 'x' },
      },
      bridge: {
        port: 1,
        host: 'localhost',
        sessionTimeout: '1m',
        callTimeout: '1s',
        startTimeout: '1s',
        maxLinks: 1,
        maxMessage: '1kb',
        protocol: '2025',
      },
    });
    const env = { MCP_BRIDGE_PORT: '2', MCP_BRIDGE_SESSION_TIMEOUT: '2m', MCP_BRIDGE_START_TIMEOUT: '3s' };
    const { settings } = await resolve(['--port', '3', '--isolation', 'session'], { cwd, env });
    expect(settings).toMatchObject({
      port: 3,
      sessionTimeout: 120_000,
      host: 'localhost',
      ssePath: '/sse',
      maxMessage: 1_000,
    });
    const common = { startTimeout: 3_000, isolation: 'session', maxLinks: 1, maxMessage: 1_000 };
    expect(settings.upstreams).toMatchObject([
      { name: 'a', protocol: '2026', callTimeout: 2_000, ...common },
      { name: 'b', protocol: '2025', callTimeout: 1_000, ...common },
    ]);
  });

  it('lets a switch that the file turned on be turned off by the environment', async () => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x', lazy: true } } });
    const { settings } = await resolve([], { cwd, env: { MCP_BRIDGE_LAZY: 'false' } });
    expect(settings.upstreams[0]?.lazy).toBe(false);
  });

  it('passes the flags of each setting on', async () => {
    const argv = [
      '--host=::1',
      '--local-port=9',
      '--output-transport=sse',
      '--streamable-http-path=/a',
      '--sse-path=/b',
    ];
    argv.push('--message-path=/c', '--health-endpoint=/d', '--cors', '*', '--allowed-host=h', '--max-sessions=2');
    argv.push(
      '--recreate-sessions',
      '--prefix=none',
      '--log-level=none',
      '--log-format=json',
      '--max-message=5kb',
      '--lazy',
      '--protocol=2025',
    );
    const { settings } = await resolve([...argv, '--', 'x']);
    expect(settings).toMatchObject({
      host: '::1',
      localPort: 9,
      outputTransport: 'sse',
      streamableHttpPath: '/a',
      ssePath: '/b',
      messagePath: '/c',
      healthPaths: ['/d'],
      corsOrigins: ['*'],
      allowedHosts: ['h'],
      maxSessions: 2,
      recreateSessions: true,
      prefix: 'none',
      logLevel: 'none',
      logFormat: 'json',
      maxMessage: 5_000,
      upstreams: [{ maxMessage: 5_000, lazy: true, protocol: '2025' }],
    });
  });

  it("lets --allow replace the file's list and --deny add to it", async () => {
    const cwd = await folderWith({
      mcpServers: { a: { command: 'x' } },
      bridge: { tools: { allow: ['a'], deny: ['b'] } },
    });
    expect((await resolve([], { cwd })).settings.tools).toEqual({ allow: ['a'], deny: ['b'] });
    expect((await resolve(['--allow', 'c', '--deny', 'b,d'], { cwd })).settings.tools).toEqual({
      allow: ['c'],
      deny: ['b', 'd'],
    });
  });

  it('lets --read-only be turned on by a flag, and off by the environment', async () => {
    const readOnlyOf = async (file: boolean | undefined, argv: string[], env = {}) => {
      const cwd = await folderWith({ mcpServers: { a: { command: 'x' } }, bridge: { tools: { readOnly: file } } });
      return (await resolve(argv, { cwd, env })).settings.tools.readOnly;
    };
    expect(await readOnlyOf(true, [])).toBe(true);
    expect(await readOnlyOf(false, [])).toBe(false);
    expect(await readOnlyOf(false, ['--read-only'])).toBe(true);
    expect(await readOnlyOf(true, [], { MCP_BRIDGE_READ_ONLY: 'false' })).toBeUndefined();
    expect(await readOnlyOf(false, [], { MCP_BRIDGE_READ_ONLY: 'false' })).toBe(false);
  });

  it('hands on the warnings of the environment and the file', async () => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x' }, far: { url: 'https://x' } } });
    expect((await resolve([], { cwd, env: { MCP_BRIDGE_PROT: '1' } })).warnings).toEqual([
      'MCP_BRIDGE_PROT is no setting and is ignored; did you mean MCP_BRIDGE_PORT?',
      'remote servers are not bridged yet; `far` is left out',
    ]);
  });
});

describe('servers of the command line', () => {
  it('are named by their owner, or after their command, with a number when that is taken', async () => {
    const cwd = await folderWith({ mcpServers: { memory: { command: 'x' } } });
    const argv = [
      '--config=mcp-bridge.json',
      '--stdio=npx server-files',
      '--stdio=files=npx a',
      '--stdio=npx files-mcp',
    ];
    const { settings } = await resolve([...argv, '--named-server', 'my files', 'npx b', '--', 'npx', '-y', 'memory'], {
      cwd,
    });
    expect(
      settings.upstreams.map(({ name, origin, command, args }) => [name, origin, [command, ...args].join(' ')]),
    ).toEqual([
      ['memory', 'mcp-bridge.json: mcpServers.memory', 'x'],
      ['files-2', '--stdio', 'npx server-files'],
      ['files', '--stdio files', 'npx a'],
      ['files-3', '--stdio', 'npx files-mcp'],
      ['my files', '--named-server my files', 'npx b'],
      ['memory-2', 'the command after --', 'npx -y memory'],
    ]);
  });

  it('take what stands before = for a name only if it can be one', async () => {
    const { settings } = await resolve(['--stdio', 'node a.js --x=1', '--stdio', 'a.b-C_1=node b.js c=d']);
    expect(settings.upstreams).toMatchObject([
      { name: 'a', command: 'node', args: ['a.js', '--x=1'] },
      { name: 'a.b-C_1', command: 'node', args: ['b.js', 'c=d'] },
    ]);
  });

  it('get the words after -- as they are', async () => {
    const { settings } = await resolve(['--', 'node', 'my server.js', '']);
    expect(settings.upstreams).toMatchObject([{ name: 'my-server', command: 'node', args: ['my server.js', ''] }]);
  });

  it('get --env, --cwd and --shell', async () => {
    const argv = ['--stdio', 'npx -y notes | tee log', '--env', 'A=1', '--env', 'TOKEN', '--cwd', 'sub', '--shell'];
    const { settings } = await resolve([...argv, '--', 'npx', 'x'], { cwd: FIXTURES, env: { TOKEN: 'secret' } });
    const env = { A: '1', TOKEN: 'secret' };
    expect(settings.upstreams).toMatchObject([
      { name: 'notes', command: 'npx -y notes | tee log', args: [], shell: true, env, cwd: join(FIXTURES, 'sub') },
      { name: 'x', command: 'npx x', args: [], shell: true, env, cwd: join(FIXTURES, 'sub') },
    ]);
  });

  it.each([
    [['--named-server', 'a', 'x', '--stdio', 'a=y'], '--named-server a: the name a is taken; choose another one'],
    [
      ['--config', 'mcp-bridge.json', '--stdio', 'memory=y'],
      '--stdio memory: the name memory is taken; choose another one',
    ],
    [
      ['--stdio', 'https://x.example/mcp?key=secret'],
      '--stdio: servers behind a URL are not bridged yet; give a command with --stdio',
    ],
    [
      ['--stdio', 'a=http://x.example/mcp'],
      '--stdio a: servers behind a URL are not bridged yet; give a command with --stdio',
    ],
    [
      ['--named-server', 'a', 'https://x.example/mcp'],
      '--named-server a: servers behind a URL are not bridged yet; give a command with --stdio',
    ],
    [
      ['--', 'https://x.example/mcp'],
      'the command after --: servers behind a URL are not bridged yet; give a command with --stdio',
    ],
    [
      ['--stdio', 'TOKEN=secret npx -y notes'],
      '--stdio TOKEN=...: what starts in capitals is read as a variable; set it with --env TOKEN=VALUE, or name a server so with --named-server TOKEN COMMAND',
    ],
    [
      ['--stdio', 'notes=TOKEN=secret npx -y notes'],
      '--stdio TOKEN=...: what starts in capitals is read as a variable; set it with --env TOKEN=VALUE, or name a server so with --named-server TOKEN COMMAND',
    ],
    [['--stdio', 'a='], '--stdio a=: the command is missing'],
    [['--stdio', 'a="'], '--stdio a: a quote is open'],
    [['--stdio', 'x', '--env', 'TOKEN'], '--env TOKEN: the variable is not set; set it or write --env TOKEN=VALUE'],
    [
      ['--env', 'A=1'],
      "--env is for servers given by --stdio or after --; in a config file, write env into the server's entry",
    ],
  ])('are refused: %j', async (argv, message) => {
    const cwd = await folderWith({ mcpServers: { memory: { command: 'x' } } });
    await expect(resolve(argv, { cwd })).rejects.toMatchObject({ code: 'USAGE', message });
  });
});

describe('the config file', () => {
  it('is looked for only when no server and no file is given', async () => {
    const cwd = await temporaryFolder({
      'mcp-bridge.jsonc': '{ "mcpServers": { "a": { "command": "x", }, }, }',
      'b.json': '{ "servers": { "b": { "command": "x" } } }',
    });
    const names = async (...argv: string[]) =>
      (await resolve(argv, { cwd })).settings.upstreams.map(({ name }) => name);
    expect(await names()).toEqual(['a']);
    expect(await names('--stdio', 'c=x')).toEqual(['c']);
    expect(await names('--config', 'b.json')).toEqual(['b']);
    expect(await names('--config', 'b.json', '--stdio', 'c=x')).toEqual(['b', 'c']);
    const { settings } = await resolve([], { cwd, env: { MCP_BRIDGE_CONFIG: 'b.json' } });
    expect(settings.upstreams[0]?.name).toBe('b');
    expect(settings.configFile).toBe(join(cwd, 'b.json'));
  });

  it('may hold nothing but settings when the server is on the command line', async () => {
    const cwd = await folderWith({ bridge: { port: 9 } });
    expect((await resolve(['--config=mcp-bridge.json', '--stdio', 'x'], { cwd })).settings.port).toBe(9);
  });

  it('has its variables replaced, its folders resolved and its env files read', async () => {
    const cwd = await temporaryFolder({
      'conf/mcp.json': JSON.stringify({
        mcpServers: {
          a: {
            command: '${NODE:-node}',
            args: ['${workspaceFolder}/a.js', '${env:TOKEN}'],
            env: { KEY: '${TOKEN}', B: 'from env' },
            envFile: '${workspaceFolder}/.env',
            cwd: '${SUB:-sub}',
          },
          b: { command: 'x', args: ['a b', 'c'], shell: true },
        },
      }),
      'conf/.env': '# comment\nA="from file"\nB=from file\nTOKEN_COPY=${TOKEN}\n',
    });
    const { settings } = await resolve(['--config', 'conf/mcp.json'], { cwd, env: { TOKEN: 'secret' } });
    expect(settings.upstreams).toMatchObject([
      {
        origin: 'conf/mcp.json: mcpServers.a',
        command: 'node',
        args: [`${cwd}/conf/a.js`, 'secret'],
        env: { A: 'from file', B: 'from env', KEY: 'secret', TOKEN_COPY: '${TOKEN}' },
        cwd: join(cwd, 'conf/sub'),
      },
      { command: 'x a b c', args: [], shell: true, cwd },
    ]);
  });

  it.each([
    [{ command: '${CMD}' }, 'command: the variable CMD is not set; set it or write ${CMD:-default}'],
    [{ command: 'x', args: ['a', '${ARG}'] }, 'args[1]: the variable ARG is not set; set it or write ${ARG:-default}'],
    [
      { command: 'x', env: { T: '${env:TOKEN}' } },
      'env.T: the variable TOKEN is not set; set it or write ${env:TOKEN:-default}',
    ],
    [{ command: 'x', cwd: '${DIR}' }, 'cwd: the variable DIR is not set; set it or write ${DIR:-default}'],
    [
      { command: 'x', env: { T: '${input:key}' } },
      'env.T: the variable INPUT_KEY is not set; set it to what an editor would ask for as ${input:key}',
    ],
  ])('is refused with file, server and field: %j', async (entry, message) => {
    const cwd = await folderWith({ mcpServers: { search: entry } });
    await expect(resolve([], { cwd })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `mcp-bridge.json: mcpServers.search.${message}`,
    });
  });

  it('takes the default of an input where the environment does not say', async () => {
    const inputs = [
      { id: 'model', type: 'pickString', default: 'small' },
      { id: 'api-key', type: 'promptString', default: 'none' },
    ];
    const args = ['${input:model}', '${input:api-key}'];
    const cwd = await folderWith({ inputs, servers: { a: { command: 'x', args } } });
    const { settings } = await resolve([], { cwd, env: { INPUT_API_KEY: 'typed' } });
    expect(settings.upstreams).toMatchObject([{ args: ['small', 'typed'] }]);
  });

  it('is refused when an env file is missing', async () => {
    const cwd = await folderWith({ mcpServers: { a: { command: 'x', envFile: '.env' } } });
    await expect(resolve([], { cwd })).rejects.toThrow(
      /^mcp-bridge\.json: mcpServers\.a\.envFile: cannot be read: ENOENT/,
    );
  });

  it('of Claude Desktop runs as it is', async () => {
    const { settings, warnings } = await resolve(['--config', 'claude-desktop.json'], { cwd: FIXTURES });
    expect(warnings).toEqual([]);
    expect(settings.upstreams).toMatchObject([
      {
        name: 'filesystem',
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/ada/Desktop', '/Users/ada/Downloads'],
      },
      { name: 'Brave Search', env: { BRAVE_API_KEY: 'a key' } },
    ]);
  });

  it('of Cursor runs as it is', async () => {
    const cwd = await folderOf('.cursor/mcp.json', 'cursor.json', { '.env': 'MODE=test' });
    const { settings, warnings } = await resolve(['--config', '.cursor/mcp.json'], { cwd, env: { API_KEY: 'key' } });
    expect(warnings).toEqual(['remote servers are not bridged yet; `linear` is left out']);
    expect(settings.upstreams).toMatchObject([
      { name: 'api-server', args: [join(cwd, 'tools/server.py')], env: { API_KEY: 'key', MODE: 'test' }, cwd },
    ]);
  });

  it('of VS Code runs as it is', async () => {
    const cwd = await folderOf('.vscode/mcp.json', 'vscode.json');
    const { settings, warnings } = await resolve(['--config', '.vscode/mcp.json'], { cwd });
    expect(warnings).toEqual(['remote servers are not bridged yet; `github` is left out']);
    expect(settings.upstreams).toMatchObject([{ name: 'playwright', command: 'npx', cwd: join(cwd, 'web') }]);
    expect(settings.upstreams[0]?.env).toEqual({ PORT: '9000' });
  });

  it('of Codex runs as it is', async () => {
    const env = { CONTEXT7_KEY: 'key', LOCAL_KEY: 'local', OTHER: 'not passed on' };
    const { settings, warnings } = await resolve(['--config', 'codex.toml'], { cwd: FIXTURES, env });
    expect(warnings).toEqual(['remote servers are not bridged yet; `figma` is left out']);
    expect(settings.upstreams).toMatchObject([
      {
        name: 'context7',
        args: ['-y', '@upstash/context7-mcp'],
        cwd: join(FIXTURES, 'work'),
        startTimeout: 20_500,
        callTimeout: 90_000,
        rules: { tools: { allow: ['resolve-library-id', 'get-library-docs'], deny: ['screenshot'] } },
      },
    ]);
    expect(settings.upstreams[0]?.env).toEqual({ CONTEXT7_KEY: 'key', LOCAL_KEY: 'local', MODE: 'docs' });
  });
});

describe('settings that do not go together', () => {
  it('are none at all: the ways to name a server are shown', async () => {
    const ways = ['--stdio "npx -y some-server"', '-- npx -y some-server', '--config mcp.json'];
    for (const way of ways) {
      await expect(resolve([], { cwd: FIXTURES })).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(`mcp-bridge ${way}`),
      });
    }
  });

  it('are a file of which nothing can be bridged: it is said what is left out', async () => {
    const servers = { a: { command: 'x', disabled: true }, b: { url: 'https://b.example/mcp' } };
    const others = ' but a, b, which is switched off or behind a URL';
    for (const [mcpServers, said] of [
      [servers, others],
      [{}, ''],
    ] as const)
      await expect(resolve([], { cwd: await folderWith({ mcpServers }) })).rejects.toMatchObject({
        code: 'CONFIG',
        message: `mcp-bridge.json: no server to bridge in it${said}; write one that is a command`,
      });
  });

  it.each([
    [['--port', '9000', '--local-port', '9000'], 'port and localPort are both 9000; give --local-port another one'],
    [['--sse-path', '/mcp'], 'streamableHttpPath and ssePath are both /mcp; give one of them another path'],
    [
      ['--health-endpoint', '/a', '--health-endpoint', '/a'],
      'healthEndpoint and healthEndpoint are both /a; give one of them another path',
    ],
    [
      ['--sse-path', '/token', '--auth', 'oauth'],
      'ssePath and auth oauth are both /token; give one of them another path',
    ],
  ])('are %j', async (argv, message) => {
    await expect(resolve([...argv, '--', 'x'])).rejects.toMatchObject({ code: 'USAGE', message });
  });

  it('are not two free ports', async () => {
    expect((await resolve(['--port', '0', '--local-port', '0', '--', 'x'])).settings).toMatchObject({
      port: 0,
      localPort: 0,
    });
  });
});

async function folderOf(path: string, fixture: string, others: Record<string, string> = {}): Promise<string> {
  return temporaryFolder({ [path]: await readFile(join(FIXTURES, fixture), 'utf8'), ...others });
}
