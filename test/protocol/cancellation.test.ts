import { expect, it } from 'vitest';
import { Cancellation } from '../../src/protocol/cancellation.ts';

const createCancellation = () => {
  const cancellation = new Cancellation();
  const heard: string[] = [];
  return { cancellation, heard, listen: (reason: Error) => void heard.push(reason.message) };
};

it('tells each listener once, with the first reason', () => {
  const { cancellation, heard, listen } = createCancellation();
  cancellation.add(listen);
  cancellation.add((reason) => listen(reason));
  expect(cancellation.reason).toBeUndefined();
  cancellation.cancel(new Error('first'));
  cancellation.cancel(new Error('second'));
  expect(heard).toEqual(['first', 'first']);
  expect(cancellation.reason?.message).toBe('first');
});

it('does not tell who has left, or came too late', () => {
  const { cancellation, heard, listen } = createCancellation();
  cancellation.add(listen);
  cancellation.delete(listen);
  cancellation.cancel(new Error('given up'));
  cancellation.add(listen);
  expect(heard).toEqual([]);
});

it('may be cancelled again by those it tells', () => {
  const { cancellation, heard, listen } = createCancellation();
  cancellation.add((reason) => {
    cancellation.cancel(new Error('again'));
    listen(reason);
  });
  cancellation.cancel(new Error('once'));
  expect(heard).toEqual(['once']);
});
