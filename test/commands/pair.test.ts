import { mkdir, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pair } from '../../src/commands/pair.ts';
import { createLocalApp } from '../../src/http/local-app.ts';
import { announce } from '../../src/state/running.ts';
import { createGuard, serveApp } from '../http/apps.ts';
import { deadPid, makeFolder } from '../state/support.ts';
import { createOutput } from './support.ts';

const URL_OF_BRIDGE = 'https://h.example/mcp';
const OPENED = { code: 'K7QM-3XWP', expiresAt: '2026-01-01T12:34:56.000Z' };
const KEY = 'key';

interface RunOptions {
  readonly handler?: RequestListener;
  /** Default this process. */
  readonly pid?: number;
}

/** Has a bridge run, as far as this command sees one. Returns its port. */
async function runBridge(folder: string, { handler, pid }: RunOptions = {}): Promise<number> {
  const app = createLocalApp({
    guard: createGuard(),
    status: () => ({}),
    readiness: async () => ({}),
    pair: () => OPENED,
    key: KEY,
  });
  const { origin: local, port } = await serveApp(handler ?? app);
  if (pid === undefined) await announce(folder, { local, key: KEY, url: URL_OF_BRIDGE });
  else await leaveFile(folder, pid, local);
  return port;
}

/** What a bridge of another process announces. */
async function leaveFile(folder: string, pid: number, local: string): Promise<void> {
  await mkdir(join(folder, 'running'), { recursive: true, mode: 0o700 });
  const running = { local, key: KEY, url: 'https://other.example/mcp' };
  await writeFile(join(folder, 'running', `${pid}.json`), JSON.stringify(running), { mode: 0o600 });
}

describe('pair', () => {
  it('shows the code to a person, with what to do', async () => {
    const folder = await makeFolder();
    await runBridge(folder);
    const output = createOutput();
    await pair({ folder, localPort: undefined }, output);
    const until = new Date(OPENED.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    expect(output.text()).toBe(
      [
        '',
        '  K7QM-3XWP',
        '',
        `Type this code on the page that the client opens. It is good for one client, until ${until}.`,
        `The URL to add in the client: ${URL_OF_BRIDGE}`,
        '',
      ].join('\n'),
    );
  });

  it('writes one line of JSON for programs', async () => {
    const folder = await makeFolder();
    await runBridge(folder);
    const output = createOutput(false);
    await pair({ folder, localPort: undefined }, output);
    expect(output.text()).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(output.text())).toEqual({ ...OPENED, url: URL_OF_BRIDGE });
  });
});

describe('pair, where no bridge', () => {
  const NONE =
    'no bridge that links clients is running here (one that does was started with --tunnel, --public-url or --auth oauth)';

  it('runs, says how one is started', async () => {
    const folder = await makeFolder();
    const output = createOutput();
    await expect(pair({ folder, localPort: undefined }, output)).rejects.toMatchObject({
      code: 'USAGE',
      message: NONE,
    });
    await expect(pair({ folder, localPort: 8001 }, output)).rejects.toThrow(NONE);
    expect(output.text()).toBe('');
  });

  it('runs any more, does not mind what a killed one left', async () => {
    const folder = await makeFolder();
    await leaveFile(folder, deadPid(), 'http://127.0.0.1:1');
    await expect(pair({ folder, localPort: undefined }, createOutput())).rejects.toThrow(NONE);
  });

  it('has the port that is named, says so', async () => {
    const folder = await makeFolder();
    await runBridge(folder);
    await expect(pair({ folder, localPort: 1 }, createOutput())).rejects.toThrow(NONE);
  });

  it('answers, says so', async () => {
    const folder = await makeFolder();
    await leaveFile(folder, process.pid, 'http://127.0.0.1:1');
    await expect(pair({ folder, localPort: undefined }, createOutput())).rejects.toMatchObject({
      code: 'STATE',
      message: 'the bridge at http://127.0.0.1:1 cannot be asked: bad port; see its log, or start it anew',
    });
  });

  it.each<[string, RequestListener, string]>([
    ['knows the key', (_, response) => void response.writeHead(401).end(), 'it answers 401'],
    ['is what answers', (_, response) => void response.end('<html>'), ''],
  ])('%s, says so', async (_, handler, why) => {
    const folder = await makeFolder();
    const port = await runBridge(folder, { handler });
    const output = createOutput();
    await expect(pair({ folder, localPort: undefined }, output)).rejects.toMatchObject({
      code: 'STATE',
      message: expect.stringContaining(`the bridge at http://127.0.0.1:${port} cannot be asked: ${why}`),
    });
    expect(output.text()).toBe('');
  });
});

describe('pair, where the bridge lets nobody in by a code,', () => {
  it('says how it would', async () => {
    const folder = await makeFolder();
    await runBridge(folder, { handler: (_, response) => void response.writeHead(409).end('{}') });
    await expect(pair({ folder, localPort: undefined }, createOutput())).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/ lets nobody in by a code; start it with --auth oauth$/),
    });
  });
});

describe('pair, where several bridges run,', () => {
  it('passes over one that was killed, and whose process id another one has by now', async () => {
    const folder = await makeFolder();
    await runBridge(folder);
    await leaveFile(folder, process.ppid, 'http://127.0.0.1:1');
    const output = createOutput();
    await pair({ folder, localPort: undefined }, output);
    expect(output.text()).toContain(URL_OF_BRIDGE);
  });

  it('asks which one is meant', async () => {
    const folder = await makeFolder();
    const ours = await runBridge(folder);
    const other = await runBridge(folder, { pid: process.ppid });
    const refusal = await pair({ folder, localPort: undefined }, createOutput()).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'USAGE' });
    const [first, ...choices] = refusal.message.split('\n');
    expect(first).toBe('several bridges run; say which one is meant:');
    expect(choices.sort()).toEqual(
      [`  --local-port ${ours}    ${URL_OF_BRIDGE}`, `  --local-port ${other}    https://other.example/mcp`].sort(),
    );
  });

  it('takes the one whose port is named', async () => {
    const folder = await makeFolder();
    await runBridge(folder);
    const localPort = await runBridge(folder, { pid: process.ppid });
    const output = createOutput(false);
    await pair({ folder, localPort }, output);
    expect(JSON.parse(output.text()).url).toBe('https://other.example/mcp');
  });
});
