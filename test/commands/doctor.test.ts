import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DoctorOptions, doctor } from '../../src/commands/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { announce } from '../../src/state/running.ts';
import { type ExemplaryServer, type Fault, startServer, TOKEN } from '../doctor/exemplary-server.ts';
import { makeFolder } from '../state/support.ts';
import { createOutput } from './support.ts';

const SERVERS = [
  { name: 'files', state: 'ready', startedIn: 812, tools: 9 },
  { name: 'later', state: 'idle' },
  { name: 'slow', state: 'starting' },
  { name: 'broken', state: 'failed', error: 'broken: exited with code 1' },
];

/** Answers as the local app of a bridge does. */
const LOCAL: Fault = (_reply, { path }) =>
  path === '/status' ? { status: 200, body: { servers: SERVERS } } : { status: 404 };

/** Has a bridge run that is where a server is, as far as this command sees one. */
async function runBridge(folder: string, { url }: ExemplaryServer): Promise<ExemplaryServer> {
  const local = await startServer({ fault: LOCAL });
  await announce(folder, { local: local.origin, key: 'key', url });
  return local;
}

async function optionsIn(folder: string, more: Partial<DoctorOptions> = {}): Promise<DoctorOptions> {
  const cwd = join(folder, 'work');
  await mkdir(cwd, { recursive: true });
  const rest = { token: undefined, config: undefined, env: {}, cwd, folder };
  return { url: undefined, json: true, register: false, ...rest, ...more };
}

async function examined(options: DoctorOptions): Promise<{ isHealthy: boolean; findings: Finding[] }> {
  const output = createOutput();
  const isHealthy = await doctor({ ...options, json: true }, output);
  return { isHealthy, findings: JSON.parse(output.text()) };
}

describe('doctor', () => {
  it('examines the bridge that runs, and how its servers have started', async () => {
    const folder = await makeFolder();
    await using server = await startServer();
    await using _local = await runBridge(folder, server);
    const { isHealthy, findings } = await examined(await optionsIn(folder));
    expect(findings.slice(0, 5)).toEqual([
      { check: 'start', title: 'Start of files', verdict: 'ok', detail: 'it was ready with 9 tools', ms: 812 },
      { check: 'start', title: 'Start of later', verdict: 'ok', detail: 'it starts with its first request' },
      expect.objectContaining({ title: 'Start of slow', verdict: 'warning', detail: 'it is starting' }),
      expect.objectContaining({ title: 'Start of broken', verdict: 'failed', detail: 'broken: exited with code 1' }),
      expect.objectContaining({ check: 'url', verdict: 'ok' }),
    ]);
    expect(findings.at(-1)).toMatchObject({ check: 'get', verdict: 'ok' });
    expect(isHealthy).toBe(false);
  });

  it('says that a bridge does not answer its owner', async () => {
    const folder = await makeFolder();
    await using server = await startServer();
    const local = await runBridge(folder, server);
    await local[Symbol.asyncDispose]();
    const { findings } = await examined(await optionsIn(folder));
    expect(findings[0]).toMatchObject({
      check: 'start',
      verdict: 'failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('examines what the config file needs when no bridge runs', async () => {
    const folder = await makeFolder();
    const options = await optionsIn(folder);
    await writeFile(join(options.cwd, 'mcp-bridge.json'), JSON.stringify({ mcpServers: { a: { command: 'node' } } }));
    const { isHealthy, findings } = await examined({ ...options, env: process.env });
    expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['config', 'ok'],
      ['server', 'ok'],
      ['bridge', 'skipped'],
    ]);
    expect(isHealthy).toBe(true);
  });

  it('wants to know what to examine when there is nothing, or too much', async () => {
    const folder = await makeFolder();
    const options = await optionsIn(folder);
    await expect(doctor(options, createOutput())).rejects.toMatchObject({ code: 'USAGE' });

    await using server = await startServer();
    await using _local = await runBridge(folder, server);
    const running = { local: 'http://127.0.0.1:1', key: 'key', url: 'https://other.example/mcp' };
    await writeFile(join(folder, 'running', `${process.ppid}.json`), JSON.stringify(running), { mode: 0o600 });
    await expect(doctor(options, createOutput())).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /^several bridges run; say which one is meant:\n( {2}mcp-bridge doctor http\S+\n?){2}$/,
      ),
    });
  });

  it("sends the bridge's own token to bridges of this machine, and to nobody else", async () => {
    await using server = await startServer({ isGuarded: true });
    const options = await optionsIn(await makeFolder(), { env: { MCP_BRIDGE_TOKEN: TOKEN } });
    const own = await examined({ ...options, url: server.url });
    expect(own.findings.find(({ check }) => check === 'token')).toMatchObject({ verdict: 'ok' });

    // The same server under an address that is not known to be this machine's.
    const elsewhere = server.url.replace('127.0.0.1', '[::ffff:127.0.0.1]');
    const before = server.questions.length;
    const foreign = await examined({ ...options, url: elsewhere });
    expect(foreign.findings.find(({ check }) => check === 'token')).toMatchObject({ verdict: 'skipped' });
    const told = server.questions.slice(before).map(({ headers }) => headers.authorization);
    expect(told.length).toBeGreaterThan(3);
    expect(told.join()).not.toContain(TOKEN);
    const given = await examined({ ...options, url: elsewhere, token: TOKEN });
    expect(given.findings.find(({ check }) => check === 'token')).toMatchObject({ verdict: 'ok' });
  });

  it('refuses a token of its environment that cannot be sent, and does not show it', async () => {
    await using server = await startServer({ isGuarded: true });
    const options = await optionsIn(await makeFolder(), { env: { MCP_BRIDGE_TOKEN: 'the\nsecret' }, url: server.url });
    await expect(examined(options)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'MCP_BRIDGE_TOKEN: expected a token without spaces, got something else',
    });
  });

  it('tells a person one line for each finding, with the advice below, and the sum of it', async () => {
    await using server = await startServer({
      isGuarded: true,
      fault: (_reply, { path }) => (path === '/.well-known/oauth-protected-resource' ? { status: 404 } : undefined),
    });
    const output = createOutput();
    const options = await optionsIn(await makeFolder(), { url: server.url, json: false });
    expect(await doctor(options, output)).toBe(true);
    const lines = output.text().split('\n');
    expect(lines[0]).toBe(`✓ URL: ${server.url}, which only programs of this machine can reach`);
    expect(lines[2]).toMatch(/^✓ First answer: a token is asked for \(\d+ ms\)$/);
    expect(lines).toContain(`! Well-known places: ${server.origin}/.well-known/oauth-protected-resource answers 404`);
    expect(lines).toContain('    Serve the metadata there as well, for clients that leave out the path.');
    expect(lines.slice(-5)).toEqual([
      '· Token: what is behind the door was not looked at',
      '    Give a token to go on with --token.',
      '',
      'Nothing failed, 1 warning.',
      '',
    ]);
  });

  it('counts what failed', async () => {
    await using server = await startServer({ fault: () => ({ status: 502 }) });
    const output = createOutput();
    expect(await doctor(await optionsIn(await makeFolder(), { url: server.url, json: false }), output)).toBe(false);
    expect(output.text()).toMatch(/✗ First answer: it answers 502\n {4}What .+\n\n1 of 3 checks failed\.\n$/);
  });
});
