import { describe, expect, it } from 'vitest';
import { errorFrame, INVALID_PARAMS, resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { Research } from '../../../src/relay/research/research.ts';
import { callOf, type HostPart, playHost, resultOf, settingsOf, structured } from './host.ts';

const BOTH = settingsOf({ tool: undefined }, { tool: undefined });

async function search(query: string, resources: readonly object[]): Promise<Record<string, unknown>[]> {
  const research = new Research(BOTH, playHost({ resources }));
  return resultOf(await research.call(callOf('search', { query }))).results as Record<string, unknown>[];
}

const idsOf = async (query: string, resources: readonly object[]) =>
  (await search(query, resources)).map(({ id }) => id);

const fetchFrom = async (part: HostPart, id: string) => {
  const answer = await new Research(BOTH, playHost(part)).call(callOf('fetch', { id }));
  return answer.has('result') ? resultOf(answer) : answer.get('error');
};

const DOCS = [
  { uri: 'docs:///setup.md', name: 'setup', description: 'How to install it, and the tunnel in one line' },
  { uri: 'https://example.org/tunnel', name: 'a', title: 'The tunnel' },
  { uri: 'docs:///other/Br%C3%BCcken.md', name: 'c' },
  { uri: 'docs:///tunnel/d.md', name: 'd' },
];

describe('search among resources', () => {
  it('finds words in titles and names, then in URIs, then in descriptions', async () => {
    expect(await search('tunnel', DOCS)).toEqual([
      { id: 'https://example.org/tunnel', title: 'The tunnel', url: 'https://example.org/tunnel' },
      { id: 'docs:///tunnel/d.md', title: 'd', url: '' },
      // Said in passing, far behind, and yet there for who asks for it.
      { id: 'docs:///setup.md', title: 'setup', url: '' },
    ]);
    expect(await idsOf('install', DOCS)).toEqual(['docs:///setup.md']);
    expect(await idsOf('nowhere', DOCS)).toEqual([]);
  });

  it('prefers what has more of the words, and the longer ones', async () => {
    const resources = [
      { uri: 'a:1', name: 'how do i do this' },
      { uri: 'a:2', name: 'configure the tunnel' },
      { uri: 'a:3', name: 'the tunnel' },
    ];
    expect((await idsOf('How do I configure the tunnel?', resources)).slice(0, 2)).toEqual(['a:2', 'a:3']);
  });

  it('leaves out what is there by chance', async () => {
    const resources = [
      { uri: 'a:1', name: 'authentication and its consequences' },
      { uri: 'a:2', name: 'idiom' },
    ];
    expect(await idsOf('authentication and id', resources)).toEqual(['a:1']);
  });

  it.each([
    ['TUNNEL', 'the tunnel'],
    ['brücken', 'docs:///a/Br%C3%BCcken'],
    ['brucken', 'Bru\u0308cken'],
    ['ＴＵＮＮＥＬ', 'tunnel'],
    ['橋を架ける', '鉄の橋'],
    ['мосты', 'Мосты и туннели'],
    ['node.js', 'Node.js'],
    ['100%', '100% done'],
    ['a.*b[', 'b'],
  ])('finds %s in %s', async (query, name) => {
    expect(
      await idsOf(query, [
        { uri: name, name: '' },
        { uri: 'zzz', name: 'zzz' },
      ]),
    ).toEqual([name]);
  });

  it.each(['', '*', ' ?! '])('lists all for %j, which has no words', async (query) => {
    expect(await idsOf(query, DOCS)).toEqual(DOCS.map(({ uri }) => uri));
  });

  it('keeps the order of the list among equals, and to what can be read', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ uri: `a:${index}`, name: 'same' }));
    expect(await idsOf('same', many)).toEqual(many.slice(0, 50).map(({ uri }) => uri));
  });

  it('does without what a server has left out', async () => {
    expect(
      await search('7', [{ name: '7' }, { uri: 7, name: '7' }, { uri: 'a:7/%' }, { uri: 'b:/7', title: '', name: 9 }]),
    ).toEqual([
      { id: 'a:7/%', title: '%', url: '' },
      { id: 'b:/7', title: '7', url: '' },
    ]);
  });

  it('rejects when no server can tell what there is', async () => {
    await expect(new Research(BOTH, playHost()).call(callOf('search', { query: 'x' }))).rejects.toThrow(
      'no server can tell',
    );
  });
});

describe('fetch of a resource', () => {
  const read = (contents: unknown) => () => resultFrame({ contents });

  it('reads it whole, under the name it is listed by', async () => {
    const contents = [
      { uri: 'docs:///setup.md', mimeType: 'text/markdown', text: '# One\n' },
      { uri: 'docs:///setup.md#2', blob: 'AAAA', mimeType: 'image/png' },
      { uri: 'docs:///setup.md#3', text: 'three' },
    ];
    expect(await fetchFrom({ resources: DOCS, read: read(contents) }, 'docs:///setup.md')).toEqual({
      id: 'docs:///setup.md',
      title: 'setup',
      text: '# One\n\n\n[image/png, 3 bytes: not text]\n\nthree',
      url: '',
      metadata: { mimeType: 'text/markdown' },
    });
  });

  it('does without the list, where only the name is missing', async () => {
    const contents = [{ uri: 'x', text: '# One' }];
    expect(await fetchFrom({ read: read(contents) }, 'https://example.org/a/b')).toEqual({
      id: 'https://example.org/a/b',
      title: 'One',
      text: '# One',
      url: 'https://example.org/a/b',
    });
  });

  it.each([[undefined], [null], ['x'], [[]], [{}]])('takes contents %j for an empty text', async (contents) => {
    expect(await fetchFrom({ read: read(contents) }, 'a:b/c')).toEqual({ id: 'a:b/c', title: 'c', text: '', url: '' });
  });

  it('says in words for the model that there is none', async () => {
    const wordsOf = (part: HostPart) => fetchFrom(part, 'a:"b"');
    const expected = { isError: true, content: [{ type: 'text', text: expect.stringContaining('no') }] };
    expect(await wordsOf({ resources: DOCS })).toMatchObject(expected);
    expect(JSON.stringify(await wordsOf({}))).toContain('a:\\\\\\"b');
    expect(await wordsOf({ read: () => errorFrame(INVALID_PARAMS, 'unknown') })).toMatchObject({ isError: true });
  });

  it('hands on other errors, and questions, as they are', async () => {
    const question = resultFrame({ resultType: 'input_required', requestState: 's' });
    const research = new Research(BOTH, playHost({ read: () => question }));
    expect(await research.call(callOf('fetch', { id: 'a:b' }))).toBe(question);
    expect(await fetchFrom({ read: () => errorFrame(-32603, 'broken') }, 'a:b')).toEqual({
      code: -32603,
      message: 'broken',
    });
  });
});

describe('a tool and the resources', () => {
  it('go together either way', async () => {
    const resource = { uri: 'docs:///a', name: 'A' };
    const found = [{ id: 3, uri: 'docs:///a', title: 'A' }];
    const toRead = playHost({ call: () => structured(found), read: () => resultFrame({ contents: [{ text: 'x' }] }) });
    const reading = new Research(settingsOf({}, { tool: undefined }), toRead);
    const [result] = resultOf(await reading.call(callOf('search', { query: 'x' }))).results as { id: string }[];
    expect(result?.id).toBe('docs:///a');
    expect(resultOf(await reading.call(callOf('fetch', { id: result?.id })))).toMatchObject({ text: 'x' });

    const toCall = playHost({
      resources: [resource],
      call: () => resultFrame({ content: [{ type: 'text', text: 'y' }] }),
    });
    const calling = new Research(settingsOf({ tool: undefined }), toCall);
    expect(resultOf(await calling.call(callOf('search', { query: 'a' }))).results).toMatchObject([{ id: 'docs:///a' }]);
    expect(resultOf(await calling.call(callOf('fetch', { id: 'docs:///a' })))).toMatchObject({ text: 'y' });
    const definitions = await calling.definitions(callOf('x', {}));
    expect(definitions.map((tool) => tool.get('annotations'))).toEqual([{ readOnlyHint: true }, undefined]);
  });
});

it('a resource that a server writes in an odd way is still JSON for everybody', async () => {
  const host = { ...playHost(), resources: async () => [RawJson.verbatim('{"uri":"a:\u0001","name":"\\x"}')] };
  const answer = await new Research(BOTH, host).call(callOf('search', { query: '' }));
  expect(resultOf(answer).results).toEqual([{ id: 'a:\u0001', title: '\\x', url: '' }]);
});
