import { describe, expect, it } from 'vitest';
import { NOBODY } from '../../src/protocol/exchange.ts';
import { addresseeOf, answererOf } from '../../src/upstream/attribution.ts';
import { createAsk } from '../downstream/support.ts';
import { createClient, createExchange } from './support.ts';

const [one, two] = [createClient('one'), createClient('two')];
const [older, newer] = [createExchange('a', { client: one }), createExchange('b', { client: one })];
const others = createExchange('c', { client: two });
const own = createExchange('d', { client: NOBODY });

describe('what a server tells', () => {
  it.each([
    ['the newest call, when all are one client’s', [older, newer], newer],
    ['that call, whatever else the bridge asks by itself', [older, own], older],
    ['all, when none is in flight', [], 'all'],
    ['all, when none but the bridge’s own is in flight', [own], 'all'],
    ['nobody, when it could be one of several clients', [older, newer, others], 'nobody'],
    ['nobody, however they came to be in flight', [older, others, newer], 'nobody'],
  ])('is for %s', (_, inFlight, addressee) => {
    expect(addresseeOf('notifications/message', inFlight)).toBe(addressee);
    expect(addresseeOf('notifications/x-vendor', inFlight)).toBe(addressee);
  });

  it.each(['notifications/tools/list_changed', 'notifications/resources/updated', 'notifications/tasks/status'])(
    'is for all when it says what it is about: %s',
    (method) => {
      for (const inFlight of [[], [older], [older, others]]) expect(addresseeOf(method, inFlight)).toBe('all');
    },
  );
});

describe('who answers what a server asks', () => {
  const { ask } = createAsk('roots/list');

  it('is the owner of the link, with the newest call of its own', () => {
    expect(answererOf(ask, [older, newer, others], one)).toBe(newer);
    expect(answererOf(ask, [others], one)).toBe(one);
    expect(answererOf(createAsk('x-vendor/ask').ask, [], one)).toBe(one);
  });

  it('is the client whose calls alone are in flight, with the newest', () => {
    expect(answererOf(ask, [older, newer, own], undefined)).toBe(newer);
  });

  it('is nobody when none is in flight, or for what cannot be declared', () => {
    for (const inFlight of [[], [own]]) expect(answererOf(ask, inFlight, undefined)).toBeUndefined();
    expect(answererOf(createAsk('x-vendor/ask').ask, [older], undefined)).toBeUndefined();
  });

  it('is unclear while calls of several clients are in flight, whatever is asked', () => {
    for (const method of ['roots/list', 'x-vendor/ask'])
      expect(() => answererOf(createAsk(method).ask, [older, others], undefined)).toThrow(
        expect.objectContaining({
          code: 'BUSY',
          message: `${method}: calls of several clients are in flight, so whom to ask is unclear`,
        }),
      );
  });
});
