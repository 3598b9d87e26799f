import { describe, expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { FrozenLists } from '../../src/relay/frozen-lists.ts';
import { Published } from '../../src/state/published.ts';
import { principalOf } from '../downstream/support.ts';
import { makeFolder } from '../state/support.ts';
import { createClient, createLogBook } from '../upstream/support.ts';

const tool = (name: string) => RawJson.of({ name, description: `It is ${name}.` });
const [A, B, C] = [[tool('a')], [tool('a'), tool('b')], [tool('c')]] as const;

/** One without a session, as ChatGPT is. */
const keeper = (id: string, { name = 'openai-mcp', readOnly = false } = {}) =>
  createClient(name, { principal: principalOf(id, readOnly), listens: false });
const ANN = keeper('ann');

/** What all tools are of: one server, under their own names. */
const VIEW = {
  tools: {
    learn() {},
    expose: (_server: string, name: string) => name,
    lookup: (name: string) => ({ server: 'files', name }),
    prefixOf: () => '',
  },
  programOf: () => 'p',
};

async function create(place = '') {
  const { log, lines } = createLogBook();
  const published = (await Published.open(await makeFolder(), log)).catalog('all');
  const lists = new FrozenLists({ place, published, log });
  const note = (client = ANN, tools: readonly RawJson[] = A, isWhole = true) =>
    lists.note({ client, tools, isWhole, view: VIEW });
  const compare = (tools: readonly RawJson[], forReaders = tools) =>
    lists.compare(async (readOnly) => (readOnly ? forReaders : tools));
  return { lists, lines, published, note, compare };
}

const CHATGPT = 'ChatGPT (openai-mcp)';
const told = (client: string, where = '') =>
  `warn  the tools${where} have changed since ${client} read them: it still shows the old list. Press Refresh in the connector's settings there`;

describe('a client that keeps its list', () => {
  it('is told of once for each change', async () => {
    const { lists, lines, note, compare } = await create();
    note();
    await compare(A);
    expect([lists.outdated, lines]).toEqual([[], []]);
    for (const tools of [B, B, C]) await compare(tools);
    expect([lists.outdated, lines]).toEqual([[CHATGPT], [told(CHATGPT), told(CHATGPT)]]);
  });

  it('is told of again when the same change comes back', async () => {
    const { lists, lines, note, compare } = await create();
    note();
    await compare(B);
    note(ANN, B);
    expect(lists.outdated).toEqual([]);
    await compare(A);
    note();
    await compare(B);
    expect([lists.outdated, lines.length]).toEqual([[CHATGPT], 3]);
    await compare(A);
    expect(lists.outdated).toEqual([]);
  });

  it('is up to date once it has read the list, whoever else of that name has not', async () => {
    const { lists, lines, note, compare } = await create();
    note(ANN);
    note(keeper('bob'));
    await compare(B);
    expect(lines).toEqual([told(CHATGPT)]);
    note(ANN, B);
    expect(lists.outdated).toEqual([CHATGPT]);
    note(keeper('bob'), B);
    expect(lists.outdated).toEqual([]);
  });

  it('counts as it is when the tools are known, and not as it was before', async () => {
    const { lists, lines, note } = await create();
    note();
    await lists.compare(async () => {
      note(ANN, B);
      return B;
    });
    expect([lists.outdated, lines]).toEqual([[], []]);
  });

  it('is compared with what it may see', async () => {
    const { lists, lines, note, compare } = await create();
    note(keeper('ann', { readOnly: true }), A);
    note(keeper('bob'), B);
    await compare(B, A);
    expect([lists.outdated, lines]).toEqual([[], []]);
    await compare(B, C);
    expect(lists.outdated).toEqual([CHATGPT]);
  });

  it('is not told of when it reads in pages, as nobody knows what it has', async () => {
    const { lists, lines, note, compare } = await create();
    note();
    note(ANN, [tool('x')], false);
    await compare(B);
    expect([lists.outdated, lines]).toEqual([[], []]);
    expect(lists.formerTool('x')).toEqual({ exposed: 'x', server: 'files', name: 'x', program: 'p' });
  });

  it('may have no name, and the place is said', async () => {
    const { lists, lines, note, compare } = await create('servers/files');
    note(createClient('', { principal: principalOf('ann'), listens: false, opening: RawJson.of({}) }));
    await compare(B);
    const name = 'ChatGPT (or another client without a session)';
    expect([lists.outdated, lines]).toEqual([[name], [told(name, ' at servers/files')]]);
  });
});

describe('others', () => {
  it('are not told of: who has a session, and who asks anew each time', async () => {
    const { lists, lines, note, compare } = await create();
    note(createClient('openai-mcp', { principal: principalOf('ann') }));
    note(keeper('ann', { name: 'some-script' }));
    await compare(B);
    expect([lists.outdated, lines]).toEqual([[], []]);
    expect(lists.formerTool('a')).toMatchObject({ name: 'a' });
  });

  it('need no tools to be looked at', async () => {
    const { lists, note } = await create();
    note(keeper('ann', { name: 'some-script' }));
    await lists.compare(() => Promise.reject(new Error('looked at')));
  });
});

describe('a principal that is none any more', () => {
  it('is forgotten at once and for good, and no other', async () => {
    const { lists, note, compare, published } = await create();
    // Strangers choose their names.
    note(keeper('grant:1', { name: 'openai:grant:2:' }));
    note(keeper('grant:2'));
    note(keeper('grant:2', { readOnly: true }));
    note(keeper('grant:22', { name: 'chatgpt' }));
    await compare(B);
    expect(lists.outdated.toSorted()).toEqual([CHATGPT, 'ChatGPT (openai:grant:2:)', 'chatgpt']);
    lists.end((id) => id === 'grant:2');
    expect(lists.outdated.toSorted()).toEqual(['ChatGPT (openai:grant:2:)', 'chatgpt']);
    await compare(C);
    expect(lists.outdated.toSorted()).toEqual(['ChatGPT (openai:grant:2:)', 'chatgpt']);
    expect(published.readers.filter(({ hash }) => hash === '')).toHaveLength(2);
  });

  it('without a name is, too', async () => {
    const { lists, note, compare } = await create();
    note(createClient('', { principal: principalOf('grant:1'), listens: false, opening: RawJson.of({}) }));
    lists.end((id) => id === 'grant:1');
    await compare(B);
    expect(lists.outdated).toEqual([]);
  });
});
