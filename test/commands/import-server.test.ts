// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { readServer } from '../../src/commands/import/read-server.ts';

describe('a server of a client', () => {
  it.each([
    ['nothing but a command', { command: 'x' }, { command: 'x' }],
    ['empty lists', { type: 'stdio', command: 'x', args: [], env: {}, disabled: false }, { command: 'x' }],
    [
      'VS Code’s keys',
      {
        ...{ type: 'stdio', command: 'x', args: ['a'], cwd: '${workspaceFolder}', envFile: '.env', gallery: true },
        ...{ env: { PORT: 80, DISPLAY: null }, dev: { watch: '*' }, sandboxEnabled: true, version: '1' },
      },
      { command: 'x', args: ['a'], cwd: '${workspaceFolder}', envFile: '.env', env: { PORT: '80' } },
    ],
    [
      'Codex’s keys',
      {
        ...{ command: 'x', env_vars: ['A', { name: 'B', source: 'local' }], startup_timeout_sec: 20.5, required: true },
        ...{ tool_timeout_sec: 90, enabled_tools: ['a', 'b'], disabled_tools: ['b'], tools: { a: {} } },
      },
      {
        ...{ command: 'x', env_vars: ['A', 'B'], startTimeout: 20_500, callTimeout: 90_000 },
        tools: { allow: ['a', 'b'], deny: ['b'] },
      },
    ],
    [
      'Windsurf’s keys',
      { command: 'x', disabledTools: ['a'], alwaysAllow: ['b'] },
      { command: 'x', tools: { deny: ['a'] } },
    ],
    ['no tools at all', { command: 'x', enabled_tools: [] }, { command: 'x', tools: { deny: ['*'] } }],
    [
      'variables',
      { command: '${env:A}', args: ['${B:-c}', '$${input:d}', '${env:file}', '${file:-x}', '${input:-x}'] },
      { command: '${env:A}', args: ['${B:-c}', '$${input:d}', '${env:file}', '${file:-x}', '${input:-x}'] },
    ],
    [
      'what VS Code asks for',
      {
        ...{ command: '${input:program}', args: ['--key=${input:api-key}'], env: { A: 'a ${input:apiKey}' } },
        ...{ cwd: '${input:2nd.folder}', envFile: '${input:env file}/.env' },
      },
      {
        ...{ command: '${INPUT_PROGRAM}', args: ['--key=${INPUT_API_KEY}'], env: { A: 'a ${INPUT_API_KEY}' } },
        ...{ cwd: '${INPUT_2ND_FOLDER}', envFile: '${INPUT_ENV_FILE}/.env' },
      },
    ],
    [
      'a name like the bridge’s',
      { command: 'npx', args: ['@acme/bridge-mcp'] },
      { command: 'npx', args: ['@acme/bridge-mcp'] },
    ],
    [
      'the bridge’s folder',
      { command: 'npx', args: ['fs', '/x/mcp-bridge'] },
      { command: 'npx', args: ['fs', '/x/mcp-bridge'] },
    ],
  ])('is written in the bridge’s words: %s', (_what, given, entry) => {
    expect(readServer('files', given)).toEqual({ entry });
    // What is written can be read, and says the same.
    expect(readServer('files', entry)).toEqual({ entry });
  });

  it.each([
    [{ url: 'https://h.example/mcp' }, 'behind a URL'],
    [{ serverUrl: 'https://h.example/mcp' }, 'behind a URL'],
    [{ command: 'x', disabled: true }, 'switched off'],
    [{ command: 'x', enabled: false }, 'switched off'],
    [{ args: [] }, 'command: missing; expected a text that is not empty'],
    // What was given may be a secret.
    [{ command: 'x', args: '--token sk' }, 'args: expected a list'],
    [{ command: 'x', env: 'TOKEN=sk' }, 'env: expected an object'],
    [{ command: 'x', env: { A: '${A:-sk-${B}}' } }, /^env\.A: \$\{A:-\.\.\.\} is not supported/],
    [{ command: 'x', shell: 'perhaps' }, 'shell: expected true or false, got "perhaps"'],
    [{ command: 'x', arg: ['a'] }, 'arg: unknown key; did you mean args?'],
    ['x', 'expected an object'],
    [null, 'expected an object'],
    [{ command: 'x', env: { KEY: '${fileDirname}' } }, /^env\.KEY: \$\{fileDirname\} is known to an editor only/],
    [{ command: 'x', args: ['a', '${file}'] }, /^args\[1\]: \$\{file\} is known to an editor only/],
    [{ command: 'x', cwd: '${selectedText}' }, /^cwd: \$\{selectedText\} is known to an editor only/],
    [{ command: 'x', args: ['${config:a.b}'] }, /^args\[0\]: \$\{config:a\.b\} is not supported/],
    [{ command: 'x', args: ['${input:ключ}'] }, /^args\[0\]: \$\{input:ключ\} is not supported/],
    [{ command: '${command:pick}' }, /^command: \$\{command:pick\} is not supported/],
    [{ command: 'x', envFile: '${file:/k}' }, /^envFile: \$\{file:\/k\} is not supported/],
    [{ command: 'mcp-bridge', args: ['--output-transport', 'stdio'] }, /^it is a bridge itself/],
    [{ command: 'npx', args: ['-y', 'mcp-bridge@latest', '--config', 'x.json'] }, /^it is a bridge itself/],
    [{ command: 'node', args: ['/x/mcp-bridge/dist/cli.js'] }, /^it is a bridge itself/],
    [{ command: 'C:\\bin\\mcp-bridge.cmd' }, /^it is a bridge itself/],
  ])('is left out, and it is said why: %j', (given, reason) => {
    const leftOut = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(readServer('files.x', given)).toEqual({ leftOut });
  });
});
