import { isLoopback } from '../config/loopback.ts';
import { BridgeError, messageOf } from '../errors.ts';
import { inTime, PATIENCE } from './in-time.ts';
import { loadPackage } from './optional-package.ts';
import type { OpenTunnel } from './tunnel.ts';

export interface PipenetSettings {
  /** URL of the server that tunnels end at. */
  readonly host: string;
  /** Asked for; somebody else may have it. */
  readonly subdomain?: string;
}

/** What is used of the package. */
interface Pipenet {
  pipenet(options: { port: number; host: string; subdomain?: string }): Promise<PipenetTunnel>;
}

interface PipenetTunnel {
  readonly url: string;
  on(event: 'close' | 'error', listener: (error?: Error) => void): void;
  close(): void;
}

/**
 * A tunnel of pipenet: no account, but what passes between here and its server is not encrypted. Of its server (1.4.3): ten requests at a time,
 * and a client that goes is told of only once its answer has begun.
 */
export function openPipenet({ host, subdomain }: PipenetSettings): OpenTunnel {
  return async ({ target, log, signal }) => {
    // It can be told of another host, but then changes the Host header of some requests.
    if (!isLoopback(target.host))
      throw new BridgeError(
        'USAGE',
        `pipenet leads to localhost, but the bridge is at ${target.host}; leave --host out`,
      );
    const { pipenet } = (await loadPackage('pipenet')) as unknown as Pipenet;
    log.warn('pipenet: what passes between this machine and its server is not encrypted, tokens included');
    const options = { port: target.port, host, ...(subdomain !== undefined && { subdomain }) };
    const tunnel = await knock(host, signal)
      .then(() => inTime(pipenet(options), signal, discard))
      .catch((error) => {
        throw new BridgeError('TUNNEL', `${host} gives no tunnel: ${messageOf(error)}`, { cause: error });
      });
    const closed = new Promise<string>((resolve) => {
      tunnel.on('close', () => resolve('it was closed'));
      tunnel.on('error', (error) => resolve(messageOf(error)));
    });
    return {
      origin: new URL(tunnel.url).origin,
      closed,
      async close() {
        tunnel.close();
        await closed;
      },
    };
  };
}

/** A server that is not there would be asked by the package once a second for ever, which nothing ends. So it is asked here first. */
async function knock(host: string, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const { status } = await fetch(host, { method: 'HEAD', redirect: 'manual', signal: limit }).catch((cause) => {
    throw new Error('it does not answer', { cause });
  });
  if (status >= 500) throw new Error(`it answers ${status}`);
}

function discard(tunnel: PipenetTunnel): void {
  tunnel.on('error', () => {}); // It may still fail, and unheard errors end the process.
  tunnel.close();
}
