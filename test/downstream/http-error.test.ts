import { expect, it } from 'vitest';
import { HttpError, sendError } from '../../src/downstream/http-error.ts';
import { BridgeError } from '../../src/errors.ts';
import { INVALID_REQUEST, MessageError } from '../../src/protocol/message.ts';
import { rawRequest } from '../support/http.ts';
import { serve } from './support.ts';

it.each([
  ['an HTTP error', new HttpError(406, 'no', { code: -1, headers: { Allow: 'GET' } }), 406, null, -1, 'no'],
  ['a message that is invalid', new MessageError(INVALID_REQUEST, 'no', '"a"'), 400, 'a', -32600, 'no'],
  [
    'a server that is down',
    new BridgeError('UPSTREAM_BACKOFF', 'a: resting', { cause: 'secret' }),
    503,
    null,
    -32000,
    'a: resting',
  ],
  ['a mistake of ours', new TypeError('secret'), 500, null, -32603, 'Internal error'],
  ['what is no error at all', 'secret', 500, null, -32603, 'Internal error'],
])(
  'answers %s with a status and a JSON-RPC error, and no more than a stranger may know',
  async (_, error, status, id, code, message) => {
    const origin = await serve((_request, response) => sendError(response, error));
    const answer = await rawRequest('GET', origin);
    expect([answer.status, answer.messages]).toEqual([status, [{ jsonrpc: '2.0', id, error: { code, message } }]]);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers.allow).toBe(status === 406 ? 'GET' : undefined);
  },
);

it('tells what a message’s error has to say beside its words', async () => {
  const error = new MessageError(-32022, 'no', '1', { supported: ['2026-07-28'], requested: '2099' });
  const origin = await serve((_request, response) => sendError(response, error));
  expect((await rawRequest('GET', origin)).messages).toEqual([
    {
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'], requested: '2099' } },
    },
  ]);
});

it('cuts an answer that has begun, since nothing else would tell that it is not whole', async () => {
  const origin = await serve((_, response) => {
    response.write('half');
    setImmediate(() => sendError(response, new Error('late')));
  });
  await expect(rawRequest('GET', origin)).rejects.toThrow('aborted');
});
