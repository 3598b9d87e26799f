import { setTimeout } from 'node:timers/promises';
import { BridgeError, messageOf } from '../errors.ts';
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

/** A tunnel of pipenet: no account, but what passes between here and its server is not encrypted. */
export function openPipenet({ host, subdomain }: PipenetSettings): OpenTunnel {
  return async ({ target, log, signal }) => {
    const { pipenet } = (await loadPackage('pipenet')) as unknown as Pipenet;
    log.warn('pipenet: what passes between this machine and its server is not encrypted, tokens included');
    const opening = pipenet({ port: target.port, host, ...(subdomain !== undefined && { subdomain }) });
    const tunnel = await Promise.race([opening, giveUp(signal)]).catch((error) => {
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

/** It asks its server again and again, and says nothing. Milliseconds. */
const PATIENCE = 30_000;

async function giveUp(signal: AbortSignal): Promise<never> {
  await setTimeout(PATIENCE, undefined, { signal, ref: false });
  throw new Error(`no answer in ${PATIENCE / 1000} s`);
}
