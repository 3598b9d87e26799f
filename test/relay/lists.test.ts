import { describe, expect, it } from 'vitest';
import { requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { type Collected, collectPages, TOOLS } from '../../src/relay/lists.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { createExchange } from '../upstream/support.ts';
import { type Part, playUpstream } from './support.ts';

/** A server that answers the list with these results, one a request; the last one again and again. */
function serve(...results: object[]) {
  let page = 0;
  const answer: Part['answer'] = () => {
    page += 1;
    return { result: results[Math.min(page, results.length) - 1] };
  };
  return playUpstream({ answer });
}

const listTools = (params?: object) => createExchange(requestFrame('tools/list', params));
const textsOf = ({ items }: Collected) => items.map(({ text }) => text);

describe('the pages of a list', () => {
  it('are read to the last, in order, each with the cursor as it came', async () => {
    const cursors = ['"2"', '3', '{"page":4}', '"\\u0035"'].map((text) => RawJson.parse(text));
    const pages = cursors.map((nextCursor, index) => ({ tools: [index, { name: `${index}` }], nextCursor }));
    const { upstream, received } = serve(...pages, { tools: [] }, { tools: ['never read'] });
    const collected = await collectPages(upstream, TOOLS, listTools({ _meta: { 'x-own': 1 } }));
    expect(textsOf(collected)).toEqual([
      '0',
      '{"name":"0"}',
      '1',
      '{"name":"1"}',
      '2',
      '{"name":"2"}',
      '3',
      '{"name":"3"}',
    ]);
    const requests = requestsOf(received, 'tools/list').map((frame) => frame.raw('params')?.text);
    expect(requests).toEqual([
      '{"_meta":{"x-own":1}}',
      ...cursors.map(({ text }) => `{"_meta":{"x-own":1},"cursor":${text}}`),
    ]);
  });

  it.each([
    ['no cursor', { tools: [1] }],
    ['a cursor of null', { tools: [1], nextCursor: null }],
  ])('end with %s', async (_, page) => {
    const { upstream, received } = serve(page);
    expect(textsOf(await collectPages(upstream, TOOLS, listTools()))).toEqual(['1']);
    expect(requestsOf(received, 'tools/list')).toHaveLength(1);
  });

  it('may be empty, or lack the list', async () => {
    const { upstream } = serve({ nextCursor: 'a' }, { tools: null, nextCursor: '' }, { tools: [1] });
    expect(textsOf(await collectPages(upstream, TOOLS, listTools()))).toEqual(['1']);
  });

  it.each([
    [[{ ttlMs: 5000 }, { ttlMs: 1000 }, { ttlMs: 3000 }], 1000],
    [[{ ttlMs: 5000 }, {}], 0],
    [[{ ttlMs: 5000 }, { ttlMs: '1000' }], 0],
  ])('may be kept as long as the page that goes stale first: %j', async (pages, ttlMs) => {
    const { upstream } = serve(
      ...pages.map((page, index) => ({ tools: [], ...page, nextCursor: index + 1 < pages.length ? `${index}` : null })),
    );
    expect((await collectPages(upstream, TOOLS, listTools())).ttlMs).toBe(ttlMs);
  });

  it('that go round in a circle are given up', async () => {
    const { upstream, received } = serve(
      { tools: [1], nextCursor: 'a' },
      { tools: [2], nextCursor: 'b' },
      { tools: [3], nextCursor: 'a' },
    );
    await expect(collectPages(upstream, TOOLS, listTools())).rejects.toThrow('test: tools/list repeats the cursor "a"');
    expect(requestsOf(received, 'tools/list')).toHaveLength(3);
  });

  it('fail as a whole when the server declines one of them', async () => {
    const answers = [{ result: { tools: [1], nextCursor: 'a' } }, { error: { code: -32602, message: 'no such page' } }];
    const { upstream } = playUpstream({ answer: () => answers.shift() });
    await expect(collectPages(upstream, TOOLS, listTools())).rejects.toThrow('test: tools/list failed: no such page');
  });

  it('are read no further once the client has given the request up', async () => {
    const exchange = listTools();
    const { upstream, received } = playUpstream({
      answer() {
        exchange.cancel();
        return { result: { tools: [1], nextCursor: 'a' } };
      },
    });
    await expect(collectPages(upstream, TOOLS, exchange)).rejects.toThrow('cancelled by the client');
    expect(requestsOf(received, 'tools/list')).toHaveLength(1);
  });
});
