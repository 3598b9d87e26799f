import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Bridge, CLI, startBridge, writeConfig } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { rawPost } from '../support/http.ts';
import { openStdio } from '../support/raw-stdio.ts';
import { createStatelessClient, questionsOf, type StatelessClient, withResponses } from '../support/stateless.ts';
import { MCP, REVISION_2026 } from '../support/stateless-request.ts';
import { openRawSession } from './raw-session.ts';

/**
 * A server that says what it is told to, line by line: in a call of `play` by the call, else by its script, which has the lines for the
 * first, the second, ... message of a method. Says how often it got what when it has nothing else to say.
 */
const PUPPET = String.raw`
import { createInterface } from 'node:readline';
const [, era, text] = process.argv;
const { strict, inputSchema = { type: 'object' }, ...rest } = JSON.parse(text);
const script = { __proto__: null, ...rest };
const counts = { __proto__: null };
const tools = [{ name: 'play', inputSchema }, { name: 'task', inputSchema, execution: { taskSupport: 'required' } }];
const capabilities = { tools: { listChanged: true }, resources: { subscribe: true }, tasks: {} };
const subscribed = new Set();
let answered = () => {};
let listen = 0;
const say = (line) => process.stdout.write(line + '\n');
const send = (message) => say(JSON.stringify({ jsonrpc: '2.0', ...message }));
const updateOf = (uri) => {
  const params = { uri, _meta: { 'io.modelcontextprotocol/subscriptionId': listen } };
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/resources/updated', params });
};
async function play(lines, id) {
  const words = { $ID: id, $BIG: 'x'.repeat(20_000), $UPDATES: [...subscribed].map(updateOf).join('\n') };
  for (const line of lines) {
    if (line !== 'WAIT') say(line.replace(/\$[A-Z]+/g, (word) => words[word]));
    else words.$SAID = JSON.stringify(await new Promise((resolve) => { answered = resolve; }));
  }
}
const results = {
  __proto__: null,
  initialize: ({ protocolVersion, clientInfo }) =>
    era === '2025' && !(strict && typeof clientInfo.name !== 'string') &&
    { protocolVersion, capabilities, serverInfo: { name: 'puppet', version: '1' } },
  'server/discover': () =>
    era === '2026' && { supportedVersions: ['2026-07-28'], capabilities, resultType: 'complete', ttlMs: 0, cacheScope: 'private' },
  'tools/list': () => ({ tools }),
  'tools/call': ({ inputResponses }) => ({ content: [], structuredContent: inputResponses ?? counts }),
  'resources/subscribe': () => ({}),
  'resources/unsubscribe': () => ({}),
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params = {}, result } = JSON.parse(line);
  if (method === undefined) return answered({ k: result });
  counts[method] = (counts[method] ?? 0) + 1;
  if (method === 'resources/subscribe') subscribed.add(params.uri);
  if (method === 'resources/unsubscribe') subscribed.delete(params.uri);
  const lines = params.inputResponses ? undefined : params.arguments?.lines ?? script[method]?.slice(0, counts[method]).at(-1);
  if (lines) return play(lines, id);
  if (method === 'subscriptions/listen') {
    listen = id;
    subscribed.clear();
    for (const uri of params.notifications.resourceSubscriptions ?? []) subscribed.add(uri);
    const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
    return send({ method: 'notifications/subscriptions/acknowledged', params: { notifications: params.notifications, _meta } });
  }
  if (id === undefined) return;
  const own = results[method]?.(params);
  send(own ? { id, result: own } : { id, error: { code: -32601, message: 'no' } });
});
`;

type Era = '2025' | '2026';
const ERAS: Era[] = ['2025', '2026'];
const puppet = (era: Era, script: object = {}) => ({
  command: process.execPath,
  args: ['--input-type=module', '-e', PUPPET, era, JSON.stringify(script)],
});
const startPuppet = (era: Era, script?: object) =>
  startBridge([], { config: { mcpServers: { puppet: puppet(era, script) } } });

const ASKABLE = { capabilities: { elicitation: {} } };
const TASKS = { [`${MCP}clientCapabilities`]: { extensions: { [`${MCP}tasks`]: {} } } };
const QUESTION =
  '{"method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}';
/** What a server of each era says to ask one question and then tell the answer. */
const ASK: Readonly<Record<Era, string[]>> = {
  '2025': [
    `{"jsonrpc":"2.0","id":"q",${QUESTION.slice(1)}`,
    'WAIT',
    '{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"structuredContent":$SAID}}',
  ],
  '2026': [`{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required","inputRequests":{"k":${QUESTION}}}}`],
};
const YES = { action: 'accept' as const, content: { answer: 'yes' } };
const OK = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[]}}';
const FINE = { status: 200, result: { resultType: 'complete' } };
const UPDATED = 'notifications/resources/updated';

describe.each(ERAS)('a bridge to a server of %s', (era) => {
  let bridge: Bridge;
  let client: StatelessClient;
  beforeAll(async () => {
    const inputSchema = { type: 'object', properties: { place: { type: 'string', 'x-mcp-header': 'Place' } } };
    bridge = await startPuppet(era, { inputSchema });
    client = createStatelessClient(bridge.url, ASKABLE);
  });
  afterAll(() => bridge.stop());
  afterEach(async () => {
    expect(await client.call('play')).toMatchObject(FINE);
    expect(bridge.stderr()).not.toMatch(/internal error|Warning/);
  });

  // Of large answers only the structure is checked when they come.
  it.each([
    ['an error with a broken key', '"error":{"code":-1,"message":"$BIG","\\q":1}'],
    ['an error with a broken message', '"error":{"code":-1,"message":"\\q$BIG"}'],
    ['an error with a broken code', '"error":{"code":"\\q","message":"$BIG"}'],
    ['a result with a broken key', '"result":{"\\q":1,"content":[],"x":"$BIG"}'],
    ['a result of a broken type', '"result":{"resultType":"\\q","content":[],"x":"$BIG"}'],
    ['a result with a broken _meta', '"result":{"content":[],"_meta":{"\\q":"$BIG"}}'],
    ['a task with a broken status', '"result":{"task":{"taskId":"u","status":"\\q","ttl":"\\q","x":"$BIG"}}'],
  ])('outlives %s', async (_what, members) => {
    const lines = [`{"jsonrpc":"2.0","id":$ID,${members}}`];
    // Whoever reads the answer meets what the server has broken.
    for (const name of ['play', 'task']) await client.call(name, { lines }, { meta: TASKS }).catch(() => {});
  });

  it('says -32600 where a server has a code that has been given up', async () => {
    const lines = ['{"jsonrpc":"2.0","id":$ID,"error":{"code":-32042,"message":"visit something"}}'];
    expect((await client.call('play', { lines })).error).toEqual({ code: -32600, message: 'visit something' });
  });

  it.each([
    [['x'], 'x'],
    [{}, '[object Object]'],
    [{ toString: 1, valueOf: 1 }, 'x'],
  ])('finds no header that repeats the argument %j', async (place, header) => {
    const { status, error } = await client.call('play', { place }, { headers: { 'mcp-param-place': header } });
    expect([status, error?.code]).toEqual([400, -32020]);
  });

  it.each([
    ['a list with the state in it', (state: string) => [state]],
    ['an object that becomes no text', () => ({ toString: 1, valueOf: 1 })],
    ['another member of the state', (state: string) => ({ state })],
    ['a megabyte', () => 'x'.repeat(1_000_000)],
    ['nothing but dots', () => '.'.repeat(1_000_000)],
  ])('refuses a requestState that is %s', async (_what, bend) => {
    const params = { name: 'play', arguments: { lines: ASK['2025'] } };
    const made = era === '2025' ? await client.request('tools/call', params) : undefined;
    const requestState = bend(String(made?.result?.requestState));
    const { error } = await client.request('tools/call', { ...params, requestState });
    expect(error).toEqual({ code: -32602, message: expect.stringContaining('was not made here') });
  });

  it('answers each request whatever is in it, over HTTP', async () => {
    const headers = (method: string) => ({ 'mcp-protocol-version': REVISION_2026, 'mcp-method': method });
    for (const odd of ODD) {
      const answers = oddRequests(odd).map(async ([method, params]) => {
        const body = `{"jsonrpc":"2.0","id":"odd","method":"${method}","params":${params}}`;
        const { status, messages } = await rawPost(bridge.url, body, { ...headers(method), 'mcp-name': 'play' });
        expect([status < 500, messages.length], `${method} ${params.slice(0, 200)}`).toEqual([true, 1]);
      });
      await Promise.all(answers);
    }
  });
});

/** JSON texts that stand where something else is expected. */
const ODD = [
  ...['null', '0', '-1', '1e400', 'true', '""', '"x"', '"\\u0000"', '"\\ud800"', '12345678901234567890'],
  ...['[]', '[null]', '{}', '{"__proto__":{}}', '{"toString":1,"valueOf":1}', '{"constructor":1}'],
  `${'{"a":'.repeat(400)}1${'}'.repeat(400)}`,
];

/** Requests with an odd value in one place, as their method and the text of their params. */
function oddRequests(odd: string): [method: string, params: string][] {
  const params = (changes: object, meta: object = {}) => {
    const envelope = { protocolVersion: `"${REVISION_2026}"`, clientCapabilities: '{}', clientInfo: '{}', ...meta };
    const prefixed = Object.entries(envelope).map(([key, value]) => `"${MCP}${key}":${value}`);
    const members = Object.entries({ _meta: `{${prefixed}}`, ...changes }).map(([key, value]) => `"${key}":${value}`);
    return `{${members}}`;
  };
  const play = { name: '"play"' };
  const tasks = { clientCapabilities: `{"extensions":{"${MCP}tasks":{}}}` };
  const ofMeta = ['protocolVersion', 'clientCapabilities', 'clientInfo', 'logLevel', 'subscriptionId', '__proto__'];
  const ofCall = ['name', 'arguments', 'requestState', 'inputResponses', 'task', '_meta', '__proto__'];
  return [
    ['tools/call', odd],
    ...ofMeta.map((key): [string, string] => ['tools/call', params(play, { [key]: odd })]),
    ...ofCall.map((key): [string, string] => ['tools/call', params({ ...play, [key]: odd })]),
    ['tools/call', params(play, { clientCapabilities: `{"extensions":${odd}}` })],
    ['tools/list', params({ cursor: odd })],
    ['resources/read', params({ uri: odd })],
    ['completion/complete', params({ ref: odd, argument: odd })],
    ['tasks/get', params({ taskId: odd }, tasks)],
    ['tasks/update', params({ taskId: '"t"', inputResponses: odd }, tasks)],
    ['constructor', params({ x: odd })],
  ];
}

it.each(ERAS)('a bridge on stdio answers each request whatever is in it (server of %s)', async (era) => {
  const config = await writeConfig({ mcpServers: { puppet: puppet(era) } });
  onTestFinished(config.remove);
  const command = { command: process.execPath, args: [CLI, ...config.args, '--output-transport', 'stdio'] };
  await using bridge = openStdio(command, 'ignore');
  const requests = ODD.flatMap(oddRequests);
  for (const [index, [method, params]] of requests.entries())
    bridge.send(`{"jsonrpc":"2.0","id":${index},"method":"${method}","params":${params}}\n`);
  await bridge.line(() => bridge.lines().length >= requests.length);
  const ids = bridge.lines().map((line) => JSON.parse(line).id);
  expect(ids.sort((a, b) => a - b)).toEqual(requests.map((_, index) => index));
});

it('a task whose state cannot be read does no harm', async () => {
  const state = '{"jsonrpc":"2.0","id":$ID,"result":{"taskId":"t","status":"\\q","x":"$BIG"}}';
  await using bridge = await startPuppet('2025', { 'tasks/get': [[state]], 'tasks/result': [[OK]] });
  const client = createStatelessClient(bridge.url);
  const created = '{"jsonrpc":"2.0","id":$ID,"result":{"task":{"taskId":"t","status":"working","ttl":null}}}';
  await client.call('task', { lines: [created] }, { meta: TASKS });
  const counts = async () => (await client.call('play')).result?.structuredContent;
  await expect.poll(counts).toMatchObject({ 'tasks/get': 1 });
  expect(await client.call('play')).toMatchObject(FINE);
});

it('an answer that can be none is asked for again, and no server sees it', async () => {
  await using bridge = await startPuppet('2025');
  const client = createStatelessClient(bridge.url, ASKABLE);
  const params = { name: 'play', arguments: { lines: ASK['2025'] } };
  let asked = await client.request('tools/call', params);
  const [key = ''] = Object.keys(questionsOf(asked) ?? {});
  for (const odd of [[], null, 5, 'x', [YES], { [key]: null }, { [key]: 5 }, { [key]: [YES] }, { other: YES }]) {
    asked = await client.request('tools/call', { ...withResponses(params, asked, {}), inputResponses: odd });
    expect(Object.keys(questionsOf(asked) ?? {})).toEqual([key]);
  }
  const { result } = await client.request('tools/call', withResponses(params, asked, { [key]: YES }));
  expect(result?.structuredContent).toEqual({ k: YES });
});

it('what a client says of itself that its server does not take is no matter of others', async () => {
  await using bridge = await startPuppet('2025', { strict: true });
  const client = createStatelessClient(bridge.url, ASKABLE);
  const odd = await client.request('tools/list', {}, { meta: { [`${MCP}clientInfo`]: { name: 5 } } });
  expect(odd.error?.message).toContain('refused initialize');
  expect(await client.request('tools/list')).toMatchObject(FINE);
  expect(await client.call('play')).toMatchObject(FINE);
});

it('what a server of 2026 says of the bridge’s own requests reaches no client', async () => {
  await using bridge = await startPuppet('2026');
  const session = await openRawSession(bridge.url);
  const own = await session.listen();
  const lines = ['1', '2', '3', '"x"'].flatMap((id) => [
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`,
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"_meta":{"${MCP}subscriptionId":${id}}}}`,
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"${MCP}subscriptionId":${id}}}}`,
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${id},"progress":1}}`,
    `{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`,
  ]);
  const told = ['notifications/tools/list_changed', 'notifications/mark'];
  const marks = told.map((method) => `{"jsonrpc":"2.0","method":"${method}"}`);
  const { messages } = await session.post(1, 'tools/call', {
    name: 'play',
    arguments: { lines: [...lines, ...marks, OK] },
  });
  expect(messages.map(({ method }) => method)).toEqual(['notifications/mark', undefined]);
  const { data } = await own.next(({ data: text }) => text !== '');
  expect(JSON.parse(data).method).toBe('notifications/tools/list_changed');
  own.close();
});

it('twenty questions at once are no leak that Node would warn of', async () => {
  await using bridge = await startPuppet('2026');
  await using peer = await connectHttp(bridge.url, { elicit: () => ({ action: 'accept', content: {} }) });
  const questions = Array.from({ length: 20 }, (_, index) => `"k${index}":${QUESTION}`);
  const lines = [`{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required","inputRequests":{${questions}}}}`];
  const { structuredContent } = await peer.client.callTool({ name: 'play', arguments: { lines } });
  expect(Object.keys(structuredContent as object)).toHaveLength(20);
  expect(bridge.stderr()).not.toContain('Warning');
});

describe('subscriptions', () => {
  it('are refused by a server in words that cannot be read, and all else is served', async () => {
    const refusal = '{"jsonrpc":"2.0","id":$ID,"error":{"code":-1,"message":"\\q$BIG"}}';
    await using bridge = await startPuppet('2026', { 'subscriptions/listen': [[refusal]] });
    const client = createStatelessClient(bridge.url);
    await expect.poll(() => bridge.stderr()).toContain('does not tell of changes');
    expect(await client.call('play')).toMatchObject(FINE);
  });

  it('to many resources are one to a server, or a few', async () => {
    await using bridge = await startPuppet('2026');
    const client = createStatelessClient(bridge.url);
    const resourceSubscriptions = Array.from({ length: 500 }, (_, index) => `x://${index}`);
    const { acknowledgement, close } = await client.listen({ resourceSubscriptions });
    expect(acknowledgement.params?.notifications).toEqual({ resourceSubscriptions });
    const counts = (await client.call('play')).result?.structuredContent as Record<string, number>;
    expect(counts['subscriptions/listen']).toBeLessThan(5);
    close();
  });

  it('are to texts', async () => {
    await using bridge = await startPuppet('2025');
    const client = createStatelessClient(bridge.url);
    const { acknowledgement, close } = await client.listen({
      resourceSubscriptions: [null, 5, {}, 'x://1', ['x://2']],
    });
    expect(acknowledgement.params?.notifications).toEqual({ resourceSubscriptions: ['x://1'] });
    close();
  });

  it('last when the client leaves that began them, before it had an answer', async () => {
    const began = ['{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'];
    await using bridge = await startPuppet('2025', { 'resources/subscribe': [began, [OK, '$UPDATES']] });
    const client = createStatelessClient(bridge.url);
    const watcher = await client.listen({ toolsListChanged: true });
    const leaving = new AbortController();
    const filter = { resourceSubscriptions: ['x://1'] };
    const left = client.listen(filter, { signal: leaving.signal }).catch(() => {});
    await watcher.inbox.wait('notifications/tools/list_changed');
    const staying = await client.listen(filter);
    leaving.abort();
    await Promise.all([left, staying.inbox.wait(UPDATED)]);
    for (const { close } of [watcher, staying]) close();
  });

  it.each(ERAS)('of whoever comes outlast those of 64 who leave (server of %s)', async (era) => {
    await using bridge = await startPuppet(era);
    const client = createStatelessClient(bridge.url);
    const uris = Array.from({ length: 8 }, (_, index) => `x://${index}`);
    const come = async (_: unknown, index: number) => {
      const resourceSubscriptions = [uris[index % 8], uris[(index * 3) % 8]];
      const leaving = new AbortController();
      const listening = client.listen({ resourceSubscriptions }, { signal: leaving.signal });
      if (index % 2 === 0) leaving.abort();
      (await listening.catch(() => undefined))?.close();
    };
    for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 64 }, come));
    const leaver = await client.listen({ resourceSubscriptions: uris });
    leaver.close();
    const { inbox, close } = await client.listen({ resourceSubscriptions: uris });
    // The server tells what it was asked for, and was not asked to stop telling.
    await client.call('play', { lines: ['$UPDATES', OK] });
    const told = await inbox.wait(UPDATED, uris.length);
    expect(new Set(told.map(({ params }) => params?.uri))).toEqual(new Set(uris));
    close();
  });
});

describe('two bridges, one behind the other', () => {
  it.each([
    ['2025', '2025'],
    ['2025', '2026'],
    ['2026', '2025'],
    ['2026', '2026'],
  ] as const)('lead a question of a server of %s through, if they speak %s to each other', async (era, protocol) => {
    const config = await writeConfig({ mcpServers: { puppet: puppet(era) } });
    onTestFinished(config.remove);
    const args = [CLI, ...config.args, '--output-transport', 'stdio'];
    const mcpServers = { inner: { command: process.execPath, args, protocol } };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const params = { name: 'play', arguments: { lines: ASK[era] } };
    const stateless = createStatelessClient(bridge.url, ASKABLE);
    const asked = await stateless.callWithAnswers('tools/call', params, () => YES);
    expect([asked.rounds.length, asked.result?.structuredContent]).toEqual([1, { k: YES }]);
    await using session = await connectHttp(bridge.url, { elicit: () => YES });
    expect((await session.client.callTool(params)).structuredContent).toEqual({ k: YES });
  });
});
