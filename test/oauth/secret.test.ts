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
