import { resolve } from 'node:path';
import type { FlagValues } from './flag-table.ts';
import { isLoopback } from './loopback.ts';
import { usage } from './read-flags.ts';
import type { Settings, TunnelSettings } from './settings.ts';
import { type SplitCommand, splitLine } from './split-line.ts';
import { SSH_PRESETS } from './tunnel-kinds.ts';
import type { TunnelOptions } from './tunnel-shape.ts';

export interface TunnelContext {
  readonly env: NodeJS.ProcessEnv;
  /** The bridge's working folder. Absolute. */
  readonly cwd: string;
  readonly splitCommand: SplitCommand;
  /** The bridge's; a host of one's own may need it. */
  readonly publicUrl: string | undefined;
}

/**
 * The tunnel that was asked for: the last of `told` that names one wins over those before and over the file, and what was said about
 * the same one adds up. A token that nobody has told comes from the variable that its provider has for it.
 *
 * @throws BridgeError `USAGE` when two tunnels are asked for in one place, or something is missing that nobody can guess.
 */
export function resolveTunnel(
  file: TunnelOptions | undefined,
  told: readonly FlagValues[],
  context: TunnelContext,
): Pick<Settings, 'tunnel' | 'publicUrl'> {
  const { publicUrl } = context;
  const options = told.reduce((below, values) => choose(values, below, context.splitCommand), file);
  if (options === undefined) return { tunnel: undefined, publicUrl };
  if (options.provider !== 'ssh') return { tunnel: complete(options, told, context), publicUrl };
  // The command line has no other flag for where that host serves it.
  if (options.publicUrl !== undefined || publicUrl === undefined) return { tunnel: completeSsh(options), publicUrl };
  return { tunnel: completeSsh({ ...options, publicUrl }), publicUrl: undefined };
}

/** Whether the bridge gets a public origin by it. */
export function makesOrigin(tunnel: TunnelSettings | undefined): boolean {
  return tunnel !== undefined && tunnel.provider !== 'openai';
}

function choose(
  { tunnel, tunnelTo: to, tunnelCommand: line }: FlagValues,
  below: TunnelOptions | undefined,
  splitCommand: SplitCommand,
): TunnelOptions | undefined {
  if (to !== undefined && line !== undefined)
    throw usage('--tunnel-to and --tunnel-command ask for two tunnels; drop one of them');
  if (to !== undefined) {
    checkImplied('--tunnel-to', 'ssh', tunnel);
    // What was said about another host is not about this one.
    const isSame = below?.provider === 'ssh' && (below.to === undefined || below.to === to);
    return { ...(isSame && below), provider: 'ssh', to };
  }
  if (line !== undefined) {
    checkImplied('--tunnel-command', 'command', tunnel);
    return { provider: 'command', ...splitLine('--tunnel-command', line, splitCommand) };
  }
  return tunnel === undefined || tunnel === below?.provider ? below : { provider: tunnel };
}

function checkImplied(flag: string, provider: string, tunnel = provider): void {
  if (tunnel !== provider) throw usage(`${flag} is for the tunnel ${provider}, not ${tunnel}; drop one of them`);
}

type Options<Provider> = Extract<TunnelOptions, { provider: Provider }>;

function complete(
  options: Exclude<TunnelOptions, Options<'ssh'>>,
  told: readonly FlagValues[],
  { env, cwd }: TunnelContext,
): TunnelSettings {
  switch (options.provider) {
    case 'cloudflared': {
      const bin = told.findLast(({ cloudflaredBin }) => cloudflaredBin !== undefined)?.cloudflaredBin;
      return completeCloudflared({ ...options, ...(bin !== undefined && { bin: resolve(cwd, bin) }) }, env);
    }
    case 'ngrok':
      return { ...options, token: options.token ?? (env.NGROK_AUTHTOKEN || missing(NEEDS.ngrok)) };
    case 'pipenet':
      return { host: 'https://pipenet.dev', ...options };
    case 'tailscale':
      return { port: 443, ...options };
    case 'command':
      return { args: [], ...options, command: options.command ?? missing(NEEDS.command) };
    case 'openai':
      return {
        baseUrl: 'https://api.openai.com',
        ...options,
        tunnelId: options.tunnelId ?? missing(NEEDS.openai),
        token: options.token ?? (env.OPENAI_TUNNEL_TOKEN || missing(NEEDS.openaiToken)),
      };
  }
}

/** A hostname makes it a named one, which is opened by a token; without, the variable is meant for something else. */
function completeCloudflared(options: Options<'cloudflared'>, env: NodeJS.ProcessEnv): TunnelSettings {
  const { token, hostname } = options;
  if (hostname === undefined) return token === undefined ? { download: false, ...options } : missing(NEEDS.hostname);
  return { download: false, ...options, token: token ?? (env.TUNNEL_TOKEN || missing(NEEDS.cloudflared)) };
}

function completeSsh(options: Options<'ssh'>): TunnelSettings {
  const { to = missing(NEEDS.ssh), publicUrl } = options;
  const host = to.replace(/^.*@/, '');
  if (publicUrl === undefined && !SSH_PRESETS.includes(host) && !isLoopback(host))
    return missing(`ssh to ${to} needs the URL where that host serves it; add --public-url URL`);
  return { args: [], ...options, to };
}

/** What a provider needs, and where to get or say it. */
const NEEDS = {
  cloudflared: 'cloudflared with a hostname needs the token of that tunnel; set TUNNEL_TOKEN to it',
  hostname: 'cloudflared with a token needs the hostname where that tunnel ends; write hostname beside the token',
  ngrok:
    'ngrok needs the authtoken of your account; set NGROK_AUTHTOKEN to it (https://dashboard.ngrok.com/get-started/your-authtoken)',
  ssh: `ssh needs a host; add --tunnel-to USER@HOST, or one of ${SSH_PRESETS.join(', ')} instead`,
  command: 'command needs a program that prints a URL; add --tunnel-command "PROGRAM {port}"',
  openai:
    'openai needs the id of a tunnel; write "tunnel": { "provider": "openai", "tunnelId": "tunnel_..." } into bridge of the config file',
  openaiToken: 'openai needs an API key that may use the tunnel; set OPENAI_TUNNEL_TOKEN to it',
};

function missing(need: string): never {
  throw usage(`the tunnel ${need}`);
}
