import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CLI, startBridge } from '../support/bridge.ts';
import { connectHttp, type Peer } from '../support/clients.ts';
import { toolNames } from '../support/tool-names.ts';
import { temporaryFolder } from './temporary-folder.ts';

const HOME = fileURLToPath(new URL('../fixtures/clients/home', import.meta.url));
const PROJECT = fileURLToPath(new URL('../fixtures/clients/project', import.meta.url));

/** What the clients' files refer to. */
const VARIABLES = {
  CURSOR_KEY: "Cursor's",
  SURF_TOKEN: "Windsurf's",
  DOCS_KEY: "Codex's",
  // VS Code asks for it, as `perplexity-key`.
  INPUT_PERPLEXITY_KEY: "VS Code's",
};

/** A file in its client's format, the tools that are then served, and what its server `env` finds in its environment. */
interface Case {
  readonly client: string;
  readonly file: string;
  readonly tools: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly leftOut: readonly string[];
}

const CASES: readonly Case[] = [
  {
    client: 'Claude Desktop',
    file: join(HOME, '.config/Claude/claude_desktop_config.json'),
    tools: ['echo__echo', 'Text_Tools__length_6744528ddeb7cfe8'],
    env: { API_KEY: "nobody's key" },
    leftOut: [],
  },
  {
    client: 'Claude Code',
    file: join(HOME, '.claude.json'),
    tools: ['echo', 'env'],
    env: { NOTES: '/tmp/notes' },
    leftOut: ['sentry'],
  },
  {
    client: 'Claude Code, of a project',
    file: join(PROJECT, '.mcp.json'),
    tools: ['echo', 'env'],
    env: { CACHE: '.cache' },
    leftOut: [],
  },
  {
    client: 'Cursor',
    file: join(PROJECT, '.cursor/mcp.json'),
    tools: ['echo', 'env'],
    env: { API_KEY: "Cursor's", NAME: 'project', LOG_LEVEL: 'debug' },
    leftOut: ['linear'],
  },
  {
    client: 'VS Code',
    file: join(PROJECT, '.vscode/mcp.json'),
    tools: ['echo', 'env'],
    env: { PORT: '9000', LOG_LEVEL: 'debug' },
    leftOut: ['github'],
  },
  {
    client: 'VS Code, of a user',
    file: join(HOME, '.config/Code/User/mcp.json'),
    tools: ['echo', 'env'],
    env: { PERPLEXITY_API_KEY: "VS Code's" },
    leftOut: [],
  },
  {
    client: 'Codex',
    file: join(HOME, '.codex/config.toml'),
    tools: ['echo', 'env'],
    env: { MODE: 'docs', DOCS_KEY: "Codex's" },
    leftOut: ['figma'],
  },
  {
    client: 'Windsurf',
    file: join(HOME, '.codeium/windsurf/mcp_config.json'),
    tools: ['echo', 'env'],
    env: { TOKEN: "Windsurf's" },
    leftOut: ['zapier'],
  },
];

describe('--config', () => {
  it.each(CASES)('runs the file of $client as it is', async ({ file, tools, env, leftOut }) => {
    await using bridge = await startBridge(['--config', file], { cwd: PROJECT, env: VARIABLES });
    await using peer = await connectHttp(bridge.url);
    const served = await toolNames(peer, tools);
    expect(served).not.toContain(tools[0]?.replace('echo', 'big'));

    const [first = ''] = tools;
    const echo = first.replace(/[a-z]+$/, 'echo');
    expect(await call(peer, echo, { message: 'hello' })).toEqual({ message: 'hello' });
    expect(await call(peer, echo.replace(/echo$/, 'env'))).toMatchObject(env);
    for (const name of leftOut)
      expect(bridge.stderr()).toContain(`remote servers are not bridged yet; \`${name}\` is left out`);
  });
});

// Claude Desktop and VS Code have other folders elsewhere; which ones is said in test/commands/import-files.test.ts.
describe.skipIf(process.platform !== 'linux')('mcp-bridge import', () => {
  it('finds the servers of all clients, and what it writes is served', async () => {
    await using folder = await temporaryFolder();
    const output = join(folder.path, 'mcp-bridge.json');
    const said = await runImport('claude', 'cursor', 'vscode', 'codex', 'windsurf', '--output', output);
    for (const { file } of CASES) expect(said).toContain(`, ${file}\n`);
    expect(said).toContain(
      '\nSet first: CURSOR_KEY, INPUT_PERPLEXITY_KEY (Perplexity API Key), DOCS_KEY, OTHER_KEY, SURF_TOKEN\n',
    );
    expect(said).not.toContain("nobody's key");
    expect(await readFile(output, 'utf8')).toContain("nobody's key");
    expect((await stat(output)).mode & 0o777).toBe(0o600);

    await using bridge = await startBridge(['--config', output], { env: VARIABLES });
    await using peer = await connectHttp(bridge.url);
    const names = ['echo', 'notes', 'shared', 'tools', 'uiTesting', 'perplexity', 'docs', 'surf'].map(
      (name) => `${name}__echo`,
    );
    const served = await toolNames(peer, [...names, 'Text-Tools__length', 'tools-2__pid']);
    expect(new Set(served.map((name) => name.split('__')[0])).size).toBe(names.length + 2);
    expect(await call(peer, 'tools__env')).toMatchObject({ API_KEY: "Cursor's", NAME: 'project', LOG_LEVEL: 'debug' });
    expect(await call(peer, 'perplexity__env')).toMatchObject({ PERPLEXITY_API_KEY: "VS Code's" });
    expect(await call(peer, 'uiTesting__env')).toMatchObject({ PORT: '9000', LOG_LEVEL: 'debug' });
  });

  it('says which clients there are, where it was told none and nobody can be asked', async () => {
    const failure = await runImport().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('Claude Desktop, '),
      stderr: 'mcp-bridge: say whose servers are meant: mcp-bridge import claude cursor vscode codex windsurf\n',
    });
  });
});

async function call({ client }: Peer, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  return (await client.callTool({ name, arguments: args })).structuredContent;
}

/** Runs the command in the project, for a user whose home folder this is; resolves with what it says. */
async function runImport(...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'import', ...args], { cwd: PROJECT, env });
  return stdout;
}
