import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { fixture } from '../support/fixtures.ts';
import { startWidgetServer } from './mounted-servers.ts';

describe.skipIf(CHROMIUM === undefined)("a widget's dev server", () => {
  it('changes the page in a browser without a reload', async () => {
    await using widget = await startWidgetServer('/widget');
    await using bridge = await startBridge([], {
      config: {
        mcpServers: { echo: fixture('echo-server') },
        bridge: { mounts: { '/widget': { url: widget.url, ws: true, auth: false } } },
      },
    });
    const browser = await launchBrowser();
    const page = await browser?.newPage();
    try {
      const connected = page?.waitForEvent('console', (line) => line.text().includes('[vite] connected'));
      await page?.goto(`${bridge.origin}/widget/`);
      await connected;
      await page?.getByText('first').waitFor();
      await page?.evaluate('globalThis.isSamePage = true');
      await widget.say('second');
      await page?.getByText('second').waitFor();
      expect(await page?.evaluate('globalThis.isSamePage')).toBe(true);
    } finally {
      await browser?.close();
    }
  });
});
