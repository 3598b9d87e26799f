import type { FlagValues } from './flag-table.ts';
import { isLoopback, isLoopbackUrl } from './loopback.ts';
import type { Auth, Settings } from './settings.ts';
import { makesOrigin } from './tunnel.ts';

/** What is allowed but hardly meant, one line each; `given` is what the command line said, without the environment. */
export function accessWarnings(settings: Settings, given: FlagValues, env: NodeJS.ProcessEnv): string[] {
  const shown = given.token === undefined ? [] : [SHOWN_TOKEN];
  if (settings.outputTransport === 'stdio') return [...shown, ...withoutPort(settings)];
  return [...shown, ...unencrypted(settings), ...withoutEffect(settings), ...aboutCloudflared(settings, given, env)];
}

const SHOWN_TOKEN =
  '--token can be read by other users of this machine in its list of processes; set MCP_BRIDGE_TOKEN instead';

function withoutPort(settings: Settings): string[] {
  return (['mounts', 'views'] as const)
    .filter((option) => settings[option].length > 0)
    .map((option) => `${option} have no effect with outputTransport stdio, which opens no port`);
}

function unencrypted({ auth, host, publicUrl, tunnel }: Settings): string[] {
  const next = 'put a tunnel or a proxy that has it in front, and name its address with --public-url';
  if (publicUrl?.startsWith('http:') && !isLoopbackUrl(publicUrl))
    return [`publicUrl ${publicUrl}: clients refuse OAuth without https, and others can read along; ${next}`];
  if (publicUrl === undefined && !makesOrigin(tunnel) && auth === 'oauth' && !isLoopback(host))
    return [`host ${host}: clients refuse OAuth without https; ${next}`];
  return [];
}

/** With which kinds of authentication these mean something. */
const USED_WITH = {
  token: ['token', 'oauth', 'external'],
  external: ['external'],
  pair: ['oauth'],
  clientDocuments: ['oauth'],
} satisfies { [Option in keyof Settings]?: Auth[] };

function withoutEffect(settings: Settings): string[] {
  return Object.entries<Auth[]>(USED_WITH)
    .filter(([option, kinds]) => settings[option as keyof typeof USED_WITH] && !kinds.includes(settings.auth))
    .map(([option, kinds]) => `${option} has no effect with auth ${settings.auth}; it is for ${kinds.join(', ')}`);
}

function aboutCloudflared({ tunnel }: Settings, given: FlagValues, env: NodeJS.ProcessEnv): string[] {
  if (tunnel?.provider !== 'cloudflared')
    return given.cloudflaredBin === undefined ? [] : ['--cloudflared-bin has no effect without --tunnel cloudflared'];
  return env.TUNNEL_TOKEN && tunnel.hostname === undefined ? [UNUSED_TOKEN] : [];
}

const UNUSED_TOKEN =
  'TUNNEL_TOKEN is set, and no hostname is: this is a quick tunnel, whose URL changes. For the named one write ' +
  '"tunnel": { "provider": "cloudflared", "hostname": "..." } into bridge of the config file';
