import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Headers, type RawAnswer, rawRequest } from '../../support/http.ts';
import { pkce, redeem, redirectOf, submit, tokensOf } from '../../support/oauth/endpoints.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import {
  allow,
  ask,
  expectRefusalPage,
  postConsent,
  registerClient,
  startTarget,
  type Target,
  transactionOf,
  use,
  wrongCode,
} from './attacker.ts';

const EVIL = 'https://evil.example';

let stateFolder: string;
let bridge: Target;
let clientId: string;
let code: string;
/** Of a page that a bridge of the same owner has shown, which has ended since. */
let earlier: string;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
  {
    await using before = await startTarget(undefined, { stateFolder });
    await before.pair();
    clientId = await registerClient(before);
    earlier = transactionOf(await ask(before, { client_id: clientId }));
  }
  bridge = await startTarget(undefined, { stateFolder });
});
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await rm(stateFolder, { recursive: true, force: true });
});
beforeEach(async () => {
  code = await bridge.pair();
});

const FORM: Headers = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a page', () => {
  it.each<[string, number, () => Promise<RawAnswer>]>([
    ['that asks the owner', 200, async () => (await ask(bridge, { client_id: clientId })).answer],
    ['about a wrong code', 403, () => submitWrong()],
    ['about an unknown client', 400, async () => (await ask(bridge, { client_id: 'unknown' })).answer],
    ['about a wrong address', 400, async () => (await ask(bridge, { client_id: clientId, redirect_uri: EVIL })).answer],
    ['about a request that is outdated', 400, () => postConsent(bridge, { transaction: 'x', decision: 'allow' })],
    ['about a form that is none', 400, () => bridge.send('POST', `${bridge.issuer}/authorize`, {}, '{}')],
    ['about pairing that is closed', 403, () => askWhenClosed()],
  ])('%s cannot be framed, run scripts, or be kept', async (_, expected, open) => {
    const { status, headers, text } = await open();
    expect(status).toBe(expected);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': expect.stringMatching(/^(?:same-origin|no-referrer)$/),
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]));
    expect(policy.join()).not.toMatch(/unsafe|\*|script-src/);
    expect(text).not.toMatch(/<script|<iframe|<base|\son\w+=/i);
  });

  async function submitWrong(): Promise<RawAnswer> {
    return (await submit(bridge, await ask(bridge, { client_id: clientId }), { code: wrongCode(code) })).answer;
  }

  async function askWhenClosed(): Promise<RawAnswer> {
    await allow(bridge, { clientId });
    return (await ask(bridge, { client_id: clientId })).answer;
  }

  it('sends its form to the bridge, the client it asks for, and no further than the secure web', async () => {
    const { answer } = await ask(bridge, { client_id: clientId });
    const targets = /form-action ([^;]*)/.exec(String(answer.headers['content-security-policy']))?.[1];
    expect(targets).toMatch(/^'self' http:\/\/127\.0\.0\.1:7777(?: https:)?$/);
  });

  it('shows no code and no field that is filled with one', async () => {
    const { answer } = await submit(bridge, await ask(bridge, { client_id: clientId }), { code: wrongCode(code) });
    const plain = code.replace('-', '');
    for (const secret of [code, plain, wrongCode(code)]) expect(answer.text).not.toContain(secret);
  });
});

describe('consent', () => {
  const decide = (fields: Record<string, string>, headers?: Headers) =>
    postConsent(bridge, { code, access: 'all', decision: 'allow', ...fields }, headers);
  const newTransaction = async () => transactionOf(await ask(bridge, { client_id: clientId }));

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['no request', async () => ({})],
    ['a request that was made up', async () => ({ transaction: 'e30.AAAA' })],
    ['a request without its seal', async () => ({ transaction: (await newTransaction()).split('.')[0] ?? '' })],
    ['a request of an earlier bridge', async () => ({ transaction: earlier })],
    ['a request that was altered', async () => ({ transaction: alter(await newTransaction(), 5) })],
    ['a request whose seal was altered', async () => ({ transaction: alter(await newTransaction(), -5) })],
    ['a request with something behind it', async () => ({ transaction: `${await newTransaction()}A` })],
    [
      'a request as JSON',
      async () => ({ transaction: JSON.stringify({ clientId, redirectUri: EVIL, expires: 1e15 }) }),
    ],
    ['what a client asks with', async () => ({ client_id: clientId, redirect_uri: 'http://127.0.0.1:7777/callback' })],
  ])('is not taken for %s, though the code is right', async (_, make) => {
    expectRefusalPage(await decide(await make()));
    const answer = await decide({ transaction: await newTransaction() });
    expect(answer.status).toBe(303);
  });

  it('is not taken from a page of another origin', async () => {
    const transaction = await newTransaction();
    for (const origin of [EVIL, 'null', `${bridge.issuer}.evil.example`]) {
      const { status, headers } = await decide({ transaction }, { origin });
      expect([status, headers.location]).toEqual([403, undefined]);
    }
    expect((await decide({ transaction }, { origin: bridge.issuer })).status).toBe(303);
  });

  it.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x', undefined])(
    'is not taken from a body of the type %s',
    async (type) => {
      expectRefusalPage(await decide({ transaction: await newTransaction() }, { 'content-type': type }));
    },
  );

  it('is not taken from an address', async () => {
    const query = { transaction: await newTransaction(), code, access: 'all', decision: 'allow' };
    const { answer } = await ask(bridge, { client_id: clientId, ...query });
    expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
    expectRefusalPage(await bridge.send('POST', `${bridge.issuer}/authorize?${new URLSearchParams(query)}`, FORM, ''));
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD'])('is not taken with %s', async (method) => {
    const fields = new URLSearchParams({ transaction: await newTransaction(), code, decision: 'allow' });
    const { status, headers } = await bridge.send(method, `${bridge.issuer}/authorize?${fields}`, FORM);
    expect([status, headers.location, headers.allow]).toEqual([405, undefined, 'GET, POST']);
  });

  it.each(['', 'Allow', 'deny,allow', 'yes'])('that says %j does not go on without the code', async (decision) => {
    const { status, headers } = await decide({ transaction: await newTransaction(), decision, code: wrongCode(code) });
    expect([status, headers.location]).toEqual([403, undefined]);
  });

  it('gives one code, however often it is sent', async () => {
    const transaction = await newTransaction();
    const codes: (string | null)[] = [];
    for (const open of [false, false, true]) {
      if (open) await bridge.pair();
      codes.push(redirectOf({ url: bridge.issuer, answer: await decide({ transaction }) }).searchParams.get('code'));
    }
    expect(new Set(codes).size).toBe(1);
    const { status, headers } = await decide({ transaction, access: 'read' });
    expect([status, headers.location]).toEqual([403, undefined]);
  });

  it('sends nobody anywhere any more once its code was redeemed', async () => {
    const { verifier, challenge } = pkce();
    const transaction = transactionOf(await ask(bridge, { client_id: clientId, code_challenge: challenge }));
    const answer = await decide({ transaction });
    const given = redirectOf({ url: bridge.issuer, answer }).searchParams.get('code') ?? undefined;
    const fields = { client_id: clientId, code: given, code_verifier: verifier };
    const { access_token } = tokensOf(await redeem(bridge, fields));
    for (const open of [false, true]) {
      if (open) await bridge.pair();
      expect((await decide({ transaction })).headers).not.toHaveProperty('location');
    }
    expect(await use(bridge, access_token)).toBe(200);
  });

  it('to read is not turned into one to everything', async () => {
    const { tokens } = await linkByHand({ bridge, clientId, scope: 'mcp:read', access: 'all' });
    expect(tokens.scope).toBe('mcp:read');
  });

  it('needs no cookie, and sets none', async () => {
    const page = await ask(bridge, { client_id: clientId });
    const answered = await submit(bridge, page, { code });
    expect(page.answer.headers).not.toHaveProperty('set-cookie');
    expect(answered.answer.headers).not.toHaveProperty('set-cookie');
  });
});

describe('what the browser carries back', () => {
  it('is told to nobody by a Referer, and kept by no cache', async () => {
    const page = await ask(bridge, { client_id: clientId });
    const { headers } = (await submit(bridge, page, { code })).answer;
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });

  it('opens nothing to a page without the token', async () => {
    const { tokens } = await linkByHand({ bridge, clientId });
    expect(await use(bridge, tokens.access_token)).toBe(200);
    const headers = { origin: EVIL, authorization: `Bearer ${tokens.access_token}` };
    expect((await rawRequest('POST', bridge.resource, headers, {})).status).toBe(403);
  });
});

/** Changes one character; negative places count from the end. */
function alter(text: string, place: number): string {
  const index = place < 0 ? text.length + place : place;
  return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
}
