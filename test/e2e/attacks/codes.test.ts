import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pkce, REDIRECT_URI, redeem, sendForm, tokensOf } from '../../support/oauth/endpoints.ts';
import {
  allow,
  ask,
  type Bystander,
  linkBystander,
  redeemed,
  refreshed,
  registerClient,
  startTarget,
  type Target,
  use,
} from './attacker.ts';

const OTHER_URI = 'https://app.example/callback';

let bridge: Target;
let owner: Bystander;

beforeAll(async () => {
  bridge = await startTarget();
  owner = await linkBystander(bridge);
});
afterAll(() => bridge[Symbol.asyncDispose]());
afterEach(() => owner.expectService());

describe('an authorization code', () => {
  it('that is replayed ends the grant it was redeemed for, tokens included', async () => {
    const allowed = await allow(bridge);
    const tokens = tokensOf(await redeem(bridge, { ...allowed }));
    expect(await use(bridge, tokens.access_token)).toBe(200);
    expect(await redeemed(bridge, allowed)).toBe('400 invalid_grant');
    expect(await use(bridge, tokens.access_token)).toBe(401);
    expect(await refreshed(bridge, { ...owner.link, clientId: allowed.client_id, tokens })).toBe('400 invalid_grant');
  });

  it('that is replayed after a refresh ends what it was refreshed to', async () => {
    const allowed = await allow(bridge);
    const first = tokensOf(await redeem(bridge, { ...allowed }));
    const fields = { refresh_token: first.refresh_token, client_id: allowed.client_id, grant_type: 'refresh_token' };
    const second = tokensOf(await sendForm(bridge.send, 'POST', `${bridge.issuer}/token`, fields));
    expect(await redeemed(bridge, allowed, { code_verifier: pkce().verifier })).toBe('400 invalid_grant');
    expect(await use(bridge, second.access_token)).toBe(401);
  });

  it('that is redeemed by many at once is good for one of them at most, and in the end for none', async () => {
    const allowed = await allow(bridge);
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(bridge, { ...allowed })));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners.length).toBeLessThanOrEqual(1);
    for (const winner of winners) expect(await use(bridge, tokensOf(winner).access_token)).toBe(401);
  });

  it('is no good to another client, nor to its own afterwards', async () => {
    const allowed = await allow(bridge);
    expect(await redeemed(bridge, allowed, { client_id: owner.link.clientId })).toBe('400 invalid_grant');
    expect(await redeemed(bridge, allowed)).toBe('400 invalid_grant');
  });

  it('is no good without the client it was issued to', async () => {
    const allowed = await allow(bridge);
    expect(await redeemed(bridge, allowed, { client_id: undefined })).toBe('400 invalid_request');
  });

  it.each([
    ['one that is not the client’s', 'http://127.0.0.1:7777/evil'],
    ['another one of the client’s', OTHER_URI],
    ['the same with another port', REDIRECT_URI.replace('7777', '7778')],
  ])('is no good with another redirect_uri: %s', async (_, redirectUri) => {
    await bridge.pair();
    const clientId = await registerClient(bridge, REDIRECT_URI, OTHER_URI);
    const allowed = await allow(bridge, { clientId });
    expect(await redeemed(bridge, allowed, { redirect_uri: redirectUri })).toBe('400 invalid_grant');
    expect(await redeemed(bridge, allowed)).toBe('400 invalid_grant');
  });

  it.each(['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}=`, '../../grants', 'null', 'undefined', '__proto__'])(
    'that was made up is refused: %j',
    async (code) => {
      const allowed = { client_id: owner.link.clientId, redirect_uri: REDIRECT_URI, code, resource: bridge.resource };
      const outcome = await redeemed(bridge, { ...allowed, code_verifier: pkce().verifier });
      expect(outcome).toBe(code === '' ? '400 invalid_request' : '400 invalid_grant');
    },
  );

  it.each(['code', 'client_id', 'redirect_uri', 'code_verifier', 'grant_type', 'resource'])(
    'is not looked at when %s is said twice',
    async (name) => {
      const allowed = await allow(bridge);
      const form = new URLSearchParams({ grant_type: 'authorization_code', ...allowed });
      form.append(name, form.get(name) ?? '');
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { status, text } = await bridge.send('POST', `${bridge.issuer}/token`, headers, form.toString());
      expect([status, JSON.parse(text).error]).toEqual([400, 'invalid_request']);
    },
  );

  it.each([
    ['Authorization: Basic', { authorization: `Basic ${Buffer.from('chatgpt:secret').toString('base64')}` }, {}],
    ['client_secret', {}, { client_secret: 'secret' }],
  ])('is not traded with somebody who brings a secret that nobody was given (%s)', async (_, headers, more) => {
    const fields = { grant_type: 'authorization_code', ...(await allow(bridge)), ...more };
    const { status, text } = await sendForm(bridge.send, 'POST', `${bridge.issuer}/token`, fields, headers);
    expect([status, JSON.parse(text).error]).toEqual([401, 'invalid_client']);
  });

  it('is not taken from a query or from JSON', async () => {
    const fields = { grant_type: 'authorization_code', ...(await allow(bridge)) };
    const url = `${bridge.issuer}/token`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const inQuery = await bridge.send('POST', `${url}?${new URLSearchParams(fields)}`, form, '');
    const asJson = await bridge.send('POST', url, { 'content-type': 'application/json' }, fields);
    expect([inQuery.status, asJson.status]).toEqual([400, 400]);
    expect((await bridge.send('GET', `${url}?${new URLSearchParams(fields)}`)).status).toBe(405);
  });
});

describe('PKCE', () => {
  const { verifier, challenge } = pkce();

  it.each([
    ['no challenge', { code_challenge: undefined }],
    ['no method', { code_challenge_method: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
    ['the method s256', { code_challenge_method: 's256' }],
    ['an empty challenge', { code_challenge: '' }],
    ['a challenge that is too short', { code_challenge: challenge.slice(1) }],
    ['a challenge that is too long', { code_challenge: `${challenge}A` }],
    ['a challenge with padding', { code_challenge: `${challenge.slice(1)}=` }],
    ['a challenge that is no base64url', { code_challenge: `${challenge.slice(1)}+` }],
    ['a challenge with a line end', { code_challenge: `${challenge}\n` }],
  ])('is not left out: the client hears of %s', async (_, query) => {
    await bridge.pair();
    const { answer } = await ask(bridge, { client_id: owner.link.clientId, ...query });
    expect(answer.status).toBe(303);
    const { origin, pathname, searchParams } = new URL(answer.headers.location ?? '');
    expect(origin + pathname).toBe(REDIRECT_URI);
    expect(searchParams.get('error')).toBe('invalid_request');
    expect(searchParams.has('code')).toBe(false);
  });

  it.each([
    ['of another request', () => pkce().verifier],
    ['that is the challenge itself', (own: string) => createChallenge(own)],
    ['in other letters', (own: string) => swapCase(own)],
    ['with something behind it', (own: string) => `${own}A`],
    ['that is cut', (own: string) => own.slice(0, -1)],
    ['with a line end', (own: string) => `${own}\n`],
    ['of 129 characters', () => 'A'.repeat(129)],
  ])('keeps out a verifier %s', async (_, bend) => {
    const allowed = await allow(bridge);
    expect(await redeemed(bridge, allowed, { code_verifier: bend(allowed.code_verifier) })).toBe('400 invalid_grant');
    expect(await redeemed(bridge, allowed)).toBe('400 invalid_grant');
  });

  it.each([undefined, ''])('does not do without a verifier: %j', async (none) => {
    expect(await redeemed(bridge, await allow(bridge), { code_verifier: none })).toBe('400 invalid_request');
  });

  it('is not talked down at the token endpoint', async () => {
    const allowed = await allow(bridge);
    const plain = { code_verifier: createChallenge(allowed.code_verifier), code_challenge_method: 'plain' };
    expect(await redeemed(bridge, allowed, plain)).toBe('400 invalid_grant');
  });

  it('lets the verifier in that belongs to the challenge', async () => {
    expect(verifier).toHaveLength(43);
    expect(await redeemed(bridge, await allow(bridge))).toBe('200');
  });
});

function createChallenge(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
}
