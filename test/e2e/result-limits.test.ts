import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';
import { createStatelessClient, type StatelessClient } from '../support/stateless.ts';
import { openRawSession } from './raw-session.ts';
import { temporaryFolder } from './temporary-folder.ts';

const LIMIT = 1000;
const results = { maxSize: LIMIT };
const LARGE = `${'a line of text\n'.repeat(70_000)}the end`;

const LONG = 'x'.repeat(LIMIT * 2);

interface Item {
  readonly type: string;
  readonly text?: string;
  readonly uri?: string;
  readonly size?: number;
}
const contentOf = (result: unknown) => (result as { content: Item[] }).content;

/** What a cut result shows, says and links to. */
function cutOf(result: unknown): { shown: string; note: string; uri: string } {
  const [shown, note, link, ...others] = contentOf(result);
  expect([note?.type, link?.type, others]).toEqual(['text', 'resource_link', []]);
  expect(note?.text).toContain(link?.uri);
  return { shown: shown?.text ?? '', note: note?.text ?? '', uri: link?.uri ?? '' };
}

/** A client of each era at the same bridge. */
interface Reader {
  call(name: string, args: object): Promise<unknown>;
  read(uri: string): Promise<unknown>;
}

async function inSession(url: string): Promise<Reader> {
  const session = await openRawSession(url);
  let lastId = 0;
  const post = async (method: string, params: object) => {
    lastId += 1;
    const { messages } = await session.post(lastId, method, params);
    return messages.at(-1)?.result ?? messages.at(-1)?.error;
  };
  return {
    call: (name, args) => post('tools/call', { name, arguments: args }),
    read: (uri) => post('resources/read', { uri }),
  };
}

async function withoutSession(url: string): Promise<Reader> {
  const client = createStatelessClient(url);
  return {
    call: async (name, args) => (await client.call(name, args)).result,
    read: async (uri) => {
      const { result, error } = await client.request('resources/read', { uri });
      return result ?? error;
    },
  };
}

const ERAS = [
  ['with a session', inSession],
  ['of 2026-07-28', withoutSession],
] as const;

const startLimited = (mcpServers: object, bridge = {}): Promise<Bridge> =>
  startBridge([], { config: { mcpServers, bridge: { results, ...bridge } } });

describe.each(ERAS)('to a client %s', (_era, open) => {
  it('a text of a megabyte is cut, and can be read whole', async () => {
    await using bridge = await startLimited({ tasks: fixture('tasks-server') });
    const client = await open(bridge.url);
    const { shown, note, uri } = cutOf(await client.call('work', { result: LARGE }));
    // Whole lines of 15 bytes.
    expect([shown, note]).toEqual([
      LARGE.slice(0, 990),
      expect.stringContaining('The first 990 of 1,050,007 bytes of text'),
    ]);
    expect(await client.read(uri)).toMatchObject({ contents: [{ uri, mimeType: 'text/plain', text: LARGE }] });
  });
});

describe('what is left out of a result', () => {
  it('is for whoever it was made for, and for nobody else', async () => {
    const { command, args } = fixture('tasks-server');
    await using bridge = await startGuardedBridge([], {
      config: { mcpServers: { tasks: { command, args } }, bridge: { results } },
    });
    const [mine, theirs] = [await linkByHand({ bridge }), await linkByHand({ bridge })];
    const post = async ({ tokens }: typeof mine, method: string, params: object) => {
      const headers = { authorization: `Bearer ${tokens.access_token}`, 'mcp-protocol-version': '2025-11-25' };
      const { messages } = await rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method, params }, headers);
      return messages.at(-1);
    };
    const called = await post(mine, 'tools/call', { name: 'work', arguments: { result: LARGE } });
    const { uri } = cutOf(called?.result);
    expect(await post(mine, 'resources/read', { uri })).toMatchObject({ result: { contents: [{ uri, text: LARGE }] } });
    expect(await post(theirs, 'resources/read', { uri })).toMatchObject({ error: { code: expect.any(Number) } });
  });

  it('is also images, where their kind is stripped', async () => {
    const { command, args } = fixture('conformance-server');
    await using bridge = await startBridge([], {
      config: { mcpServers: { images: { command, args, results: { strip: ['image'] } } } },
    });
    await using peer = await connectHttp(bridge.url);
    const { content } = await peer.client.callTool({ name: 'test_multiple_content_types' });
    expect(contentOf({ content }).map(({ type }) => type)).toEqual(['text', 'text', 'resource']);
    expect(contentOf({ content })[1]?.text).toMatch(/image\/png.*left out by the bridge/);
  });

  it('is structured content, which no tool promises then', async () => {
    await using folder = await temporaryFolder();
    const tools = join(folder.path, 'tools.json');
    const schema = { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false };
    const outputSchema = { type: 'object', properties: { tool: { type: 'string' } }, required: ['tool'] };
    await writeFile(tools, JSON.stringify([{ name: 'say', inputSchema: schema, outputSchema }]));
    const server = fixture('catalog-server', '--tools', tools);
    await using bridge = await startLimited({ limited: server, whole: { ...server, results: { maxSize: 0 } } });
    // The client of the SDK checks results against the schema of their tool.
    await using peer = await connectHttp(bridge.url);
    const listed = (await peer.client.listTools()).tools;
    expect(listed.map(({ name, outputSchema: promised }) => [name, promised !== undefined])).toEqual([
      ['limited__say', false],
      ['whole__say', true],
    ]);
    const whole = await peer.client.callTool({ name: 'whole__say', arguments: { text: LARGE } });
    expect(whole.structuredContent).toEqual({ tool: 'say', arguments: { text: LARGE } });
    const limited = await peer.client.callTool({ name: 'limited__say', arguments: { text: LARGE } });
    expect(limited).not.toHaveProperty('structuredContent');
    const links = contentOf(limited).filter(({ type }) => type === 'resource_link');
    const texts = await Promise.all(links.map(({ uri = '' }) => peer.client.readResource({ uri })));
    const kept = texts.flatMap(({ contents }) => contents as { mimeType?: string; text: string }[]);
    const structured = kept.find(({ mimeType }) => mimeType === 'application/json')?.text ?? '';
    expect(JSON.parse(structured)).toEqual(whole.structuredContent);
  });
});

describe('a single server without resources', () => {
  it('has those of the bridge when its results are limited, and lists none', async () => {
    await using bridge = await startLimited({ tasks: fixture('tasks-server') });
    await using peer = await connectHttp(bridge.url);
    expect(peer.client.getServerCapabilities()).toMatchObject({ resources: {}, tools: {} });
    expect(await peer.client.listResources()).toEqual({ resources: [] });
    expect(await peer.client.listResourceTemplates()).toEqual({ resourceTemplates: [] });
    const result = await peer.client.callTool({ name: 'work', arguments: { result: LARGE } });
    const { contents } = await peer.client.readResource({ uri: cutOf(result).uri });
    expect(contents).toMatchObject([{ mimeType: 'text/plain', text: LARGE }]);
    await expect(peer.client.readResource({ uri: 'mcp-bridge://results/made-up' })).rejects.toThrow();
  });

  it('is as it was when nothing is limited', async () => {
    await using bridge = await startBridge([], { config: { mcpServers: { tasks: fixture('tasks-server') } } });
    await using peer = await connectHttp(bridge.url);
    expect(peer.client.getServerCapabilities()).not.toHaveProperty('resources');
  });
});

describe('what comes of a task', () => {
  it('is limited where a client of 2025 asks for it', async () => {
    await using bridge = await startLimited({ tasks: fixture('tasks-server'), other: fixture('echo-server') });
    await using peer = await connectHttp(bridge.url);
    const stream = peer.client.experimental.tasks.callToolStream(
      { name: 'tasks__work', arguments: { result: LARGE } },
      undefined,
      { task: { ttl: 60_000 } },
    );
    let result: unknown;
    for await (const message of stream) if (message.type === 'result') result = message.result;
    const { contents } = await peer.client.readResource({ uri: cutOf(result).uri });
    expect(contents).toMatchObject([{ text: LARGE }]);
  });

  it.each(['2025', '2026'])('is limited where a client of 2026 asks for it, of a server of %s', async (era) => {
    await using bridge = await startLimited({ tasks: fixture('task-eras-server', '--era', era) });
    const client = createStatelessClient(bridge.url, {
      capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    });
    const { result: created } = await client.call('slow_compute', { seconds: 0, label: LONG });
    const result = await completed(client, created?.taskId as string);
    const { shown, uri } = cutOf(result);
    expect(shown).toHaveLength(LIMIT);
    const whole = (await client.request('resources/read', { uri })).result as { contents: { text: string }[] };
    expect(whole.contents[0]?.text).toContain(LONG);
  });
});

/** The result of a task, once it is completed. */
function completed(client: StatelessClient, taskId: string): Promise<unknown> {
  return vi.waitUntil(async () => {
    const { result } = await client.request('tasks/get', { taskId });
    return result?.status === 'completed' && result.result;
  }, EVENTUALLY);
}
