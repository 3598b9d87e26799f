import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REDIRECT_URI, redirectOf, register, submit } from '../../support/oauth/endpoints.ts';
import { ask, expectRefusalPage, registerClient, startTarget, type Target } from './attacker.ts';

const WEB_URI = 'https://app.example/callback';

let bridge: Target;
let code: string;
let web: string;
let program: string;

beforeAll(async () => {
  bridge = await startTarget();
});
afterAll(() => bridge[Symbol.asyncDispose]());
beforeEach(async () => {
  code = await bridge.pair();
  web ??= await registerClient(bridge, WEB_URI);
  program ??= await registerClient(bridge, REDIRECT_URI);
});

describe('nobody is sent to an address that is not registered to the letter', () => {
  it.each([
    ['another path', 'https://app.example/other'],
    ['a path below', 'https://app.example/callback/more'],
    ['a slash at the end', 'https://app.example/callback/'],
    ['two slashes', 'https://app.example//callback'],
    ['dot segments', 'https://app.example/callback/../callback'],
    ['dot segments that lead elsewhere', 'https://app.example/callback/../open-redirect'],
    ['encoded dots', 'https://app.example/callback/%2e%2e/open-redirect'],
    ['an encoded letter', 'https://app.example/callbac%6b'],
    ['an encoded slash', 'https://app.example%2fcallback'],
    ['another scheme', 'http://app.example/callback'],
    ['a scheme in capitals', 'HTTPS://app.example/callback'],
    ['a host in capitals', 'https://APP.example/callback'],
    ['a path in capitals', 'https://app.example/Callback'],
    ['a port', 'https://app.example:444/callback'],
    ['the usual port', 'https://app.example:443/callback'],
    ['a query', 'https://app.example/callback?next=https://evil.example'],
    ['an empty query', 'https://app.example/callback?'],
    ['a fragment', 'https://app.example/callback#'],
    ['a user', 'https://app.example@evil.example/callback'],
    ['a user on its own host', 'https://evil@app.example/callback'],
    ['a host that begins so', 'https://app.example.evil.example/callback'],
    ['a host that ends so', 'https://evilapp.example/callback'],
    ['a host below it', 'https://www.app.example/callback'],
    ['a dot behind the host', 'https://app.example./callback'],
    ['a backslash', 'https://app.example\\@evil.example/callback'],
    ['a line end', 'https://app.example/callback\n'],
    ['a space before', ' https://app.example/callback'],
    ['a null character', 'https://app.example/callback\u0000'],
    ['no scheme', '//app.example/callback'],
    ['a path alone', '/callback'],
    ['a script', 'javascript:alert(1)//https://app.example/callback'],
    ['data', 'data:text/html,https://app.example/callback'],
    ['another client’s', REDIRECT_URI],
    ['two in one', `${WEB_URI} https://evil.example/`],
  ])('of a client on the web: %s', async (_, redirectUri) => {
    const { answer } = await ask(bridge, { client_id: web, redirect_uri: redirectUri });
    expectRefusalPage(answer);
    expect(answer.text).not.toContain('evil.example');
  });

  it.each([
    ['another path', 'http://127.0.0.1:7777/other'],
    ['another name of loopback', 'http://localhost:7777/callback'],
    ['another address of loopback', 'http://127.0.0.2:7777/callback'],
    ['the other family', 'http://[::1]:7777/callback'],
    ['the address in another form', 'http://2130706433:7777/callback'],
    ['the address cut short', 'http://127.1:7777/callback'],
    ['another scheme', 'https://127.0.0.1:7777/callback'],
    ['a host that begins so', 'http://127.0.0.1.evil.example:7777/callback'],
    ['a user', 'http://127.0.0.1:7777@evil.example/callback'],
    ['a user behind the port', 'http://127.0.0.1:7777:x@evil.example/callback'],
    ['a port that is none', 'http://127.0.0.1:99999/callback'],
    ['a query', 'http://127.0.0.1:7777/callback?code=evil'],
    ['a fragment', 'http://127.0.0.1:7777/callback#evil'],
  ])('of a program on this computer: %s', async (_, redirectUri) => {
    expectRefusalPage((await ask(bridge, { client_id: program, redirect_uri: redirectUri })).answer);
  });

  it('but a program on this computer may be given another port', async () => {
    const { answer } = await ask(bridge, { client_id: program, redirect_uri: 'http://127.0.0.1:50123/callback' });
    expect(answer.status).toBe(200);
  });

  it.each([
    'https://chatgpt.com/oauth/client.json/',
    'https://chatgpt.com/oauth/other.json',
    'https://CHATGPT.com/oauth/client.json',
    'constructor',
    '__proto__',
    '<script>alert(1)</script>',
    '',
  ])('for a client that is not known: %s', async (clientId) => {
    const { answer } = await ask(bridge, { client_id: clientId, redirect_uri: 'https://evil.example/' });
    expectRefusalPage(answer);
    expect(answer.text).not.toMatch(/evil\.example|<script/);
  });

  it('for a client that is known, but at an address of a stranger', async () => {
    const clientId = 'https://chatgpt.com/oauth/client.json';
    expectRefusalPage((await ask(bridge, { client_id: clientId, redirect_uri: 'https://evil.example/' })).answer);
  });

  it.each([
    ['client_id', () => program],
    ['redirect_uri', () => REDIRECT_URI],
  ])('when %s is said twice', async (name, value) => {
    const { url } = await ask(bridge, { client_id: web, redirect_uri: WEB_URI });
    expectRefusalPage(await bridge.send('GET', `${url}&${name}=${encodeURIComponent(value())}`));
  });
});

describe('what a client is sent back with', () => {
  const asks = (query: Record<string, string | undefined>) =>
    ask(bridge, { client_id: web, redirect_uri: WEB_URI, state: 'state of the client', ...query });

  /** Everybody can tell from it who answers (RFC 9207), so that no other server's answer is taken for this one's. */
  function expectOurs(redirect: URL): void {
    expect(redirect.origin + redirect.pathname).toBe(WEB_URI);
    expect(redirect.searchParams.getAll('iss')).toEqual([bridge.issuer]);
    expect(redirect.searchParams.getAll('state')).toEqual(['state of the client']);
  }

  it.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['unsupported_response_type', { response_type: 'code token' }],
    ['invalid_request', { response_type: undefined }],
    ['invalid_request', { code_challenge: undefined }],
    ['invalid_request', { code_challenge_method: 'plain' }],
    ['invalid_target', { resource: 'https://evil.example/mcp' }],
  ])('names the issuer with the error %s (%o)', async (error, query) => {
    const page = await asks(query);
    expect(page.answer.status).toBe(303);
    const redirect = redirectOf(page);
    expectOurs(redirect);
    expect(redirect.searchParams.getAll('error')).toEqual([error]);
    expect(redirect.searchParams.has('code')).toBe(false);
  });

  it.each(['state', 'scope', 'resource', 'code_challenge', 'response_type'])(
    'is an error with the issuer when %s is said twice',
    async (name) => {
      const { url } = await asks({});
      const answer = await bridge.send('GET', `${url}&${name}=another`);
      const { searchParams } = redirectOf({ url, answer });
      expect([searchParams.get('error'), searchParams.get('iss')]).toEqual(['invalid_request', bridge.issuer]);
    },
  );

  it('names the issuer when the owner denies', async () => {
    const redirect = redirectOf(await submit(bridge, await asks({}), { decision: 'deny', code }));
    expectOurs(redirect);
    expect(redirect.searchParams.get('error')).toBe('access_denied');
    expect(redirect.searchParams.has('code')).toBe(false);
  });

  it('names the issuer when the owner allows', async () => {
    const redirect = redirectOf(await submit(bridge, await asks({}), { code }));
    expectOurs(redirect);
    expect(redirect.searchParams.get('code')).toMatch(/^[\w-]{43}$/);
    expect(redirect.hash).toBe('');
  });

  it('is not what the registered address says in its place', async () => {
    const spoiled = `${WEB_URI}?iss=https%3A%2F%2Fevil.example&code=evil&state=evil&kept=1`;
    const clientId = await registerClient(bridge, spoiled);
    const page = await asks({ client_id: clientId, redirect_uri: spoiled });
    const redirect = redirectOf(await submit(bridge, page, { code }));
    expectOurs(redirect);
    expect(redirect.searchParams.getAll('code')).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(redirect.searchParams.get('kept')).toBe('1');
  });
});

describe('registration refuses', () => {
  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://app.example/x',
    'file:///etc/passwd',
    'view-source:https://app.example/',
    'http://evil.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://0.0.0.0/callback',
    'http://10.0.0.1/callback',
    '//evil.example/callback',
    '\\\\evil.example/callback',
    'https:\\\\evil.example/callback',
    'https:evil.example/callback',
    '/callback',
    'callback',
    '',
    '*',
    'https://',
    'https://user@app.example/callback',
    'https://app.example/callback#fragment',
    'https://app.example/callback\r\nSet-Cookie: a=b',
    'https://app.example/"><script>',
    'https://äpp.example/callback',
    `https://app.example/${'x'.repeat(3000)}`,
  ])('%j as a redirect URI', async (redirectUri) => {
    const { status, text } = await register(bridge, { redirect_uris: [WEB_URI, redirectUri] });
    expect([status, JSON.parse(text).error]).toEqual([400, 'invalid_redirect_uri']);
  });
});
