import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/config/flags.ts';

const NO_FOLDER = { stateFolder: undefined };
/** What doctor is told when it is told nothing. */
const DOCTOR = {
  ...{ kind: 'doctor', url: undefined, token: undefined, register: false, json: false, config: undefined },
  ...NO_FOLDER,
};
const IMPORT = { kind: 'import', clients: [], output: undefined, force: false, dryRun: false, json: false };
const NO_PLACE = { localPort: undefined, ...NO_FOLDER };

describe('a subcommand', () => {
  it.each([
    [['pair'], { kind: 'pair', localPort: undefined, ...NO_FOLDER }],
    [['pair', '--local-port', '8001', '--stateFolder=s'], { kind: 'pair', localPort: 8001, stateFolder: 's' }],
    [['connect', 'Claude-Code'], { kind: 'connect', client: 'claude-code', qr: false, json: false, ...NO_PLACE }],
    [['connect', 'vscode', '--json'], { kind: 'connect', client: 'vscode', qr: false, json: true, ...NO_PLACE }],
    [['grants', 'ls'], { kind: 'grants', action: { kind: 'ls', json: false }, ...NO_FOLDER }],
    [['grants', 'ls', '--json'], { kind: 'grants', action: { kind: 'ls', json: true }, ...NO_FOLDER }],
    [['grants', 'revoke', '--all'], { kind: 'grants', action: { kind: 'revoke', ids: 'all' }, ...NO_FOLDER }],
    [
      ['grants', 'revoke', 'a', '--state-folder', 's', 'b'],
      { kind: 'grants', action: { kind: 'revoke', ids: ['a', 'b'] }, stateFolder: 's' },
    ],
    [['grants', 'revoke', '--', '-a'], { kind: 'grants', action: { kind: 'revoke', ids: ['-a'] }, ...NO_FOLDER }],
    [['doctor'], DOCTOR],
    [
      ['doctor', 'HTTPS://h.example/mcp/', '--token', 't', '--register', '--json', '-c', 'f', '--state-folder', 's'],
      {
        ...{ ...DOCTOR, url: 'HTTPS://h.example/mcp/', token: 't', register: true },
        ...{ json: true, config: 'f', stateFolder: 's' },
      },
    ],
    [['import'], IMPORT],
    [
      ['import', 'Cursor', '--output', 'f', 'codex', '--force', '--dry-run', '--json'],
      { kind: 'import', clients: ['cursor', 'codex'], output: 'f', force: true, dryRun: true, json: true },
    ],
    [['init'], { kind: 'init', output: undefined, force: false }],
    [['init', '--force', '--output=f'], { kind: 'init', output: 'f', force: true }],
  ])('is read: %j', (argv, expected) => {
    expect(parseFlags(argv, {})).toEqual(expected);
  });

  it.each([['pair'], ['grants', 'ls'], ['grants', 'revoke', 'a'], ['doctor']])(
    'takes its state folder from the environment too: %s %s %s',
    (...argv) => {
      // What is wrong with variables of the bridge is no concern of these.
      const env = { MCP_BRIDGE_STATE_FOLDER: '/there', MCP_BRIDGE_PORT: 'none' };
      expect(parseFlags(argv, env)).toHaveProperty('stateFolder', '/there');
      expect(parseFlags([...argv, '--state-folder', 'here'], env)).toHaveProperty('stateFolder', 'here');
    },
  );

  it('takes the local port from the environment too', () => {
    expect(parseFlags(['pair'], { MCP_BRIDGE_LOCAL_PORT: '9001' })).toHaveProperty('localPort', 9001);
  });

  it("takes the doctor's config file from the environment too, but no token: that is for whom it was made", () => {
    const env = { MCP_BRIDGE_CONFIG: 'f', MCP_BRIDGE_TOKEN: 'a-token-of-the-bridge' };
    expect(parseFlags(['doctor'], env)).toEqual({ ...DOCTOR, config: 'f' });
  });

  it.each([
    [['grants'], 'grants needs a command; expected ls or revoke'],
    [['grants', 'lst'], 'unknown command grants lst; did you mean ls?'],
    [['grants', 'frobnicate'], 'unknown command grants frobnicate; expected ls or revoke'],
    [['grants', '--json', 'ls'], 'unknown command grants --json; expected ls or revoke'],
    [['grants', 'ls', '--jsn'], 'unknown flag --jsn; did you mean --json?'],
    [['grants', 'ls', '--json=yes'], '--json takes no value'],
    [['grants', 'ls', 'a'], 'grants ls takes no arguments, got a; mcp-bridge grants ls --help shows its flags'],
    [['grants', 'revoke'], 'grants revoke needs an ID; mcp-bridge grants ls shows them, and --all revokes every one'],
    [['grants', 'revoke', '--all', 'a'], 'grants revoke takes either IDs or --all'],
    [['connect'], expect.stringMatching(/^connect needs a client: expected chatgpt, claude, .* or inspector$/)],
    [['connect', 'gpt'], expect.stringMatching(/^connect: expected chatgpt, .*, got "gpt"$/)],
    [['connect', 'codex', 'cursor'], 'connect takes one client, got codex and cursor'],
    [['pair', 'now'], 'pair takes no arguments, got now; mcp-bridge pair --help shows its flags'],
    [['pair', '--stdio', 'x'], 'unknown flag --stdio; mcp-bridge pair --help lists all'],
    [['pair', '-x'], 'unknown flag -x; mcp-bridge pair --help lists all'],
    [['pair', '--local-port', 'x'], '--local-port: expected a port from 0 to 65535, got "x"'],
    [['pair', '--state-folder'], '--state-folder needs a value: expected a text that is not empty'],
    [['doctor', 'a', 'b'], 'doctor takes one URL'],
    [['doctor', 'h.example'], 'doctor: expected a URL such as https://bridge.example.com/mcp, got "h.example"'],
    [
      ['doctor', 'ftp://h.example'],
      'doctor: expected a URL such as https://bridge.example.com/mcp, got "ftp://h.example"',
    ],
    [['doctor', '--token', 'a b'], '--token: expected a token without spaces, got something else'],
    [['doctor', '--jsn'], 'unknown flag --jsn; did you mean --json?'],
    [['import', 'cursr'], 'import: expected claude, cursor, vscode, codex or windsurf, got "cursr"'],
    [['import', '--output'], '--output needs a value: expected a text that is not empty'],
    [['init', 'here'], 'init takes no arguments, got here; mcp-bridge init --help shows its flags'],
    [['init', '--json'], 'unknown flag --json; mcp-bridge init --help lists all'],
  ])('is refused: %j', (argv, message) => {
    expect(() => parseFlags(argv, {})).toThrow(expect.objectContaining({ code: 'USAGE', message }));
  });

  it.each([
    [['pair'], ['Usage: mcp-bridge pair [flags]', '--state-folder FOLDER', '--local-port PORT']],
    [['grants'], ['Usage: mcp-bridge grants COMMAND [flags]', 'grants ls ', 'grants revoke ID... ']],
    [
      ['grants', 'ls'],
      ['Usage: mcp-bridge grants ls [flags]', '--json', '--state-folder FOLDER'],
    ],
    [
      ['grants', 'revoke'],
      ['Usage: mcp-bridge grants revoke ID... [flags]', '--all', '--state-folder FOLDER'],
    ],
    [
      ['doctor'],
      ['Usage: mcp-bridge doctor [URL] [flags]', '--token TEXT', '--register', '--json', '-c, --config FILE'],
    ],
    [
      ['import'],
      ['Usage: mcp-bridge import [CLIENT...] [flags]', 'claude, cursor', '--output FILE', '--force', '--dry-run'],
    ],
    [['init'], ['Usage: mcp-bridge init [flags]', '--output FILE', '--force']],
  ])('explains itself: %j', (argv, parts) => {
    for (const flag of ['--help', '-h']) {
      const help = parseFlags([...argv, flag], {});
      for (const part of parts) expect(help).toHaveProperty('text', expect.stringContaining(part));
    }
  });

  it("is listed in the bridge's own help", () => {
    const help = parseFlags(['--help']);
    for (const name of ['pair', 'grants ls', 'grants revoke ID...', 'doctor [URL]', 'import [CLIENT...]', 'init'])
      expect(help).toHaveProperty('text', expect.stringContaining(`\n  ${name} `));
  });
});
