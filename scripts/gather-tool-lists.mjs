// Gathers the tool lists of public servers into test/fixtures/tool-lists: `node scripts/gather-tool-lists.mjs [PACKAGE...]`, all by default.
// What is run is foreign code, so it gets no install scripts, no network, little of our environment, and a folder that is removed. Linux only.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const lists = join(root, 'test', 'fixtures', 'tool-lists');
const run = promisify(execFile);

/** For servers that list their tools only to those who have a key. */
const KEY = 'not-a-key';
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** `bin` where a package has several; `args` and `env` where a server does not start without. */
const SERVERS = [
  { name: '@modelcontextprotocol/server-everything', version: '2026.8.31' },
  { name: '@modelcontextprotocol/server-filesystem', version: '2026.8.31', args: ['.'] },
  { name: '@modelcontextprotocol/server-memory', version: '2026.8.31' },
  { name: '@modelcontextprotocol/server-sequential-thinking', version: '2026.8.31' },
  { name: '@modelcontextprotocol/server-github', version: '2025.4.8', env: { GITHUB_PERSONAL_ACCESS_TOKEN: KEY } },
  { name: '@modelcontextprotocol/server-gitlab', version: '2025.4.25', env: { GITLAB_PERSONAL_ACCESS_TOKEN: KEY } },
  {
    name: '@modelcontextprotocol/server-slack',
    version: '2025.4.25',
    env: { SLACK_BOT_TOKEN: KEY, SLACK_TEAM_ID: KEY },
  },
  { name: '@modelcontextprotocol/server-google-maps', version: '0.6.2', env: { GOOGLE_MAPS_API_KEY: KEY } },
  { name: '@modelcontextprotocol/server-postgres', version: '0.6.2', args: ['postgres://127.0.0.1:9/none'] },
  { name: '@playwright/mcp', version: '0.0.83' },
  { name: 'chrome-devtools-mcp', version: '1.11.0', bin: 'chrome-devtools-mcp' },
  { name: '@browsermcp/mcp', version: '0.1.3' },
  { name: '@mobilenext/mobile-mcp', version: '1.0.4' },
  { name: '@upstash/context7-mcp', version: '4.1.1' },
  { name: '@notionhq/notion-mcp-server', version: '2.5.2', env: { NOTION_TOKEN: KEY } },
  { name: 'firecrawl-mcp', version: '3.26.0', env: { FIRECRAWL_API_KEY: KEY } },
  { name: 'exa-mcp-server', version: '3.4.1', env: { EXA_API_KEY: KEY } },
  { name: 'tavily-mcp', version: '0.2.22', env: { TAVILY_API_KEY: KEY } },
  { name: '@brave/brave-search-mcp-server', version: '2.1.4', env: { BRAVE_API_KEY: KEY } },
  { name: '@perplexity-ai/mcp-server', version: '1.2.1', env: { PERPLEXITY_API_KEY: KEY } },
  { name: '@sentry/mcp-server', version: '0.39.0', args: ['--access-token', KEY] },
  {
    name: 'figma-developer-mcp',
    version: '0.13.2',
    args: ['--stdio', '--figma-api-key', KEY, '--image-dir', '/images'],
  },
  { name: '@eslint/mcp', version: '0.3.13' },
  { name: '@shopify/dev-mcp', version: '1.16.0' },
  { name: 'mcp-server-kubernetes', version: '4.1.7' },
  { name: 'mongodb-mcp-server', version: '3.0.4' },
  { name: '@elastic/mcp-server-elasticsearch', version: '0.3.1', env: { ES_URL: NOWHERE, ES_API_KEY: KEY } },
  { name: '@pinecone-database/mcp', version: '0.3.0', env: { PINECONE_API_KEY: KEY } },
  { name: '@hubspot/mcp-server', version: '0.4.0', env: { PRIVATE_APP_ACCESS_TOKEN: KEY } },
  { name: 'airtable-mcp-server', version: '1.14.0', env: { AIRTABLE_API_KEY: KEY } },
  { name: '@line/line-bot-mcp-server', version: '0.5.0', env: { CHANNEL_ACCESS_TOKEN: KEY, DESTINATION_USER_ID: KEY } },
  { name: '@cyanheads/git-mcp-server', version: '2.15.3' },
  { name: '@postman/postman-mcp-server', version: '2.13.0', env: { POSTMAN_API_KEY: KEY } },
  { name: '@mapbox/mcp-server', version: '0.14.0', env: { MAPBOX_ACCESS_TOKEN: KEY } },
  { name: '@antv/mcp-server-chart', version: '0.9.10' },
  { name: '@circleci/mcp-server-circleci', version: '0.20.0', env: { CIRCLECI_TOKEN: KEY } },
  { name: '@mondaydotcomorg/monday-api-mcp', version: '3.3.0', args: ['-t', KEY] },
  { name: '@softeria/ms-365-mcp-server', version: '0.119.0', args: ['--preset', 'contacts'] },
  { name: '@bnb-chain/mcp', version: '1.5.1' },
  { name: '@satelliteoflove/godot-mcp', version: '4.1.11' },
  { name: 'n8n-mcp', version: '2.87.0' },
  { name: '@launchdarkly/mcp-server', version: '0.6.2', args: ['start', '--api-key', KEY] },
];

/** A server that is started for the first time loads much; milliseconds. */
const PATIENCE = 60_000;
/** Bytes of JSON; a fixture should be a file that people can open. */
const LARGEST = 300_000;

const wanted = process.argv.slice(2);
const failed = [];
await mkdir(lists, { recursive: true });
for (const server of SERVERS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  try {
    const tools = await gather(server);
    await keep(server, tools);
    console.log(`${server.name}: ${tools.length} tools`);
  } catch (error) {
    failed.push(server.name);
    console.error(`${server.name}: ${error.message}`);
  }
}
await run(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', lists]);
if (failed.length > 0) {
  console.error(`Not gathered: ${failed.join(', ')}`);
  process.exitCode = 1;
}

async function gather(server) {
  const folder = await mkdtemp(join(tmpdir(), 'tool-list-'));
  try {
    await install(server, folder);
    return await listTools({ ...server, folder, program: await programOf(server, folder) });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function install({ name, version }, folder) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
  await run('npm', ['install', '--ignore-scripts', ...quiet, '--prefix', folder, `${name}@${version}`]);
}

async function programOf({ name, bin }, folder) {
  const home = join(folder, 'node_modules', name);
  const { bin: bins } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
  return join(home, typeof bins === 'string' ? bins : (bins[bin] ?? Object.values(bins)[0]));
}

/** All pages, with every member as it came. */
async function listTools({ folder, program, args = [], env = {} }) {
  // Namespaces of its own: nobody is reached from there, and what the server has started ends with it.
  const alone = ['--map-root-user', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];
  const transport = new StdioClientTransport({
    command: 'unshare',
    args: [...alone, program, ...args],
    env: { HOME: folder, ...env },
    cwd: folder,
    stderr: 'pipe',
  });
  let complaint = '';
  transport.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-500);
  });
  const client = new Client({ name: 'gather-tool-lists', version: '1.0.0' });
  try {
    await client.connect(transport, { timeout: PATIENCE });
    const tools = [];
    for (let cursor; ; ) {
      const page = await client.request({ method: 'tools/list', params: { cursor } }, z.looseObject({}), {
        timeout: PATIENCE,
      });
      tools.push(...page.tools);
      if (page.nextCursor === undefined) return tools;
      cursor = page.nextCursor;
    }
  } catch (error) {
    throw new Error(`${error.message}\n${complaint}`, { cause: error });
  } finally {
    await client.close();
  }
}

/** The date changes only with the list. */
async function keep({ name, version }, tools) {
  const size = JSON.stringify(tools).length;
  if (tools.length === 0 || size > LARGEST) throw new Error(`${tools.length} tools of ${size} bytes are no fixture`);
  const file = join(lists, `${name.replace('@', '').replace('/', '-')}.json`);
  const before = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {};
  if (before.version === version && JSON.stringify(before.tools) === JSON.stringify(tools)) return;
  const gathered = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  await writeFile(file, `${JSON.stringify({ package: name, version, gathered, tools }, undefined, 2)}\n`);
}
