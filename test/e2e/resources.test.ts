import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp, type Peer } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';

const URI = 'echo://resource-1';
const TEMPLATE = 'echo://template-1/{id}';

describe('two servers with the same resources', () => {
  let bridge: Bridge;
  let peer: Peer;

  beforeAll(async () => {
    const servers = ['first', 'second'].flatMap((name) => [
      '--stdio',
      `${name}=${fixtureLine('echo-server', '--name', name)}`,
    ]);
    bridge = await startBridge(servers);
    peer = await connectHttp(bridge.url);
  });
  afterAll(async () => {
    await peer.close();
    await bridge.stop();
  });

  const read = async (uri: string) => (await peer.client.readResource({ uri })).contents;

  it('are both listed and both read, each from its own', async () => {
    const { resources } = await peer.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([URI, `second+${URI}`]);
    expect(await read(URI)).toMatchObject([{ uri: URI, text: `${URI} of first` }]);
    expect(await read(`second+${URI}`)).toMatchObject([{ uri: `second+${URI}`, text: `${URI} of second` }]);
  });

  it('offer their templates under names of their own, which are read and completed where they belong', async () => {
    const { resourceTemplates } = await peer.client.listResourceTemplates();
    const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(templates).toEqual([TEMPLATE, `second+${TEMPLATE}`]);
    for (const [index, server] of ['first', 'second'].entries()) {
      const uriTemplate = templates[index] ?? '';
      const [content] = await read(uriTemplate.replace('{id}', '7'));
      expect(content).toMatchObject({ text: `echo://template-1/7 of ${server}` });
      const argument = { name: 'id', value: '7' };
      const { completion } = await peer.client.complete({ ref: { type: 'ref/resource', uri: uriTemplate }, argument });
      expect(completion.values).toEqual([`7 by ${server}`, TEMPLATE]);
    }
  });

  it('are found before anything was listed, and so are prompts', async () => {
    await using other = await startBridge([
      '--stdio',
      `first=${fixtureLine('echo-server', '--name', 'first')}`,
      '--stdio',
      `second=${fixtureLine('echo-server', '--name', 'second')}`,
    ]);
    await using fresh = await connectHttp(other.url);
    const { contents } = await fresh.client.readResource({ uri: `second+${URI}` });
    expect(contents).toMatchObject([{ text: `${URI} of second` }]);
    const { contents: templated } = await fresh.client.readResource({ uri: 'echo://template-1/9' });
    expect(templated).toMatchObject([{ text: 'echo://template-1/9 of first' }]);
    const { messages } = await fresh.client.getPrompt({ name: 'second__prompt-1', arguments: { topic: 'bridges' } });
    expect(messages).toMatchObject([{ content: { text: 'prompt-1 of second: bridges' } }]);
  });

  it('answer with -32002 and the URI when nobody has it', async () => {
    await expect(read('other://nowhere')).rejects.toMatchObject({ code: -32002, data: { uri: 'other://nowhere' } });
  });
});

describe('two servers whose tools come with the same widget', () => {
  it('point each at its own server’s', async () => {
    const servers = ['first', 'second'].flatMap((name) => ['--stdio', `${name}=${fixtureLine('fidelity-server')}`]);
    await using bridge = await startBridge(servers);
    await using peer = await connectHttp(bridge.url);
    await peer.client.listResources();
    const { tools } = await peer.client.listTools();
    const metaOf = (tool: string) => tools.find(({ name }) => name === tool)?._meta;
    const widget = (uri: string) => ({ ui: { resourceUri: uri }, 'openai/outputTemplate': uri });
    expect(metaOf('first__no-content')).toMatchObject(widget('ui://widget'));
    expect(metaOf('second__no-content')).toMatchObject(widget('second+ui://widget'));
    const { contents } = await peer.client.readResource({ uri: 'second+ui://widget' });
    expect(contents).toMatchObject([{ uri: 'second+ui://widget', text: '<p>' }]);
  });

  it('do so before anyone has listed the resources', async () => {
    const servers = ['first', 'second'].flatMap((name) => ['--stdio', `${name}=${fixtureLine('fidelity-server')}`]);
    await using bridge = await startBridge(servers);
    await using peer = await connectHttp(bridge.url);
    const { tools } = await peer.client.listTools();
    const meta = tools.find(({ name }) => name === 'second__no-content')?._meta;
    expect(meta).toMatchObject({ ui: { resourceUri: 'second+ui://widget' } });
  });
});

describe('a link in the result of a tool', () => {
  it('leads to the server it came from', async () => {
    const servers = ['first', 'second'].flatMap((name) => ['--stdio', `${name}=${fixtureLine('fidelity-server')}`]);
    await using bridge = await startBridge(servers);
    await using peer = await connectHttp(bridge.url);
    await peer.client.listResourceTemplates();
    const linkOf = async (name: string) => JSON.stringify((await peer.client.callTool({ name })).content);
    expect(await linkOf('first__embedded-resource')).toContain('"uri":"x://r"');
    expect(await linkOf('second__embedded-resource')).toContain('"uri":"second+x://r"');
  });
});
