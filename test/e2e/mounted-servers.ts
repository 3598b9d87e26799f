import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

/** The reference server, as a remote one over Streamable HTTP. */
export interface RemoteServer extends AsyncDisposable {
  /** Of its MCP endpoint. */
  readonly url: string;
}

export async function startRemoteServer(): Promise<RemoteServer> {
  const file = fileURLToPath(
    new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
  );
  const preload = new URL('../support/on-loopback.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', preload, file, 'streamableHttp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const reap = () => void child.kill('SIGKILL');
  process.once('exit', reap);
  const lines = createInterface(child.stdout);
  let port: string | undefined;
  for await (const line of lines) {
    port = /^port=(\d+)$/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  // Nobody reads on, and what it logs must not fill the pipe.
  child.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
      process.off('exit', reap);
    },
  };
}

/** A widget's page, served by Vite with hot reload. */
export interface WidgetServer extends AsyncDisposable {
  readonly url: string;
  /** Changes what the page says. */
  say(text: string): Promise<void>;
}

/** @param base what its paths start with; it writes them into its pages. */
export async function startWidgetServer(base: string): Promise<WidgetServer> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-bridge-widget-')));
  const say = (text: string) =>
    writeFile(
      join(root, 'main.js'),
      `document.querySelector('p').textContent = ${JSON.stringify(text)};\nimport.meta.hot?.accept();\n`,
    );
  await writeFile(join(root, 'index.html'), '<!doctype html><p></p><script type="module" src="./main.js"></script>');
  await say('first');
  const server = await createServer({
    root,
    base: `${base}/`,
    configFile: false,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  const origin = new URL(server.resolvedUrls?.local[0] ?? '').origin;
  return {
    url: origin + base,
    say,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
