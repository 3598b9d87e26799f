import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../support/fixtures.ts';
import { openSse, rawPost } from '../../support/http.ts';
import { redeem, redirectOf } from '../../support/oauth/endpoints.ts';
import { type Link, linkByHand } from '../../support/oauth/owner.ts';
import { allow, ask, bearer, LIST, outcomeOf, redeemed, refreshed, startTarget, type Target, use } from './attacker.ts';

const SERVERS = {
  alpha: fixture('echo-server', '--tools', 'echo'),
  beta: fixture('echo-server', '--tools', 'echo'),
};

let bridge: Target;
/** By the path they are for. */
let links: Record<string, Link>;

beforeAll(async () => {
  bridge = await startTarget([], { config: { mcpServers: SERVERS } });
  const paths = ['/mcp', '/sse', '/servers/alpha/mcp', '/servers/alpha/sse'];
  links = {};
  for (const path of paths) links[path] = await linkByHand({ bridge, resource: bridge.issuer + path });
});
afterAll(() => bridge[Symbol.asyncDispose]());

function linkTo(path: string): Link {
  return links[path] as Link;
}

/** The status of a request with the token that is for `path`. */
async function visit(place: string, path: string): Promise<number> {
  const headers = bearer(linkTo(path).tokens.access_token);
  const url = bridge.issuer + place;
  if (!place.includes('/sse')) return (await rawPost(url, LIST, headers)).status;
  const stream = await openSse(url, headers);
  stream.close();
  return stream.status;
}

const NOT_SERVED = [
  ['a slash at its end', (own: string) => `${own}/`],
  ['capitals in its path', (own: string) => own.replace('/mcp', '/MCP')],
  ['another port', (own: string) => own.replace(/:\d+/, ':1')],
  ['another scheme', (own: string) => own.replace('http:', 'https:')],
  ['another name for the host', (own: string) => own.replace('127.0.0.1', 'localhost')],
  ['a query', (own: string) => `${own}?x`],
  ['a fragment', (own: string) => `${own}#x`],
  ['no path', (own: string) => own.replace('/mcp', '')],
  ['an encoded letter', (own: string) => own.replace('/mcp', '/%6dcp')],
  ['a server that there is not', (own: string) => own.replace('/mcp', '/servers/gamma/mcp')],
  ['a user', (own: string) => own.replace('http://', 'http://evil@')],
  ['another host', () => 'https://evil.example/mcp'],
] as const;

describe('a resource', () => {
  it.each(NOT_SERVED)('that is ours but for %s is not granted', async (_, bend) => {
    await bridge.pair();
    const query = { client_id: linkTo('/mcp').clientId, resource: bend(bridge.resource) };
    expect(redirectOf(await ask(bridge, query)).searchParams.get('error')).toBe('invalid_target');
  });

  it.each([
    ['another endpoint', '/servers/alpha/mcp'],
    ['the other transport', '/sse'],
    ['one that there is not', '/evil'],
  ])('at the token endpoint is the one that the owner has allowed, not %s', async (_, path) => {
    const allowed = await allow(bridge);
    expect(await redeemed(bridge, allowed, { resource: bridge.issuer + path })).toBe('400 invalid_target');
    expect(await redeemed(bridge, allowed)).toBe('400 invalid_grant');
  });

  it.each(NOT_SERVED)('is not changed by a refresh to one with %s', async (_, bend) => {
    const resource = bend(bridge.resource);
    expect(await refreshed(bridge, linkTo('/mcp'), { resource })).toBe('400 invalid_target');
    expect(await use(bridge, linkTo('/mcp').tokens.access_token)).toBe(200);
  });

  it('is not changed by a refresh to another endpoint', async () => {
    const resource = `${bridge.issuer}/servers/alpha/mcp`;
    expect(await refreshed(bridge, linkTo('/mcp'), { resource })).toBe('400 invalid_target');
  });

  it('that is narrower stays so when none is named any more', async () => {
    const allowed = await allow(bridge, { resource: `${bridge.issuer}/servers/alpha/mcp` });
    const answer = await redeem(bridge, { ...allowed, resource: undefined });
    expect(outcomeOf(answer)).toBe('200');
    const { access_token } = JSON.parse(answer.text);
    expect(await use(bridge, access_token)).toBe(401);
    expect(await use(bridge, access_token, allowed.resource)).toBe(200);
  });
});

describe('a token', () => {
  it.each(['/mcp', '/sse', '/servers/alpha/mcp', '/servers/alpha/sse'])('for %s is good there', async (path) => {
    expect(await visit(path, path)).toBe(200);
  });

  it.each([
    ['/mcp', '/sse'],
    ['/mcp', '/message?sessionId=x'],
    ['/mcp', '/servers/alpha/mcp'],
    ['/mcp', '/servers/beta/mcp'],
    ['/mcp', '/servers/alpha/sse'],
    ['/sse', '/mcp'],
    ['/sse', '/servers/alpha/sse'],
    ['/servers/alpha/mcp', '/mcp'],
    ['/servers/alpha/mcp', '/servers/beta/mcp'],
    ['/servers/alpha/mcp', '/servers/%62eta/mcp'],
    ['/servers/alpha/mcp', '/servers/alpha/sse'],
    ['/servers/alpha/sse', '/servers/alpha/mcp'],
    ['/servers/alpha/sse', '/message?sessionId=x'],
  ])('for %s is no good at %s', async (path, place) => {
    expect(await visit(place, path)).toBe(401);
  });

  it('is no good at another bridge of the owner’s, though that one knows of it, and whatever Host says', async () => {
    const { stateFolder } = bridge;
    await using other = await startTarget(undefined, { stateFolder });
    const { tokens } = linkTo('/mcp');
    expect(await other.command('grants', 'ls')).toContain(bridge.resource);
    expect(await use(other, tokens.access_token)).toBe(401);
    const pretended = { ...bearer(tokens.access_token), host: new URL(bridge.issuer).host };
    expect((await rawPost(other.resource, LIST, pretended)).status).toBe(401);
    expect(await use(bridge, tokens.access_token)).toBe(200);
  });
});
