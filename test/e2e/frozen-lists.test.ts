import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { type ChatGpt, type ChatGptOptions, createChatGpt } from '../support/oauth/chatgpt.ts';
import { type GuardedBridge, letIn, startGuardedBridge } from '../support/oauth/owner.ts';
import { PUBLIC_URL } from './oauth-servers.ts';
import { settled, statusOf } from './status.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** As the owner is told of `openai-mcp`. */
const CHATGPT = 'ChatGPT (openai-mcp)';
const read = (name: string) => ({
  name,
  description: `Reads ${name}.`,
  inputSchema: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true },
});
const write = (name: string) => ({ ...read(name), annotations: { readOnlyHint: false, destructiveHint: false } });

interface Config {
  readonly mcpServers: Readonly<Record<string, object>>;
  readonly bridge?: object;
}

/** A machine whose bridge is stopped, changed and started again, with its config file and its state folder. */
async function createHome() {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const bridges: GuardedBridge[] = [];
  const home = {
    statePath: (name: string) => at(`state/${name}`),
    /** A server's entry in the config. It remembers what it was called. */
    async server(name: string, ...tools: object[]) {
      await home.setTools(name, ...tools);
      return fixture('catalog-server', '--tools', at(`${name}.json`), '--heard', at(`${name}.heard`));
    },
    setTools: (name: string, ...tools: object[]) => writeFile(at(`${name}.json`), JSON.stringify(tools)),
    /** The tools that a server was called for. */
    async called(name: string): Promise<string[]> {
      const lines = (await readFile(at(`${name}.heard`), 'utf8').catch(() => '')).split('\n').filter(Boolean);
      const messages = lines.map((line) => JSON.parse(line));
      return messages.filter(({ method }) => method === 'tools/call').map(({ params }) => params.name);
    },
    /** Starts a bridge beside those that run. */
    async startAnother(config: Config, file = 'bridge.json') {
      await writeFile(at(file), JSON.stringify(config));
      const options = { stateFolder: at('state'), publicUrl: PUBLIC_URL };
      bridges.push(await startGuardedBridge(['--config', at(file)], options));
      return bridges.at(-1) as GuardedBridge;
    },
    async stop() {
      for (const bridge of bridges.splice(0)) await bridge.stop();
    },
    /** Stops what runs, and starts it with this config in the same file. */
    async start(config: Config) {
      await home.stop();
      return home.startAnother(config);
    },
    /** ChatGPT, which reaches whichever bridge was started last. */
    async link(options: Partial<ChatGptOptions> = {}, access: 'all' | 'read' = 'all'): Promise<ChatGpt> {
      const send: ChatGptOptions['send'] = (...request) => (bridges.at(-1) as GuardedBridge).send(...request);
      const chatgpt = createChatGpt({ url: `${PUBLIC_URL}/mcp`, send, ...options });
      await chatgpt.connect(await letIn(bridges.at(-1) as GuardedBridge, { access }));
      return chatgpt;
    },
    async [Symbol.asyncDispose]() {
      await home.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
  return home;
}

/** What a bridge has announced of old lists. */
function announcedBy(bridge: GuardedBridge): string[] {
  const lines = bridge.stderr().split('\n').filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line) as { level: string; message: string });
  return entries
    .filter(({ message }) => message.includes('old list'))
    .map(({ level, message }) => `${level}: ${message}`);
}

const ANNOUNCED = [
  `warn: the tools have changed since ${CHATGPT} read them: it still shows the old list. Press Refresh in the connector's settings there`,
];

/** Once the bridge has looked at what its servers have: whose list is out of date. */
async function outdatedAt(bridge: GuardedBridge): Promise<readonly string[]> {
  await settled(bridge);
  return (await statusOf(bridge)).outdatedClients;
}

const refusal = (chatgpt: ChatGpt, name: string) =>
  chatgpt.callTool(name, { id: '1' }).then(
    (result) => JSON.stringify(result),
    (error: Error) => error.message,
  );

describe('a call under a name of the list that ChatGPT has kept', () => {
  it('reaches the tool that its owner has renamed', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('read_file'), read('other'));
    await home.start({ mcpServers: { notes } });
    const chatgpt = await home.link();
    const override = { read_file: { name: 'open' } };
    await home.start({ mcpServers: { notes: { ...notes, override } } });
    const { structuredContent } = await chatgpt.callTool('read_file', { id: '1' });
    expect(structuredContent).toEqual({ tool: 'read_file', arguments: { id: '1' } });
    expect((await chatgpt.listTools()).map(({ name }) => name)).toEqual(['open', 'other']);
    // What it once stood for is kept even after the new list has been read.
    expect((await chatgpt.callTool('read_file', { id: '2' })).structuredContent).toMatchObject({ tool: 'read_file' });
  });

  it('reaches its server when another one has come, and back when that is gone', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const mail = await home.server('mail', read('get'), read('send'));
    await home.start({ mcpServers: { notes } });
    const early = await home.link();
    await home.start({ mcpServers: { mail, notes } });
    await early.callTool('get', { id: '1' });
    expect([await home.called('notes'), await home.called('mail')]).toEqual([['get'], []]);
    const late = await home.link();
    await home.start({ mcpServers: { notes } });
    await late.callTool('notes__get', { id: '2' });
    expect(await home.called('notes')).toEqual(['get', 'get']);
  });

  it('reaches its server under the new name of that', async () => {
    await using home = await createHome();
    const [notes, mail] = [await home.server('notes', read('get')), await home.server('mail', read('get'))];
    await home.start({ mcpServers: { notes, mail } });
    const chatgpt = await home.link();
    await home.start({ mcpServers: { mail, archive: { ...notes, override: { get: { name: 'fetch_note' } } } } });
    await chatgpt.callTool('notes__get', { id: '1' });
    expect([await home.called('notes'), await home.called('mail')]).toEqual([['get'], []]);
  });

  it('does not reach another program that offers the same', async () => {
    await using home = await createHome();
    const [notes, mail] = [await home.server('notes', read('get')), await home.server('mail', read('get'))];
    const others = await home.server('others', read('get'));
    await home.start({ mcpServers: { notes, mail } });
    const chatgpt = await home.link();
    await home.start({ mcpServers: { archive: others, mail } });
    expect(await refusal(chatgpt, 'notes__get')).toMatch(/Unknown tool: notes__get.*press Refresh/);
    expect([await home.called('others'), await home.called('mail')]).toEqual([[], []]);
  });

  it.each(['of one server', 'of several'])('says what to do when the tool is gone, %s', async (which) => {
    await using home = await createHome();
    const more = which === 'of several' ? { mail: await home.server('mail', read('get')) } : {};
    await home.start({ mcpServers: { echo: fixture('echo-server', '--tools', 'echo,length'), ...more } });
    const chatgpt = await home.link();
    await home.start({ mcpServers: { echo: fixture('echo-server', '--tools', 'echo'), ...more } });
    expect(await refusal(chatgpt, which === 'of several' ? 'echo__length' : 'length')).toMatch(/press Refresh/);
  });

  it.each([
    ['by its own name', { tools: { deny: ['wipe'] } }],
    ['by its annotations', { tools: { readOnly: true } }],
    ['after it was renamed', { tools: { deny: ['wipe'] }, override: { wipe: { name: 'clean' } } }],
  ])('says what to do when the tool is filtered out %s, and does not call it', async (_how, rules) => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'), write('wipe'));
    await home.start({ mcpServers: { notes } });
    const chatgpt = await home.link();
    await home.start({ mcpServers: { notes: { ...notes, ...rules } } });
    expect(await refusal(chatgpt, 'wipe')).toMatch(/Unknown tool: wipe\b.*press Refresh/);
    expect(await home.called('notes')).toEqual([]);
  });

  it('reaches the tool also where the server lists in pages', async () => {
    await using home = await createHome();
    const echo = fixture('echo-server', '--tools', 'echo,length', '--pages', '2');
    await home.start({ mcpServers: { echo } });
    const bridge = await home.start({ mcpServers: { echo } });
    const chatgpt = await home.link();
    expect((await chatgpt.listTools()).map(({ name }) => name)).toEqual(['echo']);
    await vi.waitFor(async () => expect(await outdatedAt(bridge)).toEqual([]), EVENTUALLY);
    await home.start({ mcpServers: { echo: { ...echo, override: { echo: { name: 'say' } } } } });
    expect(await chatgpt.callTool('echo', { message: 'hi' })).toMatchObject({ structuredContent: { message: 'hi' } });
  });
});

describe('a change of the tools', () => {
  it('is announced once, until ChatGPT has read the new list', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const first = await home.start({ mcpServers: { notes } });
    const chatgpt = await home.link();
    expect([await outdatedAt(first), announcedBy(first)]).toEqual([[], []]);

    const renamed = { ...notes, override: { get: { name: 'fetch_note' } } };
    const second = await home.start({ mcpServers: { notes: renamed } });
    await expect.poll(async () => [await outdatedAt(second), announcedBy(second)]).toEqual([[CHATGPT], ANNOUNCED]);
    await chatgpt.callTool('get', { id: '1' });
    await expect.poll(async () => [await outdatedAt(second), announcedBy(second)]).toEqual([[CHATGPT], ANNOUNCED]);
    await chatgpt.listTools();
    expect([await outdatedAt(second), announcedBy(second)]).toEqual([[], ANNOUNCED]);

    const third = await home.start({ mcpServers: { notes: renamed } });
    expect([await outdatedAt(third), announcedBy(third)]).toEqual([[], []]);
  });

  it('is announced when a server makes it while it runs, each time anew', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const bridge = await home.start({ mcpServers: { notes } });
    const chatgpt = await home.link();
    const becomes = async (times: number, outdated: string[]) => {
      await vi.waitFor(() => expect(announcedBy(bridge)).toHaveLength(times), EVENTUALLY);
      await vi.waitFor(async () => expect((await statusOf(bridge)).outdatedClients).toEqual(outdated), EVENTUALLY);
    };
    await home.setTools('notes', read('get'), read('more'));
    await becomes(1, [CHATGPT]);
    await home.setTools('notes', read('get'));
    await becomes(1, []);
    await home.setTools('notes', read('get'), read('more'));
    await becomes(2, [CHATGPT]);
    await chatgpt.listTools();
    await becomes(2, []);
  });

  it('is announced of each that has not read the new list', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'), write('put'));
    await home.start({ mcpServers: { notes } });
    const [mine, theirs] = [await home.link(), await home.link({}, 'read')];
    await home.setTools('notes', read('get'), read('more'));
    const bridge = await home.start({ mcpServers: { notes } });
    await expect.poll(() => outdatedAt(bridge)).toEqual([CHATGPT]);
    await mine.listTools();
    await expect.poll(() => outdatedAt(bridge)).toEqual([CHATGPT]);
    await theirs.listTools();
    expect(await outdatedAt(bridge)).toEqual([]);
    expect(announcedBy(bridge)).toEqual(ANNOUNCED);
  });

  it('is not announced any more of a client that has been unlinked', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const config = { mcpServers: { notes } };
    await home.start(config);
    await home.link();
    await home.setTools('notes', read('got'));
    const second = await home.start(config);
    await expect.poll(() => outdatedAt(second)).toEqual([CHATGPT]);
    await second.command('grants', 'revoke', '--all');
    await vi.waitFor(async () => expect(await outdatedAt(second)).toEqual([]), EVENTUALLY);
    const third = await home.start(config);
    expect([await outdatedAt(third), announcedBy(third)]).toEqual([[], []]);
  });

  it('is not announced of a client that was unlinked while no bridge ran', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const bridge = await home.start({ mcpServers: { notes } });
    await home.link();
    await home.stop();
    await bridge.command('grants', 'revoke', '--all');
    await home.setTools('notes', read('got'));
    const after = await home.start({ mcpServers: { notes } });
    expect([await outdatedAt(after), announcedBy(after)]).toEqual([[], []]);
  });
});

describe('nothing is announced', () => {
  const echo = fixture('echo-server', '--tools', 'echo,length');
  const late = fixture('echo-server', '--tools', 'echo', '--start-delay', '1000');
  const mixed = fixture('echo-server', '--tools', 'echo,sleep');
  const gone = { command: process.execPath, args: ['-e', 'process.exit(1)'] };

  it.each<[string, Config]>([
    ['to one server', { mcpServers: { echo } }],
    ['to a server that is slow to start', { mcpServers: { echo, late } }],
    ['to a server that waits for its first request', { mcpServers: { echo, late: { ...late, lazy: true } } }],
    ['beside a server that does not start', { mcpServers: { echo, gone } }],
    [
      'to tools for research, one of which writes',
      {
        mcpServers: { echo: mixed },
        bridge: { research: { search: 'echo', fetch: { tool: 'sleep', parameter: 'id' } } },
      },
    ],
  ])('when nothing has changed, for who may only read as for others: %s', async (_what, config) => {
    await using home = await createHome();
    await home.start(config);
    await home.link();
    await home.link({}, 'read');
    const after = await home.start(config);
    expect([await outdatedAt(after), announcedBy(after)]).toEqual([[], []]);
  });

  it('when a server that only writers see has changed what writes, to a client that may only read', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'), write('put'));
    await home.start({ mcpServers: { notes } });
    await home.link({}, 'read');
    await home.setTools('notes', read('get'), write('post'));
    const after = await home.start({ mcpServers: { notes } });
    expect([await outdatedAt(after), announcedBy(after)]).toEqual([[], []]);
  });

  it('of a client with a session, whatever it is called', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    const config = { mcpServers: { notes }, bridge: { token: 'a-token-of-32-characters-or-more' } };
    const list = async ({ origin }: GuardedBridge) => {
      const headers = { authorization: `Bearer ${config.bridge.token}` };
      await using peer = await connectHttp(`${origin}/mcp`, { name: 'openai-mcp', headers });
      return (await peer.client.listTools()).tools.length;
    };
    expect(await list(await home.start(config))).toBe(1);
    await home.setTools('notes', read('got'));
    const after = await home.start(config);
    expect([await outdatedAt(after), announcedBy(after)]).toEqual([[], []]);
  });
});

describe('what is remembered of names', () => {
  it('is that of all bridges on one state folder', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'), write('put'));
    const config = { mcpServers: { notes } };
    let current = await home.startAnother(config);
    const url = `${PUBLIC_URL}/mcp`;
    const [writer, reader] = [1, 2].map(() => createChatGpt({ url, send: (...request) => current.send(...request) }));
    await writer?.signIn(await letIn(current));
    await reader?.signIn(await letIn(current, { access: 'read' }));
    const second = await home.startAnother(config);
    await writer?.listTools();
    current = second;
    await reader?.listTools();

    current = await home.start({
      mcpServers: { notes: { ...notes, override: { '{get,put}': { title: 'Changed' } } } },
    });
    await expect.poll(() => outdatedAt(current)).toEqual([CHATGPT]);
    await writer?.listTools();
    await expect.poll(() => outdatedAt(current)).toEqual([CHATGPT]);
    await reader?.listTools();
    expect(await outdatedAt(current)).toEqual([]);
  });

  it('is not that of another config file', async () => {
    await using home = await createHome();
    const [notes, mail] = [await home.server('notes', read('get')), await home.server('mail', read('send'))];
    await home.startAnother({ mcpServers: { notes } });
    const chatgpt = await home.link();
    const other = await home.startAnother({ mcpServers: { mail } }, 'other.json');
    expect([await outdatedAt(other), announcedBy(other)]).toEqual([[], []]);
    expect(await refusal(chatgpt, 'get')).toMatch(/Refresh|"tool":"get"/);
    expect(await home.called('notes')).toEqual([]);
  });

  it('is left alone where its file is broken, and the tools are served', async () => {
    await using home = await createHome();
    const notes = await home.server('notes', read('get'));
    await home.start({ mcpServers: { notes } });
    const chatgpt = await home.link();
    await home.stop();
    await writeFile(home.statePath('published.json'), '{"version":1,"catalogs":[{', { mode: 0o600 });
    const after = await home.start({ mcpServers: { notes } });
    expect((await chatgpt.listTools()).map(({ name }) => name)).toEqual(['get']);
    await chatgpt.callTool('get', { id: '1' });
    expect([await outdatedAt(after), announcedBy(after)]).toEqual([[], []]);
    await home.stop();
    expect(await readFile(home.statePath('published.json'), 'utf8')).toBe('{"version":1,"catalogs":[{');
    expect(after.stderr().match(/names that tools have now are forgotten/g)).toHaveLength(1);
  });
});
