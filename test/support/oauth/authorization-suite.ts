import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { rawRequest } from '../http.ts';
import { register } from './endpoints.ts';
import { type GuardedBridge, letIn } from './owner.ts';

const SUITE = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
/** A URL: `--import` takes no Windows path. */
const PRELOAD = new URL('../node20-globsync.mjs', import.meta.url).href;
/** Milliseconds. The suite itself would wait five minutes for its user to be sent back. */
const SUITE_LIMIT = 30_000;

/** What the suite says about each thing it looks at, by its id. */
export type AuthorizationChecks = Readonly<Record<string, { readonly status: string; readonly errorMessage?: string }>>;

/** Runs the official suite's scenarios of authorization servers, with the owner in front of the browser it asks for. */
export async function runAuthorizationSuite(bridge: GuardedBridge): Promise<AuthorizationChecks> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-conformance-'));
  const port = await findFreePort();
  const browse = await letIn(bridge);
  const { text } = await register(bridge, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
  const client = ['--client-id', JSON.parse(text).client_id, '--port', String(port)];
  const target = ['--url', bridge.issuer, '--resource', bridge.resource, '--output-dir', folder];
  const suite = spawn(process.execPath, ['--import', PRELOAD, SUITE, 'authorization', ...target, ...client], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: SUITE_LIMIT,
  });
  try {
    const closed = once(suite, 'close');
    const asked = await readAuthorizeUrl(suite, bridge.issuer);
    const sentBack = await browse(asked);
    // The suite asks before it listens.
    await vi.waitFor(() => rawRequest('GET', sentBack), { timeout: SUITE_LIMIT });
    await closed;
    return await readChecks(folder);
  } finally {
    suite.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The line on which the suite asks its user to open a URL. The rest of what it prints is read past. */
async function readAuthorizeUrl({ stdout }: ChildProcess, issuer: string): Promise<string> {
  const lines = createInterface({ input: stdout as NonNullable<typeof stdout> });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => line.startsWith(`${issuer}/authorize?`) && resolve(line));
    lines.once('close', () => reject(new Error('The suite ended before it asked for an authorization.')));
  });
}

/** A folder for each scenario, with its checks in a file. */
async function readChecks(folder: string): Promise<AuthorizationChecks> {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name, 'checks.json'), 'utf8')));
  return Object.fromEntries(files.flatMap((file) => JSON.parse(file)).map((check) => [check.id, check]));
}

/** The suite has to be told one, since the redirect URI is registered before it listens. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
