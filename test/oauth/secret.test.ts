import { describe, expect, it } from 'vitest';
import { createSecret, hashOf, isSame } from '../../src/oauth/secret.ts';

describe('a secret', () => {
  it('has 256 bits, and is another one each time', () => {
    const secrets = Array.from({ length: 100 }, createSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  it('is kept as its SHA-256', () => {
    // RFC 7636, appendix B.
    expect(hashOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });
});

describe('two texts', () => {
  it.each(['', 'a', 'é', 'a'.repeat(1000)])('are the same: %j', (text) => {
    expect(isSame(text, text)).toBe(true);
  });

  it.each([
    ['', 'a'],
    ['a', 'b'],
    ['a', 'A'],
    ['a', 'a '],
    ['ab', 'a'],
  ])('are not the same: %j and %j', (one, other) => {
    expect(isSame(one, other)).toBe(false);
    expect(isSame(other, one)).toBe(false);
  });
});

describe('an attacker with a clock', () => {
  it('does not learn where a guess differs: at its beginning, or only at its end', () => {
    // So long that a comparison which stops at the first difference would be a hundred times as fast.
    const secret = 's'.repeat(4_000_000);
    const guesses = { early: `x${secret.slice(1)}`, late: `${secret.slice(0, -1)}x` };
    const times: Record<keyof typeof guesses, number[]> = { early: [], late: [] };
    for (let round = 0; round < 21; round++) {
      for (const kind of ['early', 'late'] as const) {
        const start = performance.now();
        expect(isSame(guesses[kind], secret)).toBe(false);
        times[kind].push(performance.now() - start);
      }
    }
    expect(medianOf(times.late) / medianOf(times.early)).toBeLessThan(3);
  });
});

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
