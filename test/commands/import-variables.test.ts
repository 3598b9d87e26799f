// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeUser } from './import-user.ts';

const INPUTS = [
  { type: 'promptString', id: 'api-key', description: 'The\u001bkey', password: true },
  { type: 'pickString', id: 'region', description: 'Region', options: ['eu', 'us'], default: 'eu' },
  { type: 'promptString', id: 'greeting', default: 'Hi ${userName}' },
  { type: 'promptString', id: 'unused', description: 'Of no server' },
  'not an input',
];

describe('what VS Code asks for', () => {
  it.each([
    ['its file', 'project/.vscode/mcp.json', (servers: object) => ({ inputs: INPUTS, servers })],
    [
      'its settings',
      'home/.config/Code/User/settings.json',
      (servers: object) => ({ mcp: { inputs: INPUTS, servers } }),
    ],
  ])('becomes variables, which are named: in %s', async (_what, path, content) => {
    const env = { KEY: '${input:api-key}', WHERE: '${input:region}', OTHER: '${input:greeting} ${input:other}' };
    const { run, config } = await makeUser({ [path]: content({ a: { command: 'x', env } }) });
    const said = await run({ clients: ['vscode'] });
    expect(said).toContain('\n   ✓ a  x\n');
    expect(said).toMatch(/\nSet first: INPUT_API_KEY \(The key\), INPUT_GREETING, INPUT_OTHER\nNext: mcp-bridge\n$/);
    expect((await config()).mcpServers.a).toEqual({
      command: 'x',
      env: { KEY: '${INPUT_API_KEY}', WHERE: '${INPUT_REGION:-eu}', OTHER: '${INPUT_GREETING} ${INPUT_OTHER}' },
    });
  });

  it('is not named when it is set', async () => {
    const servers = { a: { command: 'x', env: { KEY: '${input:api-key}' } } };
    const { run } = await makeUser({ 'project/.vscode/mcp.json': { inputs: INPUTS, servers } });
    expect(await run({ clients: ['vscode'], env: { INPUT_API_KEY: 'x' } })).not.toContain('Set first');
  });

  it.each([[undefined], [null], [{}], [[null, 1, {}, { id: 1 }]]])(
    'becomes variables also where nothing is said of it: %j',
    async (inputs) => {
      const servers = { a: { command: 'x', args: ['${input:api-key}'] } };
      const { run, config } = await makeUser({ 'project/.vscode/mcp.json': { inputs, servers } });
      expect(await run({ clients: ['vscode'] })).toContain('\nSet first: INPUT_API_KEY\n');
      expect((await config()).mcpServers.a).toEqual({ command: 'x', args: ['${INPUT_API_KEY}'] });
    },
  );
});

describe('variables of the servers', () => {
  const servers = {
    a: { command: '${PROGRAM}', args: ['${A:-x}', '$${B}', '${workspaceFolder}'], env: { C: '${C} ${env:D}' } },
    b: { command: 'b', args: ['${C}'], cwd: '${E}', env_vars: ['F', 'D'] },
  };

  it('are named, each once, when they are not set', async () => {
    const { run } = await makeUser({ 'project/.mcp.json': { mcpServers: servers } });
    expect(await run({ clients: ['claude'], env: { D: '' } })).toContain('\nSet first: PROGRAM, C, E, F\nNext: ');
    const said = await run({ clients: ['claude'], json: true, force: true });
    expect(JSON.parse(said)).toMatchObject({ unset: ['PROGRAM', 'C', 'D', 'E', 'F'] });
  });

  it('of those only that were chosen', async () => {
    const { run } = await makeUser({ 'project/.mcp.json': { mcpServers: servers } });
    expect(await run({}, '2\n')).toContain('\nSet first: C, E, F, D\n');
  });
});

describe('files of variables', () => {
  const servers = {
    a: { command: 'a', envFile: '.env' },
    b: { command: 'b', envFile: '${workspaceFolder}/there.env' },
    c: { command: 'c', envFile: '${FOLDER}/.env' },
  };

  it.each([
    ['in the project', undefined],
    ['elsewhere', '../elsewhere.json'],
  ])('are named when they are missing, for a config file %s', async (_where, output) => {
    const { cwd, run } = await makeUser({ 'project/.mcp.json': { mcpServers: servers }, 'project/there.env': '' });
    const said = await run({ clients: ['claude'], output });
    expect(said).toContain(`\nSet first: FOLDER\nMissing: ${cwd}/.env\nNext: `);
    await writeFile(join(cwd, '.env'), '');
    expect(await run({ clients: ['claude'], output, force: true })).not.toContain('Missing');
    const json = await run({ clients: ['claude'], env: { FOLDER: '/no-such' }, json: true, dryRun: true });
    expect(JSON.parse(json)).toMatchObject({ unset: [], missing: ['/no-such/.env'] });
  });
});
