import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixture } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { answers, openStdio, type RawStdio } from '../support/raw-stdio.ts';
import { MCP, toMessage } from '../support/stateless-request.ts';
import { openRawStdio, type RawPeer } from './raw-peer.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

/** Members and numbers that a parser or a schema on the way would change. */
const UNKNOWN = '"x-unknown":{"deep":[null,1.0,9007199254740993,"\\u00e9"]},"x-big":12345678901234567890';

/** Requests whose answers are known to the letter; see the fixture. */
const CALLS = ['members', 'bare', 'video', 'list', 'signed', 'error'].map(
  (name) => ['tools/call', name, `"name":"${name}","arguments":{}`] as const,
);
const KEPT = [
  ['tools/list', 'the tools', '"x-unknown":1.0'],
  ['prompts/list', 'the prompts', '"x-unknown":1.0'],
  ['resources/list', 'the resources', '"x-unknown":1.0'],
  ['resources/templates/list', 'the templates', '"x-unknown":1.0'],
  ['resources/read', 'a resource', '"uri":"ui://widget"'],
] as const;
const OTHERS = [
  ['prompts/get', 'a prompt', '"name":"p"'],
  ['completion/complete', 'values', '"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}'],
  ['x-vendor/method', 'a method nobody knows', UNKNOWN],
] as const;
const REQUESTS = [...CALLS, ...KEPT, ...OTHERS];

/** What a client of 2026 says of itself, with members that nobody knows. */
const INFO = `{"name":"raw","version":"1",${UNKNOWN}}`;
const CAPABILITIES = `{"extensions":{"com.example/x":{${UNKNOWN}}},"x-capability":{${UNKNOWN}}}`;
const ENVELOPE = [
  `"${MCP}protocolVersion":"2026-07-28"`,
  `"${MCP}clientInfo":${INFO}`,
  `"${MCP}clientCapabilities":${CAPABILITIES}`,
].join(',');
/** How the server introduces itself, its numbers as they are written. */
const SERVER_INFO = {
  name: 'fidelity',
  version: '1.0',
  title: 'Fidelity',
  'x-unknown': { deep: [null, true, { x: '' }] },
  'x-big': '9007199254740993',
  'x-float': '1.0',
};
const TRACE = '"traceparent":"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"';

/** Asks with `params` as the members of a JSON object, and resolves with the response as it was written. */
type Ask = (method: string, params: string) => Promise<RawJson>;

let bridge: Bridge;
let server2026: RawStdio;
let server2025: RawPeer;
let sessions: Record<string, RawSession>;
beforeAll(async () => {
  const mcpServers = {
    old: fixture('fidelity-eras-server', '--era', '2025'),
    new: fixture('fidelity-eras-server', '--era', '2026'),
  };
  server2026 = openStdio(mcpServers.new);
  [bridge, server2025] = await Promise.all([startBridge([], { config: { mcpServers } }), openRawStdio(mcpServers.old)]);
  const [old, fresh] = await Promise.all([openRawSession(urlOf('old')), openRawSession(urlOf('new'))]);
  sessions = { old, new: fresh };
});
afterAll(async () => {
  await Promise.all([bridge.stop(), server2026.close(), server2025[Symbol.asyncDispose]()]);
});

const urlOf = (server: string) => (server === 'all' ? bridge.url : `${bridge.origin}/servers/${server}/mcp`);

/** How each era asks: a server itself, and one behind the bridge. */
const direct: Record<string, Ask> = {
  async old(method, params) {
    return RawJson.parse((await server2025.request(method, `{${params}}`)).at(-1) as string);
  },
  async new(method, params) {
    const id = server2026.lines().length + 1;
    server2026.send(`${withEnvelope(method, params, id)}\n`);
    return RawJson.parse(await server2026.line((line) => answers(line, id)));
  },
};
const by2025 =
  (server: string): Ask =>
  async (method, params) => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params}}}`;
    return RawJson.parse((await (sessions[server] as RawSession).send(body)).text);
  };
const by2026 =
  (server: string): Ask =>
  async (method, params) => {
    const { headers } = toMessage(method, JSON.parse(`{${params}}`), {});
    return RawJson.parse((await rawPost(urlOf(server), withEnvelope(method, params), headers)).text);
  };

function withEnvelope(method: string, params: string, id = 1): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params},"_meta":{${ENVELOPE}}}}`;
}

describe('a client of 2025 and a server of 2025', () => {
  it.each(REQUESTS)('%s: what comes for %s is as the server wrote it', async (method, _what, params) => {
    const expected = await direct.old?.(method, params);
    expect(outcomeOf(await by2025('old')(method, params)).text).toBe(outcomeOf(expected).text);
  });
});

describe('a client of 2026 and a server of 2026', () => {
  it.each(REQUESTS)('%s: what comes for %s says all that the server says', async (method, what, params) => {
    const original = literal(outcomeOf(await direct.new?.(method, params)));
    const answered = literal(outcomeOf(await by2026('new')(method, params)));
    expect(answered).toEqual(what === 'error' ? original : signed(original));
  });

  it('is discovered with all that it says', async () => {
    const { supportedVersions, ...original } = literal(outcomeOf(await direct.new?.('server/discover', '"x":1')));
    const discovered = literal(outcomeOf(await by2026('new')('server/discover', '"x":1')));
    expect(discovered).toEqual({
      ...original,
      supportedVersions: expect.arrayContaining(supportedVersions as string[]),
    });
  });

  it('gets a request as the client wrote it', async () => {
    const params = `{"name":"received","arguments":{"n":1.0,${UNKNOWN}},${UNKNOWN},"_meta":{${ENVELOPE},${TRACE},"x":1.0}}`;
    const received = literal(RawJson.parse(await receivedBy('new', params)));
    expect(received.params).toEqual(literal(RawJson.parse(params)));
  });
});

describe('a client of 2026 and a server of 2025', () => {
  it.each(REQUESTS)(
    '%s: what comes for %s has gained what the era demands, and nothing else',
    async (method, what, params) => {
      const original = literal(outcomeOf(await direct.old?.(method, params)));
      const isKept = KEPT.some(([kept]) => kept === method);
      const gained = {
        resultType: 'complete',
        ...(isKept && { ttlMs: '0', cacheScope: 'private' }),
      };
      expect(literal(outcomeOf(await by2026('old')(method, params)))).toEqual(
        what === 'error' ? original : signed({ ...original, ...gained }),
      );
    },
  );

  it('is discovered with all that it said at initialize', async () => {
    const opened = literal(outcomeOf(RawJson.parse(server2025.opened)));
    expect(literal(outcomeOf(await by2026('old')('server/discover', '"x-unknown":1.0')))).toMatchObject({
      capabilities: opened.capabilities,
      instructions: 'Keep all.',
      _meta: { [`${MCP}serverInfo`]: opened.serverInfo },
    });
  });

  it('gets a request as the client wrote it, without what is said of the client', async () => {
    const params = `"name":"received","arguments":{"n":1.0,${UNKNOWN}},${UNKNOWN}`;
    expect(await receivedBy('old', `{${params},"_meta":{${ENVELOPE},${TRACE},"x":1.0,${UNKNOWN}}}`)).toContain(
      `"params":{${params},"_meta":{${TRACE},"x":1.0,${UNKNOWN}}}`,
    );
    expect(literal(RawJson.parse(await receivedBy('old', `{${params},"_meta":{${ENVELOPE}}}`)))).toMatchObject({
      params: literal(RawJson.parse(`{${params}}`)),
    });
    for (const meta of [ENVELOPE, `${ENVELOPE},"x":1`, `${ENVELOPE},"${MCP}logLevel":"error"`]) {
      expect(await receivedBy('old', `{${params},"_meta":{${meta}}}`)).not.toContain(MCP);
    }
  });
});

describe('a client of 2025 and a server of 2026', () => {
  it.each(REQUESTS)(
    '%s: what comes for %s has lost what the era does not know, and nothing else',
    async (method, _what, params) => {
      const { resultType, ttlMs, cacheScope, ...rest } = literal(outcomeOf(await direct.new?.(method, params)));
      expect(literal(outcomeOf(await by2025('new')(method, params)))).toEqual(rest);
    },
  );

  it('opens a session with all that it says when it is discovered', async () => {
    const discovered = literal(outcomeOf(await direct.new?.('server/discover', '"x-unknown":1.0')));
    const params = `"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{${params}}}`;
    const { text } = await rawPost(urlOf('new'), body);
    expect(literal(outcomeOf(RawJson.parse(text)))).toMatchObject({
      protocolVersion: '2025-06-18',
      capabilities: discovered.capabilities,
      serverInfo: (discovered._meta as Record<string, unknown>)[`${MCP}serverInfo`],
      instructions: 'Keep all.',
    });
  });

  it('gets a request as the client wrote it, with what the client said of itself at initialize', async () => {
    const opening = `{"protocolVersion":"2025-11-25","capabilities":${CAPABILITIES},"clientInfo":${INFO}}`;
    const opened = await rawPost(urlOf('new'), `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${opening}}`);
    const session = { 'mcp-session-id': opened.headers['mcp-session-id'] as string };
    const params = `"name":"received","arguments":{"n":1.0,${UNKNOWN}},${UNKNOWN}`;
    const body = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{${params},"_meta":{${TRACE},"x":1.0}}}`;
    const { text } = await rawPost(urlOf('new'), body, session);
    const received = literal(RawJson.parse(textOf(text)));
    // A session that has not said what it wants to hear is told what servers of its own era tell.
    const envelope = `${ENVELOPE},"${MCP}logLevel":"info"`;
    expect(received.params).toEqual(literal(RawJson.parse(`{${params},"_meta":{${TRACE},"x":1.0,${envelope}}}`)));
  });
});

describe('a client of 2026 and servers of both eras at once', () => {
  it.each(['old', 'new'])('gets all that a server says of its tools but for their names: %s', async (server) => {
    const [tool] = literal(outcomeOf(await direct[server]?.('tools/list', '"x":1'))).tools as object[];
    const { tools, ...rest } = literal(outcomeOf(await by2026('all')('tools/list', '"x":1')));
    expect(tools).toContainEqual({ ...tool, name: `${server}__members` });
    // One of the servers does not say how long its list may be kept.
    expect(rest).toMatchObject({ resultType: 'complete', ttlMs: '0', cacheScope: 'private' });
  });

  it.each(['old', 'new'])('gets the result of a call with all that is in it: %s', async (server) => {
    const original = literal(outcomeOf(await direct[server]?.('tools/call', '"name":"members","arguments":{}')));
    const params = `"name":"${server}__members","arguments":{}`;
    const { _meta, ...answered } = literal(outcomeOf(await by2026('all')('tools/call', params)));
    const { _meta: meta, ...members } = original;
    expect(answered).toEqual({ resultType: 'complete', ...members });
    expect(_meta).toMatchObject({ ...(meta as object), [`${MCP}serverInfo`]: { name: expect.any(String) } });
  });
});

/** The message that reached a server, when a client of 2026 has it say so. */
async function receivedBy(server: string, params: string): Promise<string> {
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const { headers } = toMessage('tools/call', { name: 'received' }, {});
  return textOf((await rawPost(urlOf(server), body, headers)).text);
}

function textOf(answer: string): string {
  return JSON.parse(answer).result.content[0].text;
}

/** The result or the error of a response. */
function outcomeOf(response: RawJson | undefined): RawJson {
  return response?.raw('result') ?? (response?.raw('error') as RawJson);
}

/** A value whose numbers are strings of how they were written. */
function literal({ text }: RawJson): Record<string, unknown> {
  return JSON.parse(
    text.replace(/("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)/g, (_, string, number) => string ?? `"${number}"`),
  );
}

/** A result that says whose it is. */
function signed(result: Record<string, unknown>): Record<string, unknown> {
  return { ...result, _meta: { [`${MCP}serverInfo`]: SERVER_INFO, ...(result._meta as object | undefined) } };
}
