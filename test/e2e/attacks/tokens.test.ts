import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, rawPost, rawRequest } from '../../support/http.ts';
import type { Link } from '../../support/oauth/owner.ts';
import {
  allow,
  type Bystander,
  bearer,
  head,
  LIST,
  linkBystander,
  sendBytes,
  startTarget,
  type Target,
  use,
} from './attacker.ts';

let bridge: Target;
let owner: Bystander;

beforeAll(async () => {
  bridge = await startTarget();
  owner = await linkBystander(bridge);
});
afterAll(() => bridge[Symbol.asyncDispose]());
afterEach(() => owner.expectService());

/** What the challenge of a request without a token has to be, to the letter. */
function challengeAt(path: string): string {
  return `Bearer resource_metadata="${bridge.issuer}/.well-known/oauth-protected-resource${path}", scope="mcp"`;
}

describe('without a token', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

  it.each(['/mcp', '/sse'])('%s answers 401 with the same challenge to every method', async (path) => {
    for (const method of METHODS) {
      const { status, headers } = await rawRequest(method, bridge.issuer + path);
      expect([method, status, headers['www-authenticate']]).toEqual([method, 401, challengeAt(path)]);
    }
  });

  it('the path for messages answers with the challenge of its stream', async () => {
    const { status, headers } = await rawPost(`${bridge.issuer}/message?sessionId=x`, LIST);
    expect([status, headers['www-authenticate']]).toEqual([401, challengeAt('/sse')]);
  });

  it.each([
    ['nothing', ''],
    ['an empty object', '{}'],
    ['an empty list', '[]'],
    ['null', 'null'],
    ['a request', JSON.stringify(LIST)],
    ['no JSON', '{'],
    ['no UTF-8', Buffer.from([0xff, 0xfe])],
    ['two megabytes', 'x'.repeat(2_000_000)],
  ])('a body of %s makes no difference', async (_, body) => {
    for (const type of ['application/json', 'text/plain', undefined]) {
      const { status, headers } = await rawPost(bridge.resource, body, { 'content-type': type });
      expect([status, headers['www-authenticate']]).toEqual([401, challengeAt('/mcp')]);
    }
  });

  it.each([
    ['is announced as 5 GB', 'Content-Length: 5000000000', ''],
    ['comes in chunks without an end', 'Transfer-Encoding: chunked', '5\r\n{"jso\r\n'],
    ['waits to be asked for', 'Content-Length: 100\r\nExpect: 100-continue', ''],
  ])('the answer does not wait for a body that %s', async (_, header, beginning) => {
    const answer = await sendBytes(bridge, head(bridge, 'POST', '/mcp', header) + beginning);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /m);
    expect(answer).toContain(challengeAt('/mcp'));
  });

  it('sessions, revisions and batches make no difference', async () => {
    const headers = { 'mcp-session-id': 'x', 'mcp-protocol-version': '2026-07-28', 'last-event-id': 'x' };
    for (const body of [[LIST], { ...LIST, method: 'initialize' }, { ...LIST, method: 'server/discover' }]) {
      expect((await rawPost(bridge.resource, body, headers)).headers['www-authenticate']).toBe(challengeAt('/mcp'));
    }
  });
});

describe('a token', () => {
  const good = () => owner.link.tokens.access_token;

  it.each<[string, () => { url?: string; headers?: Headers; body?: string }]>([
    ['in the query', () => ({ url: `${bridge.resource}?access_token=${good()}` })],
    ['in a cookie', () => ({ headers: { cookie: `access_token=${good()}` } })],
    ['in another header', () => ({ headers: { 'x-authorization': `Bearer ${good()}`, 'x-api-key': good() } })],
    ['for a proxy', () => ({ headers: { 'proxy-authorization': `Bearer ${good()}` } })],
    ['as the name of Basic', () => ({ headers: { authorization: basic(`${good()}:`) } })],
    ['as the password of Basic', () => ({ headers: { authorization: basic(`x:${good()}`) } })],
    ['without a scheme', () => ({ headers: { authorization: good() } })],
    ['with another scheme', () => ({ headers: { authorization: `Token ${good()}` } })],
    ['behind another one', () => ({ headers: { authorization: `Bearer evil ${good()}` } })],
    ['behind a comma', () => ({ headers: { authorization: `Bearer evil, Bearer ${good()}` } })],
    ['before a comma', () => ({ headers: { authorization: `Bearer ${good()}, Bearer evil` } })],
    ['in quotes', () => ({ headers: { authorization: `Bearer "${good()}"` } })],
  ])('%s is not looked at', async (_, place) => {
    const { url = bridge.resource, headers = {} } = place();
    expect((await rawPost(url, LIST, headers)).status).toBe(401);
  });

  it('in a form is not looked at', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await rawPost(bridge.resource, `access_token=${good()}`, headers)).status).toBe(401);
  });

  it('does not count in a second header behind another one', async () => {
    const two = ['Authorization: Bearer evil', `Authorization: Bearer ${good()}`];
    expect(await sendBytes(bridge, head(bridge, 'POST', '/mcp', ...two, 'Content-Length: 0'))).toMatch(/ 401 /);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('may call its scheme %s', async (scheme) => {
    const { status } = await rawPost(bridge.resource, LIST, { authorization: `${scheme} ${good()}` });
    expect(status).toBe(200);
  });

  it.each<[string, (own: Link['tokens']) => string]>([
    ['a refresh token', (own) => own.refresh_token],
    ['one of the right form', () => `mcpb_access_${randomBytes(32).toString('base64url')}`],
    ['one that is cut', (own) => own.access_token.slice(0, -1)],
    ['one with something behind it', (own) => `${own.access_token}A`],
    ['one with padding', (own) => `${own.access_token}=`],
    ['one without its prefix', (own) => own.access_token.replace('mcpb_access_', '')],
    ['one in capitals', (own) => own.access_token.toUpperCase()],
    ['the client', () => owner.link.clientId],
    ['the key of the local app', () => bridge.key],
    ['undefined', () => 'undefined'],
    ['the name of a property', () => '__proto__'],
  ])('that is %s is refused as one that is not good', async (_, bend) => {
    const { status, headers } = await rawPost(bridge.resource, LIST, bearer(bend(owner.link.tokens)));
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer resource_metadata=".*", scope="mcp", error="invalid_token"/);
  });

  it('is no authorization code', async () => {
    const { code } = await allow(bridge);
    expect(await use(bridge, code)).toBe(401);
  });
});

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}
