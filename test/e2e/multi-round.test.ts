import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import {
  type Answerer,
  createStatelessClient,
  type Questions,
  questionsOf,
  type StatelessClient,
  withResponses,
} from '../support/stateless.ts';
import { MCP } from '../support/stateless-request.ts';
import { ERA_SERVERS, ERA_VIEWS } from './era-views.ts';

const EVERYTHING = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

const accepted = (answer: string) => ({ action: 'accept', content: { answer } });
const sampled = (text: string) => ({ model: 'test', role: 'assistant', content: { type: 'text', text } });
const ROOTS = { roots: [{ uri: 'file:///root', name: 'root' }] };

const answer: Answerer = ({ method, params }) => {
  if (method === 'roots/list') return ROOTS;
  if (method === 'sampling/createMessage') return sampled('a text');
  return params?.mode === 'url' ? { action: 'accept' } : accepted(`to ${params?.message}`);
};

const methodsOf = (questions: Questions | undefined) => Object.values(questions ?? {}).map(({ method }) => method);

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: { mcpServers: ERA_SERVERS } });
});
afterAll(() => bridge.stop());

describe.each(ERA_VIEWS)('a question of $title', ({ path, named, server }) => {
  const clientWith = (capabilities: object) => createStatelessClient(bridge.origin + path, { capabilities });
  const toCall = (name: string, args: object) => ({ name: named(name), arguments: args });
  let client: StatelessClient;
  beforeAll(() => {
    client = clientWith(EVERYTHING);
  });

  it.each([
    ['elicitation', 'elicitation/create', { message: 'How?' }, accepted('to How?')],
    [
      'url',
      'elicitation/create',
      { mode: 'url', message: 'How?', url: 'https://example.com/page' },
      { action: 'accept' },
    ],
    ['sampling', 'sampling/createMessage', { maxTokens: 100 }, sampled('a text')],
    ['roots', 'roots/list', {}, ROOTS],
  ])('comes as a result, and its answer with the next attempt: %s', async (kind, method, params, expected) => {
    const called = await client.callWithAnswers('tools/call', toCall('ask', { kind, message: 'How?' }), answer);
    expect(called).toMatchObject({ status: 200, result: { resultType: 'complete', structuredContent: expected } });
    expect(called.rounds.map(Object.values)).toMatchObject([[{ method, params }]]);
  });

  it('may be one for a web page that has to be seen before the call', async () => {
    const visitor = `visitor of ${path}`;
    const called = await client.callWithAnswers('tools/call', toCall('visit', { visitor }), answer);
    expect(called.result).toMatchObject({ structuredContent: { visitor } });
    expect(called.rounds.map(Object.values)).toMatchObject([
      [{ method: 'elicitation/create', params: { mode: 'url', message: `Come in, ${visitor}` } }],
    ]);
  });

  it.each([
    ['prompts/get', () => ({ name: named('question') }), 'messages'],
    ['resources/read', () => ({ uri: `${server}://question` }), 'contents'],
  ])('may come with other requests than calls: %s', async (method, params, member) => {
    const { result, rounds } = await client.callWithAnswers(method, params(), answer);
    expect(rounds).toHaveLength(1);
    expect(JSON.stringify(result?.[member])).toContain('to ');
  });

  it('comes with others that are asked at once', async () => {
    const kinds = ['elicitation', 'sampling', 'roots'];
    const called = await client.callWithAnswers('tools/call', toCall('ask-all', { kinds, message: 'What?' }), answer);
    expect(called.result?.structuredContent).toEqual({ answers: [accepted('to What?'), sampled('a text'), ROOTS] });
    expect(called.rounds.map(methodsOf)).toEqual([['elicitation/create', 'sampling/createMessage', 'roots/list']]);
  });

  it('comes after others that had to be answered first', async () => {
    const messages = ['first', 'second', 'third'];
    const called = await client.callWithAnswers('tools/call', toCall('ask-in-turn', { messages }), answer);
    const answers = messages.map((message) => accepted(`to ${message}`));
    expect(called.result?.structuredContent).toEqual({ answers });
    expect(called.rounds).toHaveLength(3);
  });

  it('is nothing that could be kept', async () => {
    const { result } = await client.request('resources/read', { uri: `${server}://question` });
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    expect(result).not.toHaveProperty('ttlMs');
    expect(result).not.toHaveProperty('cacheScope');
  });

  it('may be declined', async () => {
    const params = toCall('ask', { kind: 'elicitation', message: 'How?' });
    const { result } = await client.callWithAnswers('tools/call', params, () => ({ action: 'decline' }));
    expect(result?.structuredContent).toEqual({ action: 'decline' });
  });

  it('is put again when it was not answered, and with it no other', async () => {
    const params = toCall('ask-all', { kinds: ['elicitation', 'sampling', 'roots'], message: 'What?' });
    const first = await client.request('tools/call', params);
    const [key = ''] = Object.keys(questionsOf(first) ?? {});
    const second = await client.request('tools/call', withResponses(params, first, { [key]: accepted('yes') }));
    expect(methodsOf(questionsOf(second))).toEqual(['sampling/createMessage', 'roots/list']);
    const third = await client.request('tools/call', withResponses(params, second, {}));
    expect(methodsOf(questionsOf(third))).toEqual(['sampling/createMessage', 'roots/list']);
    const entries = Object.entries(questionsOf(third) ?? {}).map(([name, question]) => [name, answer(question, name)]);
    const last = await client.request('tools/call', withResponses(params, third, Object.fromEntries(entries)));
    expect(last.result?.structuredContent).toEqual({ answers: [accepted('yes'), sampled('a text'), ROOTS] });
  });

  it('is answered by its own answer, whatever else comes along', async () => {
    const params = toCall('ask', { kind: 'elicitation', message: 'How?' });
    const first = await client.request('tools/call', params);
    const [key = ''] = Object.keys(questionsOf(first) ?? {});
    const responses = { 'x-unknown': accepted('no'), [key]: accepted('yes') };
    const { result } = await client.request('tools/call', withResponses(params, first, responses));
    expect(result?.structuredContent).toEqual(accepted('yes'));
  });

  it.each([
    ['nothing', {}, ['elicitation'], { elicitation: {} }],
    ['nothing', {}, ['sampling'], { sampling: {} }],
    ['nothing', {}, ['roots'], { roots: {} }],
    ['elicitation', { elicitation: {} }, ['elicitation', 'sampling'], { sampling: {} }],
    ['elicitation with forms', { elicitation: {} }, ['url'], { elicitation: { url: {} } }],
  ])('is never put to a client that has declared %s: %o is refused %o', async (_what, capabilities, kinds, missing) => {
    const answered = await clientWith(capabilities).call(named('ask-all'), { kinds, message: 'What?' });
    expect(answered).toMatchObject({
      status: 400,
      frames: [{ error: { code: -32021, data: { requiredCapabilities: missing } } }],
    });
  });

  it('may be asked by clients with the same ids at once: each gets its own', async () => {
    const ask = async (message: string): Promise<unknown> => {
      const params = toCall('ask-in-turn', { messages: [`1 ${message}`, `2 ${message}`] });
      const own = await clientWith(EVERYTHING).callWithAnswers('tools/call', params, answer);
      for (const round of own.rounds) expect(JSON.stringify(round)).toContain(message);
      return own.result?.structuredContent;
    };
    const messages = ['a', 'b', 'c', 'd'].map((letter) => `of ${letter}`);
    expect(await Promise.all(messages.map(ask))).toEqual(
      messages.map((message) => ({ answers: [accepted(`to 1 ${message}`), accepted(`to 2 ${message}`)] })),
    );
  });

  it('leaves progress and log messages to the attempt during which they come, under the token of that one', async () => {
    const params = toCall('ask-in-turn', { messages: ['only'] });
    const options = (progressToken: string) => ({ meta: { progressToken, [`${MCP}logLevel`]: 'info' } });
    const first = await client.request('tools/call', params, options('first'));
    expect(first.frames).toHaveLength(1);
    const [key = ''] = Object.keys(questionsOf(first) ?? {});
    const responses = { [key]: accepted('yes') };
    const second = await client.request('tools/call', withResponses(params, first, responses), options('second'));
    expect(second.frames).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 'second', message: 'only' } },
      { method: 'notifications/message', params: { data: 'only' } },
      { result: { structuredContent: { answers: [accepted('yes')] } } },
    ]);
  });
});
