import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Endpoint, Endpoints, type EndpointsOptions } from '../../src/downstream/endpoints.ts';
import { notificationFrame, resultFrame } from '../../src/protocol/message.ts';
import { ANYONE } from '../../src/protocol/principal.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { type Headers, openSse, rawPost, rawRequest } from '../support/http.ts';
import { MCP, REVISION_2026 } from '../support/stateless-request.ts';
import { createRelay, principalOf, serve } from './support.ts';

const SETTINGS: EndpointsOptions['settings'] = {
  streamableHttpPath: '/mcp',
  ssePath: '/sse',
  messagePath: '/message',
  outputTransport: 'all',
  recreateSessions: false,
  sessionTimeout: 60_000,
  maxSessions: 10,
  maxMessage: 100_000,
};
const [ALICE, BOB] = [{ 'x-principal': 'alice' }, { 'x-principal': 'bob' }];
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** Endpoints that take a header's word for who is asking. */
async function startEndpoints(changes: Partial<Relay> = {}, settings: Partial<typeof SETTINGS> = {}) {
  const ended: string[] = [];
  const { relay, exchanges, joined } = createRelay({ end: (id) => void ended.push(id), ...changes });
  const endpoints = new Endpoints({ settings: { ...SETTINGS, ...settings }, relays: new Map([['', relay]]) });
  onTestFinished(() => endpoints.close());
  const origin = await serve((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const principal = principalOf(`${request.headers['x-principal'] ?? ''}`);
    endpoints.routes.get(path)?.serve(request, response, principal);
  });
  const open = async (headers: Headers) => {
    const answer = await rawPost(`${origin}/mcp`, message('initialize', { protocolVersion: '2025-11-25' }), headers);
    return { ...headers, 'mcp-session-id': `${answer.headers['mcp-session-id']}` };
  };
  return { endpoints, url: `${origin}/mcp`, origin, open, exchanges, joined, ended };
}

const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params });
const stateless = (method: string, params: object = {}) =>
  message(method, { ...params, _meta: { [`${MCP}protocolVersion`]: REVISION_2026, [`${MCP}clientCapabilities`]: {} } });
const statelessHeaders = (method: string, more: Headers) => ({
  ...more,
  'mcp-protocol-version': REVISION_2026,
  'mcp-method': method,
});
const answering = { handle: async () => resultFrame({}) };

describe('an endpoint', () => {
  const resources = (routes: ReadonlyMap<string, Endpoint>) =>
    Object.fromEntries([...routes].map(([path, { resource }]) => [path, resource]));

  it('is known by its path, and that to which messages are sent by the path of the stream', () => {
    const { relay } = createRelay();
    const { routes } = new Endpoints({
      settings: SETTINGS,
      relays: new Map([
        ['', relay],
        ['servers/my%20files', relay],
      ]),
    });
    expect(resources(routes)).toEqual({
      '/mcp': '/mcp',
      '/sse': '/sse',
      '/message': '/sse',
      '/servers/my%20files/mcp': '/servers/my%20files/mcp',
      '/servers/my%20files/sse': '/servers/my%20files/sse',
      '/servers/my%20files/message': '/servers/my%20files/sse',
    });
  });
});

describe('the session of a principal', () => {
  const ping = message('ping');

  it.each([false, true])(
    'is for nobody else, who is answered as if there were none (recreated: %s)',
    async (recreateSessions) => {
      const { endpoints, url, open, joined } = await startEndpoints(answering, { recreateSessions });
      const session = await open(ALICE);
      const stream = await openSse(url, session);
      const lastEventId = { 'last-event-id': `${'a'.repeat(8)}_0` };
      const knocks: [string, Headers, object?][] = [
        ['POST', { 'content-type': 'application/json' }, ping],
        ['POST', { 'content-type': 'application/json' }, { jsonrpc: '2.0', id: 1, result: {} }],
        ['GET', { accept: 'text/event-stream' }],
        ['GET', { accept: 'text/event-stream', ...lastEventId }],
        ['DELETE', {}],
      ];
      for (const [method, headers, body] of knocks)
        for (const stranger of [BOB, {}]) {
          const { status, text } = await rawRequest(
            method,
            url,
            { ...session, 'x-principal': undefined, ...stranger, ...headers },
            body,
          );
          expect([method, status, JSON.parse(text)]).toEqual([
            method,
            404,
            { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Session not found' } },
          ]);
        }
      expect((await rawPost(url, ping, session)).status).toBe(200);
      expect([endpoints.sessions.streamableHttp, joined.length]).toEqual([1, 1]);
      stream.close();
    },
  );

  it('is looked for no differently than one that never was', async () => {
    const { url, open } = await startEndpoints(answering);
    const session = await open(ALICE);
    for (const method of ['GET', 'DELETE', 'POST']) {
      const ask = async (headers: Headers) => {
        const {
          status,
          text,
          headers: received,
        } = await rawRequest(method, url, { 'content-type': 'application/json', ...headers }, ping);
        return { status, text, headers: Object.keys(received) };
      };
      expect(await ask({ ...session, ...BOB })).toEqual(await ask({ ...BOB, 'mcp-session-id': UNKNOWN }));
    }
  });

  it('of the older transport takes messages from nobody else', async () => {
    const { origin, exchanges } = await startEndpoints();
    const stream = await openSse(`${origin}/sse`, ALICE);
    const { data } = await stream.next(({ event }) => event === 'endpoint');
    const path = `${origin}${data}`;
    const [foreign, unknown] = [
      await rawPost(path, ping, BOB),
      await rawPost(`${origin}/message?sessionId=${UNKNOWN}`, ping, BOB),
    ];
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect(exchanges).toEqual([]);
    expect((await rawPost(path, ping, ALICE)).status).toBe(202);
    await expect.poll(() => exchanges.length).toBe(1);
    stream.close();
  });

  it('is known to the servers as the principal’s', async () => {
    const { endpoints, url, open, joined, exchanges } = await startEndpoints();
    const session = await open(ALICE);
    const answered = [
      rawPost(url, message('tools/call'), session),
      rawPost(url, message('tools/call'), BOB),
      rawPost(url, stateless('tools/call', { name: 'a' }), {
        ...statelessHeaders('tools/call', ALICE),
        'mcp-name': 'a',
      }),
      rawPost(url, message('tools/call')),
    ].map((call) => call.catch(() => {}));
    await expect.poll(() => exchanges.length).toBe(4);
    const ids = exchanges.map(({ client }) => client.principal.id).sort();
    expect([joined.map(({ principal }) => principal.id), ids]).toEqual([['alice'], ['', 'alice', 'alice', 'bob']]);
    expect(exchanges.find(({ client }) => client.principal.id === '')?.client.principal).toEqual(ANYONE);
    endpoints.close();
    for (const id of ['', 'alice', 'bob']) endpoints.end(id);
    await Promise.all(answered);
  });
});

describe('the end of a principal', () => {
  it('ends its sessions and streams, and leaves those of others', async () => {
    const { endpoints, url, origin, open, ended } = await startEndpoints(answering);
    const [one, other] = [await open(ALICE), await open(BOB)];
    const streams = [await openSse(url, one), await openSse(`${origin}/sse`, ALICE)];
    const stays = await openSse(url, other);
    endpoints.end('alice');
    expect([endpoints.sessions, ended]).toEqual([{ streamableHttp: 1, sse: 0 }, ['alice']]);
    for (const stream of streams) await expect(stream.next(({ data }) => data.startsWith('{'))).rejects.toThrow();
    expect([
      (await rawPost(url, message('ping'), one)).status,
      (await rawPost(url, message('ping'), other)).status,
    ]).toEqual([404, 200]);
    stays.close();
  });

  it.each([
    ['in a session', async (open: (headers: Headers) => Promise<Headers>) => open(ALICE), message('tools/call')],
    ['without one', async () => ALICE, message('tools/call')],
    [
      'of 2026-07-28',
      async () => ({ ...statelessHeaders('tools/call', ALICE), 'mcp-name': 'a' }),
      stateless('tools/call', { name: 'a' }),
    ],
  ])('gives up its calls %s, and nobody waits for them any more', async (_, headersFor, body) => {
    const { endpoints, url, open, exchanges } = await startEndpoints();
    const over = rawPost(url, body, await headersFor(open)).catch(() => {});
    await expect.poll(() => exchanges.length).toBe(1);
    const [exchange] = exchanges;
    exchange?.notify(notificationFrame('notifications/x'));
    endpoints.end('bob');
    expect(exchange?.cancellation.reason).toBeUndefined();
    endpoints.end('alice');
    await over;
    await expect.poll(() => exchange?.cancellation.reason).toBeInstanceOf(Error);
  });

  it('ends its subscriptions', async () => {
    const { endpoints, url, joined } = await startEndpoints();
    const listen = stateless('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const stream = await openSse(url, statelessHeaders('subscriptions/listen', ALICE), listen);
    await expect.poll(() => joined.length).toBe(1);
    endpoints.end('alice');
    await expect(stream.next(({ data }) => data.includes('"result"'))).rejects.toThrow();
    expect(joined[0]?.closed.reason).toBeInstanceOf(Error);
  });

  it('keeps from the servers what it had begun to send', async () => {
    const { endpoints, url, exchanges } = await startEndpoints();
    const body = JSON.stringify(message('tools/call'));
    const headers = { ...ALICE, 'content-type': 'application/json', 'content-length': body.length };
    const upload = httpRequest(url, { method: 'POST', agent: false, headers });
    const failed = once(upload, 'error').then(() => 'cut');
    upload.write(body.slice(0, 10));
    await expect.poll(() => cutOff(endpoints, upload)).toBe(true);
    upload.end(body.slice(10));
    expect([await failed, exchanges]).toEqual(['cut', []]);
  });
});

/** Ends the principal again and again, until that has cut its upload: nobody is told when that has arrived. */
function cutOff(endpoints: Endpoints, upload: { readonly destroyed: boolean }): boolean {
  endpoints.end('alice');
  return upload.destroyed;
}
