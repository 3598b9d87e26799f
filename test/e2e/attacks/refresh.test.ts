import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../src/oauth/state.ts';
import { rawPost } from '../../support/http.ts';
import { revoke } from '../../support/oauth/endpoints.ts';
import { type Link, linkByHand } from '../../support/oauth/owner.ts';
import {
  type Bystander,
  grantOf,
  linkBystander,
  readState,
  refreshed,
  renew,
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

describe('an access token', () => {
  it('is no good once its hour is over', async () => {
    const link = await linkByHand({ bridge });
    await age(link, (grant) => ({ ...grant, accessTokens: grant.accessTokens.map(over) }));
    await expect.poll(() => use(bridge, link.tokens.access_token)).toBe(401);
    expect(await use(bridge, await accessOf(link))).toBe(200);
  });
});

describe('a refresh token', () => {
  it.each<[string, (link: Link) => string]>([
    ['an access token', ({ tokens }) => tokens.access_token],
    ['one of the right form', () => `mcpb_refresh_${randomBytes(64).toString('base64url')}`],
    ['one that is cut', ({ tokens }) => tokens.refresh_token.slice(0, -44)],
    ['one without its prefix', ({ tokens }) => tokens.refresh_token.replace('mcpb_refresh_', '')],
    ['the prefix alone', () => 'mcpb_refresh_'],
    ['nothing', () => ''],
  ])('cannot be %s', async (_, bend) => {
    expect(await refreshed(bridge, owner.link, { refresh_token: bend(owner.link) })).toMatch(/^400 invalid_/);
  });

  it('is no good in the hands of another client, and stays good in its own', async () => {
    const other = await linkByHand({ bridge });
    const stolen = { refresh_token: owner.link.tokens.refresh_token };
    expect(await refreshed(bridge, other, stolen)).toBe('400 invalid_grant');
    expect(await refreshed(bridge, other, { ...stolen, client_id: undefined })).toBe('400 invalid_request');
    expect(await refreshed(bridge, other)).toBe('200');
  });

  it('gives nobody more than the owner has allowed', async () => {
    const link = await linkByHand({ bridge, access: 'read' });
    const { refresh_token } = link.tokens;
    const fields = { grant_type: 'refresh_token', refresh_token, client_id: link.clientId, scope: 'mcp' };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { text } = await rawPost(`${bridge.issuer}/token`, new URLSearchParams(fields).toString(), headers);
    expect(JSON.parse(text).scope).toBe('mcp:read');
  });

  it('may come again while nothing of its successor was used: the answer can have been lost', async () => {
    const link = await linkByHand({ bridge });
    await renew(bridge, link);
    expect(await use(bridge, await accessOf(link))).toBe(200);
  });

  it('ends the grant when it comes again after its successor was used and its grace is over', async () => {
    const link = await linkByHand({ bridge });
    const tokens = await renew(bridge, link);
    expect(await use(bridge, tokens.access_token)).toBe(200);
    await expect.poll(async () => (await grantOf(bridge, link)).refresh.isUsed).toBe(true);
    await age(link, (grant) => ({ ...grant, predecessors: grant.predecessors.map((each) => ({ ...each, until: 0 })) }));
    expect(await refreshed(bridge, link)).toBe('400 invalid_grant');
    expect(await use(bridge, tokens.access_token)).toBe(401);
    expect(await refreshed(bridge, { ...link, tokens })).toBe('400 invalid_grant');
  });

  it.each<[string, (grant: Grant) => Grant]>([
    ['was not used for 14 days', (grant) => ({ ...grant, refresh: { ...grant.refresh, issuedAt: ago(14) } })],
    ['is of a grant that is 90 days old', (grant) => ({ ...grant, createdAt: ago(90) })],
  ])('is no good when it %s', async (_, change) => {
    const link = await linkByHand({ bridge });
    await age(link, change);
    expect(await refreshed(bridge, link)).toBe('400 invalid_grant');
  });
});

describe('revocation', () => {
  it.each(['access_token', 'refresh_token'] as const)('by the %s ends all of the link', async (kind) => {
    const link = await linkByHand({ bridge });
    const { status } = await revoke(bridge, { token: link.tokens[kind], client_id: link.clientId });
    expect(status).toBe(200);
    expect(await use(bridge, link.tokens.access_token)).toBe(401);
    expect(await refreshed(bridge, link)).toBe('400 invalid_grant');
  });

  it('of what is another client’s does nothing, and tells nothing', async () => {
    const other = await linkByHand({ bridge });
    const answers = await Promise.all(
      [owner.link.tokens.access_token, owner.link.tokens.refresh_token, 'made-up'].map(async (token) => {
        const { status, text } = await revoke(bridge, { token, client_id: other.clientId });
        return [status, text];
      }),
    );
    expect(answers).toEqual([200, 200, 200].map((status) => [status, '']));
  });
});

const DAY = 24 * 60 * 60_000;

function ago(days: number): number {
  return Date.now() - days * DAY;
}

function over<T extends { readonly expiresAt: number }>(token: T): T {
  return { ...token, expiresAt: Date.now() - 1 };
}

async function accessOf(link: Link): Promise<string> {
  return (await renew(bridge, link)).access_token;
}

/** Lets time pass for a link: what the bridge keeps of it is changed as if it were older. */
async function age(link: Link, change: (grant: Grant) => Grant): Promise<void> {
  // What the bridge has still to write about earlier requests would be lost; this is the last that it writes.
  await owner.expectService();
  await expect.poll(async () => (await grantOf(bridge, owner.link)).refresh.isUsed).toBe(true);
  const { path, state } = await readState(bridge);
  const grants = state.grants.map((grant) => (grant.clientId === link.clientId ? change(grant) : grant));
  await writeFile(path, JSON.stringify({ ...state, revision: state.revision + 1, grants }));
}
