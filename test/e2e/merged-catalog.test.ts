import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp, connectStdio, type Peer } from '../support/clients.ts';
import { createRealServers, type RealServers } from './real-servers.ts';

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;

describe('the servers everything, filesystem and memory behind one URL', () => {
  let servers: RealServers;
  let bridge: Bridge;
  let peer: Peer;
  let client: Client;

  beforeAll(async () => {
    servers = await createRealServers();
    bridge = await startBridge([], { config: { mcpServers: servers.commands } });
    peer = await connectHttp(bridge.url);
    client = peer.client;
  });
  afterAll(async () => {
    await peer.close();
    await bridge.stop();
    await servers[Symbol.asyncDispose]();
  });

  it.each(['everything', 'filesystem', 'memory'] as const)(
    'offers all that %s offers, under its name',
    async (name) => {
      await using direct = await connectStdio(servers.commands[name]);
      const { tools, prompts } = await listAll(direct.client);
      const prefixed = (names: string[]) => names.map((own) => `${name}__${own}`);
      const merged = await listAll(client);
      expect(merged.tools.filter((tool) => tool.startsWith(`${name}__`))).toEqual(prefixed(tools));
      expect(merged.prompts.filter((prompt) => prompt.startsWith(`${name}__`))).toEqual(prefixed(prompts));
      expect(tools.length).toBeGreaterThan(0);
    },
  );

  it('gives every tool and prompt a name of its own that every client takes', async () => {
    const { tools, prompts } = await listAll(client);
    for (const names of [tools, prompts]) {
      for (const name of names) expect(name).toMatch(LEGAL);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('lists in the order of the configuration, each time the same', async () => {
    const first = await client.listTools();
    expect(await client.listTools()).toEqual(first);
    const order = new Set(first.tools.map(({ name }) => name.split('__')[0]));
    expect([...order]).toEqual(['everything', 'filesystem', 'memory']);
  });

  it('leads each call to the server the tool belongs to', async () => {
    const call = async (name: string, args: Record<string, unknown>) =>
      JSON.stringify((await client.callTool({ name, arguments: args })).content);
    expect(await call('everything__echo', { message: 'hello' })).toContain('Echo: hello');
    expect(await call('filesystem__read_text_file', { path: `${servers.folder}/note.txt` })).toContain('a note');
    const entities = [{ name: 'bridge', entityType: 'program', observations: ['stands between'] }];
    expect(await call('memory__create_entities', { entities })).toContain('stands between');
    expect(await call('memory__read_graph', {})).toContain('stands between');
  });

  it.each(['echo', 'nobody__echo', '__echo', ''])('knows no tool %j', async (name) => {
    await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32602 });
  });

  it.each(['memory__echo', 'everything__'])(
    'leaves it to the server what to say of its unknown tool %j',
    async (name) => {
      const { isError, content } = await client.callTool({ name });
      expect([isError, JSON.stringify(content)]).toEqual([true, expect.stringContaining('not found')]);
    },
  );

  it('gets prompts, and completes their arguments', async () => {
    const { messages } = await client.getPrompt({ name: 'everything__args-prompt', arguments: { city: 'Berlin' } });
    expect(JSON.stringify(messages)).toContain('Berlin');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'everything__completable-prompt' },
      argument: { name: 'name', value: 'A' },
      context: { arguments: { department: 'Engineering' } },
    });
    expect(completion.values).toEqual(['Alice']);
  });

  it('reads resources by URI and by template, and completes templates', async () => {
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    const uri = resources.find(({ name }) => name === 'architecture.md')?.uri ?? '';
    const text = async (wanted: string) => JSON.stringify((await client.readResource({ uri: wanted })).contents);
    expect(await text(uri)).toContain('# Everything Server');
    const template = 'demo://resource/dynamic/text/{resourceId}';
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain(template);
    expect(await text('demo://resource/dynamic/text/7')).toContain('Resource 7');
    const { completion } = await client.complete({
      ref: { type: 'ref/resource', uri: template },
      argument: { name: 'resourceId', value: '42' },
    });
    expect(completion.values).toEqual(['42']);
    await expect(client.readResource({ uri: 'demo://nowhere' })).rejects.toThrow('-32002');
  });

  it('joins the instructions, each under its server’s name', async () => {
    await using direct = await connectStdio(servers.commands.everything);
    const own = direct.client.getInstructions() ?? '';
    expect(own).not.toBe('');
    expect(client.getInstructions()).toContain(
      `# everything (its tools and prompts begin with \`everything__\`)\n\n${own}`,
    );
  });

  it('introduces itself as the bridge, with what the servers can do together', () => {
    expect(client.getServerVersion()?.name).toBe('mcp-bridge');
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
    });
  });
});

async function listAll(client: Client): Promise<{ tools: string[]; prompts: string[] }> {
  const { tools } = await client.listTools();
  const hasPrompts = client.getServerCapabilities()?.prompts !== undefined;
  const { prompts } = hasPrompts ? await client.listPrompts() : { prompts: [] };
  return { tools: tools.map(({ name }) => name), prompts: prompts.map(({ name }) => name) };
}
