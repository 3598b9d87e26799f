import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium is, if it is: named by the environment variable CHROMIUM, or where systems install it. */
export const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** As root there is no sandbox; the rest keeps it from calling home. Only pages of the tests are ever opened in it. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A real browser, or `undefined` where none is installed. What a page is to have (`viewport`, `javaScriptEnabled`,
 * `colorScheme`) goes to its `newPage` or `newContext`. Ends with `close()` or `await using`.
 */
export async function launchBrowser(): Promise<Browser | undefined> {
  return CHROMIUM === undefined ? undefined : chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}
