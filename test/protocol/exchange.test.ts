import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../src/protocol/cancellation.ts';
import {
  belongsTo,
  canBeAsked,
  capabilityFor,
  type Exchange,
  NOBODY,
  ownExchange,
  withCancellation,
  withFrame,
} from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { createAsk, principalOf } from '../downstream/support.ts';
import { createClient, createExchange } from '../upstream/support.ts';

it.each([
  ['alice', false, true],
  ['alice', true, false],
  ['bob', false, false],
  ['', false, false],
])('what is Alice’s is that of %j, who may read only (%s): %s', (id, readOnly, expected) => {
  expect(belongsTo(createClient('a', { principal: principalOf('alice') }), { id, readOnly })).toBe(expected);
});

describe('a question', () => {
  it.each([
    ['elicitation/create', 'elicitation'],
    ['sampling/createMessage', 'sampling'],
    ['roots/list', 'roots'],
    ['x-vendor/ask', undefined],
    ['rootsy', undefined],
  ])('of the kind %s needs the capability %s', (method, capability) => {
    expect(capabilityFor(method)).toBe(capability);
  });

  it.each([
    [{}, false],
    [{ tasks: {}, experimental: { roots: {} } }, false],
    [{ roots: {} }, true],
    [{ elicitation: { url: {} }, tasks: {} }, true],
    [{ sampling: null }, true],
  ])('may be put to a client with %j: %s', (capabilities, expected) => {
    expect(canBeAsked({ ...NOBODY, capabilities })).toBe(expected);
  });

  it('to nobody is answered with an error, and what nobody is told is lost', async () => {
    const exchange = ownExchange('tools/list', { cursor: 1 });
    expect([exchange.method, exchange.frame.value, exchange.client]).toEqual([
      'tools/list',
      { jsonrpc: '2.0', id: null, method: 'tools/list', params: { cursor: 1 } },
      NOBODY,
    ]);
    exchange.notify(notificationFrame('a'));
    expect((await exchange.ask(createAsk('roots/list').ask)).get('error')).toEqual({
      code: -32601,
      message: 'No client here answers roots/list',
    });
  });
});

describe('an exchange in place of another', () => {
  it.each<[string, (exchange: Exchange) => Exchange]>([
    ['request', (exchange) => withFrame(exchange, requestFrame('prompts/list'))],
    ['way to give it up', (exchange) => withCancellation(exchange, new Cancellation())],
  ])('with another %s speaks to the same client', async (_, derive) => {
    const exchange = createExchange('a');
    const derived = derive(exchange);
    derived.notify(notificationFrame('n'));
    await derived.ask(createAsk().ask);
    expect([derived.client, exchange.notified.length, exchange.asked.length]).toEqual([exchange.client, 1, 1]);
  });

  it('has the method of its request, and is given up with the other one, or on its own', () => {
    const exchange = createExchange('a');
    expect(withFrame(exchange, requestFrame('prompts/list')).method).toBe('prompts/list');
    expect(withFrame(exchange, RawJson.of({})).method).toBe('tools/call');
    expect(withFrame(exchange, requestFrame('x')).cancellation).toBe(exchange.cancellation);
    const own = withCancellation(exchange, new Cancellation());
    expect([own.frame, own.method]).toEqual([exchange.frame, 'tools/call']);
    exchange.cancel();
    expect(own.cancellation.reason).toBeUndefined();
  });
});
