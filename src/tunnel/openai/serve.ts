import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeError, messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { ControlPlane } from './control-plane.ts';
import { Endpoint } from './endpoint.ts';
import { Pool } from './pool.ts';
import { explain, isTransient } from './refusal.ts';
import { retry } from './retry.ts';
import { runCommand } from './run-command.ts';

export interface OpenAiTunnelOptions {
  /** As the platform's settings show it: `tunnel_…`. */
  readonly tunnelId: string;
  /** A runtime key with the permissions Tunnels Read and Use. */
  readonly token: string;
  /** `https://api.openai.com`, unless somebody stands in for it. It is sent the token. */
  readonly baseUrl: string;
  /** Opaque; tells this bridge from others, as long as it runs. */
  readonly instanceId: string;
  /** The bridge's own Streamable HTTP endpoint: `http://127.0.0.1:8000/mcp`. */
  readonly endpoint: string;
  /** What the endpoint wants to see as bearer token; `undefined` where it asks for none. */
  readonly endpointToken?: string | undefined;
  readonly log: Log;
  /** Closes the tunnel. */
  readonly signal: AbortSignal;
}

export interface OpenAiTunnel {
  /**
   * Resolves once the control plane has let us in: the tunnel is there, and the key may use it. What passes by itself (no network, 429,
   * 5xx) is waited for. Rejects with a BridgeError `TUNNEL` that says what to do.
   */
  readonly ready: Promise<void>;
  /** Resolves with the reason when it serves no more, be it that it was closed. */
  readonly closed: Promise<string>;
  /** Twice without harm; resolves within 2 s, when all connections are gone. */
  close(): Promise<void>;
}

/**
 * Serves an OpenAI Secure MCP Tunnel: takes commands from the control plane, puts them to the bridge's endpoint, and posts what comes back.
 * Nobody can connect to the bridge that way; who may use the tunnel is decided on the platform. Protocol: docs/protocol.md and
 * docs/openapi.json (0.0.1) of github.com/openai/tunnel-client.
 */
export function serveOpenAiTunnel({ signal, ...options }: OpenAiTunnelOptions): OpenAiTunnel {
  const stop = new AbortController();
  const close = () => stop.abort(new BridgeError('TUNNEL', 'the tunnel was closed'));
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true, signal: stop.signal });

  let onReady = () => {};
  const up = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const end = serve(options, stop.signal, onReady).catch((error: unknown) => {
    stop.abort();
    return error;
  });
  const failed = end.then((error) => Promise.reject(error));
  const ready = Promise.race([up, failed]);
  ready.catch(() => {}); // Whoever does not ask for it learns the same from `closed`.
  const closed = end.then(messageOf);
  return {
    ready,
    closed,
    async close() {
      close();
      await closed;
    },
  };
}

/** Runs until the signal, or until the control plane wants none of it; throws the reason. */
async function serve(options: Served, signal: AbortSignal, onReady: () => void): Promise<never> {
  const { tunnelId, log } = options;
  const controlPlane = new ControlPlane(options);
  const endpoint = new Endpoint(options);
  const pool = new Pool(MOST_COMMANDS, signal);
  try {
    const name = await insist(() => controlPlane.describe(signal), signal, log);
    // The key may read the tunnel and yet not use it. A poll that need not wait tells.
    for (let wait = AT_ONCE; ; wait = POLL_WAIT) {
      await pool.room();
      const started = performance.now();
      const limit = Math.min(pool.free, MOST_POLLED);
      const commands = await insist(() => controlPlane.poll({ limit, wait }, signal), signal, log);
      if (wait === AT_ONCE) {
        log.info('OpenAI tunnel is served', { tunnel: tunnelId, name });
        onReady();
      }
      for (const command of commands) {
        await pool.room();
        pool.add((abandoned) => runCommand(command, { controlPlane, endpoint, log }, abandoned));
      }
      const early = LEAST_INTERVAL - (performance.now() - started);
      const isIdle = commands.every(({ type }) => type === 'unknown'); // It may send the same ones again and again.
      if (isIdle && early > 0) await sleep(early, undefined, { signal });
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : explain(error, tunnelId);
  } finally {
    await pool.drain(GRACE);
    controlPlane.close();
    endpoint.close();
  }
}

type Served = Omit<OpenAiTunnelOptions, 'signal'>;

/** Repeats `work` until it succeeds, or cannot. The log is told when an outage begins and when it is over, however many attempts lie in between. */
async function insist<T>(work: () => Promise<T>, signal: AbortSignal, log: Log): Promise<T> {
  let failures = 0;
  const onFailure = (error: unknown) => {
    failures += 1;
    const tell = failures === 1 ? log.warn : log.debug;
    tell('OpenAI tunnel: the control plane cannot be reached; trying again', { error: messageOf(error) });
  };
  const result = await retry(work, { signal, isWorthIt: isTransient, onFailure });
  if (failures > 0) log.info('OpenAI tunnel: the control plane answers again', { failures });
  return result;
}

/** Commands under way at once: more than a few people's clients have, fewer than the endpoint takes of one principal. */
const MOST_COMMANDS = 64;
/** Commands in an answer to a poll (docs/openapi.json). */
const MOST_POLLED = 25;
/** How long the control plane may wait for commands before it answers a poll. Milliseconds, as in docs/protocol.md. */
const POLL_WAIT = 15_000;
const AT_ONCE = 1;
/** Between two polls that find nothing to do, should the control plane not wait at all. Milliseconds. */
const LEAST_INTERVAL = 250;
/** For commands under way to end when the tunnel is closed. Milliseconds; what is abandoned then takes some more. */
const GRACE = 1200;
