import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../src/config/environment.ts';
import { flagOf, flagRows } from '../src/config/flag-table.ts';
import { parseFlags } from '../src/config/flags.ts';
import { resolveSettings } from '../src/config/resolve-settings.ts';
import { BRIDGE, SERVER } from '../src/config/shapes.ts';
import { splitCommand } from '../src/process/command-line.ts';
import { CLI, startBridge } from './support/bridge.ts';
import { connectHttp, connectStdio } from './support/clients.ts';
import { startCommand } from './support/command.ts';
import { toolNames } from './support/tool-names.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const README = await readFile(join(PROJECT, 'README.md'), 'utf8');
/** What the README's paths take for the reader's home folder. */
const HOME = '/home/me';
/** Where the README says the bridge is; the local app has the next port. */
const MCP_ORIGIN = 'http://127.0.0.1:8000';
const LOCAL_ORIGIN = 'http://127.0.0.1:8001';
const URLS = new RegExp(`(?:${MCP_ORIGIN}|${LOCAL_ORIGIN})/[\\w./-]*`, 'g');

const MIGRATION = /^## Coming from another bridge$[\s\S]*?(?=^## )/m;

/** A fenced block: its language, the word after that, and its text. */
interface Block {
  readonly kind: string;
  readonly text: string;
}

const BLOCKS = [...README.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', text = '']): Block => ({ kind, text }),
);
const [CONFIG] = textsOf('jsonc config');
const COMMANDS = [
  'pair',
  'connect',
  'grants ls',
  'grants revoke',
  'doctor',
  'tools ls',
  'tools call',
  'import',
  'init',
];
const FLAGS_OF_COMMANDS = flagsOfCommands();

describe.skipIf(process.platform === 'win32')('the README', () => {
  let clone: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    clone = await cloneProject();
    env = environmentIn(clone);
  });
  afterAll(() => rm(clone, { recursive: true, force: true }));

  it.each(textsOf('sh example'))('starts a bridge that lists tools: %s', async (command) => {
    await using bridge = await startCommand('/bin/sh', ['-c', command], { cwd: clone, env });
    await using peer = await connectHttp(bridge.url);
    expect((await peer.client.listTools()).tools).not.toEqual([]);
  });

  it('shows a client that lists tools', async () => {
    const [program = ''] = textsOf('js example');
    await using bridge = await startBridge([], { cwd: clone, env });
    await using peer = await connectHttp(bridge.url);
    await toolNames(peer, ['memory__read_graph']);
    const file = join(clone, 'example.mjs');
    await writeFile(file, program.replace(MCP_ORIGIN, bridge.origin));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: clone });
    expect(stdout).toContain('memory__read_graph');
  });

  it('shows how a desktop client starts the bridge', async () => {
    const configs = textsOf('json client').map((text) => JSON.parse(text.replaceAll(HOME, clone)));
    const commands = configs.map(({ mcpServers }) => mcpServers?.bridge).filter((entry) => entry?.command);
    expect(commands).toHaveLength(1);
    await using peer = await connectStdio({ ...commands[0], env });
    expect(await toolNames(peer, ['files__read_text_file'])).toContain('files__read_text_file');
  });

  it('names URLs that are served', async () => {
    await using bridge = await startBridge(['--health-endpoint', '/healthz'], { cwd: clone, env });
    const named = new Set(README.match(URLS));
    expect(named.size).toBeGreaterThan(5);
    for (const url of named) {
      const own = url.replace(MCP_ORIGIN, bridge.origin).replace(LOCAL_ORIGIN, bridge.localUrl ?? '');
      const served = own.replace('/NAME/', '/files/');
      const response = await fetch(served, { headers: { accept: 'text/event-stream' } });
      expect({ url, status: response.status }).not.toEqual({ url, status: 404 });
      await response.body?.cancel();
    }
  });
});

describe('the README', () => {
  it('shows config files that are understood without a warning', async () => {
    for (const text of textsOf('jsonc config')) {
      const { settings, warnings } = await resolve(text);
      expect(warnings).toEqual([]);
      expect(settings.upstreams.length).toBeGreaterThan(0);
    }
  });

  it('shows the help as it is', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, '--help']);
    expect(textsOf('text help')).toEqual([stdout]);
  });

  it('explains every key of the config file', () => {
    const [server = '', bridge = ''] = README.split('### Keys of `bridge`');
    expect(keysOf(SERVER).filter((key) => !server.includes(`\`${key}\``))).toEqual([]);
    expect(keysOf(BRIDGE).filter((key) => !bridge.includes(`\`${key}\``))).toEqual([]);
  });

  it('names every environment variable, and none that does not exist', () => {
    const variables = flagRows()
      .filter(([name, { takes }]) => (takes === 'one' || takes === 'switch') && name !== 'help' && name !== 'version')
      .map(([name]) => `MCP_BRIDGE_${flagOf(name).slice(2).replaceAll('-', '_').toUpperCase()}`);
    const named = README.match(/\bMCP_BRIDGE_[A-Z_]*[A-Z]/g) ?? [];
    expect([...new Set(named)].sort()).toEqual(variables.sort());
    expect(parseEnvironment(Object.fromEntries(named.map((name) => [name, '']))).warnings).toEqual([]);
  });

  it('names flags that exist, but for those of other programs', () => {
    const own = README.replace(MIGRATION, '').replaceAll(/^```sh$[\s\S]*?^```$/gm, '');
    expect(unknownFlags(own)).toEqual([]);
  });

  it('translates flags of other bridges into flags that exist', () => {
    const rows = [...(MIGRATION.exec(README)?.[0] ?? '').matchAll(/^\| (.*) \| (.*) \|$/gm)];
    for (const [, theirs = '', here = ''] of rows) {
      expect(unknownFlags(here)).toEqual([]);
      if (here.startsWith('the same')) expect(unknownFlags(theirs)).toEqual([]);
    }
    expect(rows.length).toBeGreaterThan(20);
  });

  it('links to files and headings that exist', async () => {
    const links = [...README.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    const headings = [...README.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    for (const link of links) {
      if (link.startsWith('#')) expect(headings).toContain(link.slice(1));
      else await readFile(join(PROJECT, link));
    }
  });
});

function textsOf(kind: string): string[] {
  return BLOCKS.filter((block) => block.kind === kind).map(({ text }) => text);
}

/** What a reader has after `npm install` and `npm link`, and the README's config file. */
async function cloneProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-readme-'));
  const parts = ['dist', 'examples', 'scripts', 'config.example.json', 'package.json'];
  await Promise.all(parts.map((part) => cp(join(PROJECT, part), join(folder, part), { recursive: true })));
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'bin'));
  await symlink(join(folder, 'dist/cli.js'), join(folder, 'bin/mcp-bridge'));
  await writeFile(join(folder, 'mcp-bridge.json'), (CONFIG ?? '').replaceAll(HOME, folder));
  return folder;
}

function environmentIn(folder: string): Record<string, string> {
  return {
    PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
    HOME: process.env.HOME ?? folder,
    XDG_STATE_HOME: process.env.XDG_STATE_HOME ?? folder,
    MCP_BRIDGE_PORT: '0',
    MCP_BRIDGE_LOG_FORMAT: 'json',
    // Everything that npx runs here is installed.
    npm_config_offline: 'true',
    // `npm start` would build anew what is built already.
    npm_config_ignore_scripts: 'true',
  };
}

async function resolve(config: string) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-readme-'));
  try {
    await writeFile(join(folder, 'mcp-bridge.json'), config);
    const flags = parseFlags([]);
    if (flags.kind !== 'run') throw new Error(`parsed as ${flags.kind}`);
    return await resolveSettings({ flags, env: {}, cwd: folder, splitCommand });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The flags in a text, in either spelling, that the bridge does not have. */
function unknownFlags(text: string): string[] {
  const known = [...flagRows().flatMap(([name]) => [flagOf(name), `--${name}`]), ...FLAGS_OF_COMMANDS];
  const flags = text.match(/(?<=[`\s|])--[A-Za-z][\w-]+/g) ?? [];
  return flags.filter((flag) => !known.includes(flag));
}

/** Those of `mcp-bridge pair` and its like, as their help has them. */
function flagsOfCommands(): string[] {
  return COMMANDS.flatMap((command) => {
    const help = parseFlags([...command.split(' '), '--help']);
    return help.kind === 'help' ? (help.text.match(/--[a-z-]+/g) ?? []) : [];
  });
}

function keysOf(schema: typeof SERVER | typeof BRIDGE): string[] {
  return Object.keys(schema._zod.def.out._zod.def.shape);
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
