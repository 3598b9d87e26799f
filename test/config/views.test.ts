// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const WHERE = 'mcp-bridge.json: bridge.views';

describe('views', () => {
  it('say nothing but what they were told', async () => {
    const { views } = await settingsWith({ all: {} });
    expect(views).toEqual([
      {
        name: 'all',
        origin: `${WHERE}.all`,
        servers: [],
        tools: { allow: [], deny: [] },
        overrides: {},
        prefix: 'auto',
        schemas: undefined,
        research: false,
      },
    ]);
  });

  it('are read in full', async () => {
    const override = { files: { 'read_*': { arguments: { token: '${TOKEN}' } } } };
    const told = { servers: ['files'], tools: { readOnly: true }, prefix: 'none', schemas: 'original', research: true };
    const { views } = await settingsWith({ docs: { ...told, override } });
    expect(views).toEqual([
      {
        ...told,
        name: 'docs',
        origin: `${WHERE}.docs`,
        tools: { allow: [], deny: [], readOnly: true },
        overrides: {
          files: [
            {
              glob: 'read_*',
              origin: `${WHERE}.docs.override.files.read_*`,
              arguments: { token: 'secret' },
              writtenArguments: { token: '${TOKEN}' },
            },
          ],
        },
      },
    ]);
  });

  it("have the bridge's prefix, wherever that was said", async () => {
    const { views } = await settingsWith({ a: {}, b: { prefix: 'auto' } }, ['--prefix', 'none']);
    expect(views.map(({ prefix }) => prefix)).toEqual(['none', 'auto']);
  });

  it('may show servers of the command line', async () => {
    const argv = ['--config', 'mcp-bridge.json', '--stdio', 'notes=x'];
    const { views } = await settingsWith({ notes: { servers: ['notes'] } }, argv);
    expect(views[0]?.servers).toEqual(['notes']);
  });

  it('lose servers that are left out, and what is said of their tools', async () => {
    const override = { off: { a: { title: 'A' } }, far: { a: { title: 'A' } } };
    const { views } = await settingsWith({ docs: { servers: ['off', 'files', 'far'], override } });
    expect(views).toMatchObject([{ servers: ['files'], overrides: {} }]);
  });

  it('may give a tool another name than its server’s entry does, and the former one to another tool', async () => {
    const override = { files: { read: { name: 'show' }, stat: { name: 'cat' } } };
    const { views } = await settingsWith({ docs: { override } });
    expect(views[0]?.overrides.files).toMatchObject([{ name: 'show' }, { name: 'cat' }]);
  });

  it('may keep the name of a server’s entry as a former one', async () => {
    const override = { files: { read: { name: 'show', aliases: ['cat', 'read'] } } };
    const { views } = await settingsWith({ docs: { override } });
    expect(views[0]?.overrides.files).toMatchObject([{ name: 'show', aliases: ['cat', 'read'] }]);
  });

  it.each([
    [{ servers: ['file'] }, 'servers: there is no server "file"; did you mean files?'],
    [{ servers: ['nobody'] }, 'servers: there is no server "nobody"; expected files, memory'],
    [{ override: { flies: {} } }, 'override: there is no server "flies"; did you mean files?'],
    [{ servers: ['off', 'far'] }, 'servers: none of them is bridged; the servers are files, memory'],
    [
      { servers: ['memory'], override: { files: { read: {} } } },
      'override.files: the view does not show files; add it to servers',
    ],
    [
      { override: { files: { stat: { name: 'cat' } } } },
      'override.files.stat.name: cat is given to read as well; choose another one',
    ],
  ])('are refused: %j', async (view, message) => {
    await expect(settingsWith({ docs: view })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${WHERE}.docs.${message}`,
    });
  });
});

async function settingsWith(views: object, argv: string[] = []) {
  const mcpServers = {
    files: { command: 'x', override: { read: { name: 'cat', aliases: ['read'] } } },
    memory: { command: 'x' },
    off: { command: 'x', disabled: true },
    far: { url: 'https://mcp.example.com' },
  };
  const cwd = await folderWith({ mcpServers, bridge: { views } });
  return (await resolve(argv, { cwd, env: { TOKEN: 'secret' } })).settings;
}
