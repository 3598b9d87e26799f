import { pathToFileURL } from 'node:url';
import { ElicitRequestSchema, ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import type { Peer, PeerOptions } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { openSse, type RpcMessage, rawPost } from '../support/http.ts';
import { describeTransports } from '../support/transports.ts';
import { openRawSession } from './raw-session.ts';
import { createRealServers } from './real-servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ECHO = ['--stdio', fixtureLine('echo-server')];
const ASKING = ['--stdio', fixtureLine('asking-server')];

const accept = (answer: string) => ({ action: 'accept' as const, content: { answer } });

async function ask(peer: Peer, kind: string, message = 'How?', name = 'ask'): Promise<unknown> {
  const { structuredContent, content } = await peer.client.callTool({ name, arguments: { kind, message } });
  return structuredContent ?? JSON.parse((content as { text: string }[])[0]?.text as string);
}

describeTransports('a question of a server during a call', (open) => {
  it('is answered by the client: elicitation', async () => {
    await using peer = await open(ECHO, { elicit: (message) => accept(`an answer to ${message}`) });
    expect(await ask(peer, 'elicitation')).toEqual(accept('an answer to How?'));
  });

  it('is answered by the client: sampling', async () => {
    const sample: PeerOptions['sample'] = (message) => ({
      model: 'test',
      role: 'assistant',
      content: { type: 'text', text: `a text about ${message}` },
    });
    await using peer = await open(ECHO, { sample });
    expect(await ask(peer, 'sampling')).toMatchObject({ model: 'test', content: { text: 'a text about How?' } });
  });

  it('is answered by the client: roots', async () => {
    const roots = [{ uri: 'file:///a', name: 'a' }];
    await using peer = await open(ECHO, { roots: () => roots });
    expect(await ask(peer, 'roots')).toEqual({ roots });
  });

  it('is refused in the words of the client', async () => {
    const elicit = () => {
      throw new McpError(ErrorCode.InternalError, 'the user has left', { since: 1 });
    };
    await using peer = await open(ECHO, { elicit });
    expect(await ask(peer, 'elicitation')).toMatchObject({
      code: ErrorCode.InternalError,
      message: expect.stringContaining('the user has left'),
      data: { since: 1 },
    });
    // Asked without having been told that it may.
    expect(await ask(peer, 'sampling')).toMatchObject({ code: ErrorCode.MethodNotFound });
  });

  it('comes with others at once, of this server and of another one that uses the same ids', async () => {
    const mcpServers = { one: fixture('echo-server'), two: fixture('echo-server') };
    await using peer = await open([], { config: { mcpServers }, elicit: (message) => accept(`to ${message}`) });
    const messages = Array.from({ length: 10 }, (_, index) => [`one ${index}`, `two ${index}`]).flat();
    const answers = await Promise.all(
      messages.map((message) => ask(peer, 'elicitation', message, `${message.slice(0, 3)}__ask`)),
    );
    expect(answers).toEqual(messages.map((message) => accept(`to ${message}`)));
  });

  it('may be worked on for a while: its progress reaches the server under the server’s token', async () => {
    await using peer = await open(ASKING, { capabilities: { elicitation: {} } });
    peer.client.setRequestHandler(ElicitRequestSchema, async ({ params }, { sendNotification }) => {
      const progressToken = params._meta?.progressToken as string | number;
      for (const progress of [1, 2]) {
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
      }
      return accept('done');
    });
    const { structuredContent } = await peer.client.callTool({ name: 'quiz', arguments: { message: 'How?' } });
    expect(structuredContent).toEqual({
      answer: accept('done'),
      progress: [1, 2].map((progress) => ({ progressToken: 'quiz-progress', progress })),
    });
  });

  it('may be taken back: the client hears of it, and nobody waits for its answer', async () => {
    await using peer = await open(ASKING, { capabilities: { elicitation: {} } });
    const takenBack = new Promise((resolve) => {
      peer.client.setRequestHandler(ElicitRequestSchema, async ({ params }, { sendNotification, signal }) => {
        const progressToken = params._meta?.progressToken as string | number;
        signal.addEventListener('abort', () => resolve(signal.reason));
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        return new Promise(() => {});
      });
    });
    const { structuredContent } = await peer.client.callTool({ name: 'withdraw', arguments: { message: 'How?' } });
    expect(structuredContent).toEqual({ answer: 'The question was taken back' });
    await takenBack;
  });
});

describeTransports('a question of a server outside of a call', (open) => {
  it('is answered by the client', async () => {
    await using peer = await open(ASKING, { elicit: (message) => accept(`an answer to ${message}`) });
    await peer.client.callTool({ name: 'later', arguments: { message: 'And now?' } });
    const { structuredContent } = await peer.client.callTool({ name: 'outcome' });
    expect(structuredContent).toEqual({ answer: accept('an answer to And now?') });
  });

  it('may come with the beginning, and again when the client says that its roots have changed', async () => {
    await using servers = await createRealServers();
    await using first = await temporaryFolder();
    await using second = await temporaryFolder();
    let root = first.path;
    await using peer = await open([], {
      config: { mcpServers: { files: servers.commands.filesystem } },
      roots: () => [{ uri: pathToFileURL(root).href }],
    });
    const allowed = async () => {
      const { content } = await peer.client.callTool({ name: 'list_allowed_directories' });
      return (content as { text: string }[])[0]?.text;
    };
    await expect.poll(allowed, EVENTUALLY).toContain(first.path);
    root = second.path;
    await peer.client.sendRootsListChanged();
    await expect.poll(allowed, EVENTUALLY).toContain(second.path);
    expect(await allowed()).not.toContain(first.path);
  });
});

describeTransports('what a server is told of its client', (open) => {
  const toldOf = async (peer: Peer) => (await peer.client.callTool({ name: 'client' })).structuredContent;

  it.each([
    ['elicitation', { elicit: () => accept('') }],
    ['roots', { roots: () => [] }],
    [
      'everything',
      {
        elicit: () => accept(''),
        roots: () => [],
        capabilities: { sampling: { tools: {} }, experimental: { 'x-own': { a: 1 } } },
      },
    ],
  ] as [string, PeerOptions][])('is what the client can do, and who it is: %s', async (name, options) => {
    await using peer = await open(ECHO, { ...options, name });
    const capabilities = {
      ...(options.elicit && { elicitation: {} }),
      ...(options.roots && { roots: { listChanged: true } }),
      ...options.capabilities,
    };
    expect(await toldOf(peer)).toMatchObject({ clientInfo: { name } });
    expect(await toldOf(peer)).toHaveProperty('capabilities', capabilities);
  });

  it('is that it can do nothing, if so', async () => {
    await using peer = await open(ECHO, { capabilities: { experimental: { 'x-own': {} } } });
    expect(await toldOf(peer)).toHaveProperty('capabilities', {});
    expect(await ask(peer, 'elicitation')).toMatchObject({ code: ErrorCode.MethodNotFound });
  });
});

describe('over Streamable HTTP', () => {
  const ELICITATION = { capabilities: { elicitation: {} } };
  const isQuestion = ({ data }: { data: string }) => data.includes('elicitation/create');

  it('a question comes on the stream of the call it belongs to, and so does the result', async () => {
    await using bridge = await startBridge(ECHO);
    const session = await openRawSession(bridge.url, ELICITATION);
    const own = await session.listen();
    const params = { name: 'ask', arguments: { kind: 'elicitation' } };
    const call = await openSse(bridge.url, session.headers, {
      jsonrpc: '2.0',
      id: 'call',
      method: 'tools/call',
      params,
    });
    const question = JSON.parse((await call.next(isQuestion)).data) as RpcMessage;
    const answered = await rawPost(
      bridge.url,
      { jsonrpc: '2.0', id: question.id, result: accept('yes') },
      session.headers,
    );
    expect(answered.status).toBe(202);
    const result = JSON.parse((await call.next(({ data }) => data !== '')).data);
    expect(result).toMatchObject({ id: 'call', result: { structuredContent: accept('yes') } });
    own.close();
  });

  it('a question outside of a call waits until the client opens its stream', async () => {
    await using bridge = await startBridge(ASKING);
    const session = await openRawSession(bridge.url, ELICITATION);
    await session.call(1, 'later', { message: 'And now?' });
    const outcome = session.call(2, 'outcome');
    const stream = await session.listen();
    const { id } = JSON.parse((await stream.next(isQuestion)).data) as RpcMessage;
    await rawPost(bridge.url, { jsonrpc: '2.0', id, result: accept('yes') }, session.headers);
    expect((await outcome).result?.structuredContent).toEqual({ answer: accept('yes') });
    stream.close();
  });
});
