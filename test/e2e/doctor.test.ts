import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { HAS_OPENSSL, makeCertificate } from '../doctor/certificate.ts';
import { type Fault, startServer } from '../doctor/exemplary-server.ts';
import { complaints, findingsAt } from '../doctor/findings.ts';
import { tunnelFetch } from '../doctor/tunnel-fetch.ts';
import { CLI, startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';
import { PUBLIC_URL, startTunnelledBridge } from './oauth-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ECHO = ['--stdio', fixtureLine('echo-server', '--tools', 'echo')];
const BRIDGE_TOKEN = 'a-token-of-the-bridge';

interface Report {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `mcp-bridge doctor`, in an empty folder and for a user without bridges. */
async function runDoctor(args: readonly string[], env: Record<string, string | undefined> = {}): Promise<Report> {
  await using folder = await temporaryFolder();
  const options = { cwd: folder.path, env: { ...process.env, MCP_BRIDGE_STATE_FOLDER: folder.path, ...env } };
  return await new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'doctor', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function findingsFrom(...given: Parameters<typeof runDoctor>): Promise<{ code: number; findings: Finding[] }> {
  const [args, env] = given;
  const { code, stdout } = await runDoctor([...args, '--json'], env);
  return { code, findings: JSON.parse(stdout) };
}

describe('mcp-bridge doctor', () => {
  it('is content with a bridge without authentication', async () => {
    await using bridge = await startBridge(ECHO);
    const { code, findings } = await findingsFrom([bridge.url]);
    expect(complaints(findings)).toEqual({});
    expect(findings.map(({ check }) => check)).toContain('stream');
    expect(code).toBe(0);
  });

  it('is content with a bridge that only its owner lets clients into, as far as the door', async () => {
    await using bridge = await startGuardedBridge(ECHO);
    const { code, findings } = await findingsFrom([bridge.resource]);
    expect(complaints(findings)).toEqual({ registration: 'skipped', token: 'skipped' });
    expect(code).toBe(0);
  });

  it('is content with the same bridge behind the door', async () => {
    await using bridge = await startGuardedBridge(ECHO);
    const { tokens } = await linkByHand({ bridge });
    const { code, findings } = await findingsFrom([bridge.resource, '--token', tokens.access_token]);
    expect(complaints(findings)).toEqual({ registration: 'skipped' });
    expect(code).toBe(0);
  });

  it('finds the bridge that runs, how its servers are, and takes its token', async () => {
    await using bridge = await startGuardedBridge(ECHO, { env: { MCP_BRIDGE_TOKEN: BRIDGE_TOKEN } });
    const env = { MCP_BRIDGE_STATE_FOLDER: bridge.stateFolder, MCP_BRIDGE_TOKEN: BRIDGE_TOKEN };
    await expect
      .poll(async () => (await findingsFrom([], env)).findings[0])
      .toMatchObject({
        check: 'start',
        verdict: 'ok',
        detail: 'it was ready with 1 tools',
      });
    const { code, findings } = await findingsFrom([], env);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'url', detail: expect.stringContaining(bridge.resource) }),
    );
    expect(findings.at(-1)).toMatchObject({ check: 'get', verdict: 'ok' });
    expect(code).toBe(0);
  });

  it('registers at a bridge whose door is open, and says that it is closed otherwise', async () => {
    await using bridge = await startGuardedBridge(ECHO);
    await bridge.pair();
    const open = await findingsFrom([bridge.resource, '--register']);
    expect(open.findings).toContainEqual(expect.objectContaining({ check: 'registration', verdict: 'ok' }));
    await linkByHand({ bridge });
    const closed = await findingsFrom([bridge.resource, '--register']);
    expect(closed.findings).toContainEqual(expect.objectContaining({ check: 'registration', verdict: 'warning' }));
    expect(closed.code).toBe(0);
  });

  it('warns of a bridge that takes a static token alone', async () => {
    await using folder = await temporaryFolder();
    const env = { MCP_BRIDGE_TOKEN: BRIDGE_TOKEN };
    await using bridge = await startBridge([...ECHO, '--auth', 'token', '--state-folder', folder.path], { env });
    const { code, findings } = await findingsFrom([bridge.url], env);
    expect(complaints(findings)).toMatchObject({ challenge: 'warning' });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'token', verdict: 'ok' }));
    expect(code).toBe(0);
    expect((await runDoctor([bridge.url])).code).toBe(1);
  });

  it('is content with a bridge behind a tunnel', async () => {
    await using bridge = await startTunnelledBridge();
    const { tokens } = await linkByHand({ bridge });
    const fetch = tunnelFetch(PUBLIC_URL, bridge.origin);
    const findings = await findingsAt(bridge.resource, { fetch, token: tokens.access_token });
    expect(complaints(findings)).toEqual({ registration: 'skipped' });
    expect(findings).toContainEqual({ check: 'url', title: 'URL', verdict: 'ok', detail: `${PUBLIC_URL}/mcp` });
  });

  it('sees that behind a tunnel a bridge does not know its name', async () => {
    await using bridge = await startBridge(ECHO);
    const fetch = tunnelFetch(PUBLIC_URL, bridge.origin);
    const findings = await findingsAt(`${PUBLIC_URL}/mcp`, { fetch });
    expect(findings.at(-1)).toMatchObject({ check: 'answer', verdict: 'failed', detail: 'it refuses everybody (403)' });
    expect(findings.at(-1)?.advice).toContain('--allowed-host');
  });

  it("examines somebody else's server", async () => {
    await using server = await startEverything();
    const { code, findings } = await findingsFrom([server.url]);
    expect(complaints(findings)).toEqual({ discover: 'warning', session: 'warning' });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'call', verdict: 'ok' }));
    expect(code).toBe(0);
  });

  it.skipIf(!HAS_OPENSSL)('looks at certificates', async () => {
    for (const [days, verdict] of [
      [90, 'ok'],
      [5, 'warning'],
    ] as const) {
      using certificate = makeCertificate(days);
      await using server = await startServer({ create: certificate.create });
      const { code, findings } = await findingsFrom([server.url], { NODE_EXTRA_CA_CERTS: certificate.file });
      expect(findings).toContainEqual(expect.objectContaining({ check: 'tls', verdict }));
      expect(findings.at(-1)?.check).toBe('get');
      expect(code).toBe(0);
    }
  });

  const WEB_PAGE: Fault = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Hello</h1>' });

  it.each([
    ['a web page', WEB_PAGE, '✗ First answer: a web page answers (200 text/html), not an MCP server'],
    ['a server that never answers', () => 'hang', '✗ First answer: no answer to POST within 5 s'],
  ] satisfies [string, Fault, string][])('says what is wrong with %s, and fails', async (_what, fault, line) => {
    await using server = await startServer({ fault });
    const { code, stdout } = await runDoctor([server.url]);
    expect(stdout).toContain(`${line}\n    `);
    expect(stdout).toMatch(/\n1 of 3 checks failed\.\n$/);
    expect(code).toBe(1);
  });

  it('says that nobody listens, and fails', async () => {
    const { code, stdout } = await runDoctor([`http://127.0.0.1:${await freePort()}/mcp`]);
    expect(stdout).toMatch(/^✗ Connection: 127\.0\.0\.1:\d+ accepts no connection \(connect ECONNREFUSED /m);
    expect(code).toBe(1);
  });

  it.each([
    [
      [],
      'mcp-bridge: no bridge that links clients or has a tunnel is running, and there is no config file; say what to examine: ',
    ],
    [
      ['bridge.example'],
      'mcp-bridge: doctor: expected a URL such as https://bridge.example.com/mcp, got "bridge.example"',
    ],
    [['http://a/', 'http://b/'], 'mcp-bridge: doctor takes one URL'],
  ])('wants to know what to examine: %j', async (args, message) => {
    const { code, stdout, stderr } = await runDoctor(args);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  // As Docker does for a port that is published, and behind which nothing listens.
  it('says so when whoever takes the connection hangs up', async () => {
    const server = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { code, findings } = await findingsFrom([`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`]);
    server.close();
    expect(findings.at(-1)).toMatchObject({ check: 'answer', verdict: 'failed' });
    expect(code).toBe(1);
  });

  it('examines what the servers of a config file need', async () => {
    await using folder = await temporaryFolder();
    const { code, findings } = await findingsFrom(['--config', `${folder.path}/none.json`]);
    expect(findings[0]).toMatchObject({ check: 'config', verdict: 'failed' });
    expect(code).toBe(1);
  });
});

/** The reference server in its own HTTP mode. */
async function startEverything(): Promise<AsyncDisposable & { readonly url: string }> {
  const file = new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url);
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, [fileURLToPath(file), 'streamableHttp'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stderr) {
    text += chunk;
    if (text.includes('listening')) break;
  }
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
