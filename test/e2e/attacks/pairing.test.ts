import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pkce, redirectOf, register, submit } from '../../support/oauth/endpoints.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import {
  ask,
  type Bystander,
  expectRefusalPage,
  linkBystander,
  postConsent,
  registerClient,
  startTarget,
  type Target,
  transactionOf,
  wrongCode,
} from './attacker.ts';

let bridge: Target;
let owner: Bystander;
let code: string;
let clientId: string;

beforeAll(async () => {
  bridge = await startTarget();
  owner = await linkBystander(bridge);
});
afterAll(() => bridge[Symbol.asyncDispose]());
beforeEach(async () => {
  code = await bridge.pair();
  clientId = await registerClient(bridge);
});
/** Whatever strangers have tried, the owner's client is served, and the owner can link another one. */
afterEach(async () => {
  await owner.expectService();
  await linkByHand({ bridge });
});

const openPage = (query = {}) => ask(bridge, { client_id: clientId, ...query });
const newTransaction = async () => transactionOf(await openPage());

/** What a try comes to: the place that it leads to, or the message on the page. */
async function guess(transaction: string, given: string, headers = {}): Promise<string> {
  const answer = await postConsent(bridge, { transaction, code: given, access: 'all', decision: 'allow' }, headers);
  if (answer.status === 303) return 'allowed';
  expect([answer.status, answer.headers.location]).toEqual([403, undefined]);
  return /role="alert">([^<]*)/.exec(answer.text)?.[1] ?? '';
}

describe('guessing the code', () => {
  it('ends after five tries for one request; the owner’s own goes on', async () => {
    const transaction = await newTransaction();
    for (const left of ['4 tries are', '3 tries are', '2 tries are', '1 try is'])
      expect(await guess(transaction, wrongCode(code))).toBe(`That code is not right. ${left} left.`);
    expect(await guess(transaction, wrongCode(code))).toMatch(/too many wrong codes/);
    expect(await guess(transaction, code)).toMatch(/too many wrong codes/);
    expect(await guess(await newTransaction(), code)).toBe('allowed');
  });

  it('gets no new tries by opening the same page again', async () => {
    const query = { state: 'same', code_challenge: pkce().challenge };
    for (let tries = 0; tries < 5; tries += 1) await guess(transactionOf(await openPage(query)), wrongCode(code));
    expect(await guess(transactionOf(await openPage(query)), code)).toMatch(/too many wrong codes/);
  });

  it('ends after 15 tries in all, from however many requests and addresses they come', async () => {
    for (let tries = 0; tries < 14; tries += 1) {
      const transaction = await newTransaction();
      const address = `203.0.113.${tries}`;
      const pretended = { 'x-forwarded-for': address, forwarded: `for=${address}`, 'cf-connecting-ip': address };
      if (tries % 2 === 0) await guess(transaction, wrongCode(code), pretended);
      else await guessFrom(`127.0.0.${tries + 2}`, transaction);
    }
    const [last, next] = [await newTransaction(), await newTransaction()];
    expect(await guess(last, wrongCode(code))).toMatch(/one wrong code too many/);
    expect(await guess(next, code)).toMatch(/Pairing is closed/);
    expectRefusalPage((await openPage()).answer, 403);
    expect((await register(bridge)).status).toBe(403);
  });

  it('ends after 15 tries when they come all at once', async () => {
    const transactions = await Promise.all(Array.from({ length: 30 }, newTransaction));
    const answers = await Promise.all(transactions.map((transaction) => guess(transaction, wrongCode(code))));
    expect(answers.filter((answer) => answer.startsWith('That code is not right'))).toHaveLength(14);
    expect(await guess(transactions[0] as string, code)).toMatch(/Pairing is closed/);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['the number on the page', 'number'],
    ['a pattern', '........'],
    ['a wildcard', '*'],
    ['the first half', 'half'],
    ['the code twice', 'twice'],
    ['a very long one', 'x'.repeat(10_000)],
  ])('does not work with %s', async (_, given) => {
    const page = await openPage();
    const number = /<strong>(..)<\/strong>/.exec(page.answer.text)?.[1] ?? '';
    const made = { number, half: code.slice(0, 4), twice: code + code }[given ?? ''] ?? given;
    expect(await guess(transactionOf(page), made ?? '')).toMatch(/^(?:That code is not right|Type the code)/);
  });

  it('does not work with several codes in one request', async () => {
    const form = new URLSearchParams({ transaction: await newTransaction(), decision: 'allow' });
    for (const each of ['AAAAAAAA', 'BBBBBBBB', code]) form.append('code', each);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expectRefusalPage(await bridge.send('POST', `${bridge.issuer}/authorize`, headers, form.toString()));
  });
});

/** Sends a wrong code from another address of this machine; where loopback has only one, from that. */
function guessFrom(address: string, transaction: string): Promise<number | undefined> {
  const localAddress = process.platform === 'linux' ? address : '127.0.0.1';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${bridge.issuer}/authorize`, { method: 'POST', headers, localAddress, agent: false });
    outgoing.once('error', reject).once('response', (response) => resolve(response.resume().statusCode));
    outgoing.end(new URLSearchParams({ transaction, code: wrongCode(code), decision: 'allow' }).toString());
  });
}

describe('a window', () => {
  it('lets one client in: the code that was right is no good again', async () => {
    const [first, second] = [await newTransaction(), await newTransaction()];
    expect(await guess(first, code)).toBe('allowed');
    expect(await guess(second, code)).toMatch(/Pairing is closed/);
    expect(await guess(first, code.toLowerCase())).toMatch(/Pairing is closed/);
    expectRefusalPage((await openPage()).answer, 403);
  });

  it('lets one client in when several come with the code at once', async () => {
    const transactions = await Promise.all(Array.from({ length: 10 }, newTransaction));
    const answers = await Promise.all(transactions.map((transaction) => guess(transaction, code)));
    expect(answers.filter((answer) => answer === 'allowed')).toHaveLength(1);
  });

  it('that is opened anew makes the code before no good', async () => {
    const transaction = await newTransaction();
    await bridge.pair();
    expect(await guess(transaction, code)).toMatch(/That code is not right/);
  });

  it('is not opened by strangers', async () => {
    for (const path of ['/pair', '/status', '/authorize/pair'])
      expect((await bridge.send('POST', bridge.issuer + path, {}, '')).status).toBe(404);
  });

  it('gives numbers to eight requests, so that the owner’s cannot be drowned or doubled', async () => {
    const texts = [];
    for (let index = 0; index < 9; index += 1) texts.push((await openPage()).answer.text);
    const numbers = texts.map((text) => /<strong>(..)<\/strong>/.exec(text)?.[1]);
    expect(new Set(numbers.slice(0, 8)).size).toBe(8);
    expect(numbers[8]).toBeUndefined();
    // It can be allowed all the same, by the code.
    const page = await openPage();
    expect(redirectOf(await submit(bridge, page, { code })).searchParams.has('code')).toBe(true);
  });

  it('gives the same number to the same request, however often its page is opened', async () => {
    const query = { state: 'same', code_challenge: pkce().challenge };
    const texts = [];
    for (let index = 0; index < 9; index += 1) texts.push((await openPage(query)).answer.text);
    expect(new Set(texts.map((text) => /<strong>(..)<\/strong>/.exec(text)?.[1])).size).toBe(1);
    expect((await openPage()).answer.text).toMatch(/<strong>..<\/strong>/);
  });

  it.each(['number', 'request', 'approve', 'approved'])('is not gone around by the field %s', async (name) => {
    const page = await openPage();
    const number = /<strong>(..)<\/strong>/.exec(page.answer.text)?.[1] ?? '';
    const fields = { transaction: transactionOf(page), decision: 'allow', [name]: number };
    const { status, headers } = await postConsent(bridge, fields);
    expect([status, headers.location]).toEqual([403, undefined]);
  });
});
