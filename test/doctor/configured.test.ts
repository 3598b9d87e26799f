import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineConfigured } from '../../src/doctor/configured.ts';
import type { Finding } from '../../src/doctor/finding.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-doctor-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'a-server'), '', { mode: 0o755 });
  await writeFile(join(folder, 'bin', 'a-text'), '', { mode: 0o644 });
});
afterAll(() => rm(folder, { recursive: true }));

async function examined(file: string | object): Promise<Finding[]> {
  const path = join(folder, 'mcp-bridge.json');
  await writeFile(path, typeof file === 'string' ? file : JSON.stringify({ mcpServers: file }));
  const findings: Finding[] = [];
  for await (const finding of examineConfigured({ config: undefined, env: {}, cwd: folder })) findings.push(finding);
  return findings;
}

/** The one server of a config file. */
async function judged(server: object): Promise<Finding | undefined> {
  const findings = await examined({ files: { env: { PATH: join(folder, 'bin') }, ...server } });
  expect(findings[0]).toMatchObject({ check: 'config', verdict: 'ok' });
  return findings[1];
}

describe.skipIf(process.platform === 'win32')('a configured server', () => {
  it.each([['a-server'], ['./bin/a-server'], ['$' + '{workspaceFolder}/bin/a-server']])(
    'is fine when its program is found: %s',
    async (command) => {
      expect(await judged({ command })).toEqual({
        check: 'server',
        title: 'Server files',
        verdict: 'ok',
        detail: join(folder, 'bin', 'a-server'),
      });
    },
  );

  it.each([
    [{ command: 'no-server' }, 'files: command not found: no-server. Is it installed and on the PATH?'],
    [{ command: 'npx' }, 'files: command not found: npx. Install Node.js (https://nodejs.org)'],
    [{ command: 'uvx' }, 'files: command not found: uvx. Install uv (https://docs.astral.sh/uv)'],
    [{ command: 'a-text' }, 'files: command not found: a-text.'],
    [{ command: './bin' }, 'files: ./bin exists, but'],
    [{ command: 'a-server', cwd: 'nowhere' }, 'nowhere does not exist or may not be entered.'],
    [{ command: 'a-server', args: ['$' + '{TOKEN}'] }, 'mcpServers.files.args[0]: the variable TOKEN is not set'],
    [{ command: 'a-server', envFile: 'no.env' }, 'mcpServers.files.envFile: cannot be read'],
  ])('fails, with what to do: %j', async (server, detail) => {
    expect(await judged(server)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining(detail) });
  });

  it('is not looked into when it is a line for the shell', async () => {
    expect(await judged({ command: 'no-server | cat', shell: true })).toMatchObject({ verdict: 'ok' });
  });

  it('does not hide the others when it fails', async () => {
    const findings = await examined({ bad: { command: 'no-server' }, good: { command: './bin/a-server' } });
    expect(findings.map(({ title, verdict }) => [title, verdict])).toEqual([
      ['Config', 'ok'],
      ['Server bad', 'failed'],
      ['Server good', 'ok'],
    ]);
  });
});

describe('a config file', () => {
  it.each([
    ['{', 'mcp-bridge.json:1:2: close brace expected'],
    ['{ "mcpServer": {} }', 'mcp-bridge.json: no servers in it'],
  ])('that cannot be read is a finding: %s', async (text, detail) => {
    expect(await examined(text)).toMatchObject([
      { check: 'config', verdict: 'failed', detail: expect.stringContaining(detail) },
    ]);
  });

  it('need not be there', async () => {
    await rm(join(folder, 'mcp-bridge.json'), { force: true });
    const findings: Finding[] = [];
    for await (const finding of examineConfigured({ config: undefined, env: {}, cwd: folder })) findings.push(finding);
    expect(findings).toEqual([]);
  });
});
