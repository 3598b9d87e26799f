// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeUser, type User } from './import-user.ts';

const FILES = {
  'home/.cursor/mcp.json': { mcpServers: { files: { command: 'cursor-files' }, web: { url: 'https://h.example' } } },
  'project/.cursor/mcp.json': {
    mcpServers: { files: { command: 'files', args: ['a b', 'c'] }, off: { disabled: true } },
  },
  'home/.codeium/windsurf/mcp_config.json': {
    mcpServers: {
      files: { command: 'cursor-files' },
      'My Notes': { command: 'notes', env: { KEY: 'a key', HOME: '${HOME}' } },
    },
  },
};

/** A user with these files. */
function start(files: Readonly<Record<string, object | string>> = FILES): Promise<User> {
  return makeUser(files);
}

describe('import', () => {
  it('shows what it found, what of it is left out and why, and writes the rest', async () => {
    const { root, run, config } = await start();
    const said = await run({ clients: ['cursor', 'windsurf'], env: { HOME: '/' } });
    expect(said.split('\n')).toEqual([
      `Cursor, ${root}/project/.cursor/mcp.json`,
      '   ✓ files  files "a b" c',
      '   · off    left out: switched off',
      '',
      `Cursor, ${root}/home/.cursor/mcp.json`,
      '   ✓ files, as files-2  cursor-files',
      '   · web                left out: behind a URL',
      '',
      `Windsurf, ${root}/home/.codeium/windsurf/mcp_config.json`,
      '   · files                  left out: the same as before',
      '   ✓ My Notes, as My-Notes  notes',
      '',
      'Wrote mcp-bridge.json with 3 servers.',
      'It holds values that may be secrets, so keep it to yourself: My-Notes.KEY',
      'Next: mcp-bridge',
      '',
    ]);
    expect(await config()).toEqual({
      $schema: 'https://unpkg.com/mcp-bridge/mcp-bridge.schema.json',
      mcpServers: {
        files: { command: 'files', args: ['a b', 'c'] },
        'files-2': { command: 'cursor-files' },
        'My-Notes': { command: 'notes', env: { KEY: 'a key', HOME: '${HOME}' } },
      },
    });
    expect((await stat(join(root, 'project/mcp-bridge.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(root, 'project'))).toEqual(['.cursor', 'mcp-bridge.json']);
  });

  it('reads Claude Code’s servers for everywhere and for this project, and none of other projects', async () => {
    const { root, run, config } = await start();
    const projects = {
      [join(root, 'project')]: { mcpServers: { here: { command: 'h' } } },
      '/x': { mcpServers: { x: {} } },
    };
    await writeFile(
      join(root, 'home/.claude.json'),
      JSON.stringify({ numStartups: 3, projects, mcpServers: { all: { command: 'a' } } }),
    );
    await run({ clients: ['claude'] });
    expect((await config()).mcpServers).toEqual({ here: { command: 'h' }, all: { command: 'a' } });
  });

  it('reads all profiles of VS Code, and what is still in its settings', async () => {
    const user = 'home/.config/Code/User';
    const { run, config } = await start({
      [`${user}/profiles/5552b383/mcp.json`]: { servers: { profile: { command: 'p' } } },
      [`${user}/settings.json`]:
        '{ "editor.tabSize": 2, /* old */ "mcp": { "servers": { "old": { "command": "o" } } }, }',
      'home/.config/Code - Insiders/User/mcp.json': { inputs: [], servers: { insiders: { command: 'i' } } },
      'project/.vscode/settings.json': { 'editor.tabSize': 2 },
    });
    const said = await run({ clients: ['vscode'] });
    expect(said).not.toContain('project/.vscode');
    expect(said).toContain('VS Code Insiders, ');
    expect(Object.keys((await config()).mcpServers)).toEqual(['old', 'profile', 'insiders']);
  });

  it('goes on when a file is broken, and names the place', async () => {
    const { root, run, config } = await start({
      ...FILES,
      'project/.cursor/mcp.json': '{\n  "mcpServers": { "a" }\n}',
    });
    expect(await run({ clients: ['cursor'] })).toContain(
      `Cursor, ${root}/project/.cursor/mcp.json\n   ✗ cannot be used: 2:23: colon expected\n\nCursor`,
    );
    expect(Object.keys((await config()).mcpServers)).toEqual(['files']);
  });

  it('keeps what others wrote from driving the terminal', async () => {
    const { run } = await start({
      'project/.mcp.json': { mcpServers: { 'a\u001b[2J': { command: 'x', args: ['\r\u001b]0;'] } } },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(await run({ clients: ['claude'] })).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('never replaces a file, unless it is told to', async () => {
    const { root, run, config } = await start();
    const path = join(root, 'project/mcp-bridge.json');
    await writeFile(path, '{"mcpServers":{}}', { mode: 0o644 });
    await expect(run({ clients: ['cursor'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'mcp-bridge.json is there already; --force replaces it, --output FILE writes another one',
    });
    expect(await readFile(path, 'utf8')).toBe('{"mcpServers":{}}');
    await run({ clients: ['cursor'], force: true });
    expect(Object.keys((await config()).mcpServers)).toEqual(['files', 'files-2']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('hides no mcp-bridge.jsonc behind a new file', async () => {
    const { root, run } = await start();
    await writeFile(join(root, 'project/mcp-bridge.jsonc'), '// mine\n{"mcpServers":{}}');
    await expect(run({ clients: ['cursor'] })).rejects.toThrow('mcp-bridge.jsonc is there already');
  });

  it('anchors what is relative to the project, when it is written elsewhere', async () => {
    const server = {
      command: '${workspaceFolder}/a',
      args: ['${workspaceFolderBasename}', '$${workspaceFolder}', 'b'],
    };
    const placed = { ...server, cwd: 'sub', envFile: '${userHome}/.env' };
    const { root, run } = await start({ 'project/.mcp.json': { mcpServers: { a: server, b: placed } } });
    const output = join(root, 'elsewhere.json');
    expect(await run({ clients: ['claude'], output })).toContain(`\nNext: mcp-bridge --config ${output}\n`);
    const work = join(root, 'project');
    const moved = { command: `${work}/a`, args: ['project', '$${workspaceFolder}', 'b'], cwd: work };
    expect(JSON.parse(await readFile(output, 'utf8')).mcpServers).toEqual({
      a: moved,
      b: { ...moved, cwd: join(work, 'sub'), envFile: '${userHome}/.env' },
    });
  });

  it('shows with --dry-run what it would write, but for values', async () => {
    const { root, run } = await start();
    await writeFile(join(root, 'project/mcp-bridge.json'), '{"mcpServers":{}}');
    const said = await run({ clients: ['windsurf'], dryRun: true });
    const { mcpServers } = JSON.parse(said.slice(said.indexOf('\n{')));
    expect(mcpServers['My-Notes']).toEqual({ command: 'notes', env: { KEY: '...', HOME: '${HOME}' } });
    expect(await readFile(join(root, 'project/mcp-bridge.json'), 'utf8')).toBe('{"mcpServers":{}}');
  });

  it('tells programs the same, and no values', async () => {
    const { root, run, config } = await start();
    const said = await run({ clients: ['windsurf'], json: true });
    expect(JSON.parse(said)).toEqual({
      files: [
        {
          ...{ client: 'windsurf', title: 'Windsurf', path: `${root}/home/.codeium/windsurf/mcp_config.json` },
          servers: [
            { name: 'files', as: 'files' },
            { name: 'My Notes', as: 'My-Notes' },
          ],
        },
      ],
      output: join(root, 'project/mcp-bridge.json'),
      written: true,
      loss: { servers: [], bridge: false },
      values: ['My-Notes.KEY'],
      unset: ['HOME'],
      missing: [],
    });
    expect(said).not.toContain('a key');
    expect(Object.keys((await config()).mcpServers)).toEqual(['files', 'My-Notes']);
  });

  it('names npx as the next step to whoever came by it', async () => {
    const { run } = await start();
    expect(await run({ clients: ['cursor'], env: { npm_command: 'exec' } })).toMatch(/\nNext: npx mcp-bridge\n$/);
  });
});

describe('import, told no client', () => {
  it('asks which servers, and takes those', async () => {
    const { run, config } = await start();
    const said = await run({}, '1 9\n3 1\n');
    expect(said).toContain('   2 files, as files-2  cursor-files\n');
    expect(said).toContain('[all]: Answer with numbers from 1 to 3, such as "1 2", or with all or none.\nWhich');
    expect(Object.keys((await config()).mcpServers)).toEqual(['files', 'My-Notes']);
  });

  it.each([
    ['all of them with Enter', '\n', 3],
    ['all of them', 'all\n', 3],
    ['one', ' 2, \n', 1],
  ])('takes %s', async (_what, answers, count) => {
    const { run, config } = await start();
    await run({}, answers);
    expect(Object.keys((await config()).mcpServers)).toHaveLength(count);
  });

  it.each([
    ['none is chosen', 'none\n', 'USAGE', 'nothing was chosen'],
    ['there is no answer', '', 'CLOSED', 'there was no answer; nothing was written'],
  ])('writes nothing when %s', async (_what, answers, code, message) => {
    const { root, run } = await start();
    await expect(run({}, answers)).rejects.toMatchObject({ code, message });
    expect(await readdir(join(root, 'project'))).toEqual(['.cursor']);
  });

  it.each([
    ['says what there is', { json: false }, /^Cursor, /],
    ['tells programs so', { json: true }, /^\{\n {2}"files": \[/],
  ])('%s where nobody can be asked, and writes nothing', async (_what, options, pattern) => {
    const { root, run } = await start();
    await expect(run(options)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'say whose servers are meant: mcp-bridge import cursor windsurf',
      said: expect.stringMatching(pattern),
    });
    expect(await readdir(join(root, 'project'))).toEqual(['.cursor']);
  });
});

describe('import is refused', () => {
  it('where there are no servers, and says where it looked', async () => {
    const { root, run } = await start({ 'project/.cursor/mcp.json': { mcpServers: {} } });
    await expect(run({ clients: ['cursor'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: `no servers are found in any of\n  ${root}/project/.cursor/mcp.json\n  ${root}/home/.cursor/mcp.json`,
    });
  });

  it('where none of them can be used', async () => {
    const { run } = await start({ 'project/.cursor/mcp.json': { mcpServers: { web: { url: 'https://h.example' } } } });
    await expect(run({ clients: ['cursor'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'none of these servers can be bridged',
      said: expect.stringContaining('left out: behind a URL'),
    });
  });

  it.each([
    ['mcp.toml', 'USAGE', '--output mcp.toml: what is written is JSON; choose a name that ends in .json'],
    ['sub/x.json', 'USAGE', '--output sub/x.json: there is no folder sub; make it, or choose another'],
  ])('where it could not be written: %s', async (output, code, message) => {
    const { root, run } = await start();
    await expect(run({ clients: ['cursor'], output })).rejects.toMatchObject({ code, message });
    expect(await readdir(join(root, 'project'))).toEqual(['.cursor']);
  });
});
