import { expect, it } from 'vitest';
import { BridgeError, type BridgeErrorCode } from '../../src/errors.ts';
import { errorAnswer } from '../../src/relay/error-answer.ts';

it.each<[BridgeErrorCode, number]>([
  ['CALL_TIMEOUT', -32001],
  ['UPSTREAM_EXITED', -32603],
  ['UPSTREAM_BACKOFF', -32603],
  ['SPAWN', -32603],
])('gives the client the message of %s, and its code as a reason', (code, number) => {
  expect(errorAnswer(new BridgeError(code, 'files: what happened')).value).toEqual({
    jsonrpc: '2.0',
    id: null,
    error: { code: number, message: 'files: what happened', data: { reason: code } },
  });
});

it('keeps a cause and a stack to itself', () => {
  const cause = new Error('a secret');
  const { text } = errorAnswer(new BridgeError('UPSTREAM_START', 'files: did not start', { cause }));
  expect(text).not.toContain('secret');
  expect(text).not.toContain('error-answer.test');
});

it('gives no reason for what is no error of ours', () => {
  for (const thrown of [new Error('what happened'), 'what happened'])
    expect(errorAnswer(thrown).get('error')).toEqual({ code: -32603, message: 'what happened' });
});
