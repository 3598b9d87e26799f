import { describe, expect, it } from 'vitest';
import { type FLAGS, flagOf, flagRows } from '../../src/config/flag-table.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { BridgeError } from '../../src/errors.ts';

/** A value that each flag takes. */
const SAMPLES: Record<keyof typeof FLAGS, string[]> = {
  stdio: ['npx -y some-server'],
  namedServer: ['files', 'npx -y some-server'],
  config: ['mcp.json'],
  env: ['KEY=VALUE'],
  cwd: ['work'],
  shell: [],
  protocol: ['2026'],
  isolation: ['session'],
  lazy: [],
  startTimeout: ['90s'],
  callTimeout: ['5m'],
  maxMessage: ['10MiB'],
  allow: ['read_*'],
  deny: ['write_*'],
  readOnly: [],
  prefix: ['none'],
  port: ['9000'],
  host: ['localhost'],
  localPort: ['9001'],
  outputTransport: ['sse'],
  streamableHttpPath: ['/http'],
  ssePath: ['/events'],
  messagePath: ['/post'],
  healthEndpoint: ['/healthy'],
  cors: ['https://app.example.com'],
  allowedHost: ['bridge.example.com'],
  sessionTimeout: ['1h'],
  maxSessions: ['7'],
  recreateSessions: [],
  auth: ['oauth'],
  publicUrl: ['https://bridge.example.com'],
  tunnel: ['ngrok'],
  tunnelTo: ['me@tunnel.example.com'],
  tunnelCommand: ['bore {port}'],
  cloudflaredBin: ['bin/cloudflared'],
  pair: [],
  token: ['correct-horse-battery'],
  issuer: ['https://issuer.example.com'],
  audience: ['mcp'],
  secretPath: [],
  clientDocuments: [],
  personalMeta: [],
  stateFolder: ['state'],
  dangerouslyNoAuth: [],
  logLevel: ['debug'],
  logFormat: ['json'],
  version: [],
  help: [],
};

describe('parseFlags', () => {
  it('takes the servers as --stdio, as --named-server and after --', () => {
    const line = [
      '--stdio',
      'npx a',
      '--stdio=files=npx b',
      '--named-server',
      'c',
      'npx c',
      '--named-server',
      'd',
      'npx d',
    ];
    expect(run(...line, '--', 'npx', '-y', '--stdio', '--help')).toEqual({
      values: {
        stdio: ['npx a', 'files=npx b'],
        namedServer: [
          ['c', 'npx c'],
          ['d', 'npx d'],
        ],
      },
      command: ['npx', '-y', '--stdio', '--help'],
    });
  });

  it('says nothing about flags that were not given', () => {
    expect(run()).toEqual({ values: {}, command: [] });
  });

  it.each([
    [['--port', '0'], { port: 0 }],
    [['--port', '80', '--port=90'], { port: 90 }],
    [['-c', 'mcp.json'], { config: 'mcp.json' }],
    [['--session-timeout', '60000'], { sessionTimeout: 60_000 }],
    [['--start-timeout', '500ms'], { startTimeout: 500 }],
    [['--start-timeout', '1.5s'], { startTimeout: 1_500 }],
    [['--call-timeout', '5m'], { callTimeout: 300_000 }],
    [['--call-timeout', '1h'], { callTimeout: 3_600_000 }],
    [['--call-timeout', '0'], { callTimeout: 0 }],
    [['--max-message', '10MB'], { maxMessage: 10_000_000 }],
    [['--max-message', '10MiB'], { maxMessage: 10_485_760 }],
    [['--max-message', '64kb'], { maxMessage: 64_000 }],
    [['--max-message', '4096'], { maxMessage: 4_096 }],
    [['--allow', 'a', 'b', '--allow', 'c,d'], { allow: ['a', 'b', 'c', 'd'] }],
    [['--deny', '{read,list}_*,x'], { deny: ['{read,list}_*', 'x'] }],
    [['--env', 'A=b=c', '--env', 'EMPTY=', '--env', 'B'], { env: [entry('A', 'b=c'), entry('EMPTY', ''), entry('B')] }],
    [['--cors'], { cors: ['loopback'] }],
    [['--cors', '*'], { cors: ['*'] }],
    [
      ['--cors', 'HTTPS://App.example.com/', 'chrome-extension://ABC'],
      { cors: ['https://app.example.com', 'chrome-extension://abc'] },
    ],
    [['--health-endpoint', '/a', '--health-endpoint', '/b'], { healthEndpoint: ['/a', '/b'] }],
    [['--output-transport', 'streamable-http'], { outputTransport: 'streamableHttp' }],
    [['--protocol', '2025'], { protocol: '2025' }],
    [['--host', '[::1]'], { host: '::1' }],
    [['--allowed-host', 'Bridge.example.com,10.0.0.7'], { allowedHost: ['bridge.example.com', '10.0.0.7'] }],
    [['--lazy', '--shell'], { lazy: true, shell: true }],
    [['--auth', 'OAuth'], { auth: 'oauth' }],
    [['--public-url', 'HTTPS://Bridge.example.com:443/'], { publicUrl: 'https://bridge.example.com' }],
    [['--public-url', 'http://127.0.0.1:8000'], { publicUrl: 'http://127.0.0.1:8000' }],
    [['--token', 'abc/DEF+123._~-=='], { token: 'abc/DEF+123._~-==' }],
    // To the byte: tokens name their issuer with the slash or without it.
    [['--issuer', 'https://Issuer.example.com/realms/me/'], { issuer: 'https://Issuer.example.com/realms/me/' }],
    [['--issuer', 'http://[::1]:9000'], { issuer: 'http://[::1]:9000' }],
  ])('reads %j', (argv, values) => {
    expect(run(...argv)).toEqual({ values, command: [] });
  });

  it.each(flagRows())('reads --%s in camelCase as in kebab-case', (name) => {
    const kebab = parseFlags([flagOf(name), ...SAMPLES[name]]);
    expect(parseFlags([`--${name}`, ...SAMPLES[name]])).toEqual(kebab);
    if (kebab.kind === 'run') expect(kebab.values).toHaveProperty(name);
  });

  it('returns the version and the help as values, whatever else is on the line', () => {
    expect(parseFlags(['--version'])).toEqual({ kind: 'version' });
    expect(parseFlags(['-v'])).toEqual({ kind: 'version' });
    expect(parseFlags(['--port', 'none', '-h']).kind).toBe('help');
  });

  it.each([
    [['--prot', '80'], 'unknown flag --prot; did you mean --port?'],
    [['--streamableHtpPath=/x'], 'unknown flag --streamableHtpPath; did you mean --streamable-http-path?'],
    [['--frobnicate'], 'unknown flag --frobnicate; mcp-bridge --help lists all'],
    [['--lazy=true'], '--lazy takes no value'],
    [['--port'], '--port needs a value: expected a port from 0 to 65535'],
    [['--port='], '--port needs a value: expected a port from 0 to 65535'],
    [['--port', '--host', 'x'], '--port needs a value: expected a port from 0 to 65535'],
    [['--port', '65536'], '--port: expected a port from 0 to 65535, got "65536"'],
    [['--ssePath', 'sse'], '--sse-path: expected a path that starts with /, got "sse"'],
    [['--protocol', '2025-06-18'], '--protocol: expected auto, 2025 or 2026, got "2025-06-18"'],
    [['--isolation', 'constructor'], '--isolation: expected auto, shared or session, got "constructor"'],
    [['--output-transport', 'ws'], '--output-transport: expected streamableHttp, sse, stdio or all, got "ws"'],
    [['--max-sessions', '0'], '--max-sessions: expected a whole number from 1, got "0"'],
    [['--allow'], '--allow needs a value: expected a text that is not empty'],
    [['--env', '=x'], '--env: expected KEY=VALUE, or KEY to pass on a variable, got "=x"'],
    [
      ['--cors', 'example.com'],
      '--cors: expected an origin such as https://app.example.com, * for any or loopback, got "example.com"',
    ],
    [['--named-server', 'files'], '--named-server takes two values: --named-server files "npx -y some-server"'],
    [['--'], '-- needs a command after it: mcp-bridge -- npx -y some-server'],
    [['--stateful'], '--stateful: sessions are always on; drop the flag'],
    [['--auth', 'basic'], '--auth: expected auto, oauth, token, external or none, got "basic"'],
    [
      ['--token', 'short-secret'],
      '--token: expected a token of at least 16 letters, digits and -._~+/, got something else',
    ],
    [['--port', '80', 'pair'], 'pair has to stand first, before all flags: mcp-bridge pair --help'],
  ])('refuses %j', (argv, message) => {
    expect(refusal(argv)).toBe(message);
  });

  it.each([
    'https://bridge.example.com/mcp',
    'https://bridge.example.com/?a=b',
    'https://bridge.example.com?',
    'https://bridge.example.com/#',
    'https://me@bridge.example.com',
    'https://bridge.example.com\\\\mcp',
    'https://',
    'https:bridge.example.com',
    'bridge.example.com',
    'wss://bridge.example.com',
  ])('refuses %j as a public URL', (text) => {
    expect(refusal(['--public-url', text])).toBe(
      `--public-url: expected an address without a path, such as https://bridge.example.com, got ${JSON.stringify(text)}`,
    );
  });

  it.each(['http://issuer.example.com', 'https://issuer.example.com/#x', 'https://a:b@issuer.example.com', 'issuer'])(
    'refuses %j as an issuer',
    (text) => {
      expect(refusal(['--issuer', text])).toMatch(/^--issuer: expected an https URL \(http only on this machine\)/);
    },
  );

  it.each(['with spaces in between', 'umlauts-in-a-t\u00f6ken', 'fifteen-letters', '=================='])(
    'refuses %j as a token, without showing it',
    (text) => {
      const message = refusal(['--token', text]);
      expect(message).toMatch(/^--token: expected a token of at least 16 /);
      expect(message).not.toContain(text);
    },
  );

  it('takes what stands after -- for a command even when it is called as a subcommand is', () => {
    expect(run('--', 'pair', '--help')).toEqual({ values: {}, command: ['pair', '--help'] });
  });

  it('offers the subcommand that a stray word may have been meant for', () => {
    expect(refusal(['piar'])).toContain('unexpected argument piar; did you mean pair?');
    expect(refusal(['grant', 'ls'])).toContain('unexpected argument grant; did you mean grants?');
  });

  it.each(['1d', '-5', '5 m x', 'abc', '0', '25h30m', '600h'])('refuses %j as a duration', (text) => {
    expect(refusal([`--start-timeout=${text}`])).toMatch(
      /^--start-timeout: expected a duration such as 500ms, .*, got "/,
    );
  });

  it.each(['1TB', '0', '1e6', '600MB', '1constructor'])('refuses %j as a size', (text) => {
    expect(refusal(['--max-message', text])).toMatch(/^--max-message: expected a size such as 64kb, .*, got "/);
  });

  it('says that a URL is no command, without repeating it', () => {
    expect(refusal(['https://example.com/mcp?key=secret'])).toBe(
      'servers behind a URL are not bridged yet; give a command with --stdio',
    );
  });

  it.each([
    ['npx', '-y', 'some-server'],
    ['--stdio', 'npx', '-y', 'some-server'],
    ['--port', '80', 'npx'],
  ])('tells how to write a command when it stands on the line as it is: %s %s %s', (...argv) => {
    expect(refusal(argv)).toContain('one quoted argument (--stdio "npx -y some-server") or stands after --');
  });

  it.each([
    '--sse',
    '--streamableHttp',
    '--stateful',
    '--baseUrl',
    '--header',
    '--oauth2Bearer',
    '--protocolVersion',
    '--protocol-version',
  ])('says what to do instead of %s, which supergateway has', (flag) => {
    const message = refusal([flag, 'x']);
    expect(message.startsWith(`${flag}: `)).toBe(true);
    expect(message).toMatch(/drop the flag|--stdio|--env/);
  });
});

describe('--help', () => {
  const help = parseFlags(['--help']);
  const text = help.kind === 'help' ? help.text : '';

  it.each(flagRows())('shows --%s in kebab-case', (name) => {
    expect(text).toMatch(new RegExp(`^  (?:-\\w, )?${flagOf(name)}(?: |$)`, 'm'));
  });

  it('is grouped, has examples and fits into 100 columns', () => {
    for (const heading of ['Servers:', 'Tools:', 'Serving:', 'Access:', 'Output:', 'Commands:', 'Examples:'])
      expect(text).toContain(`\n${heading}\n`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('shows the values as they are written, not how they are parsed', () => {
    expect(text).toContain('--stdio [NAME=]COMMAND ');
    expect(text).toContain('--named-server NAME COMMAND ');
    expect(text).not.toContain('preset');
  });
});

function run(...argv: string[]) {
  const flags = parseFlags(argv);
  if (flags.kind !== 'run') throw new Error(`parsed as ${flags.kind}`);
  const { values, command } = flags;
  return { values, command };
}

function entry(name: string, value?: string) {
  return { name, value };
}

/** The message of the `USAGE` error, which must be one line. */
function refusal(argv: string[]): string {
  try {
    parseFlags(argv);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    expect(error.code).toBe('USAGE');
    expect(error.message).not.toContain('\n');
    return error.message;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
}
