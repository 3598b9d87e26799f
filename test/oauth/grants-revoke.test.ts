import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/oauth/state.ts';
import { makeFolder } from '../state/support.ts';
import { CLIENT, HOUR, startGrants } from './support.ts';

describe('a token that is given back', () => {
  it.each(['access', 'refresh', 'earlier access', 'earlier refresh'] as const)(
    'ends its grant and no other: %s',
    async (kind) => {
      const { grants, link, refresh, opens } = await startGrants();
      const other = await link();
      const first = await link();
      const second = await refresh(first.refreshToken);
      const tokens = {
        access: second.accessToken,
        refresh: second.refreshToken,
        'earlier access': first.accessToken,
        'earlier refresh': first.refreshToken,
      };
      expect(await grants.revoke(tokens[kind], CLIENT.id)).toBe(true);
      expect([first, second, other].map(({ accessToken }) => opens(accessToken))).toEqual([false, false, true]);
      await expect(refresh(second.refreshToken)).rejects.toMatchObject({ code: 'invalid_grant' });
      expect(await grants.revoke(tokens[kind], CLIENT.id)).toBe(false);
    },
  );

  it('may come from a client that does not say who it is, but not from another', async () => {
    const { grants, link, opens } = await startGrants();
    const { accessToken, refreshToken } = await link();
    for (const token of [accessToken, refreshToken]) expect(await grants.revoke(token, 'another')).toBe(false);
    expect(opens(accessToken)).toBe(true);
    expect(await grants.revoke(accessToken, undefined)).toBe(true);
    expect(opens(accessToken)).toBe(false);
  });

  it('ends nothing, and touches nothing on disk, when nobody knows it', async () => {
    const folder = await makeFolder();
    const { grants } = await startGrants({ folder: join(folder, 'state') });
    for (const token of ['', 'x', 'mcpb_refresh_', 'mcpb_access_x'])
      expect(await grants.revoke(token, undefined)).toBe(false);
    expect(await grants.revokeCode('x')).toBe(false);
    expect(await grants.revokeIds('all')).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends nothing when it is empty, or only starts like one', async () => {
    const { grants, link } = await startGrants();
    const { refreshToken, accessToken } = await link();
    for (const token of ['', 'mcpb_refresh_', refreshToken.slice(0, 40), accessToken.slice(0, -1)])
      expect(await grants.revoke(token, undefined)).toBe(false);
    expect(grants.all).toHaveLength(1);
  });
});

describe('a code that comes again', () => {
  it('ends the grant that it was redeemed for, and no other', async () => {
    const { clock, grants, link, opens } = await startGrants();
    const other = await link();
    const { accessToken } = await link({}, 'the code');
    clock.pass(HOUR / 2);
    expect(await grants.revokeCode('the code')).toBe(true);
    expect([accessToken, other.accessToken].map(opens)).toEqual([false, true]);
    expect(await grants.revokeCode('the code')).toBe(false);
  });

  it('ends it also while it is still being written', async () => {
    const { grants, link, opens } = await startGrants();
    const [{ accessToken }, isEnded] = await Promise.all([link({}, 'the code'), grants.revokeCode('the code')]);
    expect(isEnded).toBe(true);
    expect(opens(accessToken)).toBe(false);
    expect(grants.all).toEqual([]);
  });
});

describe('ids', () => {
  it('end the grants that they name', async () => {
    const { grants, link } = await startGrants();
    await Promise.all([link(), link(), link()]);
    const [first, second, third] = grants.all as [Grant, Grant, Grant];
    expect(await grants.revokeIds([third.id, 'unknown', first.id])).toEqual([first, third]);
    expect(grants.all).toEqual([second]);
    expect(await grants.revokeIds([])).toEqual([]);
    expect(await grants.revokeIds('all')).toEqual([second]);
    expect(grants.all).toEqual([]);
  });
});
