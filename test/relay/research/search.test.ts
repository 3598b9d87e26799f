import { describe, expect, it } from 'vitest';
import { resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { searched, structured, taking, texts } from './host.ts';

const CONTEXT7 = `Available Libraries:

Each result includes:
- Library ID: Context7-compatible identifier (format: /org/project)
- Name: Library or package name
- Description: Short summary
- Code Snippets: Number of available code examples

For best results, select libraries by name.

----------

- Title: React
- Context7-compatible library ID: /reactjs/react.dev
- Description: The library for web and native user interfaces
- Code Snippets: 2791
----------
- Title: React Router
- Context7-compatible library ID: /remix-run/react-router
- Description: A router. Title: not this
- Code Snippets: 700
`;

const EXA = `Title: On bridges
URL: https://example.org/bridges
Published Date: 2025-01-02
Author: A. Writer
Text: A bridge carries a road.
Note: it also carries: colons.
URL: https://example.org/elsewhere

Title: On tunnels
URL: https://example.org/tunnels
Text: A tunnel goes below.
`;

const DUCKDUCKGO = `Found 2 search results:

1. Bridges - Wikipedia
   URL: https://en.wikipedia.org/wiki/Bridge
   Summary: A bridge is a structure.

2. **Tunnels**
   URL: https://example.org/tunnels
   Summary: A tunnel is a passage.`;

describe('search makes out what is in the results of', () => {
  it('context7, by what its other tool calls the id', async () => {
    const expected = [
      { id: '/reactjs/react.dev', title: 'React', url: '' },
      { id: '/remix-run/react-router', title: 'React Router', url: '' },
    ];
    for (const parameter of ['libraryId', 'context7CompatibleLibraryID', 'id'])
      expect(await searched(texts(CONTEXT7), { tools: { find: taking('query'), get: taking(parameter) } })).toEqual(
        expected,
      );
  });

  it('context7, when there is only one', async () => {
    const text = CONTEXT7.slice(0, CONTEXT7.lastIndexOf('----------'));
    const tools = { find: taking('query'), get: taking('libraryId') };
    expect(await searched(texts(text), { tools })).toEqual([{ id: '/reactjs/react.dev', title: 'React', url: '' }]);
  });

  it('exa, as text and as JSON', async () => {
    const expected = [
      { id: 'https://example.org/bridges', title: 'On bridges', url: 'https://example.org/bridges' },
      { id: 'https://example.org/tunnels', title: 'On tunnels', url: 'https://example.org/tunnels' },
    ];
    const tools = {
      find: taking('query'),
      get: { inputSchema: { properties: { urls: { type: 'array', items: { type: 'string' } } } } },
    };
    for (const text of [EXA, EXA.replaceAll('\n', '\r\n')])
      expect(await searched(texts(text), { tools })).toEqual(expected);
    const results = expected.map(({ id, title, url }, index) => ({
      id: `${id}#${index}`,
      title,
      url,
      author: 'A. Writer',
      text: 'A …',
    }));
    const json = JSON.stringify({ requestId: 'r1', autopromptString: 'x', results });
    expect(await searched(texts(json), { tools })).toEqual(expected);
  });

  it('duckduckgo, which has titles above the labels', async () => {
    expect(await searched(texts(DUCKDUCKGO))).toEqual([
      {
        id: 'https://en.wikipedia.org/wiki/Bridge',
        title: 'Bridges - Wikipedia',
        url: 'https://en.wikipedia.org/wiki/Bridge',
      },
      { id: 'https://example.org/tunnels', title: 'Tunnels', url: 'https://example.org/tunnels' },
    ]);
  });

  it('notion, whose pages have their titles anywhere', async () => {
    const page = (id: string, title: object) => ({
      object: 'page',
      id,
      created_by: { object: 'user', id: 'u1' },
      parent: { type: 'workspace', workspace: true },
      properties: { Tags: { id: 'a', type: 'multi_select', multi_select: [] }, ...title },
      url: `https://www.notion.so/${id}`,
    });
    const rich = (...parts: string[]) => ({
      id: 'title',
      type: 'title',
      title: parts.map((plain_text) => ({ type: 'text', text: { content: plain_text }, plain_text })),
    });
    const database = { object: 'database', id: 'd1', title: rich('Roadmap').title, url: 'https://www.notion.so/d1' };
    const list = {
      object: 'list',
      results: [page('p1', { 'Task name': rich('Build ', 'a bridge') }), page('p2', { title: rich('Plan') }), database],
      has_more: false,
    };
    expect(
      await searched(texts(JSON.stringify(list)), { tools: { find: taking('query'), get: taking('page_id') } }),
    ).toEqual([
      { id: 'p1', title: 'Build a bridge', url: 'https://www.notion.so/p1' },
      { id: 'p2', title: 'Plan', url: 'https://www.notion.so/p2' },
      { id: 'd1', title: 'Roadmap', url: 'https://www.notion.so/d1' },
    ]);
  });

  it('filesystem, which lists paths', async () => {
    const content = '/home/ann/My Docs/plan.md\n/home/ann/notes/2025/100%.txt';
    const answer = resultFrame({ content: [{ type: 'text', text: content }], structuredContent: { content } });
    expect(await searched(answer, { tools: { find: taking('pattern'), get: taking('path') } })).toEqual([
      { id: '/home/ann/My Docs/plan.md', title: 'plan.md', url: '' },
      { id: '/home/ann/notes/2025/100%.txt', title: '100%.txt', url: '' },
    ]);
  });

  it('memory, whose entities are fetched by their names', async () => {
    const graph = {
      entities: [{ name: 'Ann', entityType: 'person', observations: ['builds bridges'] }],
      relations: [],
    };
    const get = { inputSchema: { properties: { names: { type: 'array', items: { type: 'string' } } } } };
    expect(await searched(structured(graph), { tools: { find: taking('query'), get } })).toEqual([
      { id: 'Ann', title: 'Ann', url: '' },
    ]);
  });

  it('github, whose numbers are kept to the last digit and whose pages come before its API', async () => {
    const item =
      '{"url":"https://api.github.com/x/1","html_url":"https://github.com/x/1","id":90071992547409931,"number":1,"title":"It fails"}';
    const answer = texts(`{"total_count":1,"incomplete_results":false,"items":[${item}]}`);
    const found = (id: string) => [{ id, title: 'It fails', url: 'https://github.com/x/1' }];
    expect(await searched(answer)).toEqual(found('90071992547409931'));
    expect(await searched(answer, { tools: { find: taking('q'), get: taking('issue_number') } })).toEqual(found('1'));
  });

  it('elasticsearch, qdrant and graphs, which wrap what they found', async () => {
    const hits = {
      took: 3,
      timed_out: false,
      hits: {
        total: { value: 1 },
        hits: [{ _index: 'i', _id: 'e1', _score: 1, _source: { title: 'E', url: 'https://e.org' } }],
      },
    };
    expect(await searched(structured(hits))).toEqual([{ id: 'e1', title: 'E', url: 'https://e.org' }]);
    const points = [{ id: 3, score: 0.5, payload: { title: 'Q', source: 'https://q.org/a' } }];
    expect(await searched(structured({ result: points }))).toEqual([{ id: '3', title: 'Q', url: 'https://q.org/a' }]);
    const edges = { data: { search: { pageInfo: {}, edges: [{ cursor: 'c', node: { id: 'g1', name: 'G' } }] } } };
    expect(await searched(structured(edges))).toEqual([{ id: 'g1', title: 'G', url: '' }]);
  });

  it('servers that answer with links, or bring the resources along', async () => {
    const answer = resultFrame({
      content: [
        { type: 'text', text: 'Found these:' },
        { type: 'resource_link', uri: 'file:///a.md', name: 'a.md', title: 'A' },
        { type: 'resource_link', uri: 'https://example.org/b', name: 'b' },
        { type: 'resource', resource: { uri: 'notes://c', text: '# C' } },
      ],
    });
    expect(await searched(answer)).toEqual([
      { id: 'file:///a.md', title: 'A', url: '' },
      { id: 'https://example.org/b', title: 'b', url: 'https://example.org/b' },
      { id: 'notes://c', title: 'c', url: '' },
    ]);
  });

  it('servers that answer with a list of JSON texts', async () => {
    const answer = texts(
      '{"id":"a","title":"A"}',
      '{"id":"b","title":"B"}',
      '{"id":"a","title":"again"}',
      '{"broken":',
    );
    expect(await searched(answer)).toEqual([
      { id: 'a', title: 'A', url: '' },
      { id: 'b', title: 'B', url: '' },
    ]);
  });

  it('servers that link in Markdown, where links are what is fetched', async () => {
    const answer = texts(
      'See [Bridges](https://example.org/b) and\n* [Tunnels](https://example.org/t), but not [x](javascript:1).',
    );
    const expected = [
      { id: 'https://example.org/b', title: 'Bridges', url: 'https://example.org/b' },
      { id: 'https://example.org/t', title: 'Tunnels', url: 'https://example.org/t' },
    ];
    expect(await searched(answer, { tools: { find: taking('query'), get: taking('url') } })).toEqual(expected);
    expect(await searched(answer)).toMatchObject({ isError: true });
  });
});

describe('search', () => {
  it.each<[string, object, unknown]>([
    ['a list itself', [{ id: 'a' }], [{ id: 'a', title: 'a', url: '' }]],
    [
      'texts',
      { results: ['a/b.md', '', 'https://c.org/d?e'] },
      [
        { id: 'a/b.md', title: 'b.md', url: '' },
        { id: 'https://c.org/d?e', title: 'd', url: 'https://c.org/d?e' },
      ],
    ],
    [
      'numbers',
      { ids: [], items: [7, -1.5, null, true] },
      [
        { id: '7', title: '7', url: '' },
        { id: '-1.5', title: '-1.5', url: '' },
      ],
    ],
    [
      'a list of no known name',
      { count: 1, warnings: [], wikis: [{ wiki_id: 'w', Title: 'W' }] },
      [{ id: 'w', title: 'W', url: '' }],
    ],
    ['one thing', { id: 'a', title: 'A', tags: [{ id: 'no' }] }, [{ id: 'a', title: 'A', url: '' }]],
    [
      'messages, by how they begin',
      { results: [{ id: 'm', text: '  Hello\nthere' }] },
      [{ id: 'm', title: 'Hello', url: '' }],
    ],
    [
      'files, by the ends of their paths',
      { results: [{ path: 'C:\\a\\b%20c.md', content: 'Hello' }] },
      [{ id: 'C:\\a\\b%20c.md', title: 'b c.md', url: '' }],
    ],
    [
      'what has no id',
      { results: [{ text: 'x' }, {}, 7, [], { id: '' }, { id: {} }, { id: 'a' }] },
      [
        { id: '7', title: '7', url: '' },
        { id: 'a', title: 'a', url: '' },
      ],
    ],
    [
      'no URLs but those of the web',
      {
        results: [
          { id: 'a', url: 'javascript:alert(1)', link: '/b' },
          { id: 'b', url: 'https://' },
        ],
      },
      [
        { id: 'a', title: 'a', url: '' },
        { id: 'b', title: 'b', url: '' },
      ],
    ],
    [
      'what members of objects have inherited names',
      JSON.parse('{"results":[{"__proto__":{"id":"no"},"id":"a","constructor":"x"}]}'),
      [{ id: 'a', title: 'a', url: '' }],
    ],
  ])('reads %s', async (_, value, expected) => {
    expect(await searched(structured(value))).toEqual(expected);
    expect(await searched(texts(JSON.stringify(value)))).toEqual(expected);
  });

  it.each<[string, object]>([
    ['an empty list', { results: [], suggestions: [{ id: 'no' }] }],
    ['an empty list within', { data: { items: [] } }],
    ['an empty list of no known name', { organic: [], credits: 1 }],
  ])('has found nothing with %s', async (_, value) => {
    expect(await searched(structured(value))).toEqual([]);
  });

  it.each([
    '',
    ' \n',
    'No matches found',
    'No libraries found matching the provided name.',
    'Found 0 results',
    'Sorry, no results.',
    'There are no results for "x".',
    'Nothing found',
  ])('has found nothing with the text %j', async (text) => {
    expect(await searched(texts(text))).toEqual([]);
    expect(
      await searched(resultFrame({ content: [{ type: 'text', text }], structuredContent: { result: text } })),
    ).toEqual([]);
  });

  it('has found nothing with a result that says nothing', async () => {
    for (const result of [{}, { content: [] }, { content: null }, 'x', null, []])
      expect(await searched(resultFrame(result))).toEqual([]);
  });

  it('hands on what it cannot make out, and tells the owner what to do', async () => {
    for (const text of [
      'A bridge carries a road.',
      'Name: The long bridge',
      'No, it is a bridge. We found that out.',
      '{"answer":42}',
    ]) {
      const result = await searched(texts(text));
      expect(result).toMatchObject({ isError: true });
      const [{ text: said }] = (result as { content: [{ text: string }] }).content;
      expect(said).toMatch(/research\.search\.fields.*:\n/);
      expect(said.endsWith(text)).toBe(true);
    }
  });

  it('takes an answer in prose for one result, where the same tool fetches by asking again', async () => {
    const same = { fetch: { tool: 'find' } };
    const answer = texts('A bridge carries a road.\nSource: https://example.org');
    expect(await searched(answer, same)).toEqual([{ id: 'what there is', title: 'what there is', url: '' }]);
    expect(await searched(structured({ results: [{ id: 'a' }] }), same)).toEqual([{ id: 'a', title: 'a', url: '' }]);
    expect(await searched(texts('No results found'), same)).toEqual([]);
  });

  it('reads JSON that comes as a resource', async () => {
    const resource = { uri: 'a:results', mimeType: 'application/json', text: '{"results":[{"Id":"a","id":"b"}]}' };
    const answer = resultFrame({ content: [{ type: 'resource', resource }] });
    // Of names that come down to one, the first counts.
    expect(await searched(answer)).toEqual([{ id: 'a', title: 'a', url: '' }]);
  });

  it('gives no more results than anybody can read', async () => {
    const results = Array.from({ length: 2500 }, (_, index) => ({ id: `${index}` }));
    expect(await searched(structured({ results }))).toHaveLength(1000);
  });
});

describe('where the owner says what is where, search', () => {
  const value = {
    data: {
      items: [
        { ref: { n: 1 }, names: [{ text: 'A' }], open: 'obsidian://a', id: 'no', title: 'no', url: 'https://no.org' },
      ],
    },
    results: [{ id: 'no' }],
  };

  it('looks there and nowhere else', async () => {
    const fields = { results: 'data.items', id: 'ref.n', title: 'names[0].text', url: 'open' };
    const expected = [{ id: '1', title: 'A', url: 'obsidian://a' }];
    expect(await searched(structured(value), { search: { fields } })).toEqual(expected);
    expect(await searched(texts('some words', JSON.stringify(value)), { search: { fields } })).toEqual(expected);
  });

  it('still looks for what was not said', async () => {
    expect(await searched(structured(value), { search: { fields: { results: 'data[items]' } } })).toEqual([
      { id: 'no', title: 'no', url: 'https://no.org' },
    ]);
    expect(await searched(structured([value]), { search: { fields: { id: 'data.items[0].ref.n' } } })).toMatchObject([
      { id: '1' },
    ]);
  });

  it('knows the labels of a text too', async () => {
    const fields = { id: 'Number', title: 'About' };
    const answer = texts('Title: x\nNumber: 7\nAbout: bridges\n\nTitle: y\nNumber: 8\nAbout: tunnels');
    expect(await searched(answer, { search: { fields } })).toEqual([
      { id: '7', title: 'bridges', url: '' },
      { id: '8', title: 'tunnels', url: '' },
    ]);
  });

  it('takes the whole for the list, or one thing, or nothing', async () => {
    const at = (results: string, content: object) => searched(structured(content), { search: { fields: { results } } });
    expect(await at('', [{ id: 'a' }])).toMatchObject([{ id: 'a' }]);
    expect(await at('page', { page: { id: 'a' } })).toMatchObject([{ id: 'a' }]);
    expect(await at('pages[1]', { pages: [[], [{ id: 'a' }]] })).toMatchObject([{ id: 'a' }]);
    expect(await at('pages', { pages: null })).toEqual([]);
  });

  it('says so when there is nothing', async () => {
    for (const results of ['pages', 'data.items.x', 'data.items[9]', 'constructor', 'results.length'])
      expect(JSON.stringify(await searched(structured(value), { search: { fields: { results } } }))).toContain(
        `there is nothing at ${results}`,
      );
  });

  it('leaves out what has no id there', async () => {
    expect(
      await searched(structured({ results: [{ id: 'no' }, { ref: 'a' }] }), { search: { fields: { id: 'ref' } } }),
    ).toMatchObject([{ id: 'a' }]);
  });
});

it('what search answers is JSON that everybody can read, whatever a server has sent', async () => {
  const broken = RawJson.verbatim(
    '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"results":[{"id":"a\u0001b","title":"\\x"},{"id":"\ud800"}]}}}',
  );
  expect(await searched(broken)).toEqual([
    { id: 'a\u0001b', title: '\\x', url: '' },
    { id: '\ud800', title: '\ud800', url: '' },
  ]);
});
