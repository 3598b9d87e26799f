import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Quota } from '../../src/http/quota.ts';
import { ANYONE } from '../../src/protocol/principal.ts';

const ADA = { id: 'ada', readOnly: false };
const BOB = { id: 'bob', readOnly: false };

/** Lets so many requests of a principal in, and returns their answers. */
function enter(quota: Quota, principal: typeof ADA, count = 1): EventEmitter[] {
  return Array.from({ length: count }, () => {
    const response = new EventEmitter();
    quota.enter(principal, response);
    return response;
  });
}

const TOO_MANY = { status: 429, headers: { 'Retry-After': '1' } };
const FULL = { status: 503, headers: { 'Retry-After': '1' } };
const refusal = (quota: Quota, principal: typeof ADA): unknown => {
  try {
    enter(quota, principal);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a quota', () => {
  it('bounds what one principal has under way, and leaves room for the others', () => {
    const quota = new Quota({ perPrincipal: 2 });
    enter(quota, ADA, 2);
    expect(refusal(quota, ADA)).toMatchObject(TOO_MANY);
    expect(refusal(quota, BOB)).toBeUndefined();
  });

  it('bounds what is under way in all', () => {
    const quota = new Quota({ perPrincipal: 2, total: 3 });
    enter(quota, ADA, 2);
    enter(quota, BOB);
    expect(refusal(quota, BOB)).toMatchObject(FULL);
    expect(refusal(quota, ADA)).toMatchObject(TOO_MANY);
  });

  it('lets the next one in when an answer has ended, each time', () => {
    const quota = new Quota({ perPrincipal: 2, total: 2 });
    for (let round = 0; round < 3; round += 1) {
      const responses = enter(quota, ADA, 2);
      expect(refusal(quota, ADA)).toBeDefined();
      for (const response of responses) response.emit('close');
    }
    enter(quota, BOB, 2);
  });

  it('counts an answer once, whatever becomes of it', () => {
    const quota = new Quota({ perPrincipal: 2 });
    const [response] = enter(quota, ADA, 2);
    response?.emit('close');
    response?.emit('close');
    enter(quota, ADA);
    expect(refusal(quota, ADA)).toMatchObject(TOO_MANY);
  });

  it('does not count those that it has refused', () => {
    const quota = new Quota({ perPrincipal: 1 });
    const [response] = enter(quota, ADA);
    for (let count = 0; count < 3; count += 1) expect(refusal(quota, ADA)).toMatchObject(TOO_MANY);
    response?.emit('close');
    expect(refusal(quota, ADA)).toBeUndefined();
  });

  it('is for all together where nobody is asked who they are', () => {
    const quota = new Quota({ perPrincipal: 1, total: 3 });
    enter(quota, ANYONE, 3);
    expect(refusal(quota, ANYONE)).toMatchObject(FULL);
  });

  it('is 200 for each and 2000 for all, unless told', () => {
    const quota = new Quota();
    enter(quota, ADA, 200);
    expect(refusal(quota, ADA)).toMatchObject(TOO_MANY);
    enter(quota, ANYONE, 1800);
    expect(refusal(quota, ANYONE)).toMatchObject(FULL);
  });
});
