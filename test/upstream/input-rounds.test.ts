import { describe, expect, it } from 'vitest';
import type { Answer, Ask } from '../../src/protocol/exchange.ts';
import { errorFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { answerInput } from '../../src/upstream/input-rounds.ts';
import { createExchange } from './support.ts';

const FRAME = RawJson.parse('{"id":"a","jsonrpc":"2.0","method":"tools/call","params":{"name":"x","y":1.0}}');
const ELICIT = '{"method":"elicitation/create","params":{"message":"?","z":1.0}}';

/** A client whose answers are given by the test, with what it was asked. */
function createAsked() {
  const asks: Ask[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const exchange = createExchange(FRAME, {
    ask(ask) {
      asks.push(ask);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const input = (result: string) => answerInput(FRAME, RawJson.parse(result), exchange);
  const answer = (index: number, frame: string | RawJson) =>
    answers[index]?.(typeof frame === 'string' ? RawJson.parse(`{"jsonrpc":"2.0","id":7,"result":${frame}}`) : frame);
  return { exchange, asks, input, answer };
}

describe('the questions of a result', () => {
  it('are all asked at once, each as it came, and answered under their keys in the next request', async () => {
    const { asks, input, answer } = createAsked();
    const next = input(
      `{"resultType":"input_required","requestState":"st\\u0061te","inputRequests":{"b":${ELICIT},"a":{"method":"roots/list"}}}`,
    );
    expect(asks.map(({ request }) => request.frame.text)).toEqual([
      '{"jsonrpc":"2.0","id":null,"method":"elicitation/create","params":{"message":"?","z":1.0}}',
      '{"jsonrpc":"2.0","id":null,"method":"roots/list"}',
    ]);
    answer(1, '{"roots":[],"x":1.0}');
    answer(0, '{"action":"accept"}');
    expect((await next).text).toBe(
      FRAME.text.replace(
        '"y":1.0',
        '"y":1.0,"inputResponses":{"b":{"action":"accept"},"a":{"roots":[],"x":1.0}},"requestState":"st\\u0061te"',
      ),
    );
  });

  it.each([
    ['no state', `{"inputRequests":{"a":${ELICIT}}}`, '"inputResponses":{"a":{"action":"decline"}}'],
    ['nothing but a state', '{"requestState":"s"}', '"requestState":"s"'],
    ['no question in particular', '{"inputRequests":{},"requestState":"s"}', '"inputResponses":{},"requestState":"s"'],
  ])('may come with %s', async (_, result, members) => {
    const { input, answer } = createAsked();
    const next = input(result);
    answer(0, '{"action":"decline"}');
    expect((await next).text).toBe(FRAME.text.replace('"y":1.0', `"y":1.0,${members}`));
  });

  it('that show a URL get an id, as the revisions with sessions want one, unless they have it', async () => {
    const { asks, input } = createAsked();
    const url = (members: string) =>
      `{"method":"elicitation/create","params":{"mode":"url","url":"https://a"${members}}}`;
    void input(`{"inputRequests":{"a":${url('')},"b":${url('')},"c":${url(',"elicitationId":"own"')},"d":${ELICIT}}}`);
    const ids = asks.map(({ request }) => request.frame.raw('params')?.get('elicitationId'));
    expect(ids).toEqual([
      expect.stringMatching(/^[\da-f-]{36}$/),
      expect.stringMatching(/^[\da-f-]{36}$/),
      'own',
      undefined,
    ]);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('a question that is not answered', () => {
  it('fails the call with the reason, and takes the others back', async () => {
    const { asks, input, answer } = createAsked();
    const next = input(`{"inputRequests":{"a":${ELICIT},"b":{"method":"roots/list"}}}`);
    answer(1, errorFrame(-32601, 'no roots here'));
    await expect(next).rejects.toThrow('roots/list was not answered: no roots here');
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('as it has no method fails the call and names it', async () => {
    const { input } = createAsked();
    for (const question of ['{}', '{"method":7}', 'null', '"roots/list"'])
      await expect(input(`{"inputRequests":{"q\\"":${question}}}`)).rejects.toThrow(
        'the question "q\\"" has no method',
      );
  });

  it('is taken back from the client when it gives the call up', () => {
    const { exchange, asks, input } = createAsked();
    void input(`{"inputRequests":{"a":${ELICIT},"b":{"method":"roots/list"}}}`);
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    exchange.cancel();
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });
});
