import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/config/flags.ts';

const LS = { kind: 'ls', all: false };
const NO_FLAGS = { values: {}, command: [] };
const TOOLS = { kind: 'tools', action: LS, view: undefined, json: false, flags: NO_FLAGS };

describe('the subcommand tools', () => {
  it.each([
    [['tools'], TOOLS],
    [['tools', 'ls'], TOOLS],
    [['tools', '--json', '--all'], { ...TOOLS, json: true, action: { kind: 'ls', all: true } }],
    [['tools', 'ls', '--view', 'v'], { ...TOOLS, view: 'v' }],
    [['tools', 'show', 'a'], { ...TOOLS, action: { kind: 'show', name: 'a' } }],
    [['tools', 'call', 'a'], { ...TOOLS, action: { kind: 'call', name: 'a', args: undefined } }],
    [['tools', 'call', 'a', '{"b":1}'], { ...TOOLS, action: { kind: 'call', name: 'a', args: '{"b":1}' } }],
    [['tools', 'call', 'a', '-'], { ...TOOLS, action: { kind: 'call', name: 'a', args: '-' } }],
    [['tools', '--', 'npx', '--json'], { ...TOOLS, flags: { values: {}, command: ['npx', '--json'] } }],
    [
      ['tools', 'call', 'a', '--read-only', '--', 'npx', 's'],
      {
        ...TOOLS,
        action: { kind: 'call', name: 'a', args: undefined },
        flags: { values: { readOnly: true }, command: ['npx', 's'] },
      },
    ],
    [
      ['tools', '--stdio', 'npx s', '-c', 'f', '--allow', 'a,b', '--state-folder', 's'],
      {
        ...TOOLS,
        flags: { values: { stdio: ['npx s'], config: 'f', allow: ['a', 'b'], stateFolder: 's' }, command: [] },
      },
    ],
  ])('is read: %j', (argv, expected) => {
    expect(parseFlags(argv, {})).toEqual(expected);
  });

  it('takes its state folder from the environment, too, and leaves the rest of it to the settings', () => {
    const env = { MCP_BRIDGE_STATE_FOLDER: '/there', MCP_BRIDGE_CONFIG: 'f', MCP_BRIDGE_PORT: 'none' };
    expect(parseFlags(['tools'], env)).toHaveProperty('flags.values', { stateFolder: '/there' });
  });

  it.each([
    [['tools', 'shw'], 'unknown command tools shw; did you mean show?'],
    [['tools', 'ls', 'a'], 'tools ls takes no arguments, got a; mcp-bridge tools ls --help shows its flags'],
    [['tools', 'show'], 'tools show needs a NAME; mcp-bridge tools lists them'],
    [['tools', 'call'], 'tools call needs a NAME; mcp-bridge tools lists them'],
    [['tools', 'show', 'a', '{}'], /^tools show: unexpected argument \{\}; /],
    [['tools', 'call', 'a', '{"b":', '1}'], /^tools call: unexpected argument 1\}; JSON is one quoted argument/],
    [['tools', '--'], /^-- needs a command after it/],
    [['tools', '--port', '1'], /^unknown flag --port; /],
    [['tools', '--tunnel'], /^unknown flag --tunnel; /],
    [['tools', '--stdio'], /^--stdio needs a value/],
    [['tools', '--view'], /^--view needs a value/],
  ])('is refused: %j', (argv, message) => {
    const expected = { code: 'USAGE', message: typeof message === 'string' ? message : expect.stringMatching(message) };
    expect(() => parseFlags(argv, {})).toThrow(expect.objectContaining(expected));
  });

  it.each([
    [
      ['tools', '--help'],
      ['Usage: mcp-bridge tools COMMAND [flags]', 'tools ls ', 'tools show NAME ', 'tools call NAME [JSON] '],
    ],
    [
      ['tools', 'ls', '-h'],
      ['Usage: mcp-bridge tools ls [flags]', '--all', 'Servers:\n  --stdio', 'Tools:\n  --allow'],
    ],
    [
      ['tools', 'call', '-h'],
      ['Usage: mcp-bridge tools call NAME [JSON] [flags]', '--view NAME', '--config FILE'],
    ],
  ])('explains itself: %j', (argv, parts) => {
    const help = parseFlags(argv, {});
    for (const part of parts) expect(help).toHaveProperty('text', expect.stringContaining(part));
    expect(help).not.toHaveProperty('text', expect.stringContaining('--port'));
  });
});
