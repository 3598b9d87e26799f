import { describe, expect, it } from 'vitest';
import { Codes } from '../../src/oauth/codes.ts';
import { Clock, CONSENT, MINUTE } from './support.ts';

const GRANT = { ...CONSENT, challenge: 'c'.repeat(43) };

describe('an authorization code', () => {
  it('stands for what it was issued for, once', () => {
    const codes = new Codes();
    const code = codes.issue(GRANT);
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(codes.take(code)).toBe(GRANT);
    expect(codes.take(code)).toBeUndefined();
  });

  it('is good for a minute', () => {
    const clock = new Clock();
    const codes = new Codes(clock.now);
    const [one, other] = [codes.issue(GRANT), codes.issue(GRANT)];
    clock.pass(MINUTE - 1);
    expect(codes.take(one)).toBe(GRANT);
    clock.pass(1);
    expect(codes.take(other)).toBeUndefined();
  });

  it.each(['', 'x', 'A'.repeat(43)])('is none that was made up: %j', (code) => {
    const codes = new Codes();
    codes.issue(GRANT);
    expect(codes.take(code)).toBeUndefined();
  });

  it('is one of 100 at most: the oldest goes first', () => {
    const codes = new Codes();
    const issued = Array.from({ length: 102 }, () => codes.issue(GRANT));
    expect(issued.map((code) => codes.take(code) !== undefined)).toEqual([false, false, ...Array(100).fill(true)]);
  });
});

describe('the answer to a form', () => {
  it('is given to this very form again, and says whether its code can still be taken', () => {
    const clock = new Clock();
    const codes = new Codes(clock.now);
    expect(codes.answerTo('form')).toBeUndefined();
    for (const end of [(code: string) => codes.take(code), () => clock.pass(MINUTE)]) {
      const code = codes.issue(GRANT);
      codes.noteAnswer('form', code);
      expect(codes.answerTo('form')).toEqual({ code, isWaiting: true });
      expect(codes.answerTo('form ')).toBeUndefined();
      end(code);
      expect(codes.answerTo('form')).toEqual({ code, isWaiting: false });
    }
  });

  it('is one of 100 at most: the oldest goes first', () => {
    const codes = new Codes();
    for (let count = 0; count < 102; count += 1) codes.noteAnswer(`form ${count}`, codes.issue(GRANT));
    expect([1, 2, 101].map((count) => codes.answerTo(`form ${count}`) !== undefined)).toEqual([false, true, true]);
  });
});
