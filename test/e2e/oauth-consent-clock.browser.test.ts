import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageServer } from '../../src/http/pages.ts';
import { pathOf } from '../../src/http/public-app.ts';
import { createLog } from '../../src/log.ts';
import { serve } from '../downstream/support.ts';
import { MINUTE, RESOURCE, startServer, type TestServer } from '../oauth/support.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { rawRequest } from '../support/http.ts';
import { type BrowserClient, startBrowserClient } from '../support/oauth/browser-client.ts';
import { allow, openPage, problemOn } from '../support/oauth/consent-browser.ts';

describe.skipIf(CHROMIUM === undefined)('an owner who takes too long', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it('finds the window closed, and goes on with the code of the next one', async () => {
    const { test, client } = await startWithClient();
    const old = test.pairing.open();
    const page = await openPage(browser, client.url);
    test.clock.pass(10 * MINUTE);
    await allow(page, { code: old.code });
    expect(await problemOn(page)).toMatch(/^Pairing is closed\. Run mcp-bridge pair on the computer/);
    const { code } = test.pairing.open();
    await allow(page, { code });
    await page.waitForURL(`${client.redirectUri}?**`);
    await client.redeem();
  });

  it('finds the page outdated after half an hour', async () => {
    const { test, client } = await startWithClient();
    test.pairing.open();
    const page = await openPage(browser, client.url);
    test.clock.pass(30 * MINUTE);
    const { code } = test.pairing.open();
    await allow(page, { code });
    expect(await page.locator('h1').innerText()).toBe('This page is outdated');
    expect(client.visits).toEqual([]);
    expect(test.pairing.isOpen).toBe(true);
  });
});

/** An authorization server whose time stands still, and a client of it. */
async function startWithClient(): Promise<{ test: TestServer; client: BrowserClient }> {
  const test = await startServer();
  const pages = new PageServer(test.server, createLog({ level: 'none' }));
  const issuer = await serve((request, response) => void pages.serve(request, response, pathOf(request.url ?? '/')));
  test.pairing.open();
  return { test, client: await startBrowserClient({ issuer, send: rawRequest, resource: RESOURCE }) };
}
