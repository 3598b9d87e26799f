// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../src/commands/import/values.ts';
import { makeUser } from './import-user.ts';

const SERVER = {
  command: 'x',
  args: ['serve', '--api-key', 'sk-1', '--token=sk-2', '--token', '${TOKEN}', 'postgres://me:sk-3@host/db'],
  env: {
    PLAIN: 'sk-4',
    URL: 'postgres://me:sk-5@${DBHOST}/x',
    USUAL: '${TOK:-sk-6}',
    NAMES: '${A}${env:B}',
    ESCAPED: '$${sk-7}',
    EMPTY: '',
  },
};

describe('import shows no secrets', () => {
  it.each([
    ['in what it lists and says', {}],
    ['in what it would write', { dryRun: true }],
    ['to programs', { json: true }],
  ])('%s', async (_what, options) => {
    const { run, config } = await makeUser({ 'project/.mcp.json': { mcpServers: { a: SERVER } } });
    expect(await run({ clients: ['claude'], ...options })).not.toContain('sk-');
    if (!('dryRun' in options)) expect((await config()).mcpServers).toEqual({ a: SERVER });
  });

  it('and shows the rest', async () => {
    const { run } = await makeUser({ 'project/.mcp.json': { mcpServers: { a: SERVER } } });
    const said = await run({ clients: ['claude'], dryRun: true });
    expect(said).toContain('  x serve --api-key ... --token=... --token ${TOKEN} postgres://me:...@host/db\n');
    expect(JSON.parse(said.slice(said.indexOf('\n{'))).mcpServers.a).toEqual({
      command: 'x',
      args: ['serve', '--api-key', '...', '--token=...', '--token', '${TOKEN}', 'postgres://me:...@host/db'],
      env: { PLAIN: '...', URL: '...', USUAL: '...', NAMES: '${A}${env:B}', ESCAPED: '...', EMPTY: '' },
    });
  });

  it('and names their places', async () => {
    const { run } = await makeUser({ 'project/.mcp.json': { mcpServers: { a: SERVER } } });
    expect(await run({ clients: ['claude'] })).toContain(
      'keep it to yourself: a.PLAIN, a.URL, a.USUAL, a.ESCAPED, a.args[2], a.args[3], a.args[6]\n',
    );
  });
});

describe('an argument', () => {
  it.each([
    ['--apiKey=sk'],
    ['--auth', 'sk'],
    ['-token', 'sk'],
    ['--client-secret', 'sk'],
    ['--password', '${A:-sk}'],
    ['--pwd', '${USER}sk'],
    ['run', '-e', 'GITHUB_TOKEN=sk', 'image'],
    ['--header', 'Authorization: Bearer sk'],
    ['--header=X-API-Key:sk'],
    ['https://h.example/mcp?api_key=sk&x=1'],
    ['{"apiKey":"sk"}'],
  ])('that is called a secret is hidden: %s', (...args) => {
    const shown = withoutSecrets(args).join(' ');
    expect(shown).not.toContain('sk');
    expect(shown).toContain('...');
  });

  it.each([
    ['--token', '--verbose'],
    ['--key-file', '/keys/a.pem'],
    ['-e', 'GITHUB_TOKEN', 'ghcr.io/acme/server:1'],
    ['--port=80', '--keyboard=us', 'C:\\x', 'https://h.example:80/a@b'],
    ['--token=${TOKEN}', '--key', '${env:KEY}', 'x://${USER}:${PASSWORD}@h'],
  ])('that is not called so is shown: %s', (...args) => {
    expect(withoutSecrets(args)).toEqual(args);
  });
});
