import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../state/support.ts';
import { CLIENT, DAY, HOUR, ISSUER, MINUTE, RESOURCE, SECOND, startGrants, type TestGrants } from './support.ts';

const GRACE = 120 * SECOND;
const NOT_GOOD = { name: 'OAuthError', code: 'invalid_grant', status: 400 };

/** Expects that a refresh token is refused, and that its grant has ended with that. */
async function expectEnd({ grants, refresh }: TestGrants, token: string): Promise<void> {
  expect(grants.all).toHaveLength(1);
  await expect(refresh(token)).rejects.toMatchObject(NOT_GOOD);
  expect(grants.all).toEqual([]);
}

describe('a refresh token', () => {
  it('gives new tokens, which are good like those before', async () => {
    const { clock, link, refresh, opens } = await startGrants();
    const first = await link();
    clock.pass(HOUR - 1);
    const second = await refresh(first.refreshToken);
    expect(second).toEqual({ ...first, accessToken: expect.any(String), refreshToken: expect.any(String) });
    expect(opens(first.accessToken)).toBe(true);
    clock.pass(HOUR - 1);
    expect([first, second].map(({ accessToken }) => opens(accessToken))).toEqual([false, true]);
  });

  it('is good for 14 days, and after that its grant is no more', async () => {
    const test = await startGrants();
    const first = await test.link();
    test.clock.pass(14 * DAY - 1);
    const second = await test.refresh(first.refreshToken);
    test.clock.pass(14 * DAY);
    await expectEnd(test, second.refreshToken);
  });

  it('is good until 90 days after the owner was asked, however often it was rotated', async () => {
    const test = await startGrants();
    let { refreshToken } = await test.link();
    for (let days = 10; days <= 80; days += 10) {
      test.clock.pass(10 * DAY);
      ({ refreshToken } = await test.refresh(refreshToken));
    }
    test.clock.pass(10 * DAY - 1);
    ({ refreshToken } = await test.refresh(refreshToken));
    test.clock.pass(1);
    await expectEnd(test, refreshToken);
  });

  it('is its client’s only, and another one does no harm with it', async () => {
    const { grants, link, refresh } = await startGrants();
    const { refreshToken: token } = await link();
    const stolen = { token, clientId: 'another', resource: RESOURCE, readOnly: false };
    await expect(grants.refresh(stolen)).rejects.toMatchObject(NOT_GOOD);
    expect(await refresh(token)).toBeDefined();
  });

  it.each([`${RESOURCE}/`, `${ISSUER}/sse`, 'nonsense'])('is not for %s', async (resource) => {
    const { grants, link, refresh } = await startGrants();
    const { refreshToken: token } = await link();
    const asked = { token, clientId: CLIENT.id, resource, readOnly: false };
    await expect(grants.refresh(asked)).rejects.toMatchObject({
      code: 'invalid_target',
      message: `The grant is for ${RESOURCE}`,
    });
    expect(await refresh(token)).toBeDefined();
  });

  it('does without the resource', async () => {
    const { grants, link, opens } = await startGrants();
    const { refreshToken: token } = await link();
    const { accessToken } = await grants.refresh({
      token,
      clientId: CLIENT.id,
      resource: undefined,
      readOnly: false,
    });
    expect(opens(accessToken)).toBe(true);
  });

  it('can ask for less, which holds for that access token only', async () => {
    const { grants, link, refresh } = await startGrants();
    const first = await link();
    const second = await refresh(first.refreshToken, true);
    expect(second.readOnly).toBe(true);
    expect(grants.verify(second.accessToken, RESOURCE)).toMatchObject({ readOnly: true });
    expect(grants.verify(first.accessToken, RESOURCE)).toMatchObject({ readOnly: false });
    const third = await refresh(second.refreshToken);
    expect(grants.verify(third.accessToken, RESOURCE)).toMatchObject({ readOnly: false });
  });

  it('cannot ask for more than the owner has allowed', async () => {
    const { grants, link, refresh } = await startGrants();
    const { refreshToken } = await link({ readOnly: true });
    const { accessToken, readOnly } = await refresh(refreshToken, false);
    expect(readOnly).toBe(true);
    expect(grants.verify(accessToken, RESOURCE)).toMatchObject({ readOnly: true });
  });
});

describe('a refresh token that is none', () => {
  it('is refused, and nothing on disk is touched for it', async () => {
    const folder = await makeFolder();
    const { refresh } = await startGrants({ folder: join(folder, 'state') });
    for (const token of ['', 'x', 'mcpb_refresh_', `mcpb_refresh_${'x'.repeat(86)}`])
      await expect(refresh(token)).rejects.toMatchObject(NOT_GOOD);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves grants alone unless it is of their family', async () => {
    const test = await startGrants();
    const { accessToken, refreshToken } = await test.link();
    const prefix = 'mcpb_refresh_';
    const otherPrefix = 'x'.repeat(prefix.length) + refreshToken.slice(prefix.length);
    const madeUp = [
      accessToken,
      otherPrefix,
      `x${refreshToken}`,
      refreshToken.slice(prefix.length),
      prefix + 'x'.repeat(86),
    ];
    for (const token of madeUp) await expect(test.refresh(token)).rejects.toMatchObject(NOT_GOOD);
    expect(test.grants.all).toHaveLength(1);
    await expectEnd(test, refreshToken.slice(0, -43) + 'x'.repeat(43));
  });
});

describe('the refresh token before', () => {
  it('is good for 120 seconds, though its successor is in use', async () => {
    const { clock, link, refresh, opens, written } = await startGrants();
    const first = await link();
    clock.pass(HOUR);
    const second = await refresh(first.refreshToken);
    expect(opens(second.accessToken)).toBe(true);
    await written();
    clock.pass(GRACE - 1);
    const third = await refresh(first.refreshToken);
    expect([second, third].map(({ accessToken }) => opens(accessToken))).toEqual([true, true]);
    expect(await refresh(second.refreshToken)).toBeDefined();
  });

  it('ends the grant after that, with all its tokens', async () => {
    const test = await startGrants();
    const first = await test.link();
    const second = await test.refresh(first.refreshToken);
    expect(test.opens(second.accessToken)).toBe(true);
    await test.written();
    test.clock.pass(GRACE);
    await expectEnd(test, first.refreshToken);
    expect(test.opens(second.accessToken)).toBe(false);
    await expect(test.refresh(second.refreshToken)).rejects.toMatchObject(NOT_GOOD);
  });

  it('is good for days while nothing of its successor has been used: the answer was lost', async () => {
    const { clock, link, refresh, opens } = await startGrants();
    const first = await link();
    const lost = await refresh(first.refreshToken);
    clock.pass(13 * DAY);
    const second = await refresh(first.refreshToken);
    expect(opens(second.accessToken)).toBe(true);
    expect(opens(lost.accessToken)).toBe(false);
  });

  it('ends the grant once its successor has been rotated', async () => {
    const test = await startGrants();
    const first = await test.link();
    test.clock.pass(HOUR);
    const second = await test.refresh(first.refreshToken);
    test.clock.pass(GRACE);
    await test.refresh(second.refreshToken);
    await expectEnd(test, first.refreshToken);
  });

  it('is not made good again by another one that still is', async () => {
    const test = await startGrants();
    const first = await test.link();
    const late = await test.refresh(first.refreshToken);
    test.clock.pass(HOUR);
    const used = await test.refresh(first.refreshToken);
    expect(test.opens(used.accessToken)).toBe(true);
    await test.written();
    await test.refresh(late.refreshToken);
    await expectEnd(test, first.refreshToken);
  });

  it('is not done for by its own access token, which comes late', async () => {
    const { clock, link, refresh, opens, written } = await startGrants();
    const first = await link();
    await refresh(first.refreshToken);
    expect(opens(first.accessToken)).toBe(true);
    await written();
    clock.pass(DAY);
    expect(await refresh(first.refreshToken)).toBeDefined();
  });

  it('ends the grant also when another process has seen its successor in use', async () => {
    const folder = await makeFolder();
    const test = await startGrants({ folder });
    const other = await startGrants({ folder, clock: test.clock });
    const first = await test.link();
    const second = await test.refresh(first.refreshToken);
    await other.store.reload();
    expect(other.opens(second.accessToken)).toBe(true);
    await other.written();
    test.clock.pass(GRACE);
    await expectEnd(test, first.refreshToken);
  });
});

describe('two refreshes at once', () => {
  it('both succeed, and whichever answer the client keeps is good from then on', async () => {
    for (const kept of [0, 1]) {
      const { clock, link, refresh, opens, written } = await startGrants();
      const first = await link();
      clock.pass(HOUR);
      const both = await Promise.all([refresh(first.refreshToken), refresh(first.refreshToken)]);
      expect(both[0]?.refreshToken).not.toBe(both[1]?.refreshToken);
      let { accessToken, refreshToken } = both[kept] ?? first;
      for (let hours = 0; hours < 3; hours += 1) {
        expect(opens(accessToken)).toBe(true);
        await written();
        clock.pass(HOUR);
        ({ accessToken, refreshToken } = await refresh(refreshToken));
      }
    }
  });

  it('both succeed in two processes', async () => {
    const folder = await makeFolder();
    const [one, other] = [await startGrants({ folder }), await startGrants({ folder })];
    const first = await one.link();
    await Promise.all([one.refresh(first.refreshToken), other.refresh(first.refreshToken)]);
    await one.store.reload();
    expect(one.grants.all[0]?.accessTokens).toHaveLength(3);
  });
});

describe('answers that are lost in a row', () => {
  it.each([1, 15, 16, 17, 40])('do not end the grant: %i', async (count) => {
    const { clock, grants, link, refresh, opens } = await startGrants();
    const { refreshToken } = await link();
    for (let lost = 0; lost < count; lost += 1) {
      clock.pass(5 * MINUTE);
      await refresh(refreshToken);
    }
    clock.pass(5 * MINUTE);
    const { accessToken } = await refresh(refreshToken);
    expect(opens(accessToken)).toBe(true);
    expect(grants.all[0]?.predecessors.length).toBeLessThanOrEqual(16);
  });

  it('leave any of them good that came late, until one is used', async () => {
    const test = await startGrants();
    const first = await test.link();
    const late = await test.refresh(first.refreshToken);
    test.clock.pass(HOUR);
    await test.refresh(first.refreshToken);
    test.clock.pass(HOUR);
    const next = await test.refresh(late.refreshToken);
    expect(test.opens(next.accessToken)).toBe(true);
    await test.written();
    test.clock.pass(GRACE);
    await expectEnd(test, first.refreshToken);
  });
});
