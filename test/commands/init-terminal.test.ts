import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CTRL_C, HAS_TERMINALS, openTerminalWith, type Terminal } from '../e2e/pseudo-terminal.ts';
import { makeFolder } from '../state/support.ts';
import { CLI, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { toolNames } from '../support/tool-names.ts';

const CTRL_D = '\x04';

/** A terminal with `init` in a folder that is the home folder as well, so that no client is found. */
function openInit(folder: string): Terminal {
  const variables = `HOME='${folder}' XDG_CONFIG_HOME= CODEX_HOME= CLAUDE_CONFIG_DIR= npm_command=`;
  return openTerminalWith(`cd '${folder}' && exec env ${variables} '${process.execPath}' '${CLI}' init`);
}

describe.skipIf(!HAS_TERMINALS)('in a terminal, init', () => {
  it('asks for servers, and what it writes is served', async () => {
    const folder = await makeFolder();
    await using terminal = openInit(folder);
    const answers: [RegExp, string][] = [
      [/The command line of a server:$/, `echo=${fixtureLine('echo-server')}`],
      [/Of another one \(Enter: no more\):$/, ''],
      [/read-only\? \[y\/N\]$/, 'y'],
      [/cloudflared\? \[y\/N\]$/, ''],
      [/Write this to mcp-bridge\.json\? \[Y\/n\]$/, ''],
    ];
    for (const [question, answer] of answers) {
      await terminal.sees(question);
      terminal.type(`${answer}\n`);
    }
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen.text()).toMatch(/\nWrote mcp-bridge\.json with 1 server\.\nNext: mcp-bridge$/);
    expect(JSON.parse(await readFile(join(folder, 'mcp-bridge.json'), 'utf8'))).toHaveProperty('bridge');

    await using bridge = await startBridge([], { cwd: folder });
    await using peer = await connectHttp(bridge.url);
    const tools = await toolNames(peer, ['echo']);
    expect(tools).toContain('pid');
    expect(tools).not.toContain('exit');
  });

  it.each([
    ['Ctrl-C', CTRL_C, 130],
    ['Ctrl-D', CTRL_D, 1],
  ])('ends with %s, and leaves nothing behind', async (_key, key, code) => {
    const folder = await makeFolder();
    await using terminal = openInit(folder);
    await terminal.sees(/The command line of a server:$/);
    terminal.type('npx some-server\n');
    await terminal.sees(/no more\):$/);
    terminal.type(key);
    expect(await terminal.exited).toBe(code);
    expect(await readdir(folder)).toEqual([]);
    expect(terminal.screen).toMatchObject({ cursorIsVisible: true, wraps: true });
  });
});
