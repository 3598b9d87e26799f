import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { rawPost, rawRequest } from '../support/http.ts';
import { createStatelessClient, type StatelessAnswer, type StatelessClient } from '../support/stateless.ts';
import { MCP, REVISION_2026, type RequestOptions, toMessage } from '../support/stateless-request.ts';
import { ERA_SERVERS, ERA_VIEWS } from './era-views.ts';
import { openRawSession } from './raw-session.ts';

const VERSION = { 'mcp-protocol-version': REVISION_2026 };
/** A member of `_meta` that the protocol has defined. */
const key = (name: string) => MCP + name;
const CACHEABLE = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'server/discover'];

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: { mcpServers: ERA_SERVERS } });
});
afterAll(() => bridge.stop());

describe.each(ERA_VIEWS)('$title', ({ path, named, server }) => {
  let url: string;
  let client: StatelessClient;
  const document = `${server}://document`;
  const echo = { name: named('echo'), arguments: { message: 'hello' } };
  const call = (name: string, args?: object, options?: RequestOptions) => client.call(named(name), args, options);

  beforeAll(() => {
    url = bridge.origin + path;
    client = createStatelessClient(url);
  });

  describe('reads what a request says of itself: it', () => {
    it.each([
      ['no revision', { [key('protocolVersion')]: undefined }],
      ['a revision that is no string', { [key('protocolVersion')]: 20260728 }],
      ['no capabilities', { [key('clientCapabilities')]: undefined }],
      ['capabilities that are null', { [key('clientCapabilities')]: null }],
      ['capabilities that are a list', { [key('clientCapabilities')]: [] }],
      ['a log level that is none', { [key('logLevel')]: 'loud' }],
    ])('refuses one with %s', async (_what, meta) => {
      const headers = VERSION;
      const answer = await client.request('tools/list', {}, { id: 'mine', meta, headers });
      expect(answer).toMatchObject({ status: 400, frames: [{ id: 'mine', error: { code: -32602 } }] });
    });

    it.each([
      ['no _meta', { params: {} }],
      ['no params', {}],
    ])('refuses one with %s', async (_what, members) => {
      const body = { jsonrpc: '2.0', id: 'mine', method: 'tools/list', ...members };
      const { status, messages } = await rawPost(url, body, { ...VERSION, 'mcp-method': 'tools/list' });
      expect([status, messages]).toMatchObject([400, [{ id: 'mine', error: { code: -32602 } }]]);
    });

    it('serves one that does not say whose it is', async () => {
      expect(await client.request('tools/list', {}, { meta: { [key('clientInfo')]: undefined } })).toMatchObject({
        status: 200,
      });
    });

    it('tells which revisions there are, when it is asked for another one', async () => {
      const answer = await client.request('tools/list', {}, { meta: { [key('protocolVersion')]: '2030-01-01' } });
      expect(answer).toMatchObject({
        status: 400,
        error: { code: -32022, data: { requested: '2030-01-01', supported: expect.arrayContaining([REVISION_2026]) } },
      });
    });
  });

  describe('speaks HTTP as the revision does: it', () => {
    it.each([
      'no/such/method',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'resources/unsubscribe',
      'tasks/list',
      'tasks/result',
      'constructor',
    ])('answers a method that the revision does not have with 404: %s', async (method) => {
      const answer = await client.request(method, { level: 'info', uri: document }, { id: 'mine' });
      expect(answer).toMatchObject({ status: 404, frames: [{ id: 'mine', error: { code: -32601 } }] });
    });

    it.each(['GET', 'DELETE'])('has no %s', async (method) => {
      const { status, headers } = await rawRequest(method, url, { ...VERSION, accept: 'text/event-stream' });
      expect([status, headers.allow]).toEqual([405, 'POST']);
    });

    it('has no sessions and nothing to resume: such headers mean nothing', async () => {
      const headers = { 'mcp-session-id': '00000000-0000-4000-8000-000000000000', 'last-event-id': '1_1' };
      const answer = await client.request('tools/list', {}, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers).not.toHaveProperty('mcp-session-id');
    });

    it('takes a notification with 202 and says nothing', async () => {
      const body = { jsonrpc: '2.0', method: 'notifications/x-vendor', params: {} };
      const { status, text } = await rawPost(url, body, { ...VERSION, 'mcp-method': 'notifications/x-vendor' });
      expect([status, text]).toEqual([202, '']);
    });

    it.each([
      ['an answer', { jsonrpc: '2.0', id: 1, result: {} }],
      ['an error', { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'no' } }],
      ['a batch', [toMessage('tools/list', {}, {}).body]],
      ['no JSON-RPC', { id: 1, method: 'tools/list' }],
    ])('refuses %s with 400', async (_what, body) => {
      const { status, messages } = await rawPost(url, body, { ...VERSION, 'mcp-method': 'tools/list' });
      expect([status, messages]).toMatchObject([400, [{ error: { code: -32600 } }]]);
    });

    it('answers requests with the same id, each in its own answer', async () => {
      const answers = await Promise.all(
        [1, 1, '1'].map((id, index) => call('progress', { label: `${typeof id} ${index}` }, { id })),
      );
      expect(answers.map(({ frames }) => [frames.at(-1)?.id, frames.at(-1)?.result?.structuredContent])).toEqual([
        [1, { steps: 3, label: 'number 0' }],
        [1, { steps: 3, label: 'number 1' }],
        ['1', { steps: 3, label: 'string 2' }],
      ]);
    });
  });

  describe('completes its results: it', () => {
    it.each([...CACHEABLE, 'resources/read'])('says how long a result may be kept: %s', async (method) => {
      const { result } = await client.request(method, { uri: document });
      const caching = server === 'new' && path !== '/mcp' ? [60_000, 'public'] : undefined;
      expect(result).toMatchObject({
        resultType: 'complete',
        ttlMs: caching?.[0] ?? expect.any(Number),
        cacheScope: caching?.[1] ?? expect.stringMatching(/^(public|private)$/),
        _meta: { [key('serverInfo')]: { name: expect.any(String), version: expect.any(String) } },
      });
    });

    it.each([
      ['tools/call', echo],
      ['prompts/get', { name: named('greeting'), arguments: { topic: 'x' } }],
      [
        'completion/complete',
        { ref: { type: 'ref/prompt', name: named('greeting') }, argument: { name: 'topic', value: 'x' } },
      ],
    ])('says nothing of that where nothing is kept: %s', async (method, params) => {
      const { result } = await client.request(method, params);
      expect(result).toMatchObject({
        resultType: 'complete',
        _meta: { [key('serverInfo')]: { name: expect.any(String), version: expect.any(String) } },
      });
      expect(result).not.toHaveProperty('ttlMs');
      expect(result).not.toHaveProperty('cacheScope');
    });

    it('has no code of its own for a resource that is not there', async () => {
      const uri = `${server}://nowhere`;
      const { error } = await client.request('resources/read', { uri });
      expect(error).toMatchObject({ code: -32602 });
    });
  });

  describe('tells what happens meanwhile: it', () => {
    it.each(['mine', 7])('reports progress under the token of the client: %s', async (progressToken) => {
      const answer = await call('progress', { steps: 2, label: 'step' }, { meta: { progressToken } });
      expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      expect(answer.frames).toMatchObject([
        { method: 'notifications/progress', params: { progressToken, progress: 1, total: 2, message: 'step' } },
        { method: 'notifications/progress', params: { progressToken, progress: 2, total: 2, message: 'step' } },
        { result: { structuredContent: { label: 'step' } } },
      ]);
    });

    it('answers at once and in one piece when there is nothing to tell', async () => {
      const { headers, frames } = await call('progress');
      expect(headers['content-type']).toBe('application/json');
      expect(frames).toHaveLength(1);
    });

    it('logs only for a request that asks for it, and no less than that wants', async () => {
      const logged = async (level: string, logLevel?: string) => {
        const meta = { [key('logLevel')]: logLevel };
        const { frames } = await call('log', { level, message: 'hello' }, { meta });
        return frames.filter(({ method }) => method === 'notifications/message').map(({ params }) => params);
      };
      expect(await logged('info')).toEqual([]);
      expect(await logged('info', 'info')).toMatchObject([{ level: 'info', data: 'hello' }]);
      expect(await logged('info', 'error')).toEqual([]);
      expect(await logged('error', 'error')).toMatchObject([{ level: 'error', data: 'hello' }]);
      expect(await logged('emergency')).toEqual([]);
    });
  });

  describe('cancels: it', () => {
    const cancelled = async () => JSON.stringify((await call('cancelled')).result);

    it('tells the server when a client closes an answer that streams', async () => {
      const label = `closed at ${path}`;
      const params = { name: named('hang'), arguments: { label } };
      const stream = await client.open('tools/call', params, { meta: { progressToken: 1 } });
      await stream.next();
      stream.close();
      await expect.poll(cancelled).toContain(label);
    });

    it('tells the server when a client closes an answer that has not begun', async () => {
      const label = `given up at ${path}`;
      const controller = new AbortController();
      const answer = call('hang', { label }, { signal: controller.signal });
      // The server has it as soon as it has answered something that came after it.
      await call('pid');
      controller.abort();
      await expect(answer).rejects.toThrow();
      await expect.poll(cancelled).toContain(label);
    });
  });
});

describe('server/discover', () => {
  const discover = async (path: string): Promise<StatelessAnswer> =>
    createStatelessClient(bridge.origin + path).request('server/discover');

  it.each(['old', 'new'])('introduces a single server in its own words: %s', async (name) => {
    const { status, result } = await discover(`/servers/${name}/mcp`);
    expect(status).toBe(200);
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: expect.arrayContaining([REVISION_2026]),
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        completions: {},
      },
      instructions: `Ask ${name}.`,
      ttlMs: expect.any(Number),
      cacheScope: expect.any(String),
      _meta: { [key('serverInfo')]: { name, version: '1.0.0' } },
    });
  });

  it('introduces several as one', async () => {
    const { result } = await discover('/mcp');
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: expect.arrayContaining([REVISION_2026]),
      capabilities: { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true }, completions: {} },
      instructions: expect.stringContaining('Ask old.'),
      _meta: { [key('serverInfo')]: { name: 'mcp-bridge' } },
    });
    expect(result?.instructions).toContain('Ask new.');
  });
});

describe('a client of the other era', () => {
  it('is served at the same URL, side by side', async () => {
    const stateless = createStatelessClient(bridge.url);
    const [session, listed] = await Promise.all([openRawSession(bridge.url), stateless.request('tools/list')]);
    expect(listed.result?.resultType).toBe('complete');
    const { messages } = await session.post(1, 'tools/list');
    expect(messages[0]?.result).not.toHaveProperty('resultType');
    expect(messages[0]?.result).not.toHaveProperty('ttlMs');
    const stream = await session.listen();
    expect(stream.status).toBe(200);
    stream.close();
  });
});
