import type { IncomingHttpHeaders } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Consent, consentPage } from '../../../src/oauth/pages/consent-page.ts';
import { noticePage } from '../../../src/oauth/pages/notice-page.ts';
import type { OAuthReply } from '../../../src/oauth/reply.ts';
import { serve } from '../../downstream/support.ts';
import { CHROMIUM, launchBrowser } from '../../support/browser.ts';
import { CONSENT, LONG_CONSENT } from './consents.ts';
import { controlContrasts, textContrasts } from './contrast.ts';

const PROBLEM: Consent = { ...CONSENT, problem: 'That code is not right. 4 tries are left.' };
const READ_ONLY: Consent = { ...CONSENT, maySeeAll: false, access: 'read', number: undefined };
const NOTICE = noticePage({ title: 'Closed', lines: ['A', 'B'], command: 'mcp-bridge pair', retry: '/authorize' }, 200);
const PAGES: [string, OAuthReply][] = [
  ['the consent page', consentPage(CONSENT, 200)],
  ['the consent page with a problem', consentPage(PROBLEM, 200)],
  ['the consent page for the read-only tools', consentPage(READ_ONLY, 200)],
  ['the consent page with all there may be', consentPage(LONG_CONSENT, 200)],
  ['a notice', NOTICE],
];
const POPUP = { width: 500, height: 650 };

describe.skipIf(CHROMIUM === undefined)('in a browser', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  /** Without JavaScript, which no page needs. What the console says is collected. */
  async function open(url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; console: string[] }> {
    const page = await browser?.newPage({ viewport: POPUP, javaScriptEnabled: false, ...options });
    if (page === undefined) throw new Error('There is no browser.');
    onTestFinished(() => page.close());
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await page.goto(url);
    return { page, console: lines };
  }

  describe('the form', () => {
    it('is filled and sent by keyboard alone, and leads back to the client', async () => {
      const { origin, client, posted } = await startForm(CONSENT);
      const { page, console } = await open(origin);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Tab');
      await page.keyboard.type('k7qm 3xwp');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${client}/callback`);
      expect(posted.map(({ path }) => path)).toEqual(['/authorize']);
      expect(posted[0]?.fields).toEqual({
        transaction: 'sealed',
        access: 'read',
        code: 'k7qm 3xwp',
        decision: 'allow',
      });
      expect(console).toEqual([]);
    });

    it('can be denied by keyboard alone', async () => {
      const { origin, client, posted } = await startForm(CONSENT);
      const { page } = await open(origin);
      for (const key of ['Tab', 'Tab', 'Tab', 'Tab', 'Space']) await page.keyboard.press(key);
      await page.waitForURL(`${client}/callback`);
      expect(posted[0]?.fields).toEqual({ transaction: 'sealed', access: 'all', code: '', decision: 'deny' });
    });

    it('begins in the field for the code when something was wrong', async () => {
      const { origin, client, posted } = await startForm({ ...PROBLEM, access: 'read' });
      const { page } = await open(origin);
      await page.locator('#code:focus').waitFor();
      await page.keyboard.type('7');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${client}/callback`);
      expect(posted[0]?.fields).toMatchObject({ access: 'read', code: '7', decision: 'allow' });
    });

    it('says which origin it comes from', async () => {
      const { origin, client, posted } = await startForm(CONSENT);
      const { page } = await open(origin);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(`${client}/callback`);
      expect(posted[0]?.headers.origin).toBe(origin);
    });

    it('leads nowhere else', async () => {
      const elsewhere = await serve((_, response) => response.end());
      const { origin } = await startForm(CONSENT, `${elsewhere}/callback`);
      const { page } = await open(origin);
      const refusal = page.waitForEvent('console');
      await page.getByRole('button', { name: 'Allow' }).click();
      expect((await refusal).text()).toContain('form-action');
      expect(page.url()).toBe(`${origin}/`);
    });
  });

  describe('people who cannot see it', () => {
    it('hear what is asked, and what to do', async () => {
      const { page } = await open(await serveReply(consentPage(CONSENT, 200)));
      const outline = await page.locator('main').ariaSnapshot();
      expect(outline).toContain('heading "Allow ChatGPT to use your tools?" [level=1]');
      expect(outline).toContain('group "What it may use"');
      expect(outline).toContain('radio "All tools 17 tools now, 5 can change things" [checked]');
      expect(outline).toContain('textbox "Pairing code"');
    });

    it('hear what was wrong', async () => {
      const { page } = await open(await serveReply(consentPage(PROBLEM, 200)));
      expect(await page.locator('main').ariaSnapshot()).toContain('alert: That code is not right. 4 tries are left.');
    });
  });

  it.each(PAGES)('%s breaks none of its own rules', async (_, reply) => {
    const { page, console } = await open(await serveReply(reply));
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")).toBe('480px');
    expect(console).toEqual([]);
  });

  it.each(PAGES)('%s refuses to be framed', async (_, reply) => {
    const framed = await serveReply(reply);
    const outer = `<!doctype html><iframe src="${framed}"></iframe>`;
    const { page } = await open(
      await serveReply({ status: 200, headers: { 'Content-Type': 'text/html' }, body: outer }),
    );
    expect(page.frames()).toHaveLength(2);
    expect(await page.frameLocator('iframe').locator('h1').count()).toBe(0);
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each(PAGES)('%s can be read', async (_, reply) => {
      const { page } = await open(await serveReply(reply), { colorScheme });
      const texts = await textContrasts(page);
      expect(texts.length).toBeGreaterThan(3);
      expect(texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
      const controls = await controlContrasts(page);
      expect(controls.length).toBeGreaterThan(0);
      expect(controls.filter(({ contrast }) => contrast < 3)).toEqual([]);
    });
  });

  it('has other colours in the dark', async () => {
    const url = await serveReply(NOTICE);
    const grounds = ['light', 'dark'] as const;
    const colors = grounds.map(async (colorScheme) => {
      const { page } = await open(url, { colorScheme });
      return page.evaluate('getComputedStyle(document.body).backgroundColor');
    });
    expect(new Set(await Promise.all(colors)).size).toBe(2);
  });

  it('shows where the focus is, at every stop', async () => {
    const { page } = await open(await serveReply(consentPage(CONSENT, 200)));
    const outline = `
      [document.activeElement, document.activeElement.closest('.choice')]
        .map((element) => (element ? getComputedStyle(element).outlineStyle : 'none'))
        .some((style) => style !== 'none')`;
    const stops = [];
    for (const name of ['access', 'code', 'decision', 'decision']) {
      await page.keyboard.press('Tab');
      stops.push([name, await page.evaluate('document.activeElement.name'), await page.evaluate(outline)]);
    }
    expect(stops).toEqual(stops.map(([name]) => [name, name, true]));
  });

  // 320 is also what a window of 640 has at a zoom of 200 % (WCAG 2.2, 1.4.4 and 1.4.10).
  it.each(PAGES)('%s needs no scrolling sideways on 320 pixels', async (_, reply) => {
    const { page } = await open(await serveReply(reply), { viewport: { width: 320, height: 640 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });

  it.each(PAGES.filter(([name]) => !name.includes('all there may be')))('%s fits into a popup', async (_, reply) => {
    const { page } = await open(await serveReply(reply));
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBe(POPUP.height);
  });
});

/** One page, under any path. */
function serveReply({ status, headers, body }: OAuthReply): Promise<string> {
  return serve((_, response) => response.writeHead(status, headers).end(body));
}

interface Posted {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly fields: Record<string, string>;
}

/** A consent page whose form is answered as the bridge does, by sending the browser to the client, or to `target`. */
async function startForm(
  consent: Consent,
  target?: string,
): Promise<{ origin: string; client: string; posted: Posted[] }> {
  const client = await serve((_, response) => response.end());
  const redirectUri = `${client}/callback`;
  const { status, headers, body } = consentPage({ ...consent, redirectUri }, 200);
  const posted: Posted[] = [];
  const origin = await serve(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(status, headers).end(body);
    const fields = Object.fromEntries(new URLSearchParams(await readText(request)));
    posted.push({ path: request.url, headers: request.headers, fields });
    response.writeHead(303, { Location: target ?? redirectUri }).end();
  });
  return { origin, client, posted };
}
