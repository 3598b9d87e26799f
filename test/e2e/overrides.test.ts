import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bridge } from '../support/bridge.ts';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { createStatelessClient } from '../support/stateless.ts';
import {
  type CatalogServer,
  createCatalogServer,
  type ListedTool,
  startFreshBridge,
  TOOL_CLIENTS,
  urlAt,
} from './catalog-servers.ts';

/** Says things that nothing but the owner may change: numbers beyond doubles, members that nobody knows. */
const UNTOUCHED =
  '{"description":"Writes.","x-vendor":[1.0,12345678901234567890],"inputSchema":{"type":"object","properties":{"n":{"type":"integer","maximum":12345678901234567890}}},"name":"NAME"}';
const READ_FILE = {
  name: 'read_file',
  title: 'Read File',
  description: 'Reads a file.',
  inputSchema: {
    type: 'object',
    properties: {
      path: { type: 'string', description: 'A path.' },
      mode: { type: 'string' },
      head: { type: 'number' },
      tail: { type: 'number' },
    },
    required: ['path', 'tail'],
  },
  annotations: { title: 'Reader', destructiveHint: false },
  _meta: { 'vendor/a': 1, 'vendor/b': 2 },
  'x-vendor': true,
};
const plain = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } });
const LISTS = [plain('list_files', 'Lists files.'), plain('list_dirs', 'Lists folders.')];
const TEXTS = [READ_FILE, ...LISTS, plain('read', 'The server’s own.'), plain('slow', 'Waits.')].map((tool) =>
  JSON.stringify(tool),
);
const TOOLS = `[${[...TEXTS, UNTOUCHED.replace('NAME', 'write')].join(',')}]`;

const OVERRIDE = {
  'list_*': { annotations: { readOnlyHint: true }, description: { append: 'Hidden ones, too.' } },
  list_dirs: { description: { replace: 'Lists all folders.', prepend: 'First.', append: 'Last.' } },
  read_file: {
    name: 'read',
    aliases: ['cat'],
    title: 'Read',
    description: { prepend: 'Use this first.' },
    annotations: { readOnlyHint: true },
    parameters: {
      path: { description: { append: 'Such as todo.md.' } },
      mode: { description: 'How.', enum: ['text', 'lines'] },
    },
    arguments: { head: 200, deep: { limits: [1, null] } },
    hidden: ['tail'],
    _meta: { 'owner/k': { v: 1 }, 'vendor/a': null },
  },
  slow: { name: 'wait' },
};

/** As clients see it, but for its name. */
const READ_FILE_AS_SHOWN = {
  title: 'Read',
  description: 'Use this first.\n\nReads a file.',
  inputSchema: {
    type: 'object',
    properties: {
      path: { type: 'string', description: 'A path.\n\nSuch as todo.md.' },
      mode: { type: 'string', description: 'How.', enum: ['text', 'lines'] },
    },
    required: ['path'],
  },
  annotations: { title: 'Reader', destructiveHint: false, readOnlyHint: true },
  _meta: { 'vendor/b': 2, 'owner/k': { v: 1 } },
};
const PRESETS = { head: 200, deep: { limits: [1, null] } };

/** Where the server is shown, and under which names. */
const PLACES = [
  { place: '', prefix: 'files__' },
  { place: 'servers/files', prefix: '' },
  { place: 'views/short', prefix: '' },
  { place: 'views/long', prefix: 'files__' },
];

let files: CatalogServer;
let bridge: Bridge;

beforeAll(async () => {
  files = await createCatalogServer(TOOLS);
  const words = {
    overridePrompts: {
      'prompt-1': { name: 'greet', title: 'Greet', description: { append: 'Kindly.' } },
      'prompt-?': { title: 'A prompt' },
    },
    overrideResources: {
      'echo://*': { title: 'Echoed' },
      'echo://resource-1': { name: 'First', description: 'The first one.' },
      'echo://template-1/{id}': { name: 'Any' },
    },
  };
  bridge = await startFreshBridge({
    mcpServers: {
      files: { ...files.entry, override: OVERRIDE },
      echo: { ...fixture('echo-server', '--pages', '2'), ...words },
      tasks: { ...fixture('tasks-server'), override: { work: { name: 'job' }, survey: { name: 'poll' } } },
    },
    bridge: {
      views: {
        short: { servers: ['files'], prefix: 'none' },
        long: { servers: ['files', 'echo'], prefix: 'server' },
        renamed: {
          servers: ['files'],
          override: { files: { write: { name: 'save', title: 'Save' }, list_dirs: { description: 'Folders.' } } },
        },
      },
    },
  });
});
afterAll(async () => {
  await bridge.stop();
  await files[Symbol.asyncDispose]();
});

describe.each(PLACES)('at /$place, the owner’s word on a tool', ({ place, prefix }) => {
  describe.each(Object.entries(TOOL_CLIENTS))('is heard by a client with %s', (_way, connect) => {
    const listed = async (): Promise<Map<string, ListedTool>> => {
      await using client = await connect(bridge, place);
      return new Map((await client.list()).map((tool) => [tool.name, tool]));
    };

    it('in its definition', async () => {
      const tools = await listed();
      expect(tools.get(`${prefix}read`)).toMatchObject(READ_FILE_AS_SHOWN);
      expect(tools.get(`${prefix}read`)?.inputSchema).toEqual(READ_FILE_AS_SHOWN.inputSchema);
      expect(tools.get(`${prefix}read`)?._meta).toEqual(READ_FILE_AS_SHOWN._meta);
      expect([...tools.keys()].join()).not.toContain('read_file');
    });

    it('by globs, each rule on what the one before left', async () => {
      const tools = await listed();
      const annotations = { readOnlyHint: true };
      expect(tools.get(`${prefix}list_files`)).toMatchObject({
        annotations,
        description: 'Lists files.\n\nHidden ones, too.',
      });
      expect(tools.get(`${prefix}list_dirs`)).toMatchObject({
        annotations,
        description: 'First.\n\nLists all folders.\n\nLast.',
      });
    });

    it('in what the server receives', async () => {
      await using client = await connect(bridge, place);
      const args = { path: 'a', Head: 1, head: 2, tail: 3, TAIL: 4 };
      const received = { tool: 'read_file', arguments: { path: 'a', ...PRESETS } };
      expect(await client.call(`${prefix}read`, args)).toEqual(received);
      expect(await client.call(`${prefix}cat`, args)).toEqual(received);
      expect(await client.call(`${prefix}wait`, { ms: 1 })).toEqual({ tool: 'slow', arguments: { ms: 1 } });
    });

    it('also where its new name is that of another tool, which evades', async () => {
      await using client = await connect(bridge, place);
      const own = (await client.list()).filter(({ description }) => description === 'The server’s own.');
      expect(own).toEqual([expect.objectContaining({ name: expect.stringMatching(`^${prefix}read_[0-9a-z]+$`) })]);
      expect(await client.call(own[0]?.name as string)).toEqual({ tool: 'read', arguments: {} });
    });

    it('and its former name is nobody’s', async () => {
      await using client = await connect(bridge, place);
      await expect(client.call(`${prefix}read_file`)).rejects.toThrow(`Unknown tool: ${prefix}read_file`);
      await expect(client.call(`${prefix}slow`)).rejects.toThrow(`Unknown tool: ${prefix}slow`);
    });
  });

  it('leaves the rest of definitions to the byte', async () => {
    const { text } = await rawPost(urlAt(bridge, place), { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(text).toContain(UNTOUCHED.replace('NAME', `${prefix}write`));
    expect(text).toContain('"x-vendor":true');
  });

  it('leaves the rest of calls to the byte', async () => {
    const call = (name: string, args: string, meta: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"x":1.0,"name":"${prefix}${name}","arguments":${args},"_meta":${meta}}}`;
    const args = '{ "n":12345678901234567890, "m":1.0,"ü":"\\u00fc"}';
    const marks = { write: '{"k":"first 1.0"}', read: '{"k":"second"}' };
    await rawPost(urlAt(bridge, place), call('write', args, marks.write));
    await rawPost(urlAt(bridge, place), call('read', args, marks.read));
    const heard = (await files.heard()).slice(-3);
    expect(heard[0]).toContain(`"params":{"x":1.0,"name":"write","arguments":${args},"_meta":${marks.write}}`);
    expect(heard[1]).toContain('"x":1.0,"name":"read_file"');
    expect(heard[1]).toMatch(/"arguments":\{ ?"n":12345678901234567890, "m":1\.0,"ü":"\\u00fc","head":200,"deep":/);
    expect(heard[1]).toContain(`"_meta":${marks.read}`);
  });

  it('sets what is preset where a call has no arguments, or none that are an object', async () => {
    const call = async (members: object) => {
      const params = { name: `${prefix}read`, ...members };
      const { messages } = await rawPost(urlAt(bridge, place), { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      return messages[0];
    };
    const expected = { result: { structuredContent: { tool: 'read_file', arguments: PRESETS } } };
    expect(await call({})).toMatchObject(expected);
    expect(await call({ arguments: null })).toMatchObject(expected);
    expect(await call({ arguments: [{ head: 1 }] })).toMatchObject({ error: { code: -32602 } });
  });
});

describe('a rename in a view', () => {
  const at = (place: string) => urlAt(bridge, place);

  it('is heard there alone', async () => {
    await using view = await connectHttp(at('views/renamed'));
    await using rest = await connectHttp(at('servers/files'));
    const { tools } = await view.client.listTools();
    expect(tools).toContainEqual(expect.objectContaining({ name: 'save', title: 'Save' }));
    const called = await view.client.callTool({ name: 'save', arguments: { a: 1 } });
    expect(called.structuredContent).toEqual({ tool: 'write', arguments: { a: 1 } });
    await expect(view.client.callTool({ name: 'write' })).rejects.toThrow('Unknown tool');
    expect((await rest.client.listTools()).tools.map(({ name }) => name)).toContain('write');
    expect((await rest.client.callTool({ name: 'write' })).structuredContent).toMatchObject({ tool: 'write' });
  });

  it('comes on top of the owner’s word on the server', async () => {
    await using view = await connectHttp(at('views/renamed'));
    const { tools } = await view.client.listTools();
    const lists = tools.find(({ name }) => name === 'list_dirs');
    expect(lists).toMatchObject({ description: 'Folders.', annotations: { readOnlyHint: true } });
    expect(tools).toContainEqual(expect.objectContaining({ name: 'read', ...READ_FILE_AS_SHOWN }));
  });
});

describe('what belongs to a renamed tool finds its way:', () => {
  it.each([
    ['Streamable HTTP', connectHttp, 'mcp'],
    ['SSE', connectSse, 'sse'],
  ] as const)('progress over %s', async (_wire, connect, end) => {
    await using peer = await connect(urlAt(bridge, '', end));
    const seen: unknown[] = [];
    const onprogress = (progress: unknown) => seen.push(progress);
    await peer.client.callTool({ name: 'files__wait', arguments: { ms: 50 } }, undefined, { onprogress });
    expect(seen).toEqual([{ progress: 1, total: 2 }]);
  });

  it('progress in 2026', async () => {
    const client = createStatelessClient(bridge.url);
    const { frames } = await client.call('files__wait', { ms: 50 }, { meta: { progressToken: 'mine' } });
    expect(frames[0]).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'mine' } });
    expect(frames.at(-1)?.result?.structuredContent).toEqual({ tool: 'slow', arguments: { ms: 50 } });
  });

  it('a task', async () => {
    await using peer = await connectHttp(bridge.url);
    const work = { name: 'tasks__job', arguments: { result: 'as a task' } };
    const messages = [];
    for await (const message of peer.client.experimental.tasks.callToolStream(work, undefined, { task: { ttl: 1e4 } }))
      messages.push(message);
    expect(messages[0]).toMatchObject({ type: 'taskCreated' });
    expect(messages.at(-1)).toMatchObject({ type: 'result', result: { content: [{ text: 'as a task' }] } });
  });

  it('the support for tasks that its definition tells of', async () => {
    await using peer = await connectHttp(bridge.url);
    const { tools } = await peer.client.listTools();
    expect(tools.find(({ name }) => name === 'tasks__poll')?.execution).toEqual({ taskSupport: 'required' });
  });
});

describe('the owner’s word on other things', () => {
  const VIEWS = [
    { place: '', prefix: 'echo__' },
    { place: 'servers/echo', prefix: '' },
    { place: 'views/long', prefix: 'echo__' },
  ];

  it.each(VIEWS)('renames prompts, gets and completes them at /$place', async ({ place, prefix }) => {
    await using peer = await connectHttp(urlAt(bridge, place));
    const { prompts } = await peer.client.listPrompts();
    expect(prompts[0]).toMatchObject({
      name: `${prefix}greet`,
      title: 'A prompt',
      description: 'Prompt 1.\n\nKindly.',
    });
    const got = await peer.client.getPrompt({ name: `${prefix}greet`, arguments: { topic: 'rain' } });
    expect(got.messages).toMatchObject([{ content: { text: 'prompt-1 of echo: rain' } }]);
    const ref = { type: 'ref/prompt' as const, name: `${prefix}greet` };
    const { completion } = await peer.client.complete({ ref, argument: { name: 'topic', value: 'r' } });
    expect(completion.values).toEqual(['r by echo', 'prompt-1']);
    await expect(peer.client.getPrompt({ name: `${prefix}prompt-1` })).rejects.toThrow('Unknown prompt');
  });

  it.each(VIEWS)('is heard of resources and templates at /$place, whose URIs stay', async ({ place }) => {
    await using peer = await connectHttp(urlAt(bridge, place));
    const { resources } = await peer.client.listResources();
    const first = { uri: 'echo://resource-1', name: 'First', title: 'Echoed', description: 'The first one.' };
    expect(resources).toContainEqual(first);
    const { contents } = await peer.client.readResource({ uri: first.uri });
    expect(contents).toMatchObject([{ text: 'echo://resource-1 of echo' }]);
    const { resourceTemplates } = await peer.client.listResourceTemplates();
    expect(resourceTemplates).toContainEqual({
      uriTemplate: 'echo://template-1/{id}',
      name: 'Any',
      title: 'Echoed',
    });
  });
});

describe('a server that changes its tools', () => {
  it('is shown with the owner’s word on the new ones, and clients are told', async () => {
    await using server = await createCatalogServer([plain('old', 'Old.')]);
    const override = { fresh: { name: 'new', description: { prepend: 'Now.' }, arguments: { v: 2 } } };
    await using alone = await startFreshBridge({ mcpServers: { files: { ...server.entry, override } } });
    await using peer = await connectHttp(alone.url);
    await peer.client.listTools();
    await server.define([plain('fresh', 'Fresh.')]);
    await peer.inbox.wait('notifications/tools/list_changed');
    const { tools } = await peer.client.listTools();
    expect(tools).toEqual([{ ...plain('new', 'Now.\n\nFresh.'), inputSchema: expect.anything() }]);
    const { structuredContent } = await peer.client.callTool({ name: 'new', arguments: { v: 1 } });
    expect(structuredContent).toEqual({ tool: 'fresh', arguments: { v: 2 } });
  });
});

describe('what means nothing', () => {
  it('is told once, with the place where it was configured', async () => {
    await using server = await createCatalogServer(TOOLS);
    const override = { raed_file: { title: 'x' }, write: { hidden: ['m'], arguments: { extra: 1 } } };
    await using alone = await startFreshBridge({ mcpServers: { files: { ...server.entry, override } } });
    const report = 'override \\"raed_file\\" matches no tool';
    await expect.poll(alone.stderr).toContain(report);
    expect(alone.stderr().split(report)).toHaveLength(2);
    expect(alone.stderr()).toContain('There is no parameter \\"m\\"');
    expect(alone.stderr()).toContain('There is no parameter \\"extra\\"');
  });

  it.each([
    ['a new name for a glob', { 'list_*': { name: 'x' } }],
    ['one name for two tools', { list_files: { name: 'x' }, list_dirs: { name: 'x' } }],
    ['a word that is none', { read_file: { titel: 'x' } }],
  ])('ends the start: %s', async (_what, override) => {
    const start = startFreshBridge({ mcpServers: { files: { ...files.entry, override } } });
    await expect(start).rejects.toThrow(/override/);
  });
});
