// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const WHERE = 'mcp-bridge.json: mcpServers.files';
const ANNOTATIONS = {
  title: 'Read',
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

describe('overrides', () => {
  it('of tools are read in full, in the order of the file', async () => {
    const { overrides } = await rulesOf({
      override: {
        read_file: {
          name: 'read',
          aliases: ['cat', 'read.file'],
          title: 'Read',
          description: { prepend: 'Use this when a file is asked for. ', append: ' That is all.' },
          annotations: ANNOTATIONS,
          parameters: { path: { description: 'Where it is.', enum: ['a', 1, null] } },
          arguments: { head: 200 },
          hidden: ['tail'],
          _meta: { k: 1, gone: null },
        },
        'list_*': { description: 'Lists.' },
      },
    });
    expect(overrides).toEqual([
      {
        glob: 'read_file',
        origin: `${WHERE}.override.read_file`,
        name: 'read',
        aliases: ['cat', 'read.file'],
        title: 'Read',
        description: { prepend: 'Use this when a file is asked for. ', append: ' That is all.' },
        annotations: ANNOTATIONS,
        parameters: { path: { description: { replace: 'Where it is.' }, enum: ['a', 1, null] } },
        arguments: { head: 200 },
        writtenArguments: { head: 200 },
        hidden: ['tail'],
        meta: { k: 1, gone: null },
      },
      { glob: 'list_*', origin: `${WHERE}.override.list_*`, description: { replace: 'Lists.' } },
    ]);
    // What is absent was not said, whatever asks for it.
    expect(Object.keys(overrides[1] ?? {})).toEqual(['glob', 'origin', 'description']);
  });

  it('of prompts and resources are read, where several resources may have one name', async () => {
    const { promptOverrides, resourceOverrides } = await rulesOf({
      overridePrompts: { ask: { name: 'question', title: 'Ask' } },
      overrideResources: { 'file:///a*': { name: 'A file' }, 'file:///b*': { name: 'A file', description: 'One.' } },
    });
    expect(promptOverrides).toEqual([
      { glob: 'ask', origin: `${WHERE}.overridePrompts.ask`, name: 'question', title: 'Ask' },
    ]);
    expect(resourceOverrides).toEqual([
      { glob: 'file:///a*', origin: `${WHERE}.overrideResources.file:///a*`, name: 'A file' },
      {
        glob: 'file:///b*',
        origin: `${WHERE}.overrideResources.file:///b*`,
        name: 'A file',
        description: { replace: 'One.' },
      },
    ]);
  });

  it('may hold variables in the texts of arguments, however deep', async () => {
    const given = { token: '${TOKEN}', filter: { users: ['${env:NAME}', 7, null, true] }, '${TOKEN}': '$${x}' };
    const { overrides } = await rulesOf({ override: { read: { arguments: given, title: '${TOKEN}' } } });
    expect(overrides[0]).toMatchObject({
      arguments: { token: 'secret', filter: { users: ['ada', 7, null, true] }, '${TOKEN}': '${x}' },
      title: '${TOKEN}',
    });
  });

  it('say where a variable is that is not set', async () => {
    const override = { read: { arguments: { filter: { users: ['${NOBODY}'] } } } };
    await expect(rulesOf({ override })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${WHERE}.override.read.arguments.filter.users[0]: the variable NOBODY is not set; set it or write \${NOBODY:-default}`,
    });
  });
});

describe('schemas and results', () => {
  it("are the bridge's where a server says nothing, key by key, and also for servers of the command line", async () => {
    const cwd = await folderWith({
      mcpServers: {
        a: { command: 'x' },
        b: { command: 'x', schemas: 'strict', results: { strip: [] } },
        c: { command: 'x', results: { maxSize: 0 } },
      },
      bridge: { schemas: 'original', results: { maxSize: '100kb', strip: ['image', 'audio'] } },
    });
    const { settings } = await resolve(['--config', 'mcp-bridge.json', '--stdio', 'd=x'], { cwd });
    const rules = settings.upstreams.map(({ name, rules: { schemas, results } }) => [name, schemas, results]);
    expect(rules).toEqual([
      ['a', 'original', { maxSize: 100_000, strip: ['image', 'audio'] }],
      ['b', 'strict', { maxSize: 100_000, strip: [] }],
      ['c', 'original', { maxSize: 0, strip: ['image', 'audio'] }],
      ['d', 'original', { maxSize: 100_000, strip: ['image', 'audio'] }],
    ]);
  });
});

async function rulesOf(keys: object) {
  const cwd = await folderWith({ mcpServers: { files: { command: 'x', ...keys } } });
  const { settings } = await resolve([], { cwd, env: { TOKEN: 'secret', NAME: 'ada' } });
  const [upstream] = settings.upstreams;
  if (upstream === undefined) throw new Error('there is no server');
  return upstream.rules;
}
