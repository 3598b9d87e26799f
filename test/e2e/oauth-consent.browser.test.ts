import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../downstream/support.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { connectHttp } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { type BrowserClient, showLanding, startBrowserClient } from '../support/oauth/browser-client.ts';
import { allow, openPage, problemOn, wrongFor } from '../support/oauth/consent-browser.ts';
import { type GuardedBridge, linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';
import { statusOf } from './status.ts';

const SERVER = ['--stdio', fixtureLine('echo-server', '--tools', 'echo,length,sleep,hang,log')];
const READ_ONLY = ['echo', 'length'];
const WITHOUT_SCRIPTS = { javaScriptEnabled: false };

describe.skipIf(CHROMIUM === undefined)('the owner, with a browser,', () => {
  let browser: Browser | undefined;
  let bridge: GuardedBridge;
  beforeAll(async () => {
    [browser, bridge] = await Promise.all([launchBrowser(), startGuardedBridge(SERVER)]);
  });
  afterAll(() => Promise.all([browser?.close(), bridge[Symbol.asyncDispose]()]));

  /** A client that may ask, as a window is open. */
  async function invite(
    options?: Parameters<typeof startBrowserClient>[1],
  ): Promise<{ code: string; client: BrowserClient }> {
    const code = await bridge.pair();
    return { code, client: await startBrowserClient(bridge, options) };
  }

  const atClient = (page: Page, { redirectUri }: BrowserClient) => page.waitForURL(`${redirectUri}?**`);

  /** The tools that a client sees once it has redeemed its code. */
  async function toolsOf(client: BrowserClient): Promise<string[]> {
    const { access_token } = await client.redeem();
    await using peer = await connectHttp(bridge.resource, { headers: { authorization: `Bearer ${access_token}` } });
    return (await peer.client.listTools()).tools.map(({ name }) => name);
  }

  it.each([true, false])(
    'allows a client by the code, typed as people type (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { code, client } = await invite();
      const page = await openPage(browser, client.url, { javaScriptEnabled });
      await allow(page, { code: ` ${code.toLowerCase().replace('-', ' ')}` });
      await atClient(page, client);
      expect(client.visits).toEqual([
        { code: expect.stringMatching(/^[\w-]{43}$/), state: 'state of Test client', iss: bridge.issuer },
      ]);
      expect(await toolsOf(client)).toEqual(['echo', 'length', 'sleep', 'hang', 'log']);
    },
  );

  it('does it by keyboard alone', async () => {
    const { code, client } = await invite();
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await atClient(page, client);
    expect((await client.redeem()).scope).toBe('mcp:read');
  });

  it('reads how many tools there are, and may allow those only that are marked read-only', async () => {
    const { code, client } = await invite();
    const { servers } = await statusOf(bridge);
    expect(servers).toMatchObject([{ tools: 5, readOnlyTools: 2 }]);
    const page = await openPage(browser, client.url);
    const choices = page.getByRole('group', { name: 'What it may use' });
    expect(await choices.innerText()).toMatch(/All tools\s+5 tools now, 3 can change things/);
    expect(await choices.innerText()).toMatch(/Read-only tools\s+2 tools now/);
    await allow(page, { code, access: 'Read-only tools' });
    await atClient(page, client);
    expect(await toolsOf(client)).toEqual(READ_ONLY);
  });

  it('mistypes the code, is told, and begins in an empty field', async () => {
    const { code, client } = await invite();
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    await allow(page, { code: wrongFor(code), access: 'Read-only tools' });
    expect(await problemOn(page)).toBe('That code is not right. 4 tries are left.');
    await page.locator('#code:focus').waitFor();
    expect(await page.getByLabel('Pairing code').inputValue()).toBe('');
    expect(await page.getByRole('radio', { name: 'Read-only tools' }).isChecked()).toBe(true);
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await atClient(page, client);
    expect((await client.redeem()).scope).toBe('mcp:read');
  });

  it('mistypes it five times, and then starts again from the client', async () => {
    const { code, client } = await invite();
    const page = await openPage(browser, client.url);
    for (const left of [
      '4 tries are left',
      '3 tries are left',
      '2 tries are left',
      '1 try is left',
      'too many wrong codes',
    ]) {
      await allow(page, { code: wrongFor(code) });
      expect(await problemOn(page)).toContain(left);
    }
    await allow(page, { code });
    expect(await problemOn(page)).toBe('There were too many wrong codes. Start again from the client.');
    const anew = await startBrowserClient(bridge);
    await page.goto(anew.url);
    await allow(page, { code });
    await atClient(page, anew);
    expect(client.visits).toEqual([]);
  });

  it('refuses, and may still allow the next one', async () => {
    const { code, client } = await invite();
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    await page.getByRole('button', { name: 'Deny' }).click();
    await atClient(page, client);
    expect(client.visits).toEqual([
      expect.objectContaining({ error: 'access_denied', state: 'state of Test client', iss: bridge.issuer }),
    ]);
    expect(client.visits[0]).not.toHaveProperty('code');
    const next = await startBrowserClient(bridge);
    await page.goto(next.url);
    await allow(page, { code });
    await atClient(page, next);
  });

  it('finds pairing closed, opens it, and tries again', async () => {
    const { client } = await invite();
    await linkByHand({ bridge });
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    expect(await page.locator('main').ariaSnapshot()).toContain('heading "Pairing is closed" [level=1]');
    expect(await page.locator('pre').innerText()).toBe('mcp-bridge pair');
    expect(await page.locator('form').count()).toBe(0);
    const code = await bridge.pair();
    await page.getByRole('link', { name: 'Try again' }).click();
    await allow(page, { code });
    await atClient(page, client);
    await client.redeem();
  });

  it('decides in a popup, which tells the page that has opened it', async () => {
    const { code, client } = await invite();
    const opener = await openPage(browser, await servePage('<title>Waiting</title>'));
    const opening = opener.waitForEvent('popup');
    await opener.evaluate(`
      addEventListener('message', ({ data }) => { document.title = data; });
      void open(${JSON.stringify(client.url)}, '', 'width=500,height=650');
    `);
    const popup = await opening;
    await allow(popup, { code });
    await opener.waitForFunction('document.title !== "Waiting"');
    expect(Object.fromEntries(new URLSearchParams(await opener.title()))).toEqual(client.visits[0]);
    await client.redeem();
  });

  it('is shown nothing inside a page of somebody else', async () => {
    const { client } = await invite();
    const page = await openPage(
      browser,
      await servePage(`<iframe src="${client.url.replaceAll('&', '&amp;')}"></iframe>`),
    );
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
    expect(await page.frameLocator('iframe').locator('form').count()).toBe(0);
  });

  describe('clicks twice', () => {
    it('before the client has answered: it gets the code that was lost on the way', async () => {
      const { code, client } = await invite({ answer: (response, visit) => visit > 1 && showLanding(response) });
      const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
      await clickTwice(page, { code, client });
      await expect.poll(() => client.visits.length).toBe(2);
      const [first, second] = client.visits;
      expect(second).toEqual(first);
      expect(await toolsOf(client)).toHaveLength(5);
    });

    it('when the client has the code already: reads that all is well, and it is', async () => {
      const { code, client } = await invite({ answer: () => {} });
      const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
      const linked = await clickTwice(page, { code, client, meanwhile: () => toolsOf(client) });
      await page.getByRole('heading', { name: 'Allowed already' }).waitFor();
      expect(await page.locator('main').innerText()).toContain('You can close this page.');
      expect(client.visits).toHaveLength(1);
      expect(linked).toHaveLength(5);
    });

    /** Clicks, waits until the browser is on its way to the client, and clicks again on the page that is still there. */
    async function clickTwice<T>(
      page: Page,
      { code, client, meanwhile }: { code: string; client: BrowserClient; meanwhile?: () => Promise<T> },
    ): Promise<T | undefined> {
      await page.getByLabel('Pairing code').fill(code);
      const { x = 0, y = 0 } = (await page.getByRole('button', { name: 'Allow' }).boundingBox()) ?? {};
      await page.mouse.click(x + 5, y + 5);
      await expect.poll(() => client.visits.length).toBe(1);
      const result = await meanwhile?.();
      await page.mouse.click(x + 5, y + 5);
      return result;
    }
  });

  it('goes back after it is done, and finds nothing to be sent again', async () => {
    const { code, client } = await invite();
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    await allow(page, { code });
    await atClient(page, client);
    await page.goBack();
    expect(await page.locator('h1').innerText()).toBe('Pairing is closed');
    expect(await page.locator('form').count()).toBe(0);
    await client.redeem();
  });

  it('has two tabs: the first that is allowed wins, and the other takes the next code', async () => {
    const { code, client: first } = await invite({ name: 'First' });
    const second = await startBrowserClient(bridge, { name: 'Second' });
    const [one, other] = await Promise.all([first, second].map(({ url }) => openPage(browser, url)));
    await allow(one as Page, { code });
    await atClient(one as Page, first);
    await allow(other as Page, { code });
    expect(await problemOn(other as Page)).toBe(
      'Pairing is closed. Run mcp-bridge pair on the computer, then type the new code here.',
    );
    await allow(other as Page, { code: await bridge.pair() });
    await atClient(other as Page, second);
    await Promise.all([first.redeem(), second.redeem()]);
  });

  it('sends a page from before a restart, and reads that it is outdated', async () => {
    await using before = await startGuardedBridge(SERVER);
    await before.pair();
    const client = await startBrowserClient(before);
    const page = await openPage(browser, client.url, WITHOUT_SCRIPTS);
    await before.stop();
    const { stateFolder, origin } = before;
    await using after = await startGuardedBridge([...SERVER, '--port', new URL(origin).port], { stateFolder });
    const code = await after.pair();
    await allow(page, { code });
    expect(await page.locator('h1').innerText()).toBe('This page is outdated');
    await page.goto(client.url);
    await allow(page, { code });
    await atClient(page, client);
    await client.redeem();
  });
});

/** Of another site than the bridge and its clients, which are at 127.0.0.1. */
async function servePage(html: string): Promise<string> {
  const origin = await serve((_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html>${html}`),
  );
  return origin.replace('127.0.0.1', 'localhost');
}
