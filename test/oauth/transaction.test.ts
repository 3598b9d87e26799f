import { describe, expect, it } from 'vitest';
import { TransactionSeal } from '../../src/oauth/transaction.ts';
import { Clock, ISSUER, MINUTE, REDIRECT, RESOURCE } from './support.ts';

const TRANSACTION = {
  clientId: 'app',
  redirectUri: REDIRECT,
  state: 'é "quoted"',
  challenge: 'c'.repeat(43),
  resource: RESOURCE,
  readOnly: false,
};

describe('a sealed transaction', () => {
  it('comes back as it was, and fits into a form', () => {
    const seal = new TransactionSeal();
    const sealed = seal.seal(TRANSACTION);
    expect(sealed).toMatch(/^[\w.-]+$/);
    expect(seal.open(sealed)).toEqual(TRANSACTION);
    const stateless = { ...TRANSACTION, state: undefined };
    expect(seal.open(seal.seal(stateless))).toEqual(stateless);
  });

  it('is good for half an hour', () => {
    const clock = new Clock();
    const seal = new TransactionSeal(clock.now);
    const sealed = seal.seal(TRANSACTION);
    clock.pass(30 * MINUTE - 1);
    expect(seal.open(sealed)).toEqual(TRANSACTION);
    clock.pass(1);
    expect(seal.open(sealed)).toBeUndefined();
  });

  it('is not good in another process', () => {
    expect(new TransactionSeal().open(new TransactionSeal().seal(TRANSACTION))).toBeUndefined();
  });

  it('cannot be changed anywhere', () => {
    const seal = new TransactionSeal();
    const sealed = seal.seal(TRANSACTION);
    for (let place = 0; place < sealed.length; place += 1) {
      const other = sealed[place] === 'A' ? 'B' : 'A';
      expect(seal.open(sealed.slice(0, place) + other + sealed.slice(place + 1))).toBeUndefined();
    }
  });

  it.each<[string, (text: string, signature: string) => string]>([
    ['is empty', () => ''],
    ['is a dot', () => '.'],
    ['has no signature', (text) => text],
    ['has an empty signature', (text) => `${text}.`],
    ['has more behind it', (text, signature) => `${text}.${signature}.x`],
    ['has a blank before it', (text, signature) => ` ${text}.${signature}`],
    ['is padded', (text, signature) => `${text}=.${signature}`],
    ['is signed by another', (text) => `${text}.${new TransactionSeal().seal(TRANSACTION).split('.')[1]}`],
    [
      'says something else',
      (text, signature) => {
        const said = JSON.parse(Buffer.from(text, 'base64url').toString());
        const changed = { ...said, redirectUri: `${ISSUER}/evil` };
        return `${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`;
      },
    ],
  ])('is none when it %s', (_, change) => {
    const seal = new TransactionSeal();
    const [text = '', signature = ''] = seal.seal(TRANSACTION).split('.');
    expect(seal.open(change(text, signature))).toBeUndefined();
  });
});
