import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findRunning } from '../../src/state/running.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { connectHttp } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { rawRequest } from '../support/http.ts';
import { startBrowserClient } from '../support/oauth/browser-client.ts';
import { allow, openPage } from '../support/oauth/consent-browser.ts';
import { authorizePage, type Site, submit } from '../support/oauth/endpoints.ts';
import { isRunning } from './processes.ts';
import { bridgeLine, CTRL_C, HAS_TERMINALS, openTerminal, openTerminalWith, type Terminal } from './pseudo-terminal.ts';

const CODE = /Pairing code {2}(\w{4}-\w{4}) /;

describe.skipIf(!HAS_TERMINALS)('an owner at the terminal of a bridge', () => {
  it.skipIf(CHROMIUM === undefined)('allows a client by the number that its page shows', async () => {
    await using terminal = openTerminal(...(await guarded()));
    await terminal.sees(CODE);
    const site = await siteOf(terminal);
    const client = await startBrowserClient(site, { name: 'App' });
    await using browser = await launchBrowser();
    const page = await openPage(browser, client.url);
    const number = await page.locator('#hint strong').innerText();
    await terminal.sees(new RegExp(`App \\(a program on this computer\\) asks for access, request ${number}$`, 'm'));
    terminal.type(`${number.toLowerCase()}\r`);
    await terminal.sees(/^ {2}App \(a program on this computer\) is allowed; press Allow on the page$/m);
    await allow(page);
    await page.waitForURL(`${client.redirectUri}?**`);
    const { access_token } = await client.redeem();
    await using peer = await connectHttp(site.resource, { headers: { authorization: `Bearer ${access_token}` } });
    expect((await peer.client.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'sleep']);
  });

  it('gets a new code for "pair", after which the one before is no good', async () => {
    await using terminal = openTerminal(...(await guarded()));
    const [, before = ''] = await terminal.sees(CODE);
    const site = await siteOf(terminal);
    terminal.type('pair\r');
    const [, code = ''] = await terminal.sees(new RegExp(`Pairing code {2}(?!${before})(\\w{4}-\\w{4}) `));
    const client = await startBrowserClient(site);
    const page = await authorizePage(site, client.url);
    expect((await submit(site, page, { code: before })).answer.status).toBe(403);
    expect((await submit(site, page, { code })).answer.status).toBe(303);
  });

  it('is told what to type after a number that nobody has', async () => {
    await using terminal = openTerminal(...(await guarded()));
    await terminal.sees(CODE);
    terminal.type('7F\r');
    await terminal.sees(/Nobody asks for access under "7F"\. Type the number that the page shows/);
  });

  it('ends the bridge with Ctrl-C, in the middle of a line as well', async () => {
    await using terminal = openTerminal(...(await guarded()));
    await terminal.sees(CODE);
    terminal.type(`pai${CTRL_C}`);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen).toMatchObject({ cursorIsVisible: true, wraps: true });
  });
});

describe.skipIf(!HAS_TERMINALS)('a bridge in the background of a shell', () => {
  it('is not stopped by what its owner types there, and listens when it is back', async () => {
    const line = bridgeLine(...(await guarded()));
    await using terminal = openShell();
    terminal.type(`${line} &\n`);
    await terminal.sees(CODE);
    await expectRunning(terminal);
    terminal.type('fg\n');
    await expectListening(terminal);
  });

  it('nor when it has gone there after its start', async () => {
    const line = bridgeLine(...(await guarded()));
    await using terminal = openShell();
    terminal.type(`${line}\n`);
    await terminal.sees(CODE);
    terminal.type(CTRL_Z);
    await terminal.sees(/\[1\] \+ Stopped/);
    terminal.type('bg\n');
    await expectRunning(terminal);
    terminal.type('fg\n');
    await expectListening(terminal);
  });
});

const CTRL_Z = '\x1a';

/** A shell that knows of foreground and background. */
function openShell(): Terminal {
  const terminal = openTerminalWith("PS1='$ ' ENV= exec sh -i");
  return {
    ...terminal,
    async [Symbol.asyncDispose]() {
      terminal.close();
      await terminal.exited;
    },
  };
}

async function expectRunning(terminal: Terminal): Promise<void> {
  // Nobody types faster than it hears that it was sent there.
  const { send, issuer } = await siteOf(terminal);
  await send('GET', `${issuer}/.well-known/oauth-protected-resource`);
  // While the shell is busy, nobody else is there to read the next line. What is typed is shown too, and is not its answer.
  terminal.type('sleep 1\necho it was" "read\n');
  await terminal.sees(/it was read/);
  terminal.type('jobs\n');
  await terminal.sees(/\[1\] \+ Running/);
}

async function expectListening(terminal: Terminal): Promise<void> {
  terminal.type('7F\n');
  await terminal.sees(/Nobody asks for access under "7F"/);
}

/** What makes it a bridge that only its owner's clients may use, with a state of its own. It ends with the test, whatever its terminal does. */
async function guarded(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-state-'));
  onTestFinished(async () => {
    const left = await findRunning(folder);
    // One that was stopped has to go on before it can end.
    for (const { pid } of left) for (const signal of ['SIGTERM', 'SIGCONT']) process.kill(pid, signal);
    await expect.poll(() => left.filter(({ pid }) => isRunning(pid))).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });
  return ['--auth', 'oauth', '--state-folder', folder, '--stdio', fixtureLine('echo-server', '--tools', 'echo,sleep')];
}

/** Where the bridge in a terminal is, as it says there. */
async function siteOf(terminal: Terminal): Promise<Site & { resource: string }> {
  const [, resource = ''] = await terminal.sees(/Streamable HTTP +(http:\S+)/);
  return { issuer: new URL(resource).origin, send: rawRequest, resource };
}
