import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../support/fixtures.ts';
import { type Body, type Headers, openSse, type RawAnswer, rawPost, rawRequest } from '../../support/http.ts';
import { type Link, linkByHand } from '../../support/oauth/owner.ts';
import { createStatelessClient, questionsOf, withResponses } from '../../support/stateless.ts';
import { initializeRequest } from '../raw-session.ts';
import { bearer, grantOf, LIST, startTarget, type Target, use } from './attacker.ts';

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const SERVERS = {
  echo: fixture('echo-server'),
  tasks: fixture('task-eras-server'),
  newer: fixture('eras-server', '--era', '2026'),
};
/** A bridge that runs looks once a second whether a command has ended a grant; the rest is for a busy machine. Milliseconds. */
const SOON = 4000;

let bridge: Target;
let alice: Link;
let bob: Link;
let reader: Link;

beforeAll(async () => {
  bridge = await startTarget([], { config: { mcpServers: SERVERS } });
  alice = await linkByHand({ bridge });
  bob = await linkByHand({ bridge });
  reader = await linkByHand({ bridge, access: 'read' });
});
afterAll(() => bridge[Symbol.asyncDispose]());

const headersOf = ({ tokens }: Link) => bearer(tokens.access_token);

/** Opens a session; resolves with the headers of its requests. */
async function openSession(link: Link, revision = '2025-11-25'): Promise<Headers> {
  const { headers } = await rawPost(bridge.resource, initializeRequest({ revision }), headersOf(link));
  const session = { 'mcp-session-id': headers['mcp-session-id'] as string, 'mcp-protocol-version': revision };
  return { ...headersOf(link), ...session };
}

const post = (headers: Headers, body: Body) => rawPost(bridge.resource, body, headers);
const toCall = (name: string, args: object = {}, more: object = {}) => ({
  ...LIST,
  method: 'tools/call',
  params: { name, arguments: args, ...more },
});

/** A client of 2026-07-28 with a link. */
function statelessOf(link: Link) {
  const client = createStatelessClient(bridge.resource, { capabilities: { elicitation: {}, ...TASKS } });
  return (method: string, params: object = {}) => client.request(method, params, { headers: headersOf(link) });
}

describe('a session', () => {
  it.each<[string, (headers: Headers) => Promise<RawAnswer>]>([
    ['used', (headers) => post(headers, LIST)],
    ['notified', (headers) => post(headers, { jsonrpc: '2.0', method: 'notifications/initialized' })],
    ['answered', (headers) => post(headers, { jsonrpc: '2.0', id: 1, result: {} })],
    ['listened to', (headers) => rawRequest('GET', bridge.resource, { accept: 'text/event-stream', ...headers })],
    ['ended', (headers) => rawRequest('DELETE', bridge.resource, headers)],
    [
      'resumed',
      (headers) =>
        rawRequest('GET', bridge.resource, { accept: 'text/event-stream', 'last-event-id': 'x_1', ...headers }),
    ],
  ])('cannot be %s by another grant', async (_, attack) => {
    const session = await openSession(alice);
    expect((await attack({ ...session, ...headersOf(bob) })).status).toBe(404);
    expect((await attack({ ...session, ...headersOf(reader) })).status).toBe(404);
    expect((await attack({ ...session, authorization: undefined })).status).toBe(401);
    expect((await post(session, LIST)).status).toBe(200);
  });

  it('has streams that cannot be resumed by another grant, with a session of its own', async () => {
    const session = await openSession(alice);
    const stream = await openSse(bridge.resource, session);
    const { id } = await stream.next(({ id: eventId }) => eventId !== undefined);
    stream.close();
    const accept = 'text/event-stream';
    const resume = (headers: Headers) =>
      rawRequest('GET', bridge.resource, { accept, 'last-event-id': id, ...headers });
    expect((await resume(await openSession(bob))).status).toBe(400);
    expect((await resume({ ...session, ...headersOf(bob) })).status).toBe(404);
  });

  it('over HTTP+SSE takes no message of another grant', async () => {
    const resource = `${bridge.issuer}/sse`;
    const [own, other] = [await linkByHand({ bridge, resource }), await linkByHand({ bridge, resource })];
    const stream = await openSse(resource, headersOf(own));
    const { data: path } = await stream.next(({ event }) => event === 'endpoint');
    const send = async (link: Link) => (await rawPost(bridge.issuer + path, LIST, headersOf(link))).status;
    expect([await send(other), await send(alice), await send(own)]).toEqual([404, 401, 202]);
    stream.close();
  });

  it('has calls that another grant cannot cancel', async () => {
    const [own, other] = [await openSession(alice), await openSession(bob)];
    const call = post(own, { ...toCall('echo__sleep', { ms: 500 }), id: 'shared id' });
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'shared id' } };
    for (const headers of [other, headersOf(bob)]) await post(headers, cancel);
    expect((await call).messages[0]?.result?.structuredContent).toEqual({ slept: 500 });
  });
});

describe('a task', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'is not there for another grant that tries %s',
    async (method) => {
      const [own, other] = [statelessOf(alice), statelessOf(bob)];
      const { result } = await own('tools/call', { name: 'tasks__hang', arguments: { label: method } });
      const taskId = result?.taskId as string;
      expect(taskId).toMatch(/./);
      expect((await other(method, { taskId, inputResponses: {} })).error?.code).toBe(-32602);
      expect((await own('tasks/get', { taskId })).result?.status).toBe('working');
      await own('tasks/cancel', { taskId });
    },
  );

  it('of a session is not there for another grant, with a session or without', async () => {
    const [own, other] = [await openSession(alice), await openSession(bob)];
    const begun = await post(own, toCall('tasks__hang', { label: 'session' }, { task: {} }));
    const taskId = (begun.messages[0]?.result?.task as { taskId?: string } | undefined)?.taskId;
    expect(taskId).toMatch(/./);
    for (const headers of [other, headersOf(bob)]) {
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
        const { messages } = await post(headers, { ...LIST, method, params: { taskId } });
        expect([method, messages[0]?.error?.code]).toEqual([method, -32602]);
      }
      expect((await post(headers, { ...LIST, method: 'tasks/list' })).text).not.toContain(taskId);
    }
    const { messages } = await post(own, { ...LIST, method: 'tasks/get', params: { taskId } });
    expect(messages[0]?.result?.status).toBe('working');
    await post(own, { ...LIST, method: 'tasks/cancel', params: { taskId } });
  });
});

describe('a requestState', () => {
  it.each(['echo__ask', 'newer__ask'])('of %s is no good to another grant', async (name) => {
    const params = { name, arguments: { kind: 'elicitation', message: 'Who?' } };
    const asked = await statelessOf(alice)('tools/call', params);
    const [key = ''] = Object.keys(questionsOf(asked) ?? {});
    const answered = withResponses(params, asked, { [key]: { action: 'accept', content: { answer: 'yes' } } });
    const { error, result } = await statelessOf(bob)('tools/call', answered);
    expect([error?.code, result]).toEqual([-32602, undefined]);
    expect((await statelessOf(alice)('tools/call', answered)).result?.structuredContent).toMatchObject({
      content: { answer: 'yes' },
    });
  });
});

describe('a grant to read', () => {
  const SLEEP = toCall('echo__sleep', { ms: 0 });

  it('sees no tools but those that are marked read-only', async () => {
    const names = (result: unknown) => (result as { tools: { name: string }[] }).tools.map(({ name }) => name).sort();
    const marked = ['big', 'cancelled', 'client', 'echo', 'env', 'heard', 'length', 'pid'].map(
      (name) => `echo__${name}`,
    );
    const { messages } = await post(headersOf(reader), LIST);
    expect(names(messages[0]?.result)).toEqual(marked);
    expect(names((await statelessOf(reader)('tools/list')).result)).toEqual(marked);
  });

  it.each<[string, () => Promise<RawAnswer>]>([
    ['in a session', async () => post(await openSession(reader), SLEEP)],
    ['without a session', () => post(headersOf(reader), SLEEP)],
    ['as a task', async () => post(await openSession(reader), toCall('tasks__hang', { label: 'x' }, { task: {} }))],
    ['in a batch', async () => post(await openSession(reader, '2025-03-26'), [SLEEP])],
    [
      'in a batch behind one that it may call',
      async () => {
        const allowed = { ...toCall('echo__echo'), id: 0 };
        const answer = await post(await openSession(reader, '2025-03-26'), [allowed, SLEEP]);
        return { ...answer, messages: answer.messages.filter(({ id }) => id === SLEEP.id) };
      },
    ],
    ['under its server’s own name', () => post(headersOf(reader), toCall('sleep', { ms: 0 }))],
  ])('cannot call another tool by its name %s', async (_, call) => {
    const { messages } = await call();
    expect(messages).toHaveLength(1);
    expect([messages[0]?.error?.code, messages[0]?.result]).toEqual([-32602, undefined]);
  });

  it.each(['echo__sleep', 'tasks__hang', 'newer__ask'])('cannot call %s in 2026 either', async (name) => {
    const { error, result } = await statelessOf(reader)('tools/call', { name, arguments: { ms: 0, label: 'x' } });
    expect([error?.code, result]).toEqual([-32602, undefined]);
  });

  it('cannot have a tool run by a notification', async () => {
    const { id: _id, ...notification } = { ...SLEEP, params: { name: 'echo__change', arguments: { name: 'evil' } } };
    await post(await openSession(reader), notification);
    const { text } = await post(headersOf(alice), LIST);
    expect(text).not.toContain('echo__evil');
  });

  it('may call those that it sees', async () => {
    const { messages } = await post(headersOf(reader), toCall('echo__echo', { message: 'read' }));
    expect(messages[0]?.result?.structuredContent).toEqual({ message: 'read' });
  });
});

describe('a grant that the owner revokes', () => {
  it('ends at once, with its open streams and calls; others go on', async () => {
    const gone = await linkByHand({ bridge });
    const session = await openSession(gone);
    const stream = await openSse(bridge.resource, session);
    const otherStream = await openSse(bridge.resource, await openSession(alice));
    const ended: string[] = [];
    const note = (what: string) => () => void ended.push(what);
    post(session, toCall('echo__hang')).then(note('the call was answered'), note('the call was cut'));
    readToEnd(stream).then(note('the stream is over'));
    readToEnd(otherStream).then(note('the other stream is over'));

    await bridge.command('grants', 'revoke', (await grantOf(bridge, gone)).id);
    await expect.poll(() => [...ended].sort(), { timeout: SOON }).toEqual(['the call was cut', 'the stream is over']);
    expect(await use(bridge, gone.tokens.access_token)).toBe(401);
    expect((await post({ ...session, ...headersOf(alice) }, LIST)).status).toBe(404);
    expect(await use(bridge, alice.tokens.access_token)).toBe(200);
    expect(ended).toHaveLength(2);
    otherStream.close();
  });
});

async function readToEnd(stream: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _event of stream);
  } catch {
    // Cut is over as well.
  }
}
