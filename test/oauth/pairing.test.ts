import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Pairing, requestIdOf } from '../../src/oauth/pairing.ts';
import { Clock, MINUTE } from './support.ts';

const APP = { id: 'a', client: 'App (app.example)' };
const RIGHT = { isRight: true };
const wrong = (triesLeft: number) => ({ isRight: false, triesLeft });

beforeEach(() => {
  // The timer that ends a window; what time it is, the clock says.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function createPairing() {
  const clock = new Clock();
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => void lines.push(line.replace(/^[\d:.]+ /, '')) });
  return { clock, lines, pairing: new Pairing(log, clock.now) };
}

/** A code that is not the one of any window, in practice. */
const WRONG = '0000-0000';

describe('a code', () => {
  it('has eight characters of which none is mistaken for another, and is another one each time', () => {
    const { pairing } = createPairing();
    const codes = Array.from({ length: 200 }, () => pairing.open().code);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(codes).size).toBe(200);
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32);
  });

  it.each<[string, (code: string) => string]>([
    ['as it is shown', (code) => code],
    ['in small letters', (code) => code.toLowerCase()],
    ['without its hyphen', (code) => code.replace('-', '')],
    ['with spaces', (code) => ` ${[...code].join(' ')}\t`],
    ['with more hyphens', (code) => `-${[...code].join('-')}-`],
    ['with letters for digits', (code) => code.replaceAll('0', 'o').replaceAll('1', 'l')],
    ['with other letters for digits', (code) => code.replaceAll('0', 'O').replaceAll('1', 'I')],
  ])('is taken %s', (_, typed) => {
    // Often enough that there are noughts and ones among them.
    for (let round = 0; round < 30; round += 1) {
      const { pairing } = createPairing();
      expect(pairing.enter(APP.id, typed(pairing.open().code))).toEqual(RIGHT);
    }
  });

  it.each(['', ' ', WRONG, '-'])('is not %j', (typed) => {
    const { pairing } = createPairing();
    pairing.open();
    expect(pairing.enter(APP.id, typed)).toEqual(wrong(4));
  });

  it('is not one that is longer, or shorter', () => {
    const { pairing } = createPairing();
    const { code } = pairing.open();
    expect(pairing.enter(APP.id, `${code}0`)).toEqual(wrong(4));
    expect(pairing.enter(APP.id, code.slice(0, -1))).toEqual(wrong(3));
  });

  it('is good once: it closes the window', () => {
    const { pairing } = createPairing();
    const { code } = pairing.open();
    expect(pairing.enter(APP.id, code)).toEqual(RIGHT);
    expect(pairing.isOpen).toBe(false);
    expect(pairing.enter(APP.id, code)).toEqual(wrong(0));
    expect(pairing.enter('b', code)).toEqual(wrong(0));
  });
});

describe('a window', () => {
  it('is closed until it is opened, and lasts ten minutes', () => {
    const { clock, pairing } = createPairing();
    expect(pairing.isOpen).toBe(false);
    const { code, expiresAt } = pairing.open();
    expect(expiresAt.getTime()).toBe(clock.now() + 10 * MINUTE);
    clock.pass(10 * MINUTE - 1);
    expect(pairing.isOpen).toBe(true);
    clock.pass(1);
    expect(pairing.isOpen).toBe(false);
    expect(pairing.enter(APP.id, code)).toEqual(wrong(0));
    expect(pairing.ask(APP)).toBeUndefined();
    expect(pairing.register()).toBe(false);
  });

  it('tells the owner when its time is over, and how to open another one', () => {
    const { lines, pairing } = createPairing();
    pairing.open();
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines).toEqual(['warn  Pairing has timed out. To open it again: mcp-bridge pair']);
    expect(pairing.isOpen).toBe(false);
  });

  it('says nothing of its time once it is closed, by whatever', () => {
    const ends: ((pairing: Pairing, code: string) => void)[] = [
      (pairing) => pairing.close(),
      (pairing, code) => pairing.enter(APP.id, code),
      (pairing) => pairing.approve(pairing.ask(APP) ?? ''),
    ];
    for (const end of ends) {
      const { lines, pairing } = createPairing();
      end(pairing, pairing.open().code);
      vi.advanceTimersByTime(10 * MINUTE);
      expect(lines.filter((line) => line.includes('timed out'))).toEqual([]);
    }
  });

  it('takes the place of the one before, whose code and time count no more', () => {
    const { lines, pairing } = createPairing();
    const { code: old } = pairing.open();
    vi.advanceTimersByTime(5 * MINUTE);
    const { code } = pairing.open();
    vi.advanceTimersByTime(5 * MINUTE);
    expect(lines).toEqual([]);
    expect(pairing.enter(APP.id, old)).toEqual(wrong(4));
    expect(pairing.enter(APP.id, code)).toEqual(RIGHT);
  });

  it('is closed by the owner, twice without harm', () => {
    const { pairing } = createPairing();
    const { code } = pairing.open();
    pairing.close();
    pairing.close();
    expect([pairing.isOpen, pairing.enter(APP.id, code)]).toEqual([false, wrong(0)]);
  });

  it('lets 20 clients register', () => {
    const { pairing } = createPairing();
    expect(pairing.register()).toBe(false);
    pairing.open();
    const results = Array.from({ length: 21 }, () => pairing.register());
    expect(results).toEqual([...Array(20).fill(true), false]);
    pairing.open();
    expect(pairing.register()).toBe(true);
  });
});

describe('wrong codes', () => {
  it('are counted down from five for each request, after which the right one is of no use to it', () => {
    const { pairing } = createPairing();
    const { code } = pairing.open();
    const attempts = Array.from({ length: 6 }, () => pairing.enter('a', WRONG));
    expect(attempts).toEqual([4, 3, 2, 1, 0, 0].map(wrong));
    expect(pairing.enter('a', code)).toEqual(wrong(0));
    expect(pairing.isOpen).toBe(true);
    expect(pairing.enter('b', WRONG)).toEqual(wrong(4));
    expect(pairing.enter('b', code)).toEqual(RIGHT);
  });

  it('close the window when there are fifteen of all requests together', () => {
    const { lines, pairing } = createPairing();
    const { code } = pairing.open();
    const attempts = Array.from({ length: 15 }, (_, index) => pairing.enter(`request ${index}`, WRONG));
    expect(attempts).toEqual([...Array(14).fill(wrong(4)), wrong(0)]);
    expect(pairing.isOpen).toBe(false);
    expect(pairing.enter('b', code)).toEqual(wrong(0));
    expect(lines).toEqual(['warn  Too many wrong codes: pairing is closed. To open it again: mcp-bridge pair']);
  });

  it('of a request that has no tries left do not count for the others', () => {
    const { pairing } = createPairing();
    pairing.open();
    for (let count = 0; count < 30; count += 1) pairing.enter('a', WRONG);
    expect(pairing.isOpen).toBe(true);
  });

  it('are forgotten with the window', () => {
    const { pairing } = createPairing();
    pairing.open();
    for (let count = 0; count < 14; count += 1) pairing.enter(`${count % 3}`, WRONG);
    pairing.open();
    expect(pairing.enter('0', WRONG)).toEqual(wrong(4));
  });
});

describe('a request', () => {
  it('is told to the owner with a number, once, by which it stays the same', () => {
    const { lines, pairing } = createPairing();
    pairing.open();
    const number = pairing.ask(APP);
    expect(number).toMatch(/^[2-9ACDEFHJKMNPRTVWXY]{2}$/);
    expect(pairing.ask({ ...APP, client: 'Another name' })).toBe(number);
    expect(lines).toEqual([`info  App (app.example) asks for access, request ${number}`]);
  });

  it('has a number unless there are eight before it', () => {
    const { lines, pairing } = createPairing();
    pairing.open();
    const ask = (id: number) => pairing.ask({ id: `${id}`, client: `Client ${id}` });
    const numbers = Array.from({ length: 10 }, (_, id) => ask(id));
    expect(numbers.slice(8)).toEqual([undefined, undefined]);
    expect(numbers.slice(0, 8)).not.toContain(undefined);
    expect(ask(7)).toBe(numbers[7]);
    expect(lines).toHaveLength(8);
    pairing.open();
    expect(ask(9)).toBeDefined();
  });

  it('never has the number of another one', () => {
    // By chance, two of eight would have the same in one window of 23.
    for (let round = 0; round < 200; round += 1) {
      const { pairing } = createPairing();
      pairing.open();
      const numbers = Array.from({ length: 8 }, (_, id) => pairing.ask({ id: `${id}`, client: 'Client' }));
      expect(new Set(numbers).size).toBe(8);
    }
  });

  it('has none while pairing is closed', () => {
    const { lines, pairing } = createPairing();
    expect(pairing.ask(APP)).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it.each<(number: string) => string>([
    (number) => number,
    (number) => number.toLowerCase(),
    (number) => ` ${number}\n`,
  ])('is allowed by its number, which closes the window; once', (typed) => {
    const { pairing } = createPairing();
    const { code } = pairing.open();
    const number = pairing.ask(APP) ?? '';
    expect(pairing.approve(typed(number))).toBe(APP.client);
    expect(pairing.isOpen).toBe(false);
    expect(pairing.enter('b', code)).toEqual(wrong(0));
    expect(pairing.takeApproval('b')).toBe(false);
    expect(pairing.takeApproval(APP.id)).toBe(true);
    expect(pairing.takeApproval(APP.id)).toBe(false);
  });

  it('is not allowed by a number that nobody has, or that had its time', () => {
    const { clock, pairing } = createPairing();
    expect(pairing.approve('7F')).toBeUndefined();
    pairing.open();
    const number = pairing.ask(APP) ?? '';
    expect(pairing.approve('')).toBeUndefined();
    expect(pairing.approve('11')).toBeUndefined();
    expect(pairing.isOpen).toBe(true);
    clock.pass(10 * MINUTE);
    expect(pairing.approve(number)).toBeUndefined();
    pairing.open();
    expect(pairing.approve(number)).toBeUndefined();
    expect(pairing.takeApproval(APP.id)).toBe(false);
  });

  it('that was allowed has to go on in the time of its window', () => {
    const { clock, pairing } = createPairing();
    for (const [wait, isGood] of [
      [10 * MINUTE - 1, true],
      [10 * MINUTE, false],
    ] as const) {
      pairing.open();
      pairing.approve(pairing.ask(APP) ?? '');
      clock.pass(wait);
      expect(pairing.takeApproval(APP.id)).toBe(isGood);
    }
  });
});

describe('the id of a request', () => {
  it('is the same for the same question, and for no other', () => {
    const ids = [
      ['a', 'b'],
      ['ab', ''],
      ['a', 'b', undefined],
      ['b', 'a'],
      ['a', undefined],
      ['a', ''],
    ].map(requestIdOf);
    expect(new Set(ids).size).toBe(6);
    expect(requestIdOf(['a', 'b'])).toBe(ids[0]);
  });
});
