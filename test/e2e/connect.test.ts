import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CLI, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { toolNames } from '../support/tool-names.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ECHO = ['--stdio', fixtureLine('echo-server', '--tools', 'echo')];
const PUBLIC = 'https://h.example';

async function runConnect(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'connect', ...args]);
  return stdout;
}

describe('mcp-bridge connect', () => {
  it('names a URL that serves the tools, where nobody is asked anything', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startBridge(ECHO);
    const port = new URL(bridge.localUrl ?? '').port;
    const { url } = JSON.parse(
      await runConnect('cursor', '--json', '--local-port', port, '--state-folder', folder.path),
    );
    await using peer = await connectHttp(url);
    expect(await toolNames(peer, ['echo'])).toEqual(['echo']);
  });

  it('finds the bridge that links clients by itself, and names its public URL', async () => {
    await using folder = await temporaryFolder();
    await using _bridge = await startBridge([...ECHO, '--public-url', PUBLIC, '--state-folder', folder.path]);
    const text = await runConnect('ChatGPT', '--state-folder', folder.path);
    expect(text).toContain(`${PUBLIC}/mcp, and as authentication OAuth.`);
    expect(text).toContain('mcp-bridge pair');
  });

  it('says in one line what is missing, with the exit code of a mistake', async () => {
    await using folder = await temporaryFolder();
    await using bridge = await startBridge(ECHO);
    const port = new URL(bridge.localUrl ?? '').port;
    await expect(runConnect('chatgpt', '--local-port', port, '--state-folder', folder.path)).rejects.toMatchObject({
      code: 2,
      stderr: 'mcp-bridge: ChatGPT needs a public https URL: start with --tunnel, or --public-url\n',
    });
  });
});
