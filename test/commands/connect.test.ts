import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { renderUnicodeCompact } from 'uqr';
import { describe, expect, it } from 'vitest';
import { type ConnectOptions, connect } from '../../src/commands/connect.ts';
import { createLocalApp } from '../../src/http/local-app.ts';
import { announce } from '../../src/state/running.ts';
import { createGuard, serveApp } from '../http/apps.ts';
import { makeFolder } from '../state/support.ts';
import { reachable } from '../terminal/servers.ts';
import { createOutput } from './support.ts';

const PUBLIC = 'https://h.example/mcp';

/** A bridge as far as this command sees one. Returns where it is. */
async function serveStatus(status: unknown): Promise<{ local: string; port: number }> {
  const handler = createLocalApp({
    guard: createGuard(),
    status: () => status,
    readiness: async () => ({}),
    pair: () => undefined,
    key: 'key',
  });
  const { origin: local, port } = await serveApp(handler);
  return { local, port };
}

/** A port at which somebody has listened before. */
async function silentPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function run(options: Partial<ConnectOptions> & Pick<ConnectOptions, 'folder'>): Promise<string> {
  const output = createOutput();
  await connect({ client: 'codex', json: false, qr: false, localPort: undefined, ...options }, output);
  return output.text();
}

describe('connect', () => {
  it('says how, for the bridge that was announced', async () => {
    const folder = await makeFolder();
    const { local } = await serveStatus(reachable({ public: PUBLIC }, 'oauth'));
    await announce(folder, { local, key: 'key', url: PUBLIC });
    expect(await run({ folder })).toBe(
      [
        `Codex, at ${PUBLIC}`,
        '',
        'In a shell:',
        '',
        `  codex mcp add bridge --url ${PUBLIC}`,
        '',
        'In ~/.codex/config.toml, instead of that:',
        '',
        '  [mcp_servers.bridge]',
        `  url = "${PUBLIC}"`,
        '',
        '1. In the shell: codex mcp login bridge',
        '2. On the page that opens, type the code that mcp-bridge pair shows.',
        '',
      ].join('\n'),
    );
  });

  it('says it to programs', async () => {
    const folder = await makeFolder();
    const { local } = await serveStatus(reachable());
    await announce(folder, { local, key: 'key', url: 'http://127.0.0.1:8000/mcp' });
    expect(JSON.parse(await run({ folder, client: 'cursor', json: true }))).toEqual({
      client: 'Cursor',
      url: 'http://127.0.0.1:8000/mcp',
      pastes: [
        {
          into: '~/.cursor/mcp.json, among the mcpServers',
          text: '"bridge": { "url": "http://127.0.0.1:8000/mcp" }',
        },
      ],
      steps: [],
    });
  });

  it('shows the URL as a QR code, on request', async () => {
    const { port: localPort } = await serveStatus(reachable());
    const code = renderUnicodeCompact('http://127.0.0.1:8000/mcp');
    const folder = await makeFolder();
    expect(await run({ folder, localPort, qr: true })).toContain(code);
    expect(await run({ folder, localPort })).not.toContain(code);
  });

  it('finds one that was not announced by its local port', async () => {
    const { port } = await serveStatus(reachable());
    expect(await run({ folder: await makeFolder(), localPort: port })).toContain('http://127.0.0.1:8000/mcp');
  });

  it('shows its owner the secret path, which the status keeps to itself', async () => {
    const folder = await makeFolder();
    const urls = { mcp: 'http://127.0.0.1:8000/.../mcp', public: 'https://h.example/.../mcp' };
    const { local } = await serveStatus(reachable(urls));
    await announce(folder, { local, key: 'key', url: 'https://h.example/secret/mcp' });
    expect(await run({ folder, client: 'chatgpt' })).toContain('https://h.example/secret/mcp');
    expect(await run({ folder, client: 'codex' })).toContain('--url http://127.0.0.1:8000/secret/mcp\n');
  });

  it('says what is missing where a client cannot reach it', async () => {
    const { port: localPort } = await serveStatus(reachable());
    await expect(run({ folder: await makeFolder(), client: 'chatgpt', localPort })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'ChatGPT needs a public https URL: start with --tunnel, or --public-url',
    });
  });

  it.each([
    ['serves stdin and stdout', { ...reachable(), urls: undefined }],
    ['is none', {}],
    ['is none, though it is JSON', 'bridge'],
  ])('says that there is none to connect to: what answers %s', async (_, status) => {
    const { port: localPort } = await serveStatus(status);
    await expect(run({ folder: await makeFolder(), localPort })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^no bridge is found at http:\S+ \(what answers there is no bridge\); start one/),
    });
  });

  it('says that there is none to connect to: nobody listens', async () => {
    const { port: localPort } = await serveApp((_, response) => response.writeHead(404).end());
    await expect(run({ folder: await makeFolder(), localPort })).rejects.toThrow(/\(it answers 404\); start one/);
    await expect(run({ folder: await makeFolder(), localPort: await silentPort() })).rejects.toThrow(
      /^no bridge is found at \S+ \(connect ECONNREFUSED \S+\); start one/,
    );
  });
});
