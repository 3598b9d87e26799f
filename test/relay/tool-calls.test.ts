import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { unknownTool } from '../../src/relay/tool-calls.ts';
import { said } from '../catalog/settings.ts';
import { principalOf } from '../downstream/support.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange } from '../upstream/support.ts';
import { type Part, type PlayedRelays, playRelays, ruled } from './support.ts';

const CHANGED = notificationFrame('notifications/tools/list_changed');
/** Its parameter is shown as `top`. */
const RENAMED = { type: 'object', properties: { $top: { type: 'number' } } };
const HOPELESS = { type: 'string' };
const REFRESH = /press Refresh/;

/** A server with these tools; every call goes well. */
const offers = (...tools: object[]): Part => ({
  answer: (method, params) => ({ result: method === 'tools/list' ? { tools } : { called: params.get('name') } }),
});
/** A server that never tells its tools. */
const SECRETIVE: Part = {
  answer: (method, params) =>
    method === 'tools/list'
      ? { error: { code: -32603, message: 'not now' } }
      : { result: { called: params.get('name') } },
};

const unknown = (name: string) => unknownTool(name).get('error');

async function call({ merged }: PlayedRelays, name: unknown, args?: unknown, client: Client = createClient()) {
  const frame = requestFrame('tools/call', { name, arguments: args });
  return contentOf(await merged.handle(createExchange(frame, { client })));
}

/** The params of the calls that a server got, as text. */
const callsOf = ({ received }: PlayedRelays, server = 0) =>
  requestsOf(received[server] ?? [], 'tools/call').map((frame) => frame.raw('params')?.without('_meta').text);
const listsOf = ({ received }: PlayedRelays, server = 0) => requestsOf(received[server] ?? [], 'tools/list').length;

/** Relays whose servers have told what they have. */
async function playTold(...args: Parameters<typeof playRelays>): Promise<PlayedRelays> {
  const relays = await playRelays(...args);
  for (const { upstream } of relays.played) upstream.start();
  await relays.settled;
  return relays;
}

describe('a call', () => {
  it('reaches the server under its own name, and is otherwise what the client sent', async () => {
    const relays = await playTold([offers({ name: 'x' }), offers({ name: 'x' })]);
    const frame = RawJson.parse(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"own":1.0,"name":"b__x", "arguments":{ "n":12345678901234567890}}}',
    );
    expect(contentOf(await relays.merged.handle(createExchange(frame)))).toEqual({ called: 'x' });
    expect([callsOf(relays), callsOf(relays, 1)]).toEqual([
      [],
      ['{"own":1.0,"name":"x", "arguments":{ "n":12345678901234567890}}'],
    ]);
  });

  it('of a tool with a mended schema reaches the server in its own words', async () => {
    const relays = await playTold([offers({ name: 'x', inputSchema: RENAMED })], ruled({ schemas: 'strict' }));
    await call(relays, 'x', { top: 5 });
    expect(callsOf(relays)).toEqual(['{"name":"x","arguments":{"$top":5}}']);
  });

  it('of a tool with a mended schema waits for its definition where that is not known yet', async () => {
    const relays = await playRelays([offers({ name: 'x', inputSchema: RENAMED })], ruled({ schemas: 'strict' }));
    await call(relays, 'x', { top: 5 });
    expect(callsOf(relays)).toEqual(['{"name":"x","arguments":{"$top":5}}']);
  });

  it('waits for nothing where the tool is known, and costs its server no list', async () => {
    let isDumb = false;
    const tools = [{ name: 'x', inputSchema: RENAMED }];
    const answer: Part['answer'] = (method) => {
      if (method === 'tools/list') return isDumb ? undefined : { result: { tools } };
      return { result: {} };
    };
    const relays = await playTold([{ answer }, { answer }], ruled({ schemas: 'strict' }));
    isDumb = true;
    const before = listsOf(relays);
    const frame = requestFrame('tools/call', { name: 'a__x', arguments: { top: 1 } });
    void relays.merged.handle(createExchange(frame));
    // Promises that have been kept already, and nothing else, are waited for.
    for (let turn = 0; turn < 100; turn++) await undefined;
    expect([callsOf(relays).length, listsOf(relays)]).toEqual([1, before]);
  });

  it('shares one reading of the list with all that come at once, once that has changed', async () => {
    const tools = [{ name: 'x', inputSchema: RENAMED, annotations: { readOnlyHint: true } }];
    for (const readOnly of [false, true]) {
      const relays = await playTold([offers(...tools), offers(...tools)], ruled({ schemas: 'strict' }));
      relays.played[0]?.say(CHANGED);
      // The bridge's own is on its way.
      const before = listsOf(relays);
      const clients = Array.from({ length: 20 }, () => createClient('c', { principal: principalOf('me', readOnly) }));
      await Promise.all(clients.map((client) => call(relays, 'a__x', { top: 5 }, client)));
      expect([callsOf(relays).length, listsOf(relays) - before]).toEqual([20, 1]);
      expect(new Set(callsOf(relays))).toEqual(new Set(['{"name":"x","arguments":{"$top":5}}']));
    }
  });

  it('by a name that nobody has needs no list of servers that have told, be they dumb by now', async () => {
    let isDumb = false;
    const { answer } = offers({ name: 'x' });
    const part: Part = {
      answer: (method, params) => (isDumb && method === 'tools/list' ? undefined : answer?.(method, params)),
    };
    const relays = await playTold([part, part]);
    const before = [listsOf(relays), listsOf(relays, 1)];
    isDumb = true;
    expect(await call(relays, 'y')).toEqual(unknown('y'));
    expect([listsOf(relays), listsOf(relays, 1)]).toEqual(before);
    // To those who can be asked, servers may have told something else.
    isDumb = false;
    await call(relays, 'y', {}, createClient('c', { capabilities: { roots: {} } }));
    expect([listsOf(relays), listsOf(relays, 1)]).not.toEqual(before);
  });

  it('goes through, with what the owner presets, where its server does not tell its tools', async () => {
    const overrides = [said({ glob: 'x', arguments: { own: 1 }, hidden: ['b'] })];
    for (const schemas of ['strict', 'original'] as const) {
      const relays = await playRelays([SECRETIVE], ruled({ schemas, overrides }));
      expect(await call(relays, 'x', { top: 5, b: 2 })).toEqual({ called: 'x' });
      expect(callsOf(relays)).toEqual(['{"name":"x","arguments":{"top":5,"own":1}}']);
    }
  });

  it('does not have the server asked for definitions that nothing hangs on', async () => {
    const relays = await playRelays([offers({ name: 'x' })], ruled({ overrides: [said({ arguments: { own: 1 } })] }));
    const answer = await call(relays, 'x', {});
    expect([answer, callsOf(relays)]).toEqual([{ called: 'x' }, ['{"name":"x","arguments":{"own":1}}']]);
    // The one is the bridge's own, when the server came up.
    expect(listsOf(relays)).toBeLessThanOrEqual(1);
  });

  it('gets its presets whatever the client sends in the place of arguments, and an error where that is no object', async () => {
    const relays = await playTold([offers({ name: 'x' })], ruled({ overrides: [said({ arguments: { own: 1 } })] }));
    await call(relays, 'x');
    await call(relays, 'x', null);
    await call(relays, 'x', { own: 2, OWN: 3 });
    const preset = '{"name":"x","arguments":{"own":1}}';
    expect(callsOf(relays)).toEqual([preset, preset, preset]);
    for (const args of [[], 'own', 7])
      expect(await call(relays, 'x', args)).toEqual({
        code: -32602,
        message: 'The arguments of x must be an object',
      });
    expect(callsOf(relays)).toHaveLength(3);
  });

  it('with odd arguments is left to a server that nothing is said of', async () => {
    const relays = await playTold([offers({ name: 'x' })]);
    for (const args of [[], 'own', null]) await call(relays, 'x', args);
    await call(relays, 'x');
    expect(callsOf(relays).map((text) => RawJson.parse(text ?? '').raw('arguments')?.text)).toEqual([
      '[]',
      '"own"',
      'null',
      undefined,
    ]);
  });

  it('follows the definition that the server has now', async () => {
    let inputSchema: object = RENAMED;
    const relays = await playTold(
      [{ answer: (method, params) => offers({ name: 'x', inputSchema }).answer?.(method, params) }],
      ruled({ schemas: 'strict' }),
    );
    await call(relays, 'x', { top: 1 });
    inputSchema = { type: 'object', properties: { top: { type: 'number' } } };
    relays.played[0]?.say(CHANGED);
    await call(relays, 'x', { top: 2 });
    expect(callsOf(relays)).toEqual(['{"name":"x","arguments":{"$top":1}}', '{"name":"x","arguments":{"top":2}}']);
  });

  it('follows the one that the server had last, while that does not tell another', async () => {
    const plain = { type: 'object', properties: { top: { type: 'number' } } };
    const lists = [offers({ name: 'x', inputSchema: RENAMED }), SECRETIVE, offers({ name: 'x', inputSchema: plain })];
    let now = 0;
    const relays = await playTold(
      [{ answer: (method, params) => lists[now]?.answer?.(method, params) }],
      ruled({ schemas: 'strict' }),
    );
    for (now = 1; now < lists.length; now += 1) {
      relays.played[0]?.say(CHANGED);
      // The second comes when it is known already that the server does not tell.
      for (const top of [1, 2]) await call(relays, 'x', { top: now * 10 + top });
    }
    expect(callsOf(relays).map((text) => RawJson.parse(text ?? '').raw('arguments')?.text)).toEqual([
      '{"$top":11}',
      '{"$top":12}',
      '{"top":21}',
      '{"top":22}',
    ]);
  });
});

describe('a tool that clients do not see', () => {
  it('for its schema cannot be called, unless schemas are shown as they are', async () => {
    const part = offers({ name: 'x', inputSchema: HOPELESS }, { name: 'y' });
    const strict = await playRelays([part], ruled({ schemas: 'strict' }));
    expect([await call(strict, 'x', {}), await call(strict, 'y', {})]).toEqual([unknown('x'), { called: 'y' }]);
    expect(callsOf(strict)).toEqual(['{"name":"y","arguments":{}}']);
    expect(await call(await playRelays([part]), 'x', {})).toEqual({ called: 'x' });
  });

  it('for its name cannot be called, and its server is not asked for it', async () => {
    const relays = await playRelays(
      [offers({ name: 'x' })],
      ruled({ tools: { allow: [], deny: ['X'] }, schemas: 'strict' }),
    );
    expect(await call(relays, 'x', {})).toEqual(unknown('x'));
    expect(relays.received[0]).toEqual([]);
  });

  it('for its annotations cannot be called, unless they are the ones that the owner gives it', async () => {
    const part = offers({ name: 'x' }, { name: 'y' }, { name: 'z', annotations: { readOnlyHint: true } });
    const overrides = [
      said({ glob: 'y', annotations: { readOnlyHint: true } }),
      said({ glob: 'z', annotations: { readOnlyHint: false } }),
    ];
    for (const schemas of ['strict', 'original'] as const) {
      const relays = await playRelays(
        [part],
        ruled({ schemas, overrides, tools: { allow: [], deny: [], readOnly: true } }),
      );
      const answers = [await call(relays, 'x'), await call(relays, 'y'), await call(relays, 'z')];
      expect(answers).toEqual([unknown('x'), { called: 'y' }, unknown('z')]);
    }
  });

  it('for its annotations cannot be called while its server does not tell them', async () => {
    for (const filter of [{ readOnly: true }, { readOnly: false }, { destructive: true }, { openWorld: true }]) {
      const relays = await playRelays([SECRETIVE], ruled({ tools: { allow: [], deny: [], ...filter } }));
      expect(await call(relays, 'x')).toEqual(unknown('x'));
      expect(callsOf(relays)).toEqual([]);
    }
  });

  it('because its client may only read cannot be called, whatever the owner shows to others', async () => {
    const overrides = [said({ glob: 'y', annotations: { readOnlyHint: true } })];
    const relays = await playRelays([offers({ name: 'x' }, { name: 'y' })], ruled({ schemas: 'strict', overrides }));
    const client = createClient('reader', { principal: principalOf('reader', true) });
    expect([await call(relays, 'x', {}, client), await call(relays, 'y', {}, client)]).toEqual([
      unknown('x'),
      { called: 'y' },
    ]);
    expect(await call(relays, 'x', {})).toEqual({ called: 'x' });
  });
});

describe('a name', () => {
  const overrides = [said({ glob: 'x', name: 'better', aliases: ['former', 'y'] })];

  it("of the owner's means the tool that it was given to, and the server's own is nobody's", async () => {
    const relays = await playTold(
      [offers({ name: 'x' }, { name: 'better' }), offers({ name: 'z' })],
      ruled({ overrides }),
    );
    expect(await call(relays, 'a__better')).toEqual({ called: 'x' });
    expect(await call(relays, 'a__x')).toEqual(unknown('a__x'));
  });

  it('of old is still good', async () => {
    const relays = await playTold([offers({ name: 'x' }), offers({ name: 'z' })], ruled({ overrides }));
    expect(await call(relays, 'a__former')).toEqual({ called: 'x' });
    expect([callsOf(relays), callsOf(relays, 1)]).toEqual([['{"name":"x"}'], []]);
    expect(await call(relays, 'former')).toEqual(unknown('former'));
  });

  it('of old gives way to a tool that has it now, once it is known to be there', async () => {
    for (const schemas of ['strict', 'original'] as const) {
      const relays = await playRelays([offers({ name: 'x' }, { name: 'y' })], ruled({ overrides, schemas }));
      expect(await call(relays, 'y')).toEqual({ called: 'y' });
    }
    const without = await playRelays([offers({ name: 'x' })], ruled({ overrides }));
    expect(await call(without, 'y')).toEqual({ called: 'x' });
  });

  it('of old leads to nothing that is hidden', async () => {
    for (const filter of [{ deny: ['x'] }, { deny: ['better'] }, { deny: [], readOnly: true }]) {
      const relays = await playTold([offers({ name: 'x' })], ruled({ overrides, tools: { allow: [], ...filter } }));
      expect(await call(relays, 'former')).toEqual(unknown('former'));
      expect(callsOf(relays)).toEqual([]);
    }
  });

  it('that nobody has is answered with what may help', async () => {
    const relays = await playTold([offers({ name: 'x' }), offers({ name: 'x' })]);
    expect(await call(relays, 'c__x')).toEqual({ code: -32602, message: expect.stringMatching(REFRESH) });
    expect((await call(relays, 7)).message).toMatch(/^Unknown tool: \./);
  });
});

describe('the answer to a call', () => {
  const failing = (answer: object, listed: object = { tools: [{ name: 'x' }] }): Part => ({
    answer: (method) => (method === 'tools/list' ? { result: listed } : answer),
  });
  const ERROR = { error: { code: -32602, message: 'no such tool', data: 1 } };
  const FAILURE = {
    result: { content: [{ type: 'text', text: 'there is no x, and nothing gone' }], isError: true, own: 1 },
  };

  it('also says what may help where its server has not listed the tool', async () => {
    const error = await playTold([failing(ERROR)]);
    expect(await call(error, 'gone')).toEqual({
      code: -32602,
      message: expect.stringMatching(/^no such tool\. .*press Refresh/),
      data: 1,
    });
    expect(await call(await playTold([failing(FAILURE)]), 'gone')).toEqual({
      content: [
        { type: 'text', text: 'there is no x, and nothing gone' },
        { type: 'text', text: expect.stringMatching(REFRESH) },
      ],
      isError: true,
      own: 1,
    });
  });

  it('is the one of the server where something else has gone wrong', async () => {
    const own = { error: { code: -31999, message: 'no such tool' } };
    expect(await call(await playTold([failing(own)]), 'gone')).toEqual(own.error);
    const failure = { isError: true, content: [{ type: 'text', text: 'no disk left' }] };
    expect(await call(await playTold([failing({ result: failure })]), 'gone')).toEqual(failure);
  });

  it('is the one of the server where it has listed the tool, or has not told, or all went well', async () => {
    for (const [answer, content] of [
      [ERROR, ERROR.error],
      [FAILURE, FAILURE.result],
    ] as const) {
      expect(await call(await playTold([failing(answer)]), 'x')).toEqual(content);
      expect(await call(await playTold([failing(answer, {})]), 'x')).not.toEqual(content);
      const untold = await playTold([{ answer: (method) => (method === 'tools/list' ? ERROR : answer) }]);
      expect(await call(untold, 'x')).toEqual(content);
    }
    const fine = { content: [], isError: false };
    expect(await call(await playTold([failing({ result: fine })]), 'gone')).toEqual(fine);
  });

  it('is cut where the owner wants that, and its client alone can read the rest', async () => {
    const text = 'long '.repeat(100);
    const part = failing({ result: { content: [{ type: 'text', text }] } });
    const relays = await playTold([part], ruled({ results: { maxSize: 100, strip: [] } }));
    const mine = createClient('mine', { principal: principalOf('mine') });
    const { content } = (await call(relays, 'x', {}, mine)) as { content: { text?: string; uri?: string }[] };
    expect(content[0]?.text).toHaveLength(100);
    const read = async (client: Client) => {
      const frame = requestFrame('resources/read', { uri: content.at(-1)?.uri });
      return contentOf(await relays.merged.handle(createExchange(frame, { client })));
    };
    expect(await read(mine)).toMatchObject({ contents: [{ text }] });
    const other = createClient('other', { principal: principalOf('other') });
    expect(await read(other)).not.toMatchObject({ contents: [{ text }] });
  });

  it('leads to the resources of the very server', async () => {
    const part: Part = {
      capabilities: { tools: {}, resources: {} },
      answer: (method) => ({
        result:
          method === 'tools/call'
            ? { content: [{ type: 'resource_link', uri: 'a:b' }] }
            : { tools: [{ name: 'x' }], resources: [{ uri: 'a:b' }] },
      }),
    };
    const relays = await playTold([part, part]);
    await relays.merged.handle(createExchange(requestFrame('resources/list')));
    const uriOf = async (name: string) =>
      ((await call(relays, name)) as { content: { uri: string }[] }).content[0]?.uri;
    expect([await uriOf('a__x'), await uriOf('b__x')]).toEqual(['a:b', expect.not.stringMatching(/^a:b$/)]);
  });

  it.each([
    ['asked for one', {}, { task: {} }, true],
    ['is ready for one', { readsResultTypes: true }, {}, true],
    ['knows of none', {}, {}, false],
  ])("may be a task, which is its client's that %s", async (_, changes, params, isKnown) => {
    const asTask = failing({ result: { task: { taskId: 't' } } });
    const relays = await playTold([{ ...asTask, capabilities: { tools: {}, tasks: {} } }, offers()]);
    const client = createClient('tasker', changes);
    const ask = (method: string, about: object) =>
      relays.merged.handle(createExchange(requestFrame(method, about), { client }));
    await ask('tools/call', { name: 'a__x', arguments: {}, ...params });
    await ask('tasks/get', { taskId: 't' });
    expect(requestsOf(relays.received[0] ?? [], 'tasks/get')).toHaveLength(isKnown ? 1 : 0);
  });
});

describe('the definition of the tool that a call names', () => {
  it('is the one that clients see', async () => {
    const overrides = [said({ glob: 'x', title: 'T' })];
    const relays = await playRelays(
      [offers({ name: 'x', inputSchema: RENAMED }, { name: 'z', inputSchema: HOPELESS })],
      ruled({ schemas: 'strict', overrides }),
    );
    const defined = await relays.merged.toolOf(createExchange('x'));
    expect([defined?.get('title'), defined?.raw('inputSchema')?.raw('properties')?.keys]).toEqual(['T', ['top']]);
    expect([await relays.merged.toolOf(createExchange('z')), await relays.merged.toolOf(createExchange('y'))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is none where the server does not tell', async () => {
    expect(await (await playRelays([SECRETIVE])).merged.toolOf(createExchange('x'))).toBeUndefined();
  });
});
