import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp, connectHttpV2 } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { createChatGpt } from '../support/oauth/chatgpt.ts';
import { letIn, startGuardedBridge } from '../support/oauth/owner.ts';
import { createRealServers } from './real-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Tool {
  readonly name: string;
  readonly outputSchema?: object;
  readonly annotations?: object;
}

/** As far as the clients of both SDKs agree. */
interface Client {
  listTools(): Promise<{ tools: Tool[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<Record<string, unknown>>;
}

interface Results {
  readonly results: readonly { readonly id: string; readonly title: string; readonly url: string }[];
}

interface Document {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** Calls `search` or `fetch` as ChatGPT does, which reads the text or the structure, and takes neither when it does not fit the schema. */
async function ask<Shape>(client: Client, name: 'search' | 'fetch', value: string): Promise<Shape> {
  const tool = (await client.listTools()).tools.find((each) => each.name === name);
  const fits = new Ajv().compile(tool?.outputSchema ?? false);
  const args = name === 'search' ? { query: value } : { id: value };
  const result = await client.callTool({ name, arguments: args });
  const [content, ...others] = result.content as { type: string; text: string }[];
  expect([result.isError, content?.type, others], content?.text).toEqual([undefined, 'text', []]);
  expect(JSON.parse(content?.text ?? '')).toEqual(result.structuredContent);
  expect([fits(result.structuredContent), fits.errors]).toEqual([true, null]);
  return result.structuredContent as Shape;
}

const search = (client: Client, query: string) => ask<Results>(client, 'search', query);
const fetch = (client: Client, id: string) => ask<Document>(client, 'fetch', id);
const namesOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

const connect = async (url: string): Promise<Client> => {
  const peer = await connectHttp(url);
  onTestFinished(() => peer.close());
  return peer.client as unknown as Client;
};

describe('search and fetch', () => {
  it('are made of the tools of a server with a graph, beside another server', async () => {
    await using real = await createRealServers();
    const { memory, filesystem } = real.commands;
    const research = {
      search: { tool: 'memory__search_nodes', fields: { results: 'entities', id: 'name', title: 'name' } },
      fetch: { tool: 'memory__open_nodes', parameter: 'names', fields: { title: 'entities[0].name' } },
    };
    await using bridge = await startBridge([], {
      config: { mcpServers: { memory, filesystem }, bridge: { research } },
    });
    const client = await connect(bridge.url);
    const ada = { name: 'Ada', entityType: 'person', observations: ['wrote the first program'] };
    await client.callTool({ name: 'memory__create_entities', arguments: { entities: [ada] } });
    expect(await search(client, 'program')).toEqual({ results: [{ id: 'Ada', title: 'Ada', url: '' }] });
    expect(await fetch(client, 'Ada')).toMatchObject({
      id: 'Ada',
      title: 'Ada',
      text: expect.stringContaining('wrote the first program'),
    });
    expect(await search(client, 'nothing of the kind')).toEqual({ results: [] });
  });

  it('are made of the tools of a server with files, alone', async () => {
    await using real = await createRealServers();
    const research = {
      search: { tool: 'search_files', parameter: 'pattern', arguments: { path: real.folder } },
      fetch: { tool: 'read_text_file', parameter: 'path' },
    };
    const { filesystem } = real.commands;
    await using bridge = await startBridge([], { config: { mcpServers: { filesystem }, bridge: { research } } });
    const client = await connect(bridge.url);
    const { results } = await search(client, 'note*');
    expect(results).toEqual([{ id: join(real.folder, 'note.txt'), title: 'note.txt', url: '' }]);
    expect(await fetch(client, results[0]?.id ?? '')).toMatchObject({ title: 'note.txt', text: 'a note' });
    const missing = await client.callTool({ name: 'fetch', arguments: { id: join(real.folder, 'none.txt') } });
    expect(missing).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('ENOENT') }] });
  });

  it.each(['2025-11-25', '2026-07-28'])('are made of the resources of several servers, for %s', async (revision) => {
    const mcpServers = { a: fixture('conformance-server'), b: fixture('tasks-server'), c: fixture('echo-server') };
    const research = { search: 'resources', fetch: 'resources' };
    await using bridge = await startBridge([], { config: { mcpServers, bridge: { research } } });
    await using peer = await connectHttpV2(bridge.url, revision === '2026-07-28' ? { pin: revision } : 'legacy');
    const client = peer.client as unknown as Client;
    const { results } = await search(client, 'resource-1');
    expect(results[0]).toMatchObject({ id: 'echo://resource-1', title: 'resource-1' });
    expect(await fetch(client, 'echo://resource-1')).toMatchObject({ id: 'echo://resource-1', title: 'resource-1' });
  });

  it('say so when there is no such resource', async () => {
    const mcpServers = { a: fixture('conformance-server'), b: fixture('tasks-server') };
    const research = { search: 'resources', fetch: 'resources' };
    await using bridge = await startBridge([], { config: { mcpServers, bridge: { research } } });
    const client = await connect(bridge.url);
    const missing = await client.callTool({ name: 'fetch', arguments: { id: 'test://none' } });
    expect(missing).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('"test://none"') }] });
  });

  it('are there even if the only server has no tools', async () => {
    const mcpServers = { tiny: { command: '/bin/sh', args: [fixtureFile('tiny-server.sh')] } };
    const research = { search: 'resources', fetch: 'resources' };
    await using bridge = await startBridge([], { config: { mcpServers, bridge: { research } } });
    await using peer = await connectHttp(bridge.url);
    expect(peer.client.getServerCapabilities()).toMatchObject({ tools: {} });
    const client = peer.client as unknown as Client;
    expect([await namesOf(client), await search(client, 'anything')]).toEqual([['search', 'fetch'], { results: [] }]);
  });
});

describe('beside tools of servers', () => {
  const takes = (name: string) => ({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] });
  const read = (name: string, parameter: string) => ({
    name,
    description: 'Finds what there is.',
    inputSchema: { ...takes(parameter), additionalProperties: false },
    annotations: { readOnlyHint: true },
  });
  const FIND = read('find', 'q');
  const GET = read('get', 'id');
  const research = { search: 'find', fetch: 'get' };

  /** A server with these tools, which a bridge can be started with. */
  async function catalog(...tools: object[]) {
    const folder = await temporaryFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const file = join(folder.path, 'tools.json');
    await writeFile(file, JSON.stringify(tools));
    return fixture('catalog-server', '--tools', file);
  }

  it('one of the same name makes way, and is called under its new name', async () => {
    const mcpServers = { docs: await catalog(FIND, GET, read('search', 'words')) };
    await using bridge = await startBridge([], { config: { mcpServers, bridge: { research } } });
    const client = await connect(bridge.url);
    const names = await namesOf(client);
    expect(names.filter((name) => name === 'search')).toHaveLength(1);
    const evading = names.find((name) => name !== 'search' && name.startsWith('search')) ?? '';
    const result = await client.callTool({ name: evading, arguments: { words: 'x' } });
    expect(result.structuredContent).toEqual({ tool: 'search', arguments: { words: 'x' } });
    expect(await fetch(client, '7')).toMatchObject({ id: '7', text: expect.stringContaining('"get"') });
  });

  it('they are in the views that have them, and in no other', async () => {
    const mcpServers = { docs: await catalog(FIND, GET), other: await catalog(read('search', 'words')) };
    const views = {
      with: { servers: ['docs'], research: true },
      without: { servers: ['docs'] },
      hidden: { servers: ['docs'], research: true, tools: { deny: ['*'] } },
      elsewhere: { servers: ['other'], research: true },
    };
    const prefixed = { search: 'docs__find', fetch: 'docs__get' };
    await using bridge = await startBridge([], { config: { mcpServers, bridge: { views, research: prefixed } } });
    const namesAt = async (path: string) => (await namesOf(await connect(bridge.origin + path))).sort();
    expect(await namesAt('/mcp')).toEqual(['docs__find', 'docs__get', 'fetch', 'other__search', 'search']);
    expect(await namesAt('/views/with/mcp')).toEqual(['fetch', 'find', 'get', 'search']);
    expect(await namesAt('/views/without/mcp')).toEqual(['find', 'get']);
    expect(await namesAt('/views/hidden/mcp')).toEqual(['fetch', 'search']);
    expect(await namesAt('/views/elsewhere/mcp')).toEqual([expect.stringMatching(/^search/)]);
    expect(await namesAt('/servers/docs/mcp')).toEqual(['find', 'get']);
    const hidden = await connect(`${bridge.origin}/views/hidden/mcp`);
    expect(await fetch(hidden, '7')).toMatchObject({ text: expect.stringContaining('"get"') });
  });

  it.each([
    ['both read', GET, ['fetch', 'find', 'get', 'search']],
    ['one writes', { ...GET, annotations: {} }, ['find']],
  ])('they are for who may only read when %s', async (_what, get, expected) => {
    const mcpServers = { docs: await catalog(FIND, get) };
    await using bridge = await startGuardedBridge([], { config: { mcpServers, bridge: { research } } });
    const chatgpt = createChatGpt({ url: bridge.resource });
    const tools = await chatgpt.connect(await letIn(bridge, { access: 'read' }));
    expect(tools.map(({ name }) => name).sort()).toEqual(expected);
    const call = chatgpt.callTool('fetch', { id: '7' }).then(
      () => 'answered',
      (error: Error) => error.message,
    );
    expect(await call).toMatch(expected.includes('fetch') ? /^answered$/ : /Unknown tool: fetch/);
  });

  it('their progress is told, and they can be given up', async () => {
    await using folder = await temporaryFolder();
    const heard = join(folder.path, 'heard');
    const slow = { ...read('slow', 'q'), inputSchema: takes('q') };
    const { command, args } = await catalog(slow, GET);
    const docs = { command, args: [...args, '--heard', heard] };
    const slowly = { search: { tool: 'slow', arguments: { ms: 60_000 } }, fetch: 'get' };
    await using bridge = await startBridge([], { config: { mcpServers: { docs }, bridge: { research: slowly } } });
    await using peer = await connectHttp(bridge.url);
    const giving = new AbortController();
    const told: unknown[] = [];
    const options = {
      signal: giving.signal,
      onprogress(progress: unknown) {
        told.push(progress);
        giving.abort(new Error('enough'));
      },
    };
    const call = peer.client.callTool({ name: 'search', arguments: { query: 'x' } }, undefined, options);
    await expect(call).rejects.toThrow('enough');
    expect(told).toEqual([{ progress: 1, total: 2 }]);
    await expect.poll(() => readFile(heard, 'utf8')).toContain('"notifications/cancelled"');
  });
});

function fixtureFile(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}
