import { describe, expect, it } from 'vitest';
import { expiryOf, principalIdOf } from '../../src/oauth/grants.ts';
import { hashOf } from '../../src/oauth/secret.ts';
import type { Grant } from '../../src/oauth/state.ts';
import { makeFolder } from '../state/support.ts';
import { CLIENT, CONSENT, DAY, HOUR, ISSUER, REDIRECT, RESOURCE, SECOND, startGrants } from './support.ts';

describe('a grant', () => {
  it('says what the owner has allowed, and holds no token', async () => {
    const { clock, grants, link } = await startGrants();
    const tokens = await link({ readOnly: true }, 'the code');
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^mcpb_access_[\w-]{43}$/),
      refreshToken: expect.stringMatching(/^mcpb_refresh_[\w-]{86}$/),
      expiresIn: 3600,
      readOnly: true,
    });
    const family = tokens.refreshToken.slice('mcpb_refresh_'.length, -43);
    expect(grants.all).toEqual([
      {
        id: expect.stringMatching(/^[\da-f]{8}$/),
        clientId: CLIENT.id,
        clientName: CLIENT.name,
        redirectUri: REDIRECT,
        resource: RESOURCE,
        readOnly: true,
        createdAt: clock.now(),
        code: hashOf('the code'),
        family: hashOf(family),
        refresh: { hash: hashOf(tokens.refreshToken), issuedAt: clock.now(), isUsed: false },
        predecessors: [],
        accessTokens: [{ hash: hashOf(tokens.accessToken), expiresAt: clock.now() + HOUR, readOnly: true }],
      },
    ]);
  });

  it('has an id, tokens and a family of its own', async () => {
    const { grants, link } = await startGrants();
    const tokens = [await link(), await link()];
    const [one, other] = grants.all as [Grant, Grant];
    expect(one.id).not.toBe(other.id);
    expect(one.family).not.toBe(other.family);
    expect(new Set(tokens.flatMap((each) => [each.accessToken, each.refreshToken])).size).toBe(4);
  });

  it('expires 14 days after it was refreshed, and 90 after it was made', async () => {
    const { grants, link } = await startGrants();
    await link();
    const [grant] = grants.all as [Grant];
    const madeBefore = (days: number) => ({ ...grant, createdAt: grant.createdAt - days * DAY });
    expect(expiryOf(grant)).toBe(grant.createdAt + 14 * DAY);
    expect(expiryOf(madeBefore(76))).toBe(grant.createdAt + 14 * DAY);
    expect(expiryOf(madeBefore(77))).toBe(grant.createdAt + 13 * DAY);
  });

  it('is one of 200 at most: the oldest goes first, and all that are over', async () => {
    const { clock, store, grants, link, opens } = await startGrants();
    const first = await link();
    const [grant] = grants.all as [Grant];
    const copies = Array.from({ length: 199 }, (_, index) => ({ ...grant, id: `copy ${index}` }));
    await store.change((state) => ({ state: { ...state, grants: [grant, ...copies] }, result: undefined }));
    expect(opens(first.accessToken)).toBe(true);
    await link();
    const ids = grants.all.map(({ id }) => id);
    expect(ids).toHaveLength(200);
    expect(ids.slice(0, 2)).toEqual(['copy 0', 'copy 1']);
    clock.pass(14 * DAY);
    await link();
    expect(grants.all).toHaveLength(1);
  });
});

describe('an access token', () => {
  it('is good for an hour, and stands for its grant', async () => {
    const { clock, grants, link } = await startGrants();
    const { accessToken } = await link();
    const [grant] = grants.all as [Grant];
    const principal = { id: `grant:${grant.id}`, readOnly: false };
    expect(principalIdOf(grant)).toBe(principal.id);
    expect(grants.verify(accessToken, RESOURCE)).toEqual(principal);
    clock.pass(HOUR - 1);
    expect(grants.verify(accessToken, RESOURCE)).toEqual(principal);
    clock.pass(1);
    expect(grants.verify(accessToken, RESOURCE)).toBeUndefined();
  });

  it.each([`${RESOURCE}/`, ISSUER, `${ISSUER}/sse`, 'https://H.example/mcp', 'https://h.example:443/mcp', ''])(
    'opens no other resource: %s',
    async (resource) => {
      const { grants, link } = await startGrants();
      const { accessToken } = await link();
      expect(grants.verify(accessToken, resource)).toBeUndefined();
      expect(grants.verify(accessToken, RESOURCE)).toBeDefined();
    },
  );

  it('is nothing that was made up, nor a refresh token', async () => {
    const { grants, opens, link } = await startGrants();
    const { accessToken, refreshToken } = await link();
    const [grant] = grants.all as [Grant];
    const madeUp = ['', 'x', refreshToken, accessToken.toUpperCase(), `${accessToken}x`, accessToken.slice(0, -1)];
    for (const token of [...madeUp, hashOf(accessToken), grant.id]) expect(opens(token)).toBe(false);
  });

  it('for reading only says so', async () => {
    const { grants, link } = await startGrants();
    const { accessToken } = await link({ readOnly: true });
    expect(grants.verify(accessToken, RESOURCE)).toMatchObject({ readOnly: true });
  });

  it('is one of 50 at most: who asks for more loses the oldest', async () => {
    const { grants, link, refresh, opens } = await startGrants();
    const first = await link();
    const second = await refresh(first.refreshToken);
    let last = second;
    for (let count = 2; count < 51; count += 1) last = await refresh(last.refreshToken);
    expect(grants.all[0]?.accessTokens).toHaveLength(50);
    expect([first, second, last].map(({ accessToken }) => opens(accessToken))).toEqual([false, true, true]);
  });

  it('that has expired is kept no longer than until the next refresh', async () => {
    const { clock, grants, link, refresh } = await startGrants();
    const { refreshToken } = await link();
    clock.pass(HOUR);
    await refresh(refreshToken);
    expect(grants.all[0]?.accessTokens).toHaveLength(1);
  });
});

describe('two processes with one file', () => {
  it('know each other’s tokens once they have looked', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    const { accessToken } = await one.link();
    expect(other.opens(accessToken)).toBe(false);
    await other.store.reload();
    expect(other.opens(accessToken)).toBe(true);
  });

  it('refresh and revoke each other’s grants without looking first', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    const first = await one.link();
    const second = await other.refresh(first.refreshToken);
    expect(await one.grants.revoke(second.refreshToken, CONSENT.client.id)).toBe(true);
    await expect(other.refresh(second.refreshToken)).rejects.toMatchObject({ code: 'invalid_grant' });
  });

  it('end what the other has ended: its listeners hear of it, and its tokens are refused', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    const { accessToken } = await one.link();
    const [grant] = one.grants.all as [Grant];
    const ended: Grant[] = [];
    one.store.listeners.add((each) => ended.push(each));
    expect(await other.grants.revokeIds('all')).toEqual([]);
    await other.store.reload();
    expect(await other.grants.revokeIds('all')).toEqual([grant]);
    await one.store.reload();
    expect(ended).toEqual([grant]);
    expect(one.opens(accessToken)).toBe(false);
  });
});

describe('what a client has received', () => {
  it('is noted once, however often it is used', async () => {
    const { store, grants, link, opens, written } = await startGrants();
    const { accessToken } = await link();
    const { revision } = store.state;
    for (let count = 0; count < 5; count += 1) expect(opens(accessToken)).toBe(true);
    await written();
    expect(opens(accessToken)).toBe(true);
    await written();
    expect(grants.all[0]?.refresh.isUsed).toBe(true);
    expect(store.state.revision).toBe(revision + 1);
  });

  it('is not noted when it was of no use', async () => {
    const { clock, grants, link, written } = await startGrants();
    const { accessToken } = await link();
    grants.verify(accessToken, `${ISSUER}/sse`);
    clock.pass(HOUR + SECOND);
    grants.verify(accessToken, RESOURCE);
    await written();
    expect(grants.all[0]?.refresh.isUsed).toBe(false);
  });
});
