import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openHttpSession } from './client.mjs';
import { launch } from './processes.mjs';
import { openStdioSession } from './stdio-session.mjs';

const ECHO = 'bench/servers/echo.mjs';
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 3;

/**
 * What each peer is started with: quiet, sessions on, Streamable HTTP only. `childPerSession` marks those that
 * start a server for each session, of which fewer are opened.
 */
const PEERS = {
  supergateway: {
    argv: (port) => [
      ...['--stdio', `node ${ECHO}`, '--outputTransport', 'streamableHttp', '--stateful'],
      ...['--port', port, '--logLevel', 'none'],
    ],
    childPerSession: true,
  },
  'mcp-proxy': {
    argv: (port) => ['--host', '127.0.0.1', '--port', port, '--server', 'stream', '--', 'node', ECHO],
    childPerSession: false,
  },
};
export const PEER_NAMES = Object.keys(PEERS);

/**
 * The variants: `{ name, version, start }`. `start()` resolves, once the first tools/list was answered, with a target:
 * `{ startMs, pid, childPerSession, sessions, openSession, hasEnded, stop }`, where `pid` is the bridge's, undefined
 * if there is none, and `sessions` are those that measures keep open.
 */
export function createVariants({ bridge, peers }) {
  const variants = [
    { name: 'direct stdio', start: startStdio },
    httpVariant('http-floor', (port) => ['bench/servers/http-floor.mjs', port]),
    httpVariant('mcp-bridge', (port) => bridgeArgv(bridge, port)),
  ];
  for (const { name, version, bin } of peers) {
    const { argv, childPerSession } = PEERS[name];
    variants.push(httpVariant(name, (port) => [bin, ...argv(port)], { version, childPerSession }));
  }
  return variants;
}

function bridgeArgv(cli, port) {
  if (!existsSync(cli)) throw new Error(`there is no ${cli}: run npm run build`);
  return [cli, '--stdio', `node ${ECHO}`, '--port', port, '--log-level', 'error'];
}

function httpVariant(name, argv, { version, childPerSession = false } = {}) {
  return { name, version, start: () => startHttp(argv, { childPerSession }) };
}

async function startHttp(argv, { childPerSession }) {
  const port = await findFreePort();
  const openSession = () => openHttpSession(port);
  const began = performance.now();
  const launched = launch(argv(String(port)));
  const first = await openWhenReady(openSession, launched);
  const startMs = performance.now() - began;
  await first.close();
  const { child, hasEnded, stop } = launched;
  return { startMs, pid: child.pid, childPerSession, sessions: [], openSession, hasEnded, stop };
}

/** A client retries until the server is there; so does this one, and the time it takes is the cold start. */
async function openWhenReady(openSession, { hasEnded, errors, stop }) {
  let last = new Error('it ended at once');
  const deadline = setTimeout(stop, START_TIMEOUT_MS);
  try {
    while (!hasEnded()) {
      try {
        return await openSession();
      } catch (error) {
        last = error;
      }
      await delay(POLL_MS);
    }
  } finally {
    clearTimeout(deadline);
  }
  throw new Error(`it ended, or did not answer in ${START_TIMEOUT_MS / 1000} s: ${errors() || last.message}`);
}

async function startStdio() {
  const children = new Set();
  let ended = false;
  const openSession = () => {
    const launched = launch([ECHO], { stdout: 'pipe' });
    children.add(launched);
    return openStdioSession(launched);
  };
  const stop = () => {
    ended = true;
    return Promise.all([...children].map((launched) => launched.stop()));
  };
  const began = performance.now();
  const first = await openSession();
  const startMs = performance.now() - began;
  await first.close();
  return { startMs, childPerSession: true, sessions: [], openSession, hasEnded: () => ended, stop };
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
