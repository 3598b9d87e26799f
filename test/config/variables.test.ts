// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { homedir } from 'node:os';
import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { substitute } from '../../src/config/variables.ts';

const scope = {
  env: { TOKEN: 'secret', EMPTY: '', 'ProgramFiles(x86)': 'C:\\x86' },
  folder: '/home/me/project',
  where: 'mcp.json: mcpServers.search.env.KEY',
};

describe('substitute', () => {
  it.each([
    ['nothing to do, $TOKEN included', 'nothing to do, $TOKEN included'],
    ['Bearer ${TOKEN}', 'Bearer secret'],
    ['${env:TOKEN}${TOKEN}', 'secretsecret'],
    ['${env:ProgramFiles(x86)}', 'C:\\x86'],
    ['${TOKEN:-other}', 'secret'],
    ['${MISSING:-other}', 'other'],
    ['${env:MISSING:-other}', 'other'],
    ['${MISSING:-}', ''],
    ['${EMPTY}', ''],
    ['${EMPTY:-other}', 'other'],
    ['${MISSING:-http://localhost:1/a-b}', 'http://localhost:1/a-b'],
    ['${workspaceFolder}/src', '/home/me/project/src'],
    ['${workspaceFolderBasename}', 'project'],
    ['${userHome}', homedir()],
    ['a${/}b${pathSeparator}c', `a${sep}b${sep}c`],
    ['$${TOKEN} costs $$5', '${TOKEN} costs $$5'],
  ])('makes %j into %j', (text, result) => {
    expect(substitute(text, scope)).toBe(result);
  });

  it('does not look for variables in what it put in', () => {
    expect(substitute('${TOKEN}', { ...scope, env: { TOKEN: '${OTHER}' } })).toBe('${OTHER}');
  });

  it('names file, server, field and variable when one is not set', () => {
    expect(() => substitute('${SEARCH_TOKEN}', scope)).toThrow(
      'mcp.json: mcpServers.search.env.KEY: the variable SEARCH_TOKEN is not set; set it or write ${SEARCH_TOKEN:-default}',
    );
  });

  it('says that an input of VS Code cannot be asked for', () => {
    expect(() => substitute('${input:api-key}', scope)).toThrow(
      /^mcp\.json: .*: \$\{input:api-key\} is asked for by an editor/,
    );
  });

  it.each(['${command:pick}', '${A:-${TOKEN}}', '${}', '${A B}', '${constructor:x}'])('refuses %s', (text) => {
    expect(() => substitute(text, scope)).toThrow(/^mcp\.json: .* is not supported; known are /);
  });
});
