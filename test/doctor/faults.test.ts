import { describe, expect, it } from 'vitest';
import { type Fault, type Question, type Reply, rpcError, TOOL, withResult } from './exemplary-server.ts';
import { findingsOf } from './findings.ts';

/** Spoils the answers to one JSON-RPC method. */
function of(method: string, spoil: (reply: Reply, question: Question) => Reply | 'hang'): Fault {
  return (reply, question) => (question.rpc === method ? spoil(reply, question) : undefined);
}

/** The same answer to everything at the endpoint. */
function always(answer: Reply | 'hang'): Fault {
  return (_reply, { path }) => (path === '/mcp' ? answer : undefined);
}

/** Other tools than the one in order. */
function tools(...list: object[]): Fault {
  return of('tools/list', (reply) => withResult(reply, { tools: list }));
}

/** The tool in order with something else. */
function tool(change: object): Fault {
  return tools({ ...TOOL, ...change });
}

/** Spoils a document. */
function at(place: string, change: Reply | ((document: object, origin: string) => object)): Fault {
  return ({ body, ...reply }, { path }, origin) => {
    if (path !== place) return undefined;
    return typeof change === 'function' ? { ...reply, body: change(Object(body), origin) } : change;
  };
}

function server(change: (document: object, origin: string) => object): Fault {
  return at('/.well-known/oauth-authorization-server', (document, origin) => ({
    ...document,
    ...change(document, origin),
  }));
}

function challenge(header: string | undefined): Fault {
  return (reply) =>
    reply.status === 401
      ? { ...reply, headers: header === undefined ? {} : { 'www-authenticate': header } }
      : undefined;
}

const STREAM: Reply = { status: 200, headers: { 'content-type': 'text/event-stream' }, body: '\n', isOpen: true };
const OLDER = of('server/discover', (_reply, { id }) => rpcError(200, -32601, id));

/** What is broken; the check that has to find it; and what it has to say about it. */
type Row = readonly [title: string, fault: Fault, check: string, sentence: string];

const FATAL: readonly Row[] = [
  [
    'redirects',
    always({ status: 307, headers: { location: 'https://b.example/mcp' } }),
    'answer',
    'it redirects (307) to https://b.example/mcp',
  ],
  [
    'shows a web page',
    always({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' }),
    'answer',
    'a web page answers (200 text/html), not an MCP server',
  ],
  ['has nothing at this path', always({ status: 404 }), 'answer', 'there is nothing at this path (404)'],
  ['has had enough of requests', always({ status: 429 }), 'answer', 'too many requests have come (429)'],
  ['does not know its host name', always({ status: 421 }), 'answer', 'it refuses everybody (421)'],
  ['is not behind its tunnel', always({ status: 502 }), 'answer', 'it answers 502'],
  [
    'speaks HTTP+SSE only',
    (_reply, { method }) => (method === 'GET' ? STREAM : { status: 405 }),
    'answer',
    'this is the older HTTP+SSE',
  ],
  [
    "speaks HTTP+SSE only, as the SDK's does",
    (_reply, { method }) => (method === 'GET' ? STREAM : { status: 404 }),
    'answer',
    'it takes no POST (404), and opens a stream for GET: this is the older HTTP+SSE',
  ],
  ['is too slow', always('hang'), 'answer', 'no answer to POST within 5 s'],
  [
    'refuses initialize',
    (...given) => OLDER(...given) ?? of('initialize', (_reply, { id }) => rpcError(400, -32600, id))(...given),
    'initialize',
    'the first time: 400 with error -32600: refused',
  ],
];

const OPEN: readonly Row[] = [
  [
    'asks for a token later',
    (_reply, { body }) => (body === '{}' ? { status: 401 } : undefined),
    'refusals',
    'POST with the body {} is answered 401, though the first request was let in',
  ],
  [
    'discovers half',
    of('server/discover', (reply) => withResult(reply, { ttlMs: undefined, supportedVersions: ['2025-11-25'] })),
    'discover',
    'the result is not complete: supportedVersions without 2026-07-28, no ttlMs',
  ],
  [
    'fails at server/discover',
    of('server/discover', () => ({ status: 500 })),
    'discover',
    '500 without a JSON-RPC error',
  ],
  [
    'knows only a revision of its own',
    (...given) =>
      OLDER(...given) ?? of('initialize', (reply) => withResult(reply, { protocolVersion: '1999-01-01' }))(...given),
    'initialize',
    'it answers in the revision "1999-01-01"',
  ],
  [
    'refuses notifications',
    of('notifications/initialized', () => ({ status: 400 })),
    'initialized',
    'it is answered 400, not 202',
  ],
  [
    'cannot list its tools',
    of('tools/list', (_reply, { id }) => rpcError(200, -32603, id)),
    'tools',
    '200 with error -32603: refused',
  ],
  [
    'lists something else',
    of('tools/list', (reply) => withResult(reply, { tools: 'many' })),
    'tools',
    'the result is no list of tools',
  ],
  [
    'lists pages without an end',
    of('tools/list', (reply) => withResult(reply, { nextCursor: 'again' })),
    'tools',
    'its pages have no end',
  ],
  [
    'sends more than anybody would read',
    of('tools/list', (reply) => ({ ...reply, body: 'x'.repeat(17 * 2 ** 20) })),
    'tools',
    'the answer is longer than 16 MiB',
  ],
  [
    'lists more tools than anybody would read',
    of('tools/list', (reply) => withResult(reply, { tools: Array(200_000).fill({ name: 'look' }) })),
    'tools',
    'there are more than 10000',
  ],
  ['has a tool whose name is none', tool({ name: { toString: 1 } }), 'tool-names', '"an object"'],
  [
    'refuses with something else than words',
    of('tools/list', (_reply, { id }) => ({
      status: 200,
      body: { jsonrpc: '2.0', id, error: { code: [], message: { toString: 1 } } },
    })),
    'tools',
    '200 with error a list: an object',
  ],
  [
    'has a tool that is nested without an end',
    of('tools/list', ({ body, ...reply }) => {
      const text = JSON.stringify(Object(body)).replace(
        'Looks around.',
        `deep","x":${'['.repeat(20_000)}${']'.repeat(20_000)},"y":"`,
      );
      return { ...reply, headers: { 'content-type': 'application/json' }, body: text };
    }),
    'tool-size',
    'its answer is nested too deeply',
  ],
  ['has a tool with a dot in its name', tool({ name: 'look.around' }), 'tool-names', '"look.around"'],
  [
    'has a tool whose name is too long',
    tool({ name: 'x'.repeat(65) }),
    'tool-names',
    'not of letters, digits, _ and - (at most 64): "xxx',
  ],
  ['has two tools of one name', tools(TOOL, TOOL), 'tool-names', 'there twice: look'],
  ['has a tool without a schema', tool({ inputSchema: undefined }), 'tool-schemas', 'look (no inputSchema)'],
  [
    'has a tuple in a schema',
    tool({ inputSchema: { type: 'object', properties: { at: { type: 'array', items: [{}, {}] } } } }),
    'tool-schemas',
    'look (a tuple in items at /properties/at)',
  ],
  [
    'has a choice at the root of a schema',
    tool({ inputSchema: { type: 'object', anyOf: [{}] } }),
    'tool-schemas',
    'look (anyOf at its root)',
  ],
  [
    'fails a call',
    of('tools/call', (_reply, { id }) => rpcError(200, -32603, id)),
    'call',
    'look: 200 with error -32603',
  ],
  ['holds streams back', of('subscriptions/listen', () => 'hang'), 'stream', 'no event of an open stream arrived'],
  [
    'leaves GET open',
    (_reply, { method }) => (method === 'GET' ? 'hang' : undefined),
    'get',
    'it is left open (no answer to GET within 5 s)',
  ],
  [
    'answers GET with something else',
    (_reply, { method }) => (method === 'GET' ? { status: 200 } : undefined),
    'get',
    'it is answered 200',
  ],
];

const GUARDED: readonly Row[] = [
  [
    'refuses where it should ask for a token',
    (reply) => (reply.status === 401 ? { status: 403 } : undefined),
    'answer',
    'without a token it answers 403, not 401',
  ],
  [
    'lets a list through',
    (_reply, { body }) => (body === '[]' ? { status: 400 } : undefined),
    'refusals',
    'POST with the body [] is answered 400, not 401',
  ],
  [
    'challenges each in another way',
    (reply, { method }) => (method === 'GET' ? { ...reply, headers: { 'www-authenticate': 'Bearer' } } : undefined),
    'refusals',
    'the challenge differs: ',
  ],
  ['does not challenge', challenge(undefined), 'challenge', 'the 401 comes without WWW-Authenticate: Bearer'],
  ['names no metadata', challenge('Bearer realm="mcp"'), 'challenge', 'resource_metadata is missing'],
  [
    'names metadata without a host',
    challenge('Bearer resource_metadata="/meta"'),
    'challenge',
    'resource_metadata is no absolute URL: /meta',
  ],
  [
    'names metadata at a local address',
    challenge('Bearer resource_metadata="http://localhost:1/meta"'),
    'challenge',
    'resource_metadata is at another origin: http://localhost:1/meta',
  ],
  [
    'forbids wrong tokens',
    (_reply, { headers }) => (headers.authorization?.includes('no-token') ? { status: 403 } : undefined),
    'wrong-token',
    'it is answered 403, not 401',
  ],
  [
    'has no metadata',
    at('/.well-known/oauth-protected-resource/mcp', { status: 404 }),
    'resource-metadata',
    '/.well-known/oauth-protected-resource/mcp answers 404',
  ],
  [
    'is another resource',
    at('/.well-known/oauth-protected-resource/mcp', (document, origin) => ({
      ...document,
      resource: `${origin}/mcp/`,
    })),
    'resource',
    '/mcp/", and the URL ',
  ],
  [
    'names no issuer',
    at('/.well-known/oauth-protected-resource/mcp', (document) => ({ ...document, authorization_servers: [] })),
    'server-metadata',
    'the resource names no authorization_servers',
  ],
  [
    'names an issuer without metadata',
    at('/.well-known/oauth-authorization-server', { status: 404 }),
    'server-metadata',
    'no metadata at ',
  ],
  [
    'writes its issuer with a slash',
    server((_document, origin) => ({ issuer: `${origin}/` })),
    'issuer',
    '/", and the resource names ',
  ],
  [
    'has an endpoint without https',
    server(() => ({ token_endpoint: 'http://bridge.example/token' })),
    'endpoints',
    'http://bridge.example/token is not https',
  ],
  ['has no token endpoint', server(() => ({ token_endpoint: undefined })), 'endpoints', 'token_endpoint missing'],
  ['does without PKCE', server(() => ({ code_challenge_methods_supported: ['plain'] })), 'pkce', 'S256 is not offered'],
  [
    'insists on secrets',
    server(() => ({ token_endpoint_auth_methods_supported: undefined })),
    'clients',
    'clients without a secret are not taken',
  ],
  [
    'takes no new clients',
    server(() => ({ registration_endpoint: undefined, client_id_metadata_document_supported: undefined })),
    'clients',
    'nobody can become a client',
  ],
  [
    'fails to register',
    at('/register', { status: 400, body: { error: 'invalid_redirect_uri' } }),
    'registration',
    'it answers 400, not 201: invalid_redirect_uri',
  ],
  ['takes no token at all', challenging(), 'token', 'it is not taken (401)'],
];

const TOLERABLE: readonly Row[] = [
  [
    'holds the stream of a session back',
    (reply, { method, rpc, headers }) => {
      if (method === 'GET') return headers['mcp-session-id'] === undefined ? { status: 400 } : 'hang';
      return rpc === 'initialize' ? { ...reply, headers: { 'mcp-session-id': 'a' } } : undefined;
    },
    'get',
    "no headers of a session's stream arrived (no answer to GET within 5 s)",
  ],
  [
    'refuses server/discover in a way of its own',
    of('server/discover', (_reply, { id }) => rpcError(400, -32000, id)),
    'discover',
    'it is refused with 400 with error -32000',
  ],
  [
    'is of 2026-07-28 only',
    of('initialize', (_reply, { id }) => rpcError(404, -32601, id)),
    'initialize',
    'the first time: 404 with error -32601',
  ],
  [
    'answers notifications with 200',
    of('notifications/initialized', () => ({ status: 200 })),
    'initialized',
    'it is answered 200, not 202',
  ],
  ['has no tools', tools(), 'tools', 'there are none'],
  ['lists its tools at random', shuffling(), 'tool-order', 'it is another one when asked again'],
  [
    'has an array of anything',
    tool({ inputSchema: { type: 'object', properties: { list: { type: 'array' } } } }),
    'tool-schemas',
    'look (an array without items at /properties/list)',
  ],
  ['does not say what a tool is for', tool({ description: ' ' }), 'tool-descriptions', 'look have none'],
  [
    'has too many tools',
    tools(...Array.from({ length: 129 }, (_, index) => ({ ...TOOL, name: `look-${index}` }))),
    'tool-count',
    '129, and some clients take no more than 128',
  ],
  ['has a long list', tool({ description: 'x'.repeat(100_000) }), 'tool-size', 'tokens, in every conversation'],
  [
    'has a tool that fails',
    of('tools/call', (reply) => withResult(reply, { isError: true })),
    'call',
    'look says that it failed',
  ],
  [
    'compresses its streams',
    of('subscriptions/listen', (reply) => ({
      ...reply,
      headers: { ...reply.headers, 'content-encoding': 'identity' },
    })),
    'stream',
    'the stream is compressed (identity)',
  ],
  [
    'has nothing for GET',
    (_reply, { method }) => (method === 'GET' ? { status: 404 } : undefined),
    'get',
    'it is answered 404',
  ],
];

const TOLERABLE_GUARDED: readonly Row[] = [
  [
    'speaks of a token where none came',
    challengeWith('error="invalid_token"'),
    'challenge',
    'it says invalid_token, though no token came',
  ],
  ['asks for no scope', challengeWith(), 'challenge', 'it names no scope'],
  [
    'has no metadata for those that leave the path out',
    at('/.well-known/oauth-protected-resource', { status: 404 }),
    'well-known',
    '/.well-known/oauth-protected-resource answers 404',
  ],
  [
    'does not name the issuer in answers',
    server(() => ({ authorization_response_iss_parameter_supported: undefined })),
    'iss',
    'answers are not said to name the issuer',
  ],
  ['lists scopes of OpenID', server(() => ({ scopes_supported: ['openid', 'mcp'] })), 'scopes', 'openid are listed'],
  [
    'registers nobody at the moment',
    at('/register', { status: 403 }),
    'registration',
    'it is closed at the moment (403)',
  ],
];

describe.concurrent('the doctor finds that a server', () => {
  it.each(FATAL)('%s, and looks no further', async (_title, fault, check, sentence) => {
    const findings = await findingsOf({ fault });
    expect(findings.at(-1)).toMatchObject({ check, verdict: 'failed', detail: expect.stringContaining(sentence) });
    expect(findings.at(-1)?.advice).toMatch(/^[A-Z].{20,}\.$/);
  });

  it.each(OPEN)('%s', async (_title, fault, check, sentence) => {
    const findings = await findingsOf({ fault });
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([finding(check, 'failed', sentence)]);
  });

  it.each(GUARDED)('%s (with OAuth)', async (_title, fault, check, sentence) => {
    const findings = await findingsOf({ fault, isGuarded: true }, { register: true });
    const failures = findings.filter(({ verdict }) => verdict === 'failed');
    expect(failures).toContainEqual(finding(check, 'failed', sentence));
    expect(failures[0]?.check).toBe(check);
  });

  it.each(TOLERABLE)('%s, which it can live with', async (_title, fault, check, sentence) => {
    const findings = await findingsOf({ fault });
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(findings).toContainEqual(finding(check, 'warning', sentence));
  });

  it.each(TOLERABLE_GUARDED)('%s (with OAuth), which it can live with', async (_title, fault, check, sentence) => {
    const findings = await findingsOf({ fault, isGuarded: true }, { register: true });
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(findings).toContainEqual(finding(check, 'warning', sentence));
  });
});

function finding(check: string, verdict: string, sentence: string): object {
  const advice = expect.stringMatching(/^[A-Z].{10,}\.$/);
  return expect.objectContaining({ check, verdict, detail: expect.stringContaining(sentence), advice });
}

/** No token is good enough. */
function challenging(): Fault {
  return (_reply, { path }, origin) =>
    path === '/mcp' ? refusal(origin, 'scope="mcp", error="invalid_token"') : undefined;
}

/** Other parameters than the address of the metadata. */
function challengeWith(...parameters: string[]): Fault {
  return ({ status }, { headers }, origin) =>
    status === 401 && headers.authorization === undefined ? refusal(origin, ...parameters) : undefined;
}

function refusal(origin: string, ...parameters: string[]): Reply {
  const place = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
  return { status: 401, headers: { 'www-authenticate': `Bearer ${[place, ...parameters].join(', ')}` } };
}

function shuffling(): Fault {
  const names = ['look', 'listen'];
  return of('tools/list', (reply) => {
    names.reverse();
    return withResult(reply, { tools: names.map((name) => ({ ...TOOL, name })) });
  });
}
