import { expect, it, onTestFinished, vi } from 'vitest';
import { BridgeError } from '../../src/errors.ts';
import { Cancellation } from '../../src/protocol/cancellation.ts';
import type { Ask, Exchange } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { SharedReading } from '../../src/relay/shared-reading.ts';
import { createClient, createExchange } from '../upstream/support.ts';

const SAID = notificationFrame('notifications/message');
const ASKED = { request: requestFrame('roots/list') } as unknown as Ask;

/** A reading that ends when it is told to. */
function begin(first: Exchange, limit = 10_000) {
  let end = (_: string) => {};
  let fail = (_: Error) => {};
  let patient = first;
  const reading = new SharedReading(first, { message: 'too late', limit }, (exchange) => {
    patient = exchange;
    return new Promise<string>((resolve, reject) => {
      [end, fail] = [resolve, reject];
    });
  });
  return { reading, patient, end: (text: string) => end(text), fail: (error: Error) => fail(error) };
}

it('is for all who wait for it, and for who comes later', async () => {
  const { reading, end } = begin(createExchange('x'));
  const waits = [reading.wait(createExchange('x')), reading.wait(createExchange('x'))];
  end('read');
  expect(await Promise.all(waits)).toEqual(['read', 'read']);
  expect([await reading.wait(createExchange('x')), reading.isLost]).toEqual(['read', false]);
});

it('goes on as long as somebody waits, be it not who began it', async () => {
  const [first, second] = [createExchange('x'), createExchange('x')];
  const { reading, patient, end } = begin(first);
  const waits = [reading.wait(first), reading.wait(second)];
  first.cancel('not any more');
  await expect(waits[0]).rejects.toThrow('not any more');
  expect([patient.cancellation.reason, reading.isLost]).toEqual([undefined, false]);
  end('read');
  expect(await waits[1]).toBe('read');
});

it('is given up when nobody waits for it any more, and is lost at once', async () => {
  const exchanges = [createExchange('x'), createExchange('x')];
  const { reading, patient } = begin(createExchange('x'));
  const waits = exchanges.map((exchange) => reading.wait(exchange));
  for (const exchange of exchanges) exchange.cancel();
  await Promise.allSettled(waits);
  expect([patient.cancellation.reason, reading.isLost]).toEqual([new Error('nobody waits for it any more'), true]);
});

it('is lost when it fails, be it that nobody waits for it', async () => {
  const [{ reading, fail }, alone] = [begin(createExchange('x')), begin(createExchange('x'))];
  const waiting = reading.wait(createExchange('x'));
  for (const end of [fail, alone.fail]) end(new Error('no'));
  await expect(waiting).rejects.toThrow('no');
  expect([reading.isLost, alone.reading.isLost]).toEqual([true, true]);
});

it('is lost when it takes too long, for those, too, who joined it late', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { reading, patient } = begin(createExchange('x'), 10);
  const waits = [reading.wait(createExchange('x'))];
  await vi.advanceTimersByTimeAsync(8);
  waits.push(reading.wait(createExchange('x')));
  const ended = Promise.allSettled(waits);
  await vi.advanceTimersByTimeAsync(2);
  expect([reading.isLost, patient.cancellation.reason]).toEqual([true, expect.any(BridgeError)]);
  expect(await ended).toEqual(Array(2).fill({ status: 'rejected', reason: expect.any(BridgeError) }));
});

it('has what a server says meanwhile for a request of the client it is read for, while there is one', async () => {
  const client = createClient();
  const [first, second, other] = [
    createExchange('x', { client }),
    createExchange('x', { client }),
    createExchange('x'),
  ];
  const { reading, patient } = begin(first);
  const waits = [first, second, other].map((exchange) => reading.wait(exchange));
  patient.notify(SAID);
  second.cancel();
  await Promise.allSettled(waits.slice(1, 2));
  patient.notify(SAID);
  await patient.ask(ASKED);
  first.cancel();
  await Promise.allSettled(waits.slice(0, 1));
  patient.notify(SAID);
  await patient.ask(ASKED);
  expect([first, second, other].map(({ notified }) => notified.length)).toEqual([1, 1, 0]);
  expect([first.asked.length, client.asked.length, patient.cancellation]).toEqual([1, 1, expect.any(Cancellation)]);
  other.cancel();
  await Promise.allSettled(waits);
});
