import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, rawRequest } from '../../support/http.ts';
import { register } from '../../support/oauth/endpoints.ts';
import {
  ask,
  type Bystander,
  bearer,
  expectRefusalPage,
  linkBystander,
  startTarget,
  type Target,
  use,
} from './attacker.ts';

let bridge: Target;
let owner: Bystander;

beforeAll(async () => {
  bridge = await startTarget();
  // Its window is closed again.
  owner = await linkBystander(bridge);
});
afterAll(() => bridge[Symbol.asyncDispose]());

const pairWith = (headers: Headers, method = 'POST', more = '') =>
  rawRequest(method, `${bridge.localUrl}/pair${more}`, headers);

describe('the owner’s side opens no window', () => {
  it.each<[string, number, () => ReturnType<typeof pairWith>]>([
    ['without the key', 401, () => pairWith({})],
    ['with another key', 401, () => pairWith(bearer('A'.repeat(43)))],
    ['with a part of the key', 401, () => pairWith(bearer(bridge.key.slice(0, -1)))],
    ['with more than the key', 401, () => pairWith(bearer(`${bridge.key}A`))],
    ['with the token of a client', 401, () => pairWith(bearer(owner.link.tokens.access_token))],
    ['with the key in the query', 401, () => pairWith({}, 'POST', `?key=${bridge.key}&access_token=${bridge.key}`)],
    ['with the key in a cookie', 401, () => pairWith({ cookie: `key=${bridge.key}` })],
    ['with the key for another scheme', 401, () => pairWith({ authorization: `Basic ${bridge.key}` })],
    ['for a page', 403, () => pairWith({ ...bearer(bridge.key), origin: 'https://evil.example' })],
    ['for a page without an origin', 403, () => pairWith({ ...bearer(bridge.key), origin: 'null' })],
    ['under another name', 403, () => pairWith({ ...bearer(bridge.key), host: 'evil.example' })],
    ['with GET', 405, () => pairWith(bearer(bridge.key), 'GET')],
    ['with PUT', 405, () => pairWith(bearer(bridge.key), 'PUT')],
  ])('%s', async (_, expected, attack) => {
    const { status, text, headers } = await attack();
    expect(status).toBe(expected);
    expect(text).not.toContain('expiresAt');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect((await register(bridge)).status).toBe(403);
    expectRefusalPage((await ask(bridge, { client_id: owner.link.clientId })).answer, 403);
  });

  it('to a preflight of a page', async () => {
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const { headers } = await pairWith({ ...asked, origin: 'https://evil.example' }, 'OPTIONS');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the key', () => {
  it('opens nothing but a window', async () => {
    expect(await use(bridge, bridge.key)).toBe(401);
  });

  it('is no good where the world knocks', async () => {
    for (const path of ['/pair', '/status', '/readyz', '/grants'])
      expect((await rawRequest('POST', bridge.issuer + path, bearer(bridge.key))).status).toBe(404);
  });

  it('opens a window', async () => {
    const { status, text } = await pairWith(bearer(bridge.key));
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { code: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/), expiresAt: expect.any(String) },
    ]);
  });
});
