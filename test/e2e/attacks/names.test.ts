import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, type RawAnswer, rawRequest } from '../../support/http.ts';
import { redirectOf } from '../../support/oauth/endpoints.ts';
import {
  ask,
  DOORS,
  head,
  postConsent,
  registerClient,
  sendBytes,
  startTarget,
  type Target,
  transactionOf,
} from './attacker.ts';

const EVIL = 'https://evil.example';

let bridge: Target;
beforeAll(async () => {
  bridge = await startTarget();
});
afterAll(() => bridge[Symbol.asyncDispose]());

const FORM: Headers = { 'content-type': 'application/x-www-form-urlencoded' };
/** Knocks at all doors; resolves with what was answered at each. */
const knock = (headers: Headers): Promise<{ readonly path: string; readonly answer: RawAnswer }[]> =>
  Promise.all(
    DOORS.map(async ([method, path, body]) => {
      const answer = await rawRequest(method, bridge.origin + path, { ...FORM, ...headers }, body);
      return { path, answer };
    }),
  );

describe('a page that was led here by another name', () => {
  it.each<[string, Headers]>([
    ['Host', { host: 'evil.example' }],
    ['Host with our port', { host: 'evil.example:8000' }],
    ['Host and Origin', { host: 'evil.example', origin: EVIL }],
    ['Host that begins like ours', { host: '127.0.0.1.evil.example' }],
    ['Host that ends like ours', { host: 'evil.localhost.example' }],
    ['Host with a user', { host: '127.0.0.1@evil.example' }],
    ['Host that is empty', { host: '' }],
    ['Origin', { origin: EVIL }],
    ['Origin of a frame without one', { origin: 'null' }],
    ['Origin that begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
    ['Origin with a user', { origin: 'http://127.0.0.1@evil.example' }],
  ])('gets 403 at every door (%s)', async (_, headers) => {
    for (const { path, answer } of await knock(headers)) {
      expect([path, answer.status, answer.headers.location]).toEqual([path, 403, undefined]);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('is not let in by a preflight', async () => {
    const headers = { origin: EVIL, 'access-control-request-method': 'POST' };
    const { status, headers: answered } = await rawRequest('OPTIONS', `${bridge.origin}/token`, headers);
    expect(status).toBe(403);
    expect(answered).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the bridge’s own address', () => {
  const FORGED: Headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '444',
    'x-forwarded-prefix': '/evil.example',
    'x-original-url': '/evil.example',
    'x-rewrite-url': '/evil.example',
    forwarded: 'host=evil.example;proto=https',
    'x-host': 'evil.example',
    referer: `${EVIL}/`,
  };

  it('is not taken from headers, in the challenge, the metadata and the pages', async () => {
    const answers = await knock(FORGED);
    for (const { answer } of answers)
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain('evil.example');
    expect(answers[0]?.answer.headers['www-authenticate']).toContain(`"${bridge.issuer}/.well-known/`);
    const metadata = await rawRequest('GET', `${bridge.origin}/.well-known/oauth-authorization-server`, FORGED);
    expect(JSON.parse(metadata.text)).toMatchObject({
      issuer: bridge.issuer,
      token_endpoint: `${bridge.issuer}/token`,
    });
  });

  it('is not taken from headers, when the owner allows', async () => {
    const code = await bridge.pair();
    const clientId = await registerClient(bridge);
    const transaction = transactionOf(await ask(bridge, { client_id: clientId }));
    const answer = await postConsent(bridge, { transaction, code, decision: 'allow' }, FORGED);
    expect(redirectOf({ url: bridge.issuer, answer }).searchParams.get('iss')).toBe(bridge.issuer);
  });

  it('is not the other one of its names, by which a request has come', async () => {
    const host = `localhost:${new URL(bridge.origin).port}`;
    const { text } = await rawRequest('GET', `${bridge.origin}/.well-known/oauth-protected-resource/mcp`, { host });
    expect(JSON.parse(text)).toMatchObject({ resource: bridge.resource, authorization_servers: [bridge.issuer] });
  });

  it.each(['http://evil.example', 'https://evil.example:443', 'http://127.0.0.1'])(
    'is not taken from a target like %s/…',
    async (origin) => {
      for (const [method, path] of DOORS) {
        const answer = await sendBytes(bridge, head(bridge, method, origin + path, 'Content-Length: 0'));
        expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
        expect(answer).not.toContain('evil.example');
      }
    },
  );

  it('is not taken from a second Host', async () => {
    const target = '/.well-known/oauth-authorization-server';
    const answer = await sendBytes(bridge, head(bridge, 'GET', target, 'Host: evil.example'));
    expect(answer).not.toContain('evil.example');
  });
});
