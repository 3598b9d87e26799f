import { fileURLToPath } from 'node:url';
import { HAS_OPENSSL } from '../../doctor/certificate.ts';
import { startRelay } from '../../tunnel/relay.ts';
import { SSHD, startSshServer } from '../../tunnel/sshd.ts';
import { playCloudflared } from './played-cloudflared.ts';

/** A kind of tunnel that is on this machine. */
export interface TunnelKind {
  readonly name: string;
  /** For how long a call through it is silent: longer than the tunnel, clients and proxies wait for a word. Milliseconds. */
  readonly silence: number;
  /** Starts what such a tunnel ends at. */
  start(): Promise<TunnelEnd>;
}

export interface TunnelEnd {
  /** What the bridge is told of the tunnel. */
  readonly settings: object;
  /** What Node processes need to reach it. Default nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where requests for it can be sent, if this process does not know its name. */
  readonly address?: string;
  /** The certificate of its origin, if that is not one that everybody trusts. */
  readonly ca?: Buffer;
  close(): unknown;
}

/** A minute, and a little more. */
const SILENCE = 62_000;
/** Cloudflare waits for 100 s, or for 120 s as is documented now. */
const CLOUDFLARE_SILENCE = 150_000;
/** Tests reach no further than loopback, unless somebody who has cloudflared sets this: then the same tests go through the real one as well. */
const MAY_REACH_CLOUDFLARE = process.env.REAL_CLOUDFLARED === '1';

export const TUNNEL_KINDS: readonly TunnelKind[] = [
  { name: 'a program that prints its URL', silence: SILENCE, start: () => startProgram() },
  { name: 'a program that holds answers to GET back', silence: SILENCE, start: () => startProgram('--buffer-get') },
  {
    name: 'a program that cuts what is idle for 30 s',
    silence: 300_000,
    start: () => startProgram('--cut-idle', '30000'),
  },
  { name: 'pipenet', silence: SILENCE, start: startPipenet },
  ...(SSHD ? [{ name: 'an SSH server of the owner', silence: SILENCE, start: startSsh }] : []),
  ...(HAS_OPENSSL ? [{ name: 'a played cloudflared', silence: CLOUDFLARE_SILENCE, start: startPlayed }] : []),
  ...(MAY_REACH_CLOUDFLARE ? [{ name: 'the real cloudflared', silence: CLOUDFLARE_SILENCE, start: startReal }] : []),
];

/** Starts a program that prints its URL, as `--tunnel-command` does. */
export async function startProgram(...flags: string[]): Promise<TunnelEnd> {
  const args = [PROXY, '{origin}', ...flags];
  return { settings: { provider: 'command', command: process.execPath, args }, close: () => {} };
}

export const PROXY = fileURLToPath(new URL('../../fixtures/tunnels/proxy.mjs', import.meta.url));

async function startPipenet(): Promise<TunnelEnd> {
  const { host, origin, close } = await startRelay();
  const env = { NODE_OPTIONS: `--import ${new URL('localhost-names.mjs', import.meta.url).href}` };
  return { settings: { provider: 'pipenet', host }, env, address: origin, close };
}

async function startSsh(): Promise<TunnelEnd> {
  const { to, port, args, close } = await startSshServer(SSHD ?? '');
  return { settings: { provider: 'ssh', to, port, args }, close };
}

async function startPlayed(): Promise<TunnelEnd> {
  const { bin, env, ca, remove } = await playCloudflared();
  return { settings: { provider: 'cloudflared', bin }, env, ca, close: remove };
}

/** The bridge looks for it where it always does, and says how to install it where there is none; nothing is downloaded. */
async function startReal(): Promise<TunnelEnd> {
  return { settings: { provider: 'cloudflared' }, close: () => {} };
}
