// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type InitOptions, init } from '../../src/commands/init.ts';
import { splitCommand } from '../../src/process/command-line.ts';
import { makeFolder } from '../state/support.ts';
import { createOutput } from './support.ts';

interface Test {
  readonly project: string;
  /** Resolves with what was written to stdout. Each line is an answer; with none there is no terminal. */
  run(lines: readonly string[], options?: Partial<InitOptions>): Promise<string>;
  config(): Promise<unknown>;
}

/** A user whose Cursor has these servers. */
async function start(cursor?: object): Promise<Test> {
  const root = await makeFolder();
  const project = join(root, 'project');
  await mkdir(project);
  const file = join(root, 'home/.cursor/mcp.json');
  await mkdir(dirname(file), { recursive: true });
  if (cursor) await writeFile(file, JSON.stringify({ mcpServers: cursor }));
  const place = { platform: 'linux', env: {}, home: join(root, 'home'), cwd: project } as const;
  return {
    project,
    async run(lines, options) {
      const isTTY = lines.length > 0;
      const input = Object.assign(Readable.from([lines.map((line) => `${line}\n`).join('')]), { isTTY });
      const output = createOutput(isTTY);
      await init({ ...place, output: undefined, force: false, splitCommand, ...options }, { ...output, input });
      return output.text();
    },
    config: async () => JSON.parse(await readFile(join(project, 'mcp-bridge.json'), 'utf8')),
  };
}

const $schema = 'https://unpkg.com/mcp-bridge/mcp-bridge.schema.json';

describe('init', () => {
  it('asks, shows the file, and writes it', async () => {
    const { project, run, config } = await start();
    const said = await run(['npx -y @modelcontextprotocol/server-memory', '', '', '', 'y']);
    const text = await readFile(join(project, 'mcp-bridge.json'), 'utf8');
    expect(said).toBe(
      'The command line of a server: ' +
        'Of another one (Enter: no more): ' +
        'Only tools that are marked as read-only? [y/N] ' +
        'Reachable from the internet, by cloudflared? [y/N] ' +
        `\n${text}\nWrite this to mcp-bridge.json? [Y/n] ` +
        'Wrote mcp-bridge.json with 1 server.\nNext: mcp-bridge\n',
    );
    expect(await config()).toEqual({
      $schema,
      mcpServers: { memory: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-memory'] } },
    });
    expect((await stat(join(project, 'mcp-bridge.json'))).mode & 0o777).toBe(0o600);
  });

  it('writes down what was answered', async () => {
    const { run, config } = await start();
    await run(['files=npx fs "a b"', 'fs', 'node files', '', 'Yes', 'y', '']);
    expect(await config()).toEqual({
      $schema,
      mcpServers: {
        files: { command: 'npx', args: ['fs', 'a b'] },
        fs: { command: 'fs' },
        'files-2': { command: 'node', args: ['files'] },
      },
      bridge: { tools: { readOnly: true }, tunnel: 'cloudflared' },
    });
  });

  it('offers what clients have, and shows no value', async () => {
    const env = { KEY: 'a key', URL: 'x://me:a key@${HOST:-a key}' };
    const { run, config } = await start({ a: { command: 'a' }, b: { command: 'b', env } });
    const said = await run(['2', 'c', '', 'n', 'no', '']);
    expect(said).toMatch(/^These servers are known .*\n\nCursor, .*\n {3}1 a {2}a\n {3}2 b {2}b\n\nWhich of these\?/);
    expect(said).toContain('"KEY": "..."');
    expect(said).not.toContain('a key');
    expect(said).toContain('keep it to yourself: b.KEY, b.URL\n');
    expect(await config()).toEqual({
      $schema,
      mcpServers: { b: { command: 'b', env }, c: { command: 'c' } },
    });
  });

  it('keeps variables variables', async () => {
    const { run, config } = await start();
    await run(['s=~/server --key $KEY "${KEY}x"', '', '', '', '']);
    expect(await config()).toMatchObject({
      mcpServers: { s: { command: '${HOME}/server', args: ['--key', '${KEY}', '${KEY}x'] } },
    });
  });

  it('asks again when an answer cannot be read', async () => {
    const { run, config } = await start();
    const said = await run(['', 'a | b', 'say "it', 'a', '', 'maybe', 'n', '', '']);
    expect(said).toContain('Cannot read the command line: "|" needs a shell');
    expect(said).toContain('is left open');
    expect(said).toContain('[y/N] Answer y or n.\nOnly tools');
    expect(await config()).toEqual({ $schema, mcpServers: { a: { command: 'a' } } });
  });
});

describe('init says what is expected', () => {
  const expected = 'Type a command such as npx -y some-server, or NAME=COMMAND.';
  const variables =
    ' What starts in capitals is read as a variable: these go into the "env" of the server, in the file.';

  it.each([
    ['x=', expected],
    ['https://example.com/mcp', `Servers behind a URL are not bridged yet. ${expected}`],
    ['far=https://example.com/mcp', `Servers behind a URL are not bridged yet. ${expected}`],
    ['TOKEN=abc npx foo', expected + variables],
    ['A_1=x B="y z" npx foo', expected + variables],
    ['foo=TOKEN=abc npx foo', expected + variables],
  ])('instead of %s', async (line, message) => {
    const { run, config } = await start();
    const said = await run([line, 'a', '', '', '', '']);
    expect(said.split('\n')[0]).toBe(`The command line of a server: ${message}`);
    expect(await config()).toEqual({ $schema, mcpServers: { a: { command: 'a' } } });
  });

  it('of no command that is named in capitals, or has such an argument', async () => {
    const { run, config } = await start();
    await run(['FS=server-fs', 'docker run -e A=b x', '', '', '', '']);
    expect(await config()).toMatchObject({
      mcpServers: { FS: { command: 'server-fs' }, x: { command: 'docker', args: ['run', '-e', 'A=b', 'x'] } },
    });
  });
});

describe('init tells at its end', () => {
  it('what has to be set first, and what is replaced', async () => {
    const { project, run } = await start();
    await writeFile(join(project, 'mcp-bridge.json'), '{"mcpServers":{"old":{"command":"x"}},"bridge":{"lazy":true}}');
    const said = await run(['s --key $KEY $SET', '', '', '', ''], { force: true, env: { SET: 'x' } });
    expect(said.split('\n').slice(-5)).toEqual([
      'Write this to mcp-bridge.json? [Y/n] Wrote mcp-bridge.json with 1 server.',
      'Replaced mcp-bridge.json, which had also: old, and the section bridge',
      'Set first: KEY',
      'Next: mcp-bridge',
      '',
    ]);
  });

  it('what VS Code would have asked for', async () => {
    const { project, run, config } = await start();
    const file = join(project, '.vscode/mcp.json');
    await mkdir(dirname(file));
    const inputs = [{ id: 'api-key', type: 'promptString', description: 'The key of A' }];
    await writeFile(file, JSON.stringify({ inputs, servers: { a: { command: 'a', args: ['${input:api-key}'] } } }));
    expect(await run(['all', '', '', '', ''])).toContain(
      '\nSet first: INPUT_API_KEY (The key of A)\nNext: mcp-bridge\n',
    );
    expect(await config()).toMatchObject({ mcpServers: { a: { args: ['${INPUT_API_KEY}'] } } });
  });
});

describe('init leaves nothing behind', () => {
  it('when the file is not wanted', async () => {
    const { project, run } = await start();
    expect(await run(['a', '', '', '', 'n'])).toMatch(/\[Y\/n\] Nothing was written\.\n$/);
    expect(await readdir(project)).toEqual([]);
  });

  it('when the answers end', async () => {
    const { project, run } = await start();
    await expect(run(['a', '', 'y'])).rejects.toMatchObject({
      code: 'CLOSED',
      message: 'there was no answer; nothing was written',
    });
    expect(await readdir(project)).toEqual([]);
  });

  it('when there is a file already, and asks nothing', async () => {
    const { project, run } = await start();
    await writeFile(join(project, 'mcp-bridge.json'), '{}');
    await expect(run(['a', '', '', '', ''])).rejects.toMatchObject({
      code: 'USAGE',
      message: 'mcp-bridge.json is there already; --force replaces it, --output FILE writes another one',
    });
    expect(await readFile(join(project, 'mcp-bridge.json'), 'utf8')).toBe('{}');
    await run(['a', '', '', '', ''], { force: true });
    expect(await readFile(join(project, 'mcp-bridge.json'), 'utf8')).toContain('"a"');
  });

  it('when there is nobody to ask', async () => {
    const { project, run } = await start();
    await expect(run([])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^init asks questions, .* mcp-bridge import CLIENT, .* --read-only or --tunnel$/),
    });
    expect(await readdir(project)).toEqual([]);
  });
});
