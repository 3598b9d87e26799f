import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REDIRECT_URI, redirectOf, register, submit } from '../../support/oauth/endpoints.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import {
  ask,
  ECHO,
  expectRefusalPage,
  head,
  postConsent,
  registerClient,
  sendBytes,
  startTarget,
  type Target,
} from './attacker.ts';

let bridge: Target;
let code: string;

beforeAll(async () => {
  // For people, since that log has lines to be forged.
  bridge = await startTarget([...ECHO, '--log-format', 'text', '--log-level', 'debug']);
});
afterAll(() => bridge[Symbol.asyncDispose]());
beforeEach(async () => {
  code = await bridge.pair();
});

async function registerAs(clientName: string): Promise<{ readonly id: string; readonly name: string }> {
  const { status, text } = await register(bridge, { client_name: clientName });
  expect(status, text).toBe(201);
  const { client_id: id, client_name: name } = JSON.parse(text);
  return { id, name };
}

describe('the name of a client', () => {
  it.each([
    ['an element', '<script>alert(1)</script>'],
    ['an element that loads', '<img src=x onerror=alert(1)>'],
    ['the end of an attribute', '" autofocus onfocus="alert(1)'],
    ['the end of the title', '</title><script>alert(1)</script>'],
    ['a form', '</form><form action="https://evil.example">'],
    ['an entity', '&lt;script&gt;&#60;script&#62;'],
    ['a template', '{{alert(1)}}<%= 1 %>#{1}'],
  ])('with %s stays text', async (_, name) => {
    const { answer } = await ask(bridge, { client_id: (await registerAs(name)).id });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(name);
    expect(answer.text.match(/<form\b/g)).toHaveLength(1);
    expect(answer.text).not.toMatch(/<script|<img|<title>[^<]*<(?!\/title>)|\son\w+="/);
  });

  it.each([
    ['turns the direction of writing', 'ChatGPT\u202egnp.exe'],
    ['isolates', 'a\u2066b\u2069\u200f'],
    ['has no width', 'Chat\u200bGPT\ufeff\u2060'],
    ['ends the line', 'Claude\n2026-01-01 info  Claude was allowed everything'],
    ['ends the line in other ways', 'a\r\u0085b\u2028c\u2029d\u000b'],
    ['drives a terminal', '\u001b[2J\u001b]0;evil\u0007\u009b31m'],
    ['is a tag', 'x\u{e0041}\u{e0042}'],
    ['is half a character', 'x\ud800y'],
  ])('that %s is shown in one plain line, to the owner as well', async (_, name) => {
    const client = await registerAs(name);
    const { answer } = await ask(bridge, { client_id: client.id });
    for (const text of [client.name, answer.text, bridge.stderr()]) {
      // Lines of our own end with a line feed, and no other control character is in them.
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }
    expect(bridge.stderr()).not.toMatch(/^2026-01-01 info/m);
    expect(client.name).not.toContain('\n');
  });

  it('of 10 kB is cut', async () => {
    const { id, name } = await registerAs('x'.repeat(10_000));
    expect([...name]).toHaveLength(80);
    expect((await ask(bridge, { client_id: id })).answer.text).not.toContain('x'.repeat(81));
  });

  it.each(['ChatGPT', 'Claude', 'Visual Studio Code'])('%s is not believed of a stranger', async (name) => {
    const { id } = await registerAs(name);
    const { answer } = await ask(bridge, { client_id: id });
    expect(answer.text).toContain('chose this name itself');
    expect(answer.text).toContain('a program on this computer');
  });
});

describe('the state of a request', () => {
  it.each([
    ['line ends', 'x\r\nSet-Cookie: evil=1\r\nLocation: https://evil.example\r\n\r\n<script>'],
    ['other parameters', 'x&code=evil&iss=https://evil.example#code=evil'],
    ['an element', '"><script>alert(1)</script>'],
    ['a null character', 'x\u0000y'],
    ['anything else', '\ud83d\ude00 äöü %0d%0a +/='],
  ])('with %s comes back as it was, and is on no page', async (_, state) => {
    const page = await ask(bridge, { client_id: await registerClient(bridge), state });
    expect(page.answer.text).not.toContain(state);
    const { answer } = await submit(bridge, page, { code });
    const redirect = redirectOf({ url: bridge.issuer, answer });
    expect(redirect.searchParams.getAll('state')).toEqual([state]);
    expect(redirect.searchParams.getAll('iss')).toEqual([bridge.issuer]);
    expect(redirect.searchParams.getAll('code')).toHaveLength(1);
    expect(redirect.hash).toBe('');
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.headers.location).toMatch(/^[\x21-\x7e]+$/);
  });
});

describe('a page', () => {
  it.each(['client_id', 'redirect_uri', 'state', 'scope', 'resource', 'x'])(
    'that says no does not repeat the markup in %s',
    async (name) => {
      const evil = `"'><script>alert(1)</script>`;
      for (const open of [true, false]) {
        if (!open) await linkByHand({ bridge });
        const { answer } = await ask(bridge, { client_id: 'unknown', [name]: evil });
        expectRefusalPage(answer, open ? 400 : 403);
        expect(answer.text).not.toMatch(/<script|"'>/);
      }
    },
  );

  it.each(['//evil.example', '/\\evil.example', '/authorize//evil.example'])(
    'is not shown at the path %s, which would lead elsewhere',
    async (path) => {
      const answer = await sendBytes(bridge, head(bridge, 'GET', `${path}?response_type=code`));
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    },
  );
});

describe('registration', () => {
  const REDIRECTS = `"redirect_uris":["${REDIRECT_URI}"]`;
  const send = (body: string) =>
    bridge.send('POST', `${bridge.issuer}/register`, { 'content-type': 'application/json' }, body);

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a list', `[{${REDIRECTS}}]`],
    ['null', 'null'],
    ['a text', `"${REDIRECT_URI}"`],
    ['a form', `redirect_uris=${REDIRECT_URI}`],
    ['no redirect URI', '{"redirect_uris":[]}'],
    ['eleven redirect URIs', JSON.stringify({ redirect_uris: Array(11).fill(REDIRECT_URI) })],
    ['a redirect URI that is no text', '{"redirect_uris":[{"toString":"x"}]}'],
    ['redirect URIs in a text', `{"redirect_uris":"${REDIRECT_URI}"}`],
    ['redirect URIs in an object', `{"redirect_uris":{"0":"${REDIRECT_URI}","length":1}}`],
    ['a name that is no text', `{${REDIRECTS},"client_name":{"toJSON":1}}`],
    ['redirect URIs of a prototype', `{"__proto__":{${REDIRECTS}}}`],
    ['8000 levels', '['.repeat(8000) + ']'.repeat(8000)],
    ['8000 levels in a name', `{${REDIRECTS},"client_name":${'['.repeat(7900)}${']'.repeat(7900)}}`],
  ])('is refused with %s', async (_, body) => {
    const { status, text } = await send(body);
    expect([status, JSON.parse(text).error]).toEqual([400, 'invalid_client_metadata']);
  });

  it('is refused with a body of 17 kB', async () => {
    expect((await send(`{${REDIRECTS},"x":"${'x'.repeat(17_000)}"}`)).status).toBe(413);
  });

  it('chooses the id itself, and gives out no secret', async () => {
    const wanted = { client_id: 'https://chatgpt.com/oauth/client.json', client_secret: 'mine', isKnown: true };
    const { status, text } = await register(bridge, { ...wanted, token_endpoint_auth_method: 'client_secret_post' });
    const client = JSON.parse(text);
    expect([status, client.token_endpoint_auth_method]).toEqual([201, 'none']);
    expect(client.client_id).toMatch(/^[\w-]{22}$/);
    expect(client).not.toHaveProperty('client_secret');
  });

  it('is not made better by a prototype', async () => {
    const { status, text } = await send(`{${REDIRECTS},"__proto__":{"isKnown":true},"constructor":{"isKnown":true}}`);
    expect(status).toBe(201);
    const { answer } = await ask(bridge, { client_id: JSON.parse(text).client_id });
    expect(answer.text).toContain('chose this name itself');
  });
});

describe('a form', () => {
  it.each(['/authorize', '/token', '/revoke'])('of 17 kB is refused at %s', async (path) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await bridge.send('POST', bridge.issuer + path, headers, `x=${'x'.repeat(17_000)}`)).status).toBe(413);
  });

  it('that is no UTF-8 is refused', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status } = await bridge.send('POST', `${bridge.issuer}/token`, headers, Buffer.from([0x78, 0x3d, 0xff]));
    expect(status).toBe(400);
  });

  it('whose fields have the names of properties is like any other', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect((await postConsent(bridge, { [name]: 'x', decision: 'allow' })).status).toBe(400);
    }
  });
});
