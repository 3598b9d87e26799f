import { describe, expect, it } from 'vitest';
import type { OAuthReply } from '../../src/oauth/reply.ts';
import { readForm } from '../support/oauth/form.ts';
import { ISSUER, MINUTE, queryOf, REDIRECT, startServer, type TestServer, textOf } from './support.ts';

/** A client whose owner looks at the page. */
async function openPage(scope = 'mcp'): Promise<{ test: TestServer; page: OAuthReply; code: string; number: string }> {
  const test = await startServer();
  const { code } = test.pairing.open();
  const page = await test.authorize(await test.clientId(), { scope });
  const number = /Or type (\w\w) there/.exec(textOf(page))?.[1] ?? '';
  return { test, page, code, number };
}

/** What stands above the field for the code. */
const problemOf = ({ body }: OAuthReply) => /role="alert">([^<]*)</.exec(body)?.[1]?.replaceAll('&#39;', "'");
const WRONG = '0000-0000';

describe('the owner who allows', () => {
  it('sends the client its code, its state and the issuer, and closes the window', async () => {
    const { test, page, code } = await openPage();
    const reply = await test.submit(page, { code });
    expect(reply).toMatchObject({
      status: 303,
      body: '',
      headers: { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' },
    });
    expect(reply.headers.Location?.startsWith(`${REDIRECT}&`)).toBe(true);
    expect(queryOf(reply)).toEqual({
      tenant: '1',
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'a state',
      iss: ISSUER,
    });
    expect(test.pairing.isOpen).toBe(false);
    expect(test.lines).toContain('info  App (app.example) was allowed everything');
  });

  it('may click twice: the same code is sent again until the client has come for it', async () => {
    const { test, page, code } = await openPage();
    const first = await test.submit(page, { code });
    expect(await test.submit(page, { code })).toEqual(first);
    const [client] = test.store.state.clients;
    await test.redeem(queryOf(first).code ?? '', client?.id ?? '');
    const late = await test.submit(page, { code });
    expect([late.status, late.headers.Location]).toEqual([200, undefined]);
    expect(textOf(late)).toContain('Allowed already App was allowed to use your tools.');
    expect(test.lines.filter((line) => line.includes('was allowed'))).toHaveLength(1);
  });

  it('does not get a code again that the client never came for', async () => {
    const { test, page, code } = await openPage();
    await test.submit(page, { code });
    test.clock.pass(MINUTE);
    expect((await test.submit(page, { code })).status).toBe(200);
  });

  it('does so once: the same page with anything else in it brings no second code', async () => {
    const { test, page, code } = await openPage();
    await test.submit(page, { code });
    for (const fields of [{ code: `${code} ` }, { code: '' }, { code, access: 'read' }]) {
      const again = await test.submit(page, fields);
      expect([again.status, again.headers.Location]).toEqual([403, undefined]);
      expect(problemOf(again)).toMatch(/^Pairing is closed\. Run mcp-bridge pair/);
    }
  });

  it('may type the code in a window that was opened since', async () => {
    const { test, page, code: old } = await openPage();
    const { code } = test.pairing.open();
    const again = await test.submit(page, { code: old });
    expect(again.status).toBe(403);
    expect((await test.submit(again, { code })).status).toBe(303);
  });

  it.each([
    ['mcp', 'all', false],
    ['mcp', 'read', true],
    ['mcp', undefined, false],
    ['mcp:read', 'all', true],
    ['mcp:read', 'read', true],
  ])('after a request for %s, with %s', async (scope, access, readOnly) => {
    const { test, page, code } = await openPage(scope);
    const { code: authorization = '' } = queryOf(await test.submit(page, { code, access }));
    const [client] = test.store.state.clients;
    expect((await test.redeem(authorization, client?.id ?? '')).status).toBe(200);
    expect(test.grants.all).toMatchObject([{ readOnly, redirectUri: REDIRECT, resource: `${ISSUER}/mcp` }]);
    expect(test.lines).toContain(`info  App (app.example) was allowed ${readOnly ? 'to read' : 'everything'}`);
  });

  it('may do that in the terminal, and press Allow without a code', async () => {
    const { test, page, number } = await openPage();
    test.clock.pass(1);
    const early = await test.submit(page, { code: '' });
    expect([early.status, problemOf(early)]).toEqual([403, 'Type the code that the terminal shows.']);
    expect(test.pairing.approve(number)).toBe('App (app.example)');
    const reply = await test.submit(early, { code: '' });
    expect(queryOf(reply)).toMatchObject({ code: expect.any(String), state: 'a state' });
    expect((await test.submit(page, { code: '' })).status).toBe(403);
  });

  it('in the terminal allows that request only', async () => {
    const { test, page, number } = await openPage();
    const other = await test.authorize(await test.clientId(), { state: 'another' });
    test.pairing.approve(number);
    expect((await test.submit(other, { code: '' })).status).toBe(403);
    expect((await test.submit(page, { code: '' })).status).toBe(303);
  });
});

describe('the owner who refuses', () => {
  it('lets the client know, and leaves the window as it is', async () => {
    const { test, page, code } = await openPage();
    for (const typed of ['', code, WRONG]) {
      const reply = await test.submit(page, { decision: 'deny', code: typed });
      expect(reply.status).toBe(303);
      expect(queryOf(reply)).toEqual({
        tenant: '1',
        error: 'access_denied',
        error_description: 'The owner has refused',
        state: 'a state',
        iss: ISSUER,
      });
    }
    expect(test.pairing.enter('another', WRONG)).toEqual({ isRight: false, triesLeft: 4 });
    expect(test.pairing.isOpen).toBe(true);
  });

  it('can do so after the window was closed', async () => {
    const { test, page } = await openPage();
    test.pairing.close();
    expect(queryOf(await test.submit(page, { decision: 'deny' }))).toMatchObject({ error: 'access_denied' });
  });
});

describe('a wrong code', () => {
  it('shows the page again, with an empty field and what was chosen', async () => {
    const { test, page, number } = await openPage();
    const again = await test.submit(page, { code: WRONG, access: 'read' });
    expect([again.status, again.headers.Location]).toEqual([403, undefined]);
    expect(problemOf(again)).toBe('That code is not right. 4 tries are left.');
    expect(readForm(again.body, ISSUER).fields).toMatchObject({ access: 'read', code: '' });
    expect(again.body).not.toContain(WRONG);
    expect(textOf(again)).toContain(`Or type ${number} there`);
  });

  it('may be typed four more times, and then the client has to begin anew', async () => {
    const { test, page, code } = await openPage();
    const problems: (string | undefined)[] = [];
    for (let count = 0; count < 5; count += 1) problems.push(problemOf(await test.submit(page, { code: WRONG })));
    expect(problems).toEqual([
      'That code is not right. 4 tries are left.',
      'That code is not right. 3 tries are left.',
      'That code is not right. 2 tries are left.',
      'That code is not right. 1 try is left.',
      'There were too many wrong codes. Start again from the client.',
    ]);
    expect(problemOf(await test.submit(page, { code }))).toBe(problems[4]);
  });

  it('is counted for the question, however often that is asked', async () => {
    const { test, page } = await openPage();
    const id = test.store.state.clients[0]?.id ?? '';
    await test.submit(page, { code: WRONG });
    expect(problemOf(await test.submit(await test.authorize(id), { code: WRONG }))).toContain('3 tries are left');
    const other = await test.authorize(id, { state: 'another' });
    expect(problemOf(await test.submit(other, { code: WRONG }))).toContain('4 tries are left');
  });

  it('closes the window when it is the fifteenth', async () => {
    const { test, code } = await openPage();
    const id = test.store.state.clients[0]?.id ?? '';
    const pages = await Promise.all([0, 1, 2].map((state) => test.authorize(id, { state: `${state}` })));
    let last: OAuthReply | undefined;
    for (const page of pages)
      for (let count = 0; count < 5; count += 1) last = await test.submit(page, { code: WRONG });
    expect(last && problemOf(last)).toMatch(/^That was one wrong code too many\. Run mcp-bridge pair/);
    expect((await test.submit(pages[0] as OAuthReply, { code })).status).toBe(403);
    expect(test.grants.all).toEqual([]);
  });
});

describe('a page', () => {
  it('is outdated after half an hour', async () => {
    const { test, page } = await openPage();
    test.clock.pass(30 * MINUTE);
    const { code } = test.pairing.open();
    const reply = await test.submit(page, { code });
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined]);
    expect(textOf(reply)).toContain('This page is outdated');
    expect(test.pairing.isOpen).toBe(true);
  });

  it.each<[string, (transaction: string) => string | undefined]>([
    ['missing', () => undefined],
    ['made up', () => 'x.y'],
    ['altered', (transaction) => transaction.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
  ])('whose transaction is %s is outdated, whatever is decided', async (_, change) => {
    const { test, page, code } = await openPage();
    const { transaction = '' } = readForm(page.body, ISSUER).fields;
    for (const decision of ['allow', 'deny']) {
      const reply = await test.post('/authorize', { transaction: change(transaction), code, decision });
      expect([reply.status, reply.headers.Location]).toEqual([400, undefined]);
    }
    expect(test.pairing.isOpen).toBe(true);
  });

  it('of a client that is not known any more is outdated', async () => {
    const { test, page, code } = await openPage();
    await test.store.change((state) => ({ state: { ...state, clients: [] }, result: undefined }));
    expect((await test.submit(page, { code })).status).toBe(400);
    expect(test.pairing.isOpen).toBe(true);
  });

  it.each(['transaction', 'code', 'decision', 'access'])('with its %s twice is refused', async (name) => {
    const { test, page, code } = await openPage();
    const { fields } = readForm(page.body, ISSUER);
    const all: Record<string, string> = { ...fields, code, decision: 'allow' };
    const value = all[name] ?? '';
    const reply = await test.post('/authorize', { ...all, [name]: [value, value] });
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined]);
    expect(textOf(reply)).toContain(`The parameter ${name} comes more than once`);
    expect(test.pairing.isOpen).toBe(true);
  });

  it('is a form, and sent as one', async () => {
    const { test } = await openPage();
    const reply = await test.post('/authorize', {}, { 'content-type': 'application/json' });
    expect(reply.status).toBe(400);
    expect(textOf(reply)).toContain('Send the parameters as application/x-www-form-urlencoded');
  });
});
