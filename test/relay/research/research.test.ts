import { describe, expect, it } from 'vitest';
import { errorFrame, INVALID_PARAMS, notificationFrame, resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { Research } from '../../../src/relay/research/research.ts';
import { createExchange } from '../../upstream/support.ts';
import { callOf, type HostPart, playHost, resultOf, type SourceChanges, settingsOf, taking } from './host.ts';

const READ = { readOnlyHint: true };

function researchOf(part: HostPart = {}, search: SourceChanges = {}, fetch: SourceChanges = {}) {
  const host = playHost(part);
  return { host, research: new Research(settingsOf(search, fetch), host) };
}

interface Definition {
  readonly name: string;
  readonly description: string;
  readonly annotations?: object;
  readonly inputSchema: object;
  readonly outputSchema: { readonly properties: object; readonly required: readonly string[] };
}

async function definitionsOf(part?: HostPart, search?: SourceChanges, fetch?: SourceChanges): Promise<Definition[]> {
  const { research } = researchOf(part, search, fetch);
  return (await research.definitions(createExchange('tools/list'))).map(({ value }) => value as Definition);
}

describe('the definitions', () => {
  it('are two, with the parameters that ChatGPT looks for and the results that it reads', async () => {
    const [search, fetch, ...others] = await definitionsOf();
    expect(others).toEqual([]);
    expect(search).toMatchObject({
      name: 'search',
      title: 'Search',
      inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
      outputSchema: {
        type: 'object',
        properties: {
          results: {
            type: 'array',
            items: {
              type: 'object',
              properties: { id: { type: 'string' }, title: { type: 'string' }, url: { type: 'string' } },
              required: ['id', 'title', 'url'],
            },
          },
        },
        required: ['results'],
      },
    });
    expect(fetch).toMatchObject({
      name: 'fetch',
      title: 'Fetch',
      inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      outputSchema: { type: 'object', required: ['id', 'title', 'text', 'url'] },
    });
    expect(Object.keys(fetch?.outputSchema.properties ?? {})).toEqual(['id', 'title', 'text', 'url', 'metadata']);
    for (const { inputSchema } of [search, fetch] as Definition[])
      expect(Object.keys((inputSchema as { properties: object }).properties)).toHaveLength(1);
  });

  it.each([
    ['the one to search with', { get: taking('id') }],
    ['the one to fetch with', { find: taking('query') }],
    ['both', {}],
  ])('are not there without %s, and neither can be called', async (_, tools) => {
    expect(await definitionsOf({ tools })).toEqual([]);
    const { research, host } = researchOf({ tools });
    for (const name of ['search', 'fetch'])
      expect((await research.call(callOf(name, { query: 'x', id: 'x' }))).get('error')).toEqual({
        code: INVALID_PARAMS,
        message: `Unknown tool: ${name}`,
      });
    expect(host.calls).toEqual([]);
  });

  it('say of their effects what the tools behind them say, each its own', async () => {
    const find = { ...taking('query'), annotations: { title: 'Find', readOnlyHint: true, openWorldHint: false, x: 1 } };
    const get = { ...taking('id'), annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } };
    const definitions = await definitionsOf({ tools: { find, get } });
    expect(definitions.map(({ annotations }) => annotations)).toEqual([
      { readOnlyHint: true, openWorldHint: false },
      { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
    ]);
  });

  it.each([
    ['{"name":"find"}'],
    ['{"name":"find","annotations":null}'],
    ['{"name":"find","annotations":{"readOnlyHint":"true"}}'],
    ['{"name":"find","annotations":{"readOnlyHint":false,"readOnlyHint":true}}'],
    ['{"name":"find","annotations":{},"annotations":{"readOnlyHint":true}}'],
    ['{"name":"find","readOnlyHint":true}'],
  ])('claim no effect, and none to be missing, for a tool that does not: %s', async (text) => {
    const tools = { find: RawJson.verbatim(text), get: taking('id') };
    const [search] = await definitionsOf({ tools });
    expect(search).toMatchObject({ name: 'search' });
    expect(search).not.toHaveProperty('annotations');
  });

  it('mark what only reads resources as that, while none is listed too', async () => {
    const definitions = await definitionsOf({ resources: [] }, { tool: undefined }, { tool: undefined });
    expect(definitions.map(({ annotations }) => annotations)).toEqual([READ, READ]);
  });

  it('tell the model what the tools behind say there is, as far as fits', async () => {
    const find = { ...taking('query'), description: 'Searches the handbook.' };
    const get = { ...taking('id'), description: `Reads ${'😀'.repeat(1000)}` };
    const [search, fetch] = await definitionsOf({ tools: { find, get } });
    expect(search?.description).toMatch(/^Use this .*`find`.*: Searches the handbook\.$/s);
    expect(fetch?.description).toMatch(/^Use this .*😀…$/su);
    expect(fetch?.description.length).toBeLessThan(1000);
  });
});

describe('a call', () => {
  it('is answered here when it is one of search or fetch', () => {
    const { research } = researchOf();
    const names = ['search', 'fetch', 'Search', 'find', '', 'constructor'];
    expect(names.map((name) => research.answers(name))).toEqual([true, true, false, false, false, false]);
  });

  it.each<[string, object, SourceChanges, object]>([
    ['the only text that is required', taking('q'), {}, { q: 'X' }],
    [
      'the first, where none is',
      { inputSchema: { properties: { n: {}, q: { type: ['null', 'string'] }, r: {} } } },
      {},
      { q: 'X' },
    ],
    [
      'one that may be something else',
      { inputSchema: { properties: { q: { anyOf: [{ type: 'string' }, { type: 'null' }] } } } },
      {},
      { q: 'X' },
    ],
    [
      'one of several, as a list',
      { inputSchema: { properties: { qs: { type: 'array', items: { type: 'string' } } } } },
      {},
      { qs: ['X'] },
    ],
    [
      'one that is required, rather than the first',
      { inputSchema: { properties: { p: { type: 'string' }, q: { type: 'string' } }, required: ['q'] } },
      {},
      { q: 'X' },
    ],
    [
      'none that chooses from a few',
      { inputSchema: { properties: { mode: { type: 'string', enum: ['a'] }, q: { type: 'string' } } } },
      {},
      { q: 'X' },
    ],
    ['what the owner has named', taking('q', 'r'), { parameter: 'r' }, { r: 'X' }],
    [
      'what the owner has named, known or not',
      taking('q'),
      { parameter: '__proto__' },
      JSON.parse('{"__proto__":"X"}'),
    ],
    [
      'what the owner has not set',
      taking('path', 'pattern'),
      { arguments: { path: '/a', n: 1 } },
      { path: '/a', n: 1, pattern: 'X' },
    ],
    [
      'what the owner has named, rather than what is set',
      taking('q'),
      { parameter: 'q', arguments: { q: 'Y' } },
      { q: 'X' },
    ],
  ])('takes the query in %s', async (_, find, search, expected) => {
    const { research, host } = researchOf({ tools: { find, get: taking('id') } }, search);
    await research.call(callOf('search', { query: 'X', limit: 3 }));
    expect(host.calls.map(({ tool, args }) => [tool, args])).toEqual([['find', expected]]);
  });

  it.each([
    ['42', 42],
    ['9007199254740993', 9007199254740993n],
    ['x42', 'x42'],
    ['1e400', '1e400'],
    ['007', '007'],
  ])('takes the id %s as the number that its tool wants, if it is one', async (id, expected) => {
    const get = { inputSchema: { properties: { page_number: { type: 'integer' } }, required: ['page_number'] } };
    const written: string[] = [];
    const host = playHost({ tools: { find: taking('query'), get } });
    const research = new Research(settingsOf(), {
      ...host,
      call(tool, args, exchange) {
        written.push(args.text);
        return host.call(tool, args, exchange);
      },
    });
    await research.call(callOf('fetch', { id }));
    const value = typeof expected === 'string' ? JSON.stringify(expected) : String(expected);
    expect(written).toEqual([`{"page_number":${value}}`]);
  });

  it('does not search by numbers, and says what its owner can do about it', async () => {
    const find = { inputSchema: { properties: { limit: { type: 'integer' } }, required: ['limit'] } };
    const { research, host } = researchOf({ tools: { find, get: taking('id') } });
    const result = resultOf(await research.call(callOf('search', { query: 'X' })));
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('research.search.parameter') }],
    });
    expect(host.calls).toEqual([]);
  });

  it.each([
    ['search', {}],
    ['search', { query: 7 }],
    ['search', undefined],
    ['search', ['x']],
    ['fetch', { query: 'x' }],
    ['fetch', { id: null }],
  ])('of %s with %j fails, in words for the model', async (name, args) => {
    const { research, host } = researchOf();
    expect(resultOf(await research.call(callOf(name, args)))).toMatchObject({ isError: true });
    expect(host.calls).toEqual([]);
  });

  it.each([
    ['an error', errorFrame(-32603, 'the disk is full', { reason: 'DISK' })],
    [
      'a failure',
      RawJson.parse(
        '{"jsonrpc":"2.0","id":3,"result":{"isError":true,"content":[{"type":"text","text":"no"}],"x":1.0}}',
      ),
    ],
    ['a question', resultFrame({ resultType: 'input_required', inputRequests: { a: {} }, requestState: 's' })],
    ['a task', resultFrame({ resultType: 'task', taskId: 't' })],
  ])('is answered with %s as it is', async (_, answer) => {
    const { research } = researchOf({ call: () => answer });
    expect(await research.call(callOf('search', { query: 'x' }))).toBe(answer);
    expect(await research.call(callOf('fetch', { id: 'x' }))).toBe(answer);
  });

  it('goes on for its client: it hears of progress, can give it up, and answers what it is asked', async () => {
    const progress = notificationFrame('notifications/progress', { progressToken: 5, progress: 1 });
    const { research, host } = researchOf({
      call(_, exchange) {
        exchange.notify(progress);
        return resultFrame({ content: [] });
      },
    });
    const more = { _meta: { progressToken: 5 }, inputResponses: { a: {} }, requestState: 's', task: { ttl: 1 } };
    const exchange = callOf('search', { query: 'x' }, more);
    await research.call(exchange);
    const below = host.calls[0]?.exchange;
    expect(exchange.notified).toEqual([progress]);
    expect(below?.cancellation).toBe(exchange.cancellation);
    expect(below?.client).toBe(exchange.client);
    // A task would have a result that nobody has put into shape.
    const { task, ...rest } = more;
    expect(below?.frame.get('params')).toEqual({ name: 'search', arguments: { query: 'x' }, ...rest });
  });

  it('rejects when what is below does', async () => {
    const { research } = researchOf({
      call() {
        throw new Error('gone');
      },
    });
    await expect(research.call(callOf('search', { query: 'x' }))).rejects.toThrow('gone');
  });
});
