import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Opens a URL as the owner's browser does, in a window that is closed when the test ends. */
export async function openPage(
  browser: Browser | undefined,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser?.newContext(options);
  if (context === undefined) throw new Error('There is no browser.');
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Fills in the page and presses Allow; what is not given is left as it is. */
export async function allow(page: Page, { code, access }: { code?: string; access?: string } = {}): Promise<void> {
  if (access !== undefined) await page.getByRole('radio', { name: access }).check();
  if (code !== undefined) await page.getByLabel('Pairing code').fill(code);
  await page.getByRole('button', { name: 'Allow' }).click();
}

/** What the page says is wrong. */
export async function problemOn(page: Page): Promise<string> {
  return (await page.getByRole('alert').textContent()) ?? '';
}

/** What no window's code is. */
export function wrongFor(code: string): string {
  return (code.startsWith('7') ? '8' : '7') + code.slice(1);
}
