import { expect, it } from 'vitest';
import { isAccepted, urlQuestions } from '../../../src/downstream/stateless/url-elicitation.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

const answer = (error: string) => RawJson.parse(`{"jsonrpc":"2.0","id":1,"error":${error}}`);
const required = (elicitations: string) =>
  answer(`{"code":-32042,"message":"m","data":{"elicitations":${elicitations}}}`);

it('URLs that a server wants to be visited are questions, each as it was named', () => {
  const questions = urlQuestions(
    required('[{"mode":"url","elicitationId":"1","url":"https://a","x":1.0},{"elicitationId":"2","url":"https://b"}]'),
  );
  expect(questions?.map(({ request }) => [request.method, request.frame.raw('params')?.text])).toEqual([
    ['elicitation/create', '{"mode":"url","elicitationId":"1","url":"https://a","x":1.0}'],
    ['elicitation/create', '{"elicitationId":"2","url":"https://b","mode":"url"}'],
  ]);
  expect(questions?.some(({ signal }) => signal.aborted)).toBe(false);
});

it.each([
  ['a result', RawJson.parse('{"jsonrpc":"2.0","id":1,"result":{"code":-32042}}')],
  ['another error', answer('{"code":-32602,"message":"m","data":{"elicitations":[{"url":"https://a"}]}}')],
  ['that error without any URL', required('[]')],
  ['that error without a list', required('{"url":"https://a"}')],
  ['that error without data', answer('{"code":-32042,"message":"m"}')],
])('there are none in %s', (_, frame) => {
  expect(urlQuestions(frame)).toBeUndefined();
});

it('a URL has been visited when the client says so, and in no other case', () => {
  const texts = [
    '{"result":{"action":"accept"}}',
    '{"result":{"action":"decline"}}',
    '{"result":{}}',
    '{"error":{"action":"accept"}}',
  ];
  expect(texts.map((text) => isAccepted(RawJson.parse(text)))).toEqual([true, false, false, false]);
});
