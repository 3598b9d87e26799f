import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ProofRoute } from '../../src/tunnel/proof.ts';

const PROXY = fileURLToPath(new URL('../fixtures/tunnels/proxy.mjs', import.meta.url));
const NOW = { signal: new AbortController().signal, patience: 0 };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a tunnel', () => {
  it('is proved by an answer that only this bridge can give, and is measured by the way', async () => {
    const { route, origin } = await startRoute();
    const proof = await route.prove(origin, NOW);
    expect(proof).toMatchObject({ streamsPost: true, streamsGet: true });
    expect(proof.firstByte).toBeLessThan(5000);
  });

  it('that holds answers to GET back is found out', async () => {
    const { route, origin } = await startRoute();
    const tunnel = await startProxy(origin, '--buffer-get');
    expect(await route.prove(tunnel, NOW)).toMatchObject({ streamsPost: true, streamsGet: false });
  });

  it('that leads to another bridge is none', async () => {
    const other = await startRoute();
    await expect(new ProofRoute().prove(other.origin, NOW)).rejects.toThrow(/does not lead to this bridge: HTTP 404/);
  });

  it('that leads to a page is quoted', async () => {
    const origin = await serve((_, response) => response.end('<title>Tunnel not found</title>'));
    await expect(new ProofRoute().prove(origin, NOW)).rejects.toThrow('HTTP 200 (Tunnel not found)');
  });

  it('that leads to a page without an end is not read to its end', async () => {
    let sent = 0;
    const origin = await serve((_, response) => {
      const page = Readable.from(
        (function* () {
          for (; ; sent += 65_536) yield Buffer.alloc(65_536, '.');
        })(),
      );
      pipeline(page, response, () => {});
    });
    await expect(new ProofRoute().prove(origin, NOW)).rejects.toThrow('HTTP 200, and not its answer');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('whose name is not known yet is given time', async () => {
    const { route, listener } = await startRoute();
    let requests = 0;
    const origin = await serve((request, response) => {
      requests += 1;
      if (requests === 1) response.writeHead(530).end();
      else listener(request, response);
    });
    expect((await route.prove(origin, { ...NOW, patience: 60_000 })).streamsPost).toBe(true);
  });

  it('is not waited for by somebody who has left', async () => {
    const origin = await serve((_, response) => response.writeHead(530).end());
    const leaving = new AbortController();
    const proving = new ProofRoute().prove(origin, { signal: leaving.signal, patience: 60_000 });
    leaving.abort();
    await expect(proving).rejects.toThrow('does not lead to this bridge');
  });

  it('is dead when nobody answers any more', async () => {
    const { route, origin } = await startRoute();
    expect(await route.isAlive(origin, NOW.signal)).toBe(true);
    expect(await route.isAlive('http://127.0.0.1:1', NOW.signal)).toBe(false);
  });
});

async function startRoute() {
  const route = new ProofRoute();
  const listener: RequestListener = (request, response) => {
    if (request.url === route.path) void route.serve(request, response);
    else response.writeHead(404).end();
  };
  return { route, listener, origin: await serve(listener) };
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startProxy(origin: string, ...flags: string[]): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [PROXY, origin, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const [line] = await once(child.stdout ?? process.stdin, 'data');
  return /http:\S+/.exec(String(line))?.[0] ?? '';
}
