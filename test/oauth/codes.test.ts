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
