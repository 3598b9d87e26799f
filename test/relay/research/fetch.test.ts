import { describe, expect, it } from 'vitest';
import { resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { Research } from '../../../src/relay/research/research.ts';
import { callOf, fetched, playHost, settingsOf, structured, texts } from './host.ts';

/** A result as a server has written it. */
const answerOf = (content: string) =>
  RawJson.verbatim(`{"jsonrpc":"2.0","id":1,"result":{"structuredContent":${content}}}`);

describe('fetch makes a document of what comes from', () => {
  it('filesystem, which gives the text and no more', async () => {
    const content = '  {not JSON\r\n\n# No heading of the file\n';
    const answer = resultFrame({ content: [{ type: 'text', text: content }], structuredContent: { content } });
    expect(await fetched(answer, '/home/ann/My%20Docs/plan.md')).toEqual({
      id: '/home/ann/My%20Docs/plan.md',
      title: 'plan.md',
      text: content,
      url: '',
    });
  });

  it('a server of Markdown, by its heading', async () => {
    const text = '\n# Bridges, in short \n\nA bridge carries a road.';
    const expected = { id: '/org/bridges', title: 'Bridges, in short', text, url: '' };
    expect(await fetched(texts(text), '/org/bridges')).toEqual(expected);
  });

  it('a server of pages, under the URL that they were asked for by', async () => {
    const url = 'https://example.org/a/b?c=d#e';
    expect(await fetched(texts('Hello'), url)).toEqual({ id: url, title: 'b', text: 'Hello', url });
  });

  it('exa and tavily, which list even one', async () => {
    const one = (id: string) => ({
      url: `https://example.org/${id}`,
      title: id,
      raw_content: `all of ${id}`,
      score: 1,
    });
    const value = { results: [one('a'), one('b')], failed_results: [] };
    const url = 'https://example.org/b';
    expect(await fetched(structured(value), url)).toEqual({ id: url, title: 'b', text: 'all of b', url });
    expect(await fetched(texts(JSON.stringify({ results: [one('c')] })), '7')).toEqual({
      id: '7',
      title: 'c',
      text: 'all of c',
      url: 'https://example.org/c',
    });
  });

  it('a server that lists several parts, of which none is meant, with all of them', async () => {
    const text = JSON.stringify({ results: [{ text: 'one' }, { text: 'two' }] });
    expect(await fetched(texts(text))).toMatchObject({ text });
  });

  it('memory, whose entities are lists of observations', async () => {
    const value = {
      entities: [{ name: 'Ann', entityType: 'person', observations: ['builds', 'bridges'] }],
      relations: [],
    };
    expect(await fetched(structured(value), 'Ann')).toEqual({
      id: 'Ann',
      title: 'Ann',
      text: 'builds\nbridges',
      url: '',
    });
  });

  it('github, with what is said of a file before the file', async () => {
    const issue = {
      number: 5,
      title: 'It fails',
      body: 'Always.',
      url: 'https://api.github.com/5',
      html_url: 'https://github.com/x/5',
    };
    expect(await fetched(texts(JSON.stringify(issue)), '5')).toEqual({
      id: '5',
      title: 'It fails',
      text: 'Always.',
      url: 'https://github.com/x/5',
    });
    const file = resultFrame({
      content: [
        { type: 'text', text: 'downloaded text file (SHA: 1)' },
        { type: 'resource', resource: { uri: 'repo://x/README.md', mimeType: 'text/plain', text: '# X' } },
      ],
    });
    expect(await fetched(file, 'README.md')).toEqual({
      id: 'README.md',
      title: 'README.md',
      text: 'downloaded text file (SHA: 1)\n\n# X',
      url: '',
    });
  });

  it('notion, whose blocks are handed on as they are', async () => {
    const text = JSON.stringify({
      object: 'list',
      results: [
        { object: 'block', id: 'b', paragraph: { rich_text: [] } },
        { object: 'block', id: 'c' },
      ],
    });
    expect(await fetched(texts(text), 'p1')).toEqual({ id: 'p1', title: 'p1', text, url: '' });
  });

  it('a server that wraps the document, with what else is known of it', async () => {
    const value = {
      document: { name: 'A', body: { rendered: '<p>x</p>' } },
      link: 'https://a.org',
      metadata: { n: 1 },
    };
    expect(await fetched(structured(value))).toEqual({
      id: '7',
      title: 'A',
      text: '<p>x</p>',
      url: 'https://a.org',
      metadata: { n: 1 },
    });
  });
});

describe('fetch', () => {
  it('notes what is no text', async () => {
    const answer = resultFrame({
      content: [
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        { type: 'resource', resource: { uri: 'a:b', blob: 'AAA=', mimeType: 'application/pdf' } },
        { type: 'resource_link', uri: 'https://example.org/more', name: 'more' },
        { type: 'hologram' },
        7,
      ],
    });
    expect(await fetched(answer)).toMatchObject({
      text: '[image/png, 3 bytes: not text]\n\n[application/pdf, 2 bytes: not text]\n\nhttps://example.org/more\n\n[hologram, 0 bytes: not text]\n\n[something, 0 bytes: not text]',
    });
  });

  it('takes what a summary says for no document', async () => {
    const value = { title: 'A', summary: 'short', snippet: 'shorter' };
    const answer = resultFrame({ content: [{ type: 'text', text: 'The whole of it.' }], structuredContent: value });
    expect(await fetched(answer)).toEqual({ id: '7', title: 'A', text: 'The whole of it.', url: '' });
  });

  it('gives all that there is where there is no content', async () => {
    expect(await fetched(resultFrame({ content: [], structuredContent: { answer: 42 } }))).toMatchObject({
      text: '{"answer":42}',
    });
    for (const result of [{}, 'x', null, { content: 'x' }])
      expect(await fetched(resultFrame(result))).toEqual({ id: '7', title: '7', text: '', url: '' });
  });

  it('looks where the owner says, and elsewhere for the rest', async () => {
    const value = {
      data: { heads: ['A'], parts: [{ t: 'one' }, { text: 'two' }], where: 'obsidian://a', more: { n: 1.5 } },
      text: 'no',
      title: 'no',
      url: 'https://no.org',
      metadata: { no: 1 },
    };
    const fields = { title: 'data.heads[0]', text: 'data.parts', url: 'data.where', metadata: 'data.more' };
    expect(await fetched(structured(value), '7', { fetch: { fields } })).toEqual({
      id: '7',
      title: 'A',
      text: 'two',
      url: 'obsidian://a',
      metadata: { n: 1.5 },
    });
    expect(await fetched(structured(value), '7', { fetch: { fields: { title: 'data.heads[0]', text: 'x' } } })).toEqual(
      {
        ...{ id: '7', title: 'A', text: 'no', url: 'https://no.org', metadata: { no: 1 } },
      },
    );
    expect(await fetched(structured(value), '7', { fetch: { fields: { url: 'x', metadata: 'text' } } })).toEqual({
      id: '7',
      title: 'no',
      text: 'no',
      url: '',
    });
  });

  it('keeps numbers in metadata to the last digit', async () => {
    const call = () => answerOf('{"text":"x","metadata":{"n":90071992547409931.0}}');
    const answer = await new Research(settingsOf(), playHost({ call })).call(callOf('fetch', { id: '7' }));
    expect(answer.raw('result')?.raw('structuredContent')?.text).toBe(
      '{"id":"7","title":"7","text":"x","url":"","metadata":{"n":90071992547409931.0}}',
    );
  });

  it.each(['{"a":"\u0001"}', '[1]', '"x"', 'null'])(
    'leaves out metadata that is none for everybody: %j',
    async (metadata) => {
      expect(await fetched(answerOf(`{"text":"x","metadata":${metadata}}`))).toEqual({
        id: '7',
        title: '7',
        text: 'x',
        url: '',
      });
    },
  );

  it('calls a document after how its id ends, whatever that is', async () => {
    const titles: Record<string, string> = {
      '/a/b/': 'b',
      'a\\b': 'b',
      '%': '%',
      'x/%zz': '%zz',
      'x/%C3%A4': 'ä',
      '/': '/',
      'a?b/c': 'a',
      '': '',
    };
    for (const [id, title] of Object.entries(titles))
      expect(await fetched(texts('x'), id)).toMatchObject({ id, title });
  });

  it('shortens long titles, between characters', async () => {
    const { title } = (await fetched(structured({ title: `${'x'.repeat(199)}😀 and more\nnext line`, text: 'x' }))) as {
      title: string;
    };
    expect(title).toBe('x'.repeat(199));
  });
});
