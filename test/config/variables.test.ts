// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { homedir } from 'node:os';
import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { substitute, unsetVariables, variableOfInput } from '../../src/config/variables.ts';

const scope = {
  env: { TOKEN: 'secret', INPUT_TOKEN: 'typed', EMPTY: '', 'ProgramFiles(x86)': 'C:\\x86' },
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
    ['${input:token}', 'typed'],
    ['${input:-other}', 'other'],
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

  it('says of an input of VS Code which variable stands for it', () => {
    expect(() => substitute('Bearer ${input:api-key}', scope)).toThrow(
      /^mcp\.json: mcpServers\.search\.env\.KEY: the variable INPUT_API_KEY is not set; set it to what an editor would ask for as \$\{input:api-key\}$/,
    );
  });

  it.each(['${command:pick}', '${config:a.b}', '${A:-${TOKEN}}', '${}', '${A B}', '${constructor:x}', '${input:}'])(
    'refuses %s',
    (text) => {
      expect(() => substitute(text, scope)).toThrow(/^mcp\.json: .* is not supported; known are /);
    },
  );

  it.each(['file', 'fileDirname', 'relativeFile', 'selectedText', 'lineNumber', 'cwd', 'execPath'])(
    'refuses ${%s}, which an editor alone knows, but no variable of that name',
    (name) => {
      const set = { ...scope, env: { [name]: 'set' } };
      expect(() => substitute(`\${${name}}`, set)).toThrow(
        `mcp.json: mcpServers.search.env.KEY: \${${name}} is known to an editor only; for a variable of that name write \${env:${name}}`,
      );
      expect(substitute(`\${env:${name}} \${${name}:-default}`, set)).toBe('set set');
    },
  );
});

describe('an input of VS Code', () => {
  it.each([
    ['token', 'INPUT_TOKEN'],
    ['perplexity-key', 'INPUT_PERPLEXITY_KEY'],
    ['API_KEY', 'INPUT_API_KEY'],
    ['myApiKey', 'INPUT_MY_API_KEY'],
    ['github.com/token', 'INPUT_GITHUB_COM_TOKEN'],
    ['2nd key', 'INPUT_2ND_KEY'],
    ['(key)', 'INPUT_KEY'],
    ['ключ', undefined],
    ['', undefined],
  ])('%j is the variable %s', (id, name) => {
    expect(variableOfInput(id)).toBe(name);
  });
});

describe('unset variables', () => {
  it.each([
    ['${TOKEN} ${EMPTY}', []],
    ['${A}${env:B} ${input:c-d}', ['A', 'B', 'INPUT_C_D']],
    ['${A:-} ${env:B:-x}', []],
    ['$${A} $A ${workspaceFolder}${/}${userHome}', []],
    ['${command:pick}', []],
  ])('in %j are %j', (text, names) => {
    expect(unsetVariables(text, scope.env)).toEqual(names);
  });
});
